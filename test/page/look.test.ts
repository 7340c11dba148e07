/** Pages as Chromium shows them: what the tools of accessibility find, on a screen of any width, dark or light. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { noBrowser, openBrowser } from '../browser.ts'
import type { Desk } from '../cli/desk.ts'
import { openChangedDesk, openMovedDesk } from './desk.ts'
import { largePage } from './large-plan.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** One page on one screen. */
interface Look {
  readonly name: string
  readonly text: string
  readonly scheme: 'light' | 'dark'
  readonly width: number
}

/** What axe answers, as far as it is looked at. */
interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

t.test(
  'pages have no violation of accessibility, ask for nothing and fit a phone',
  { skip: noBrowser },
  async t => {
    const [desk, moved] = [await openChangedDesk(t), await openMovedDesk(t)]
    const of = async ({ run }: Desk, line: string) => (await run(`${line} --format html`)).stdout
    await moved.run('ci drift --html failed.html', { env: { SFT_BASE_URL: 'http://127.0.0.1:9' } })
    const texts: Readonly<Record<string, string>> = {
      plan: await of(desk, 'plan --prune'),
      drift: await of(moved, 'drift --endpoints'),
      coverage: await of(moved, 'coverage'),
      stock: await of(moved, 'endpoints report'),
      failed: moved.read('failed.html'),
    }
    const looks: readonly Look[] = [
      ...Object.entries(texts).flatMap(([name, text]) =>
        (['light', 'dark'] as const).flatMap(scheme => [
          { name, text, scheme, width: 1200 },
          { name, text, scheme, width: 360 },
        ]),
      ),
      { name: 'large', text: largePage(), scheme: 'dark', width: 360 },
    ]
    for (const [name, text] of Object.entries(texts))
      t.comment(`${name}: ${Buffer.byteLength(text)} bytes`)
    const open = await openBrowser(t)
    for (const { name, text, scheme: colorScheme, width } of looks)
      await t.test(`${name}, ${colorScheme}, ${width} px`, async t => {
        const context = await open({
          colorScheme,
          viewport: { width, height: 800 },
        })
        t.teardown(() => context.close())
        const page = await context.newPage()
        const asked: string[] = []
        const said: string[] = []
        page.on('request', request => asked.push(request.url()))
        page.on('console', message => said.push(message.text()))
        page.on('dialog', dialog => {
          said.push(dialog.message())
          void dialog.dismiss()
        })
        desk.write(`${name}.html`, text)
        await page.goto(`file://${desk.folder}/${name}.html`)
        t.strictSame(asked, [`file://${desk.folder}/${name}.html`])
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        t.ok(wide <= width, `${wide} px wide`)
        if (name !== 'large')
          await page.evaluate(() => {
            for (const one of document.querySelectorAll('details')) one.open = true
          })
        t.strictSame(said, [])
        // The policy of a page lets no script in; that of a debugger passes.
        const session = await context.newCDPSession(page)
        await session.send('Runtime.evaluate', { expression: AXE })
        const { result } = await session.send('Runtime.evaluate', {
          // Contrast is that of the other pages, and costs a minute for some thousand cells.
          expression: `axe.run({ rules: { 'color-contrast': { enabled: ${name !== 'large'} } } }).then(({ violations }) => JSON.stringify(violations))`,
          awaitPromise: true,
        })
        const violations: readonly Violation[] = JSON.parse(String(result.value))
        t.strictSame(
          violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`),
          [],
        )
      })
  },
)

/** Of A4 within its margins, in the pixels of a page. */
const PAPER = { width: 720, height: 1040 }

t.test(
  'no list fills a sheet of paper from a narrow column, however long it is',
  { skip: noBrowser },
  async t => {
    const open = await openBrowser(t)
    const context = await open({ viewport: PAPER })
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.setContent(largePage())
    await page.emulateMedia({ media: 'print' })
    const tallest = await page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll('tr')].map(row => row.getBoundingClientRect().height),
      ),
    )
    t.comment(`the tallest row has ${Math.round(tallest)} px of ${PAPER.height}`)
    t.ok(tallest < PAPER.height / 5, `${tallest} px`)
    const opened = await page.evaluate(
      () =>
        document.querySelector('.lists details:not(.long)')?.getBoundingClientRect().height ?? 0,
    )
    t.ok(opened > 30, 'what is folded on a screen is open on paper')
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    t.ok(wide <= PAPER.width, `${wide} px wide`)
  },
)
