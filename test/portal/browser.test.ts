// The shop as people see it, in a real browser. PORTAL_PICTURES=FOLDER keeps a picture of every page.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import jsqrModule from 'jsqr'
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import t, { type Test } from 'tap'
import { openSft } from '../../src/sft/client.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { noBrowser, openBrowser } from '../browser.ts'
import { EXAMPLE, openNode, openTestShop, PASSWORD, setForm } from './open-portal.ts'

const options = { skip: noBrowser, timeout: 300_000 }
const jsqr = jsqrModule.default
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pictures = process.env['PORTAL_PICTURES']

/** What a phone's camera reads in the picture of an element. */
async function decode(page: Page, selector: string): Promise<string | undefined> {
  const { width, height, data } = PNG.sync.read(await page.locator(selector).screenshot())
  return jsqr(new Uint8ClampedArray(data), width, height)?.data
}

/** The code as the account itself has it. */
async function codeOf({ url }: Simulator, iccid: string): Promise<string | undefined> {
  await using sft = openSft({ baseUrl: url, username: 'simulator', password: 'simulator' })
  const found = await sft.read.sim(iccid)
  return found.kind === 'there' ? found.value.activationCode : undefined
}

async function buyByMouse(page: Page, base: string, sku: string): Promise<string> {
  await page.goto(`${base}/checkout/${sku}`)
  await page.getByRole('button', { name: /^Buy for/ }).click()
  await page.locator('.qr').waitFor()
  return page.url()
}

const iccidOn = async (page: Page): Promise<string> =>
  (await page.locator('dt:text-is("ICCID") + dd').textContent()) ?? ''

async function logIn(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/operator`)
  await page.getByLabel('Name').fill('operator')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Stock and orders' }).waitFor()
}

t.test(
  'a traveller buys, and the picture of the QR code is the activation code',
  options,
  async t => {
    const { simulator, env } = await openTestShop(t, { PORTAL_LOG_LEVEL: 'silent' })
    const base = await openNode(t, env)
    const page = await (await (await openBrowser(t))()).newPage()
    await page.goto(base)
    await page.locator('a[href="/countries/BE"]').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Belgium' }).waitFor()
    await page.getByRole('link', { name: 'Buy Benelux 1 GB 7 days' }).click()
    // Two clicks before the first answer are one order.
    await page.getByRole('button', { name: /^Buy for/ }).dblclick()
    await page.locator('.qr').waitFor()
    const iccid = await iccidOn(page)
    t.equal(await decode(page, '.qr'), await codeOf(simulator, iccid))
    t.equal(
      [...simulator.world.endpoints.values()].filter(one => one.status === 'Active').length,
      1,
    )
    await page.getByText('0 MB of 1 GB used').waitFor()
    simulator.traffic({ iccid, megabytes: 300 })
    await page.getByText('300 MB of 1 GB used').waitFor()
    await page.getByRole('button', { name: /Benelux 5 GB 30 days$/ }).click()
    await page.getByRole('heading', { name: 'Benelux 5 GB 30 days' }).nth(1).waitFor()
    await page.goto(`${base}/orders`)
    t.equal(await page.getByRole('listitem').count(), 1, 'a top-up is no eSIM of its own')
  },
)

t.test('the shop works without scripts', options, async t => {
  const { env } = await openTestShop(t, { PORTAL_LOG_LEVEL: 'silent' })
  const base = await openNode(t, env)
  const page = await (await (await openBrowser(t))({ javaScriptEnabled: false })).newPage()
  await page.goto(`${base}/checkout/TUR-DAY`)
  await page.getByRole('button', { name: /^Buy for/ }).click()
  for (let looks = 0; looks < 60 && (await page.locator('.qr').count()) === 0; looks++) {
    await page.getByRole('link', { name: 'Look again' }).click()
    await page.waitForTimeout(200)
  }
  t.equal(await page.locator('.qr').count(), 1)
})

/** A node in a process of its own, which can be killed. */
async function startNode(t: Test, env: Readonly<Record<string, string>>, port: string) {
  const main = fileURLToPath(new URL('src/main.ts', EXAMPLE))
  const node: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { ...process.env, ...env, PORTAL_PORT: port },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let log = ''
  for (const stream of [node.stdout, node.stderr])
    stream?.on('data', chunk => {
      log += String(chunk)
    })
  t.teardown(async () => {
    if (node.exitCode !== null || node.signalCode !== null) return
    node.kill('SIGKILL')
    await once(node, 'exit')
  })
  const [message] = await Promise.race([once(node, 'message'), once(node, 'exit')])
  if (message !== 'listening') throw new Error(`the node did not start: ${log}`)
  return { node, log: () => log }
}

t.test('a server that is killed in the middle of a sale goes on with it', options, async t => {
  const { simulator, env } = await openTestShop(t)
  const port = String(20_000 + (process.pid % 20_000))
  const base = `http://127.0.0.1:${port}`
  const first = await startNode(t, env, port)
  const context = await (await openBrowser(t))()
  const page = await context.newPage()
  // The platform takes its time, so that the node dies between the two calls of the sale.
  await setLatency(simulator.url, 1500)
  await page.goto(`${base}/checkout/NAM-10GB-30D`)
  await page.getByRole('button', { name: /^Buy for/ }).click()
  await page.getByText('We are preparing your eSIM').waitFor()
  await until(() => simulator.calls.some(call => call.operation === 'EndPointLifeCycleChange'))
  first.node.kill('SIGKILL')
  await once(first.node, 'exit')
  await setLatency(simulator.url, 0)
  const second = await startNode(t, env, port)
  await page.goto(page.url())
  await page.locator('.qr').waitFor({ timeout: 120_000 })
  const made = [...simulator.world.endpoints.values()].flatMap(one => one.instances)
  t.equal(made.length, 1)
  const shown = (await decode(page, '.qr')) ?? ''
  t.match(shown, /^LPA:1\$/)
  const code = shown.split('$')[2] ?? ''
  t.notOk((first.log() + second.log()).includes(code), 'no activation code in the logs')
  t.match(first.log(), page.url().split('/').at(-1), 'though they tell of the order')
})

