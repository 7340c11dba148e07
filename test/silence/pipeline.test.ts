import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { OUTCOMES } from '../../src/outcome.ts'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'

/** One thing that a pipeline must be told, as somebody would say it. */
interface Row {
  readonly name: string
  readonly check: (t: Test, desk: Desk) => Promise<void>
}

const CATALOG = 'catalog/catalog.yaml'
const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text)
const rows = (title: string, table: readonly Row[]): void => {
  t.test(title, async t => {
    for (const { name, check } of table)
      await t.test(name, async t => check(t, await openDesk(t, () => smallCatalog([]))))
  })
}

/** A network leaves the zone of a catalog that is applied: no public call does that. */
async function blockZone(t: Test, desk: Desk): Promise<void> {
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]'))
}

t.test('README has the exit codes as the code has them', async t => {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  t.strictSame(
    text.split('\n').filter(line => /^\| \d+ \| /.test(line)),
    Object.values(OUTCOMES).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
  )
})

rows('what the end of a run says', [
  {
    name: 'apply of something blocked ends with 5, with or without other work, and says so last',
    check: async (t, desk) => {
      await blockZone(t, desk)
      const idle = await desk.run('apply --auto-approve')
      t.equal(idle.code, 5)
      t.match(idle.stdout, /Blocked: 1 unchanged, 1 blocked\n$/)
      desk.write(CATALOG, desk.read(CATALOG).replace('"4.50"', '"4.40"'))
      const busy = await desk.run('apply --auto-approve')
      t.equal(busy.code, 5)
      t.match(busy.stdout, /Ended: 1 done, 0 failed, 0 skipped, 0 deferred, 1 blocked; .*\n$/)
      const data = json((await desk.run('apply --auto-approve --json')).stdout)
      t.match(data, {
        outcome: 'blocked',
        exitCode: 5,
        plan: { summary: { blocked: 1, outcome: 'blocked', exitCode: 5 } },
        report: { blocked: ['rateZone/alps'] },
      })
    },
  },
  {
    name: 'a field that is blocked beside others that are done counts too',
    check: async (t, desk) => {
      await blockZone(t, desk)
      desk.write(
        CATALOG,
        desk.read(CATALOG).replace('    countries: [CH]', '    countries: [CH, SI]'),
      )
      const plan = await desk.run('plan --detailed-exitcode')
      t.equal(plan.code, 5)
      t.match(plan.stdout, /Plan: 1 to update, 1 unchanged, 1 blocked in part\n$/)
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 5)
      t.match(applied.stdout, '1 blocked')
    },
  },
  {
    name: '--allow-blocked makes it 0, or 2 where there are changes',
    check: async (t, desk) => {
      await blockZone(t, desk)
      t.equal((await desk.run('plan --detailed-exitcode --allow-blocked')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('"4.50"', '"4.40"'))
      t.equal((await desk.run('plan --detailed-exitcode --allow-blocked')).code, 2)
      t.equal((await desk.run('plan --detailed-exitcode')).code, 5)
      t.equal((await desk.run('plan')).code, 0)
      t.equal((await desk.run('apply --auto-approve --allow-blocked')).code, 0)
    },
  },
  {
    name: "the comment's headline has what is blocked, refused or failed",
    check: async (t, desk) => {
      await blockZone(t, desk)
      t.match(
        (await desk.run('plan --markdown')).stdout,
        '## sft-catalog plan: 1 entry blocked, nothing else to do\n',
      )
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH]', '[AQ]'))
      const failed = await desk.run('plan --markdown')
      t.equal(failed.code, 1)
      t.match(failed.stdout, '## sft-catalog plan: failed, it cannot be applied\n')
    },
  },
  {
    name: 'drift says with 5 that something of the catalog is not known',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]\n    networks: [CHEXX]'))
      const drift = await desk.run('drift --detailed-exitcode')
      t.equal(drift.code, 5)
      t.match(drift.stdout, /No drift: .*; 1 thing of the catalog not known/)
      t.equal((await desk.run('drift')).code, 0)
      t.equal((await desk.run('drift --detailed-exitcode --allow-blocked')).code, 0)
      t.match(json((await desk.run('drift --json')).stdout), { outcome: 'blocked', exitCode: 5 })
    },
  },
  {
    name: 'a state that another run holds ends with 75',
    check: async (t, desk) => {
      const first = desk.start('apply', { terminal: true })
      await first.until(/Only "yes" is taken/)
      const second = await desk.run('apply --auto-approve')
      t.equal(second.code, 75)
      t.match(second.stderr, 'locked by')
      first.type('no\r')
      t.equal((await first.ended).code, 1)
    },
  },
])
