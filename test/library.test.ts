import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDesk, smallCatalog } from './cli/desk.ts'
import { spawnNode } from './program.ts'

/** The part of the page for portals that plans and applies. */
function pageExample(): string {
  const blocks = [...readFileSync('docs/for-portals.md', 'utf8').matchAll(/```ts\n([^`]*)```/g)]
  const [code] = blocks.flatMap(([, text = '']) => (text.includes('makePlan(') ? [text] : []))
  if (code === undefined) throw new Error('docs/for-portals.md has no example of makePlan')
  return code
}

t.test('planning and applying work as the page says', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  // Below the repository, so that the package is found by its own name.
  const script = join(t.testdir(), 'use.mts')
  const { SFT_BASE_URL, SFT_USERNAME, SFT_PASSWORD } = desk.env
  writeFileSync(
    script,
    `const [baseUrl, username, password] = ${JSON.stringify([SFT_BASE_URL, SFT_USERNAME, SFT_PASSWORD])}
process.chdir(${JSON.stringify(desk.folder)})
${pageExample()}
console.log(JSON.stringify(counts))
`,
  )
  const run = async () => {
    const child = spawnNode(['--import', import.meta.resolve('tsx'), script])
    let written = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        written += text
      })
    await new Promise(resolve => child.on('close', resolve))
    return written
  }
  t.equal(await run(), '{"done":4,"failed":0,"skipped":0,"deferred":0}\n')
  t.equal((await desk.state()).account?.host, new URL(desk.env['SFT_BASE_URL'] ?? '').host)
  t.equal(await run(), '{"done":0,"failed":0,"skipped":0,"deferred":0}\n', 'and twice is once')
  t.match((await desk.run('plan')).stdout, /Nothing to do: 4 unchanged/)
})
