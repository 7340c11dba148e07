import { readFile } from 'node:fs/promises'
import t from 'tap'
import { EVIL, openChangedDesk } from './desk.ts'
import { largePage } from './large-plan.ts'
import { activeParts, readPage, textOf } from './read-page.ts'

t.test('a plan as a page', async t => {
  const desk = await openChangedDesk(t)
  const planned = await desk.run('plan --format html --out plan.json --prune')
  t.equal(planned.code, 0, planned.stderr)
  const page = readPage(planned.stdout)

  t.test('says what text and JSON say', async t => {
    const { stdout: json } = await desk.run('plan --json --prune')
    const { summary, changes, cost } = JSON.parse(json)
    t.ok(summary.replace === 1 && summary.retire === 1 && summary.update > 2)
    const changed = textOf(page, '#changes')
    for (const { name, id, fields } of changes.filter(({ entry }: { entry?: string }) => !entry)) {
      t.ok(changed.includes(name), name)
      if (id !== undefined) t.ok(changed.includes(id), id)
      for (const { field } of fields) t.ok(changed.includes(field), field)
    }
    t.match(changed, /4\.5\s*5\.2/)
    t.match(changed, /5 GB\s*6 GB/)
    t.match(textOf(page, 'main'), new RegExp(`takes ${cost.calls} calls`))
    t.match(changed, /3 endpoints to create/)
    const { stdout: text } = await desk.run('plan --prune')
    for (const sku of ['SKU-alps-5', 'SKU-asia-1']) {
      t.ok(text.includes(sku))
      t.ok(textOf(page, '#people').includes(sku))
    }
  })

  t.test('names account, environment and state', async t => {
    const about = textOf(page, 'header')
    t.match(about, new URL(desk.simulator.url).host)
    t.match(about, /seller/)
    t.match(about, /state\.json/)
  })

  t.test('draws which countries are won', async t => {
    t.match(textOf(page, '#coverage'), /3 (countries )?won|4 won/)
    const titles = [...page.querySelectorAll('#coverage svg title')].map(one => one.textContent)
    for (const title of [
      'Italy: won, Alps',
      'Hong Kong: won, Asia & Pacific',
      'Japan: Asia & Pacific',
    ])
      t.ok(titles.includes(title), title)
    t.match(textOf(page, '#coverage table'), /Italy ?won ?Alps/)
  })

  t.test('draws what is sold by price and data, and what needs what', async t => {
    t.match(textOf(page, '#prices'), /5 plans of 3 destinations/)
    t.equal(page.querySelectorAll('#prices figure svg').length, 3)
    t.equal(page.querySelectorAll('#prices figure .dot.new').length, 1)
    t.equal(page.querySelectorAll('#prices figure .dot.gone').length, 1)
    t.equal(page.querySelectorAll('#prices figure .dot.moved').length, 3)
    t.equal(page.querySelectorAll('#graph svg .edge').length, 5)
  })

  t.test('takes names for names', async t => {
    t.strictSame(activeParts(page), [])
    t.ok(textOf(page, '#coverage').includes(EVIL.zone))
    t.ok(textOf(page, '#changes').includes(EVIL.plan))
    t.match(
      planned.stdout,
      /Content-Security-Policy" content="default-src &#39;none&#39;|default-src 'none'/,
    )
  })

  t.test('tells no secret and no ICCID of what is sold', async t => {
    t.notMatch(planned.stdout, /LPA:1|a-password-nobody-may-see/)
  })

  t.test('is the same from the saved plan, without the account', async t => {
    const shown = await desk.run('show plan.json', { env: { SFT_BASE_URL: 'http://127.0.0.1:1' } })
    t.equal(shown.code, 0, shown.stderr)
    t.equal(sections(shown.stdout), sections(planned.stdout))
    t.match(textOf(readPage(shown.stdout), 'header'), /Saved/)
  })

  t.test('of a saved plan that lacks what is drawn says so', async t => {
    const { landscape: _, ...rest } = JSON.parse(desk.read('plan.json'))
    desk.write('old.json', JSON.stringify(rest))
    const shown = await desk.run('show old.json')
    t.equal(shown.code, 0, shown.stderr)
    t.match(textOf(readPage(shown.stdout), '#pictures'), /make it anew/)
    t.equal((await desk.run('graph old.json')).code, 1)
  })

  t.test('of a file that is no plan says what to do', async t => {
    desk.write('broken.json', JSON.stringify({ ...JSON.parse(desk.read('plan.json')), plan: {} }))
    const shown = await desk.run('show broken.json')
    t.equal(shown.code, 1)
    t.match(shown.stderr, /broken\.json is not a saved plan that can be shown .*plan --out/)
    t.equal(shown.stdout, '')
  })

  t.test('is refused in a form that nobody knows, before anything is read', async t => {
    const calls = desk.simulator.calls.length
    t.equal((await desk.run('plan --format pdf')).code, 64)
    t.equal((await desk.run('plan --format html --json')).code, 64)
    t.equal(desk.simulator.calls.length, calls)
  })
})

/** What stands in a page, without what tells when it was made. */
const sections = (text: string): string =>
  text.slice(text.indexOf('<main'), text.indexOf('<footer'))

t.test('who has not installed what draws is told what to install', async t => {
  const { peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  const { NEEDS } = await import('../../src/cli/pages.ts')
  for (const name of NEEDS) t.ok(Object.hasOwn(peerDependencies, name), name)
  const { loadPages } = await import('../../src/cli/pages.ts')
  const missing = Object.assign(new Error('no preact'), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(
    loadPages(() => Promise.reject(missing)),
    {
      message: /npm install .*preact-render-to-string/,
    },
  )
})

t.test('a page of 200 zones and 1,000 plans has at most 1.5 MB', async t => {
  const text = largePage()
  const bytes = Buffer.byteLength(text)
  t.comment(`${bytes} bytes`)
  t.ok(bytes <= 1_500_000, `${bytes} bytes`)
  const page = readPage(text)
  t.match(textOf(page, '#changes'), /1,000 add-on plans to update/)
  t.ok(page.querySelectorAll('#graph svg .node').length <= 60)
})