async function setLatency(url: string, latencyMs: number): Promise<void> {
  await fetch(`${url}/_simulator/settings`, { method: 'POST', body: JSON.stringify({ latencyMs }) })
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 20))
}

const LOOKS = [
  { look: 'light', viewport: { width: 1200, height: 900 }, colorScheme: 'light' },
  { look: 'dark', viewport: { width: 1200, height: 900 }, colorScheme: 'dark' },
  { look: 'phone', viewport: { width: 360, height: 740 }, colorScheme: 'light' },
  { look: 'phone-dark', viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
] as const

/** What axe finds, and what is wider than the screen. */
async function complaints(page: Page): Promise<readonly string[]> {
  // By the browser, past the policy of the page, which lets no foreign script in.
  await page.evaluate(axe)
  return await page.evaluate(async () => {
    const { axe, document, innerWidth } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      document: { documentElement: { scrollWidth: number } }
      innerWidth: number
    }
    const { violations } = await axe.run()
    const { scrollWidth } = document.documentElement
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      ...(scrollWidth > innerWidth
        ? [`${scrollWidth - innerWidth} pixels wider than the screen`]
        : []),
    ]
  })
}

t.test('every page is accessible, in light, dark and on a phone', options, async t => {
  const { simulator, env } = await openTestShop(t, { PORTAL_LOG_LEVEL: 'silent' })
  const base = await openNode(t, env)
  const newContext = await openBrowser(t)
  const context = await newContext()
  const page = await context.newPage()
  const bought = await buyByMouse(page, base, 'ALP-1GB-7D')
  simulator.traffic({ iccid: await iccidOn(page), megabytes: 341 })
  const cancelled = await buyByMouse(page, base, 'TUR-DAY')
  await logIn(page, base)
  const detail = (url: string) => `/operator/order?id=${url.split('/').at(-1)}`
  await page.goto(base + detail(cancelled))
  await page.getByRole('button', { name: 'Cancel the order' }).click()
  await page.getByRole('heading', { name: 'Cancelled' }).waitFor()
  // An order that nobody can end: answers of another form.
  simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
  await setForm(simulator, 'rows')
  await page.goto(`${base}/checkout/JPN-5GB-15D`)
  await page.getByRole('button', { name: /^Buy for/ }).click()
  await page.getByText('takes longer than usual').waitFor({ timeout: 120_000 })
  const stuck = page.url()
  await setForm(simulator, 'blocks')
  const cookies = await context.cookies()
  const path = (url: string) => url.slice(base.length)
  const pages = {
    home: '/',
    country: '/countries/CH',
    destination: '/destinations/alps',
    checkout: '/checkout/ALP-5GB-30D',
    orders: '/orders',
    order: path(bought),
    'order-cancelled': path(cancelled),
    'order-stuck': path(stuck),
    'not-found': '/nowhere',
    'operator-login': '/operator/login',
    operator: '/operator',
    'operator-order': detail(bought),
    'operator-cancelled': detail(cancelled),
    'operator-stuck': detail(stuck),
  }
  if (pictures !== undefined) await mkdir(pictures, { recursive: true })
  for (const { look, ...how } of LOOKS) {
    const seen = await newContext(how)
    await seen.addCookies(cookies)
    const view = await seen.newPage()
    for (const [name, at] of Object.entries(pages)) {
      await view.goto(base + at)
      t.strictSame(await complaints(view), [], `${name}, ${look}`)
      if (pictures !== undefined)
        await view.screenshot({ path: join(pictures, `${name}-${look}.png`), fullPage: true })
    }
    await seen.close()
  }
})
