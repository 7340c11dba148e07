/** Pages as Chromium shows them: what the tools of accessibility find, on a screen of any width, dark or light. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { noBrowser, openBrowser } from '../browser.ts'
import { openChangedDesk } from './desk.ts'
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
    const desk = await openChangedDesk(t)
    const { stdout: plan } = await desk.run('plan --format html --prune')
    const looks: readonly Look[] = [
      ...(['light', 'dark'] as const).flatMap(scheme => [
        { name: 'plan', text: plan, scheme, width: 1200 },
        { name: 'plan', text: plan, scheme, width: 360 },
      ]),
      { name: 'large', text: largePage(), scheme: 'dark', width: 360 },
    ]
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
