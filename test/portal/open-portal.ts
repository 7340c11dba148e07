/** The shop of examples/portal on a simulated account with its catalog applied. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { applyCatalog } from '../../examples/portal/src/apply-catalog.ts'
import { openPortal } from '../../examples/portal/src/portal.ts'
import { readSettings } from '../../examples/portal/src/settings.ts'
import { loadCatalog } from '../../src/catalog/index.ts'
import { type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { REPOSITORY } from '../program.ts'

/** The folder of the example, wherever its compiled sources stand. */
export const EXAMPLE = new URL('examples/portal/', REPOSITORY)

export const PASSWORD = 'correct horse battery'

export interface TestShop {
  readonly simulator: Simulator
  /** Settings of a node. */
  readonly env: Readonly<Record<string, string>>
}

/** An account with the example's catalog, and the settings of nodes that sell from it. */
export async function openTestShop(
  t: Pick<Test, 'teardown'>,
  more: Readonly<Record<string, string>> = {},
): Promise<TestShop> {
  const folder = await mkdtemp(join(tmpdir(), 'sft-portal-test-'))
  const { catalog, issues } = await loadCatalog(fileURLToPath(new URL('catalog', EXAMPLE)))
  if (catalog === undefined) throw new Error(JSON.stringify(issues))
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    iccids: catalog.endpointBatches.flatMap(({ iccids }) => iccids),
  })
  t.teardown(async () => {
    await simulator.close()
    await rm(folder, { recursive: true, force: true })
  })
  const state = more['SFT_STATE'] ?? join(folder, 'state.json')
  await applyCatalog(catalog, state, {
    baseUrl: simulator.url,
    username: 'simulator',
    password: 'simulator',
    callsPerSecond: 200,
  })
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: '200',
    SFT_SETTLE_SECONDS: '1',
    SFT_STATE: state,
    SFT_LEDGER: join(folder, 'orders.db'),
    PORTAL_PORT: '0',
    PORTAL_BOOK: join(folder, 'portal.db'),
    PORTAL_SESSION_KEY: 'ab'.repeat(32),
    PORTAL_OPERATOR_PASSWORD: PASSWORD,
    PORTAL_USAGE_SECONDS: '0',
    PORTAL_RATE_PER_MINUTE: '100000',
    ...more,
  }
  return { simulator, env }
}

/** A node in this process, listening; its address. */
export async function openNode(
  t: Pick<Test, 'teardown'>,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const settings = readSettings(env)
  const portal = await openPortal(settings, env, new URL('public/', EXAMPLE))
  t.teardown(() => portal[Symbol.asyncDispose]())
  return await portal.app.listen({ host: settings.host, port: 0 })
}

/** A browser without a screen: keeps cookies, reads forms, follows redirects. */
export function openVisitor(base: string, cookies = new Map<string, string>()) {
  const send = async (path: string, init: RequestInit = {}): Promise<Page> => {
    const response = await fetch(new URL(path, base), {
      ...init,
      redirect: 'manual',
      headers: {
        ...(init.headers as Record<string, string> | undefined),
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location') ?? undefined,
      text: await response.text(),
    }
  }
  const post = (path: string, fields: Readonly<Record<string, string>>): Promise<Page> =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
  return {
    cookies,
    get: (path: string) => send(path),
    post,
    /** Sends the form of a page that goes to `action`, with what a person fills in. */
    submit: (page: Page, action: string, filled: Readonly<Record<string, string>> = {}) =>
      post(action, { ...fieldsOf(page.text, action), ...filled }),
  }
}

export type Visitor = ReturnType<typeof openVisitor>

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly location: string | undefined
  readonly text: string
}

/** Hidden fields of the first form that goes to an action. */
function fieldsOf(html: string, action: string): Record<string, string> {
  const form = html
    .split('<form')
    .find(part => part.includes(`action="${action}"`))
    ?.split('</form>')[0]
  if (form === undefined) throw new Error(`no form goes to ${action}`)
  return Object.fromEntries(
    [...form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
      /name="([^"]*)"/.exec(input)?.[1] ?? '',
      /value="([^"]*)"/.exec(input)?.[1] ?? '',
    ]),
  )
}

/** Opens the checkout of a SKU and buys; the address of the order's page. */
export async function buy(visitor: Visitor, sku: string): Promise<string> {
  const checkout = await visitor.get(`/checkout/${sku}`)
  const { location } = await visitor.submit(checkout, '/orders')
  if (location === undefined) throw new Error('the order was not taken')
  return location
}

/** Looks at a page until it says something. */
export async function until(
  look: () => Promise<Page>,
  says: string | RegExp,
  seconds = 30,
): Promise<Page> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const page = await look()
    if (typeof says === 'string' ? page.text.includes(says) : says.test(page.text)) return page
    if (Date.now() > end) throw new Error(`the page never said ${says}: ${page.text.slice(-2000)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The form in which the account writes add-ons: in `rows` the library cannot tell which there are. */
export async function setForm({ url }: Simulator, form: 'rows' | 'blocks'): Promise<void> {
  await fetch(`${url}/_simulator/settings`, {
    method: 'POST',
    body: JSON.stringify({ wire: { addonDetailsForm: form, profileForm: form } }),
  })
}
