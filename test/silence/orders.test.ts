import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { notThere } from '../../src/finding.ts'
import type { Json } from '../../src/model.ts'
import {
  type AnyProvisionError,
  EndpointSuspendedError,
  fileLedger,
  GaveUpWaitingError,
  InvalidRequestError,
  isProvisionError,
  type Ledger,
  memoryLedger,
  NothingToSettleError,
  OrderConflictError,
  OrderNotDeliveredError,
  openProvisioner,
  type Provisioner,
  ProvisionerClosedError,
  type PurchaseRequest,
  StorageError,
  SubscriptionFailedError,
  UnexpectedError,
  UnknownOrderError,
} from '../../src/provision/index.ts'
import { ANNOUNCEMENT_MS } from '../../src/sft/announcement.ts'
import { writeAndSettle } from '../../src/sft/write-and-settle.ts'
import { SIMULATED_ACCOUNT } from '../../src/simulator/index.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { anOrder } from '../provision/ledger-contract.ts'
import { allEsims, allOrders } from '../provision/rows.ts'
import { countCalls, type Market, openMarket, openShop } from '../provision/support.ts'
import { fromElsewhere } from './elsewhere.ts'

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await pause(5)
}

/** What a case has at hand: a market with three eSIMs, and a shop on it with its ledger. */
interface Scene {
  readonly t: Test
  readonly market: Market
  readonly shop: Provisioner
  readonly ledger: Ledger
  readonly another: () => Promise<Provisioner>
  readonly status: (endpointId: string) => string | undefined
  readonly instances: (endpointId: string) => number
  readonly buy: (orderId?: string) => ReturnType<Provisioner['purchase']>
}

async function setScene(t: Test): Promise<Scene> {
  const market = await openMarket(t, {
    endpoints: 3,
    simulator: { latencyMs: 25 },
    sft: { throttlePatienceSeconds: 0.2 },
  })
  const ledger = memoryLedger()
  const another = async () => {
    const { shop } = await openShop(market, { ledger, resumeAtOpen: false })
    t.teardown(() => shop[Symbol.asyncDispose]())
    return shop
  }
  const shop = await another()
  const endpoint = (id: string) => market.simulator.world.endpoints.get(id)
  return {
    t,
    market,
    shop,
    ledger,
    another,
    status: id => endpoint(id)?.status,
    instances: id => endpoint(id)?.instances.filter(one => one.ended === undefined).length ?? 0,
    buy: (orderId = 'A-1') => shop.purchase({ orderId, sku: 'EU-1GB' }),
  }
}

/** An order whose add-on was refused: its eSIM is active and held. */
async function holdOrder({ market, buy, ledger, t }: Scene): Promise<string> {
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'rejected', count: 2 })
  await t.rejects(buy(), SubscriptionFailedError)
  return (await allOrders(ledger))[0]?.endpointId ?? ''
}

/** An order of which nobody knows whether its add-on is there. */
async function doubtOrder(scene: Scene): Promise<string> {
  const { market, buy, ledger, t } = scene
  const { simulator } = market
  simulator.fault({ operation: 'SubscribeAddon', kind: '5xx-before' })
  for (const operation of ['GetEndpointAddonDetails', 'GetEndPointProfile'])
    simulator.fault({ operation, kind: 'rejected', count: 50 })
  await t.rejects(buy(), SubscriptionFailedError)
  simulator.clearFaults()
  return (await allOrders(ledger))[0]?.endpointId ?? ''
}

const CASES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async 'a retry of an order that is being cancelled is refused, and never told delivered'(scene) {
    const { t, shop, buy, status, instances } = scene
    const endpointId = await holdOrder(scene)
    const cancelled = shop.cancel('A-1')
    await pause(5)
    await t.rejects(buy(), OrderConflictError)
    t.equal((await cancelled).status, 'cancelled')
    t.equal(status(endpointId), 'Suspended')
    t.equal(instances(endpointId), 0)
  },
  async 'a retry in another shop waits for the cancellation, and is refused'(scene) {
    const { t, shop, another, status, instances } = scene
    const endpointId = await holdOrder(scene)
    const other = await another()
    const cancelled = shop.cancel('A-1')
    await pause(5)
    await t.rejects(other.purchase({ orderId: 'A-1', sku: 'EU-1GB' }), OrderConflictError)
    t.equal((await cancelled).status, 'cancelled')
    t.equal(status(endpointId), 'Suspended')
    t.equal(instances(endpointId), 0)
  },
  async 'a purchase that is cancelled while a top-up runs leaves the endpoint to the top-up'(
    scene,
  ) {
    const { t, shop, another, buy, status, instances } = scene
    const { endpointId } = await buy()
    const other = await another()
    const topUp = other.topUp({ orderId: 'T-1', endpointId, sku: 'EU-1GB' })
    await until(async () => (await allEsims(scene.ledger))[0]?.busyWith === 'T-1')
    const done = await shop.cancel('A-1')
    t.equal((await topUp).status, 'delivered')
    t.match(done.notUndone, [/stays active: it has add-ons of other orders/])
    t.equal(status(endpointId), 'Active')
    t.equal(instances(endpointId), 1)
    t.equal((await shop.usage({ endpointId })).instances.length, 2)
  },
  async 'a top-up that comes while its purchase is cancelled is refused'(scene) {
    const { t, shop, another, buy, status, instances } = scene
    const { endpointId } = await buy()
    const other = await another()
    const cancelled = shop.cancel('A-1')
    await until(async () => (await allEsims(scene.ledger))[0]?.busyWith === 'A-1')
    await t.rejects(
      other.topUp({ orderId: 'T-1', endpointId, sku: 'EU-1GB' }),
      EndpointSuspendedError,
    )
    await cancelled
    t.equal(status(endpointId), 'Suspended')
    t.equal(instances(endpointId), 0)
  },
  async 'a suspension waits for the top-up of its endpoint'(scene) {
    const { t, shop, another, buy, market } = scene
    const { endpointId } = await buy()
    const topUp = (await another()).topUp({ orderId: 'T-1', endpointId, sku: 'EU-1GB' })
    await until(async () => (await allEsims(scene.ledger))[0]?.busyWith === 'T-1')
    const since = market.simulator.calls.length
    await shop.suspend({ endpointId })
    await topUp
    const writes = market.simulator.calls.slice(since).filter(call => call.method !== 'GET')
    t.same(
      writes.map(call => call.operation),
      ['SubscribeAddon', 'EndPointLifeCycleChange'],
    )
    t.equal((await allEsims(scene.ledger))[0]?.operation, undefined)
  },
  async 'two cancellations at once, one more, and one elsewhere give one report'(scene) {
    const { t, shop, another, buy, market } = scene
    await buy()
    const since = market.simulator.calls.length
    const other = await another()
    const [one, two, three] = await Promise.all([
      shop.cancel('A-1'),
      shop.cancel('A-1'),
      other.cancel('A-1'),
    ])
    t.match(one.undone, [/was taken off/, /was suspended/])
    for (const report of [two, three, await shop.cancel('A-1'), await other.cancel('A-1')])
      t.same(report, one)
    const { ModifyEndPoint, EndPointLifeCycleChange } = countCalls(market.simulator, since)
    t.same([ModifyEndPoint, EndPointLifeCycleChange], [1, 1])
  },
  async 'a cancellation that was cut short is finished, and never turns into a sale'(scene) {
    const { t, shop, another, buy, market, status } = scene
    const { endpointId, addon } = await buy()
    const throttled = { operation: 'EndPointLifeCycleChange', kind: 'throttle-429' } as const
    market.simulator.fault({ ...throttled, count: 50 })
    await t.rejects(shop.cancel('A-1'), GaveUpWaitingError)
    market.simulator.clearFaults()
    await t.rejects(buy(), OrderConflictError)
    t.equal((await shop.order('A-1')).cancelling, true)
    await (await another()).resume()
    t.equal(status(endpointId), 'Suspended')
    t.match((await shop.cancel('A-1')).undone, [
      `add-on ${addon.uniqueId} was taken off endpoint ${endpointId}`,
      /was suspended/,
    ])
  },
  async 'an order ID that was cancelled before it came does not sell'({ t, shop, buy, market }) {
    const since = market.simulator.calls.length
    await t.rejects(shop.cancel('A-1'), UnknownOrderError)
    await t.rejects(shop.cancel('A-1'), /the ID is closed/)
    await t.rejects(buy(), OrderConflictError)
    t.equal((await shop.order('A-1')).status, 'cancelled')
    t.equal(market.simulator.calls.length, since)
  },
  async 'the fence of an order and of its endpoint grows with every claim'(scene) {
    const { t, shop, buy, ledger } = scene
    await holdOrder(scene)
    const fences = async () => {
      const [order] = await allOrders(ledger)
      const [esim] = await allEsims(ledger)
      return [order?.fence, esim?.fence ?? 0] as const
    }
    const [first] = await fences()
    const { endpointId } = await buy()
    const [second, before] = await fences()
    t.ok(Number(second) > Number(first))
    await shop.suspend({ endpointId })
    const [, after] = await fences()
    t.ok(after > before)
  },
  async 'an owner elsewhere whose clock is 70 s off is not taken for dead'({ t, market }) {
    const ledger = memoryLedger()
    const { shop } = await openShop(market, { ledger: fromElsewhere(ledger), resumeAtOpen: false })
    const clock = {
      now: () => Date.now() + 70_000,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(resolve, ms)
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    const ahead = await openShop(market, { ledger, clock, resumeAtOpen: false })
    market.simulator.fault({ operation: 'SubscribeAddon', kind: 'late', delayMs: 300 })
    const orders = ['A-1', 'A-2', 'A-3'].flatMap(orderId => [
      shop.purchase({ orderId, sku: 'EU-1GB' }),
      pause(20).then(() => ahead.shop.purchase({ orderId, sku: 'EU-1GB' })),
    ])
    await Promise.all(orders)
    t.notOk(ahead.events.some(event => event.type === 'order taken over'))
    const all = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
    t.equal(all.length, 3)
    await shop[Symbol.asyncDispose]()
    await ahead.shop[Symbol.asyncDispose]()
  },
  async 'a clock that is set forward gives the platform no time'({ t, market, ledger }) {
    let ahead = 0
    const clock = {
      now: () => Date.now() + ahead,
      monotonic: () => performance.now(),
      sleep: (ms: number) => pause(ms),
    }
    const { shop } = await openShop(market, {
      ledger,
      clock,
      onEvent: event => {
        if (event.type === 'order step' && event.outcome === 'unclear') ahead = 70_000
      },
    })
    market.simulator.fault({ operation: 'SubscribeAddon', kind: 'late', delayMs: 600 })
    const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    await pause(700)
    t.equal(market.simulator.world.endpoints.get(endpointId)?.instances.length, 1)
    await shop[Symbol.asyncDispose]()
  },
  async 'a top-up of a suspended eSIM is refused with what to do, unless it is wanted'(scene) {
    const { t, shop, buy, ledger, instances } = scene
    const { endpointId } = await buy()
    await shop.suspend({ endpointId })
    const topUp = { orderId: 'T-1', endpointId, sku: 'EU-1GB' }
    const refused = await shop.topUp(topUp).catch((error: unknown) => error)
    t.match(refused, { code: 'ENDPOINT_SUSPENDED', endpointId, next: /^reactivate/ })
    t.equal((await allOrders(ledger)).length, 1)
    t.equal(instances(endpointId), 1)
    t.ok(await shop.topUp({ ...topUp, allowSuspended: true }))
    await shop.reactivate({ endpointId })
    t.ok(await shop.topUp({ ...topUp, orderId: 'T-2' }))
  },
  async 'a top-up of an eSIM that was suspended in the portal is refused until it is reactivated'(
    scene,
  ) {
    const { t, shop, buy, market, instances, status } = scene
    const { endpointId } = await buy()
    const topUp = { orderId: 'T-1', endpointId, sku: 'EU-1GB' }
    await shop.topUp({ ...topUp, orderId: 'T-0' })
    const suspend = { endpointId, lifecycle: 'S' } as const
    await market.sft.write.changeLifecycle(suspend)
    const since = market.simulator.calls.length
    const refused = await shop.topUp(topUp).catch((error: unknown) => error)
    t.match(refused, { code: 'ENDPOINT_SUSPENDED', endpointId, next: /^reactivate/ })
    t.same(countCalls(market.simulator, since), { GetEndPointProfile: 1 }, 'one read, as ever')
    t.equal(instances(endpointId), 2)
    await shop.reactivate({ endpointId })
    t.equal(status(endpointId), 'Active')
    t.equal((await shop.topUp(topUp)).status, 'delivered')
    await market.sft.write.changeLifecycle(suspend)
    t.ok(await shop.topUp({ ...topUp, orderId: 'T-2', allowSuspended: true }))
    await t.rejects(shop.topUp({ ...topUp, orderId: 'T-3' }), EndpointSuspendedError)
    t.ok(await shop.topUp({ ...topUp, orderId: 'T-3', allowSuspended: true }))
    t.equal(instances(endpointId), 5)
  },
  async 'a top-up of a cancelled eSIM is refused until it is reactivated'(scene) {
    const { t, shop, buy, status } = scene
    const { endpointId } = await buy()
    await shop.cancel('A-1')
    const topUp = { orderId: 'T-1', endpointId, sku: 'EU-1GB' }
    await t.rejects(shop.topUp(topUp), EndpointSuspendedError)
    await shop.reactivate({ endpointId })
    t.equal(status(endpointId), 'Active')
    t.ok(await shop.topUp(topUp))
    t.equal((await shop.stock()).sold, 1)
  },
  async 'a sale is shown again and cannot be started'(scene) {
    const { t, shop, buy, market, another } = scene
    await t.rejects(shop.sale('A-1'), UnknownOrderError)
    const sold = await buy()
    const since = market.simulator.calls.length
    const again = await (await another()).sale('A-1')
    t.same({ ...again }, { ...sold })
    t.equal(again.activationCode, sold.activationCode)
    t.match(await again.qr.text(), /[▀▄█]/)
    t.equal(market.simulator.calls.length, since)
    await shop.topUp({ orderId: 'T-1', endpointId: sold.endpointId, sku: 'EU-1GB' })
    await t.rejects(shop.sale('T-1'), OrderConflictError)
    await shop.cancel('T-1')
    await shop.cancel('A-1')
    await t.rejects(shop.sale('A-1'), OrderNotDeliveredError)
  },
  async 'a sale that is spread, cloned or inspected shows no code'({ t, buy }) {
    const sale = await buy()
    const secret = sale.activationCode.split('$')[2] ?? ''
    for (const shown of [
      JSON.stringify({ ...sale }),
      inspect(structuredClone(sale), { showHidden: true, getters: true }),
      inspect(sale, { customInspect: false, showHidden: true }),
      inspect(sale, { customInspect: false, getters: true }),
      JSON.stringify(Object.assign({}, sale)),
      JSON.stringify(sale),
    ]) {
      t.match(shown, sale.iccid)
      t.notOk(shown.includes(secret), shown)
    }
  },
  async 'a doubt is ended by the instance that a person found'(scene) {
    const { t, shop, market, instances } = scene
    const endpointId = await doubtOrder(scene)
    t.equal((await shop.order('A-1')).unsettled, 'subscribe')
    const [made] = await market.sft.write.subscribeAddon({
      endpointId,
      planId: market.planIds[0] ?? '',
    })
    const uniqueId = made?.uniqueId ?? ''
    const view = await shop.settle('A-1', { instance: uniqueId, by: 'ana' })
    t.match(view, { status: 'delivered', uniqueId })
    t.match(
      view.steps.find(step => step.step === 'settle'),
      { by: 'ana', outcome: 'found', at: /^20/ },
    )
    t.equal((await shop.settle('A-1', { instance: uniqueId })).status, 'delivered')
    t.equal((await scene.buy()).addon.uniqueId, uniqueId)
    t.equal(instances(endpointId), 1)
    await t.rejects(shop.settle('A-1', { notSold: true }), NothingToSettleError)
  },
  async 'a doubt is ended by a person who found no instance'(scene) {
    const { t, shop, buy, instances } = scene
    const endpointId = await doubtOrder(scene)
    const view = await shop.settle('A-1', { notSold: true })
    t.equal(view.status, 'activated')
    t.equal(view.unsettled, undefined)
    t.match(view.steps.at(-1), { step: 'settle', outcome: 'absent', by: /@/ })
    t.equal((await buy()).endpointId, endpointId)
    t.equal(instances(endpointId), 1)
  },
  async 'an instance of another order is not given to a second one'(scene) {
    const { t, shop, buy } = scene
    await doubtOrder(scene)
    const sold = await buy('A-2')
    const topUp = await shop.topUp({
      orderId: 'T-1',
      endpointId: sold.endpointId,
      sku: 'EU-1GB',
    })
    t.ok(topUp)
    await t.rejects(shop.settle('A-2', { instance: topUp.addon.uniqueId }), NothingToSettleError)
    await t.rejects(shop.settle('A-9', { notSold: true }), UnknownOrderError)
  },
  async 'an order of another form keeps its ID'({ t, shop, ledger, buy }) {
    const { endpointId } = await buy()
    const rows = await allOrders(ledger)
    const long = 'x'.repeat(300)
    for (const orderId of [long, ' ', 'A\n1', 7 as unknown as string])
      await ledger.transact({ orderIds: [orderId] }, () => ({
        entries: [{ table: 'orders', row: { ...rows[0]!, orderId, steps: [] } }],
        result: undefined,
      }))
    for (const orderId of [long, ' ', 'A\n1', 7 as unknown as string]) {
      t.equal((await shop.order(orderId)).status, 'delivered')
      t.equal((await shop.purchase({ orderId, sku: 'EU-1GB' })).endpointId, endpointId)
    }
    await t.rejects(shop.order(`${long}x`), InvalidRequestError)
    await t.rejects(shop.order(8 as unknown as string), InvalidRequestError)
  },
}

for (const [name, play] of Object.entries(CASES))
  t.test(name, async t => {
    await play(await setScene(t))
  })

/** Calls that no type allows, each with the field that is wrong. */
const WRONG: readonly (readonly [string, (shop: Provisioner) => Promise<unknown>])[] = [
  ...[undefined, null, '', '   ', 5, {}, [], true, Number.NaN, 'x'.repeat(201)].flatMap(
    (orderId): (readonly [string, (shop: Provisioner) => Promise<unknown>])[] => {
      const bad = orderId as string
      return [
        ['orderId', shop => shop.purchase({ orderId: bad, sku: 'EU-1GB' })],
        ['orderId', shop => shop.topUp({ orderId: bad, sku: 'EU-1GB', endpointId: '1' })],
        ['orderId', shop => shop.cancel(bad)],
        ['orderId', shop => shop.order(bad)],
        ['orderId', shop => shop.sale(bad)],
        ['orderId', shop => shop.usage({ orderId: bad })],
        ['orderId', shop => shop.settle(bad, { notSold: true })],
      ]
    },
  ),
  ...([{ timeoutSeconds: Number.NaN }, { timeoutSeconds: -1 }, { timeoutSeconds: 0 }] as const).map(
    (patience): readonly [string, (shop: Provisioner) => Promise<unknown>] => [
      'timeoutSeconds',
      shop => shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', ...patience }),
    ],
  ),
  ['sku', shop => shop.purchase({ orderId: 'A-1', sku: 5 as unknown as string })],
  ['signal', shop => shop.cancel('A-1', { signal: 'now' as unknown as AbortSignal })],
  [
    'reference',
    shop =>
      shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', reference: (() => 1) as unknown as string }),
  ],
  ['the request', shop => shop.purchase(undefined as unknown as PurchaseRequest)],
  ...[
    '\u200b',
    '\u2060 \ufeff',
    '\u0000',
    '\ud800',
    'A\n1',
    'A\u00001',
    'A-\u001b[2J1',
    'A\u202e1',
    'A\u20661',
    'A\ud8001',
    'A\u0085',
    '\ufeffA-1',
  ].map((orderId): readonly [string, (shop: Provisioner) => Promise<unknown>] => [
    'orderId',
    shop => shop.purchase({ orderId, sku: 'EU-1GB' }),
  ]),
  [
    'reference',
    shop => {
      const reference: { self?: unknown } = {}
      reference.self = reference
      return shop.purchase({
        orderId: 'A-1',
        sku: 'EU-1GB',
        reference: reference as unknown as string,
      })
    },
  ],
  ...[
    // Each level holds the one below twice: few objects, and more values than there are atoms.
    Array.from({ length: 95 }).reduce<Json>(below => [below, below], 'x'),
    Array.from({ length: 40 }).reduce<Json>(below => ({ a: below, b: below, c: below }), {}),
    Array.from({ length: 10_001 }).fill(null) as Json[],
    'x'.repeat(100_001),
    { ['x'.repeat(100_001)]: 1 },
  ].map((reference): readonly [string, (shop: Provisioner) => Promise<unknown>] => [
    'reference',
    shop => shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', reference }),
  ]),
  [
    'the request',
    shop =>
      shop.purchase({
        sku: 'EU-1GB',
        get orderId(): string {
          throw new TypeError('the portal has none')
        },
      }),
  ],
  ['endpointId', shop => shop.suspend({ endpointId: 5 as unknown as string })],
  ['reason', shop => shop.suspend({ endpointId: '5', reason: 'mood' as 'support' })],
  ['uniqueId', shop => shop.removeAddon({ endpointId: '5', uniqueId: '' })],
  ['olderThan', shop => shop.refreshUsage({ olderThan: Number.NaN })],
  ['maxAgeSeconds', shop => shop.usage({ endpointId: '5', maxAgeSeconds: Number.NaN })],
  ['the request', shop => shop.settle('A-1', {} as { notSold: true })],
]

t.test(
  'a call of another form is refused by the name of its field, and writes nothing',
  async t => {
    const { shop, ledger, market } = await setScene(t)
    const since = market.simulator.calls.length
    for (const [field, call] of WRONG) {
      const error = await call(shop).catch((thrown: unknown) => thrown)
      t.ok(error instanceof InvalidRequestError, String(error))
      t.match(error, { code: 'INVALID_REQUEST', field })
    }
    t.same(await allOrders(ledger), [])
    t.equal(market.simulator.calls.length, since)
    for (const policies of [{ esimsTried: 0 }, { lowStock: Number.NaN }, { batches: 'first' }])
      await t.rejects(openShop(market, { policies: policies as object }), InvalidRequestError)
  },
)

t.test('every error that leaves the library is a documented one', async t => {
  const { shop, market, ledger } = await setScene(t)
  const controller = new AbortController()
  const waiting = shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', signal: controller.signal })
  controller.abort('a reason of the portal')
  await t.rejects(waiting, GaveUpWaitingError)
  const broken = async (options: Parameters<typeof openShop>[1]) => {
    const { shop } = await openShop(market, { ...options, resumeAtOpen: false })
    return await shop.purchase({ orderId: 'A-2', sku: 'EU-1GB' }).catch((error: unknown) => error)
  }
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' })
  const failing = (error: Error): Ledger => ({ ...ledger, transact: () => Promise.reject(error) })
  t.match(await broken({ ledger: failing(full) }), { code: 'STORAGE', cause: full })
  t.ok((await broken({ ledger: failing(full) })) instanceof StorageError)
  const bug = new Error('it never happens')
  t.match(await broken({ ledger: failing(bug) }), { code: 'UNEXPECTED', cause: bug })
  t.ok((await broken({ ledger: failing(bug) })) instanceof UnexpectedError)

  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'rejected', count: 2 })
  const held = await shop
    .purchase({ orderId: 'A-3', sku: 'EU-1GB' })
    .catch((error: unknown) => error)
  t.match(held, { name: 'SubscriptionFailedError', platformCode: '10057' })
  t.ok(isProvisionError(held) && held.cause instanceof Error)
  t.ok(isProvisionError(held) && adviceFor(held).startsWith('hold '))

  await shop[Symbol.asyncDispose]()
  await t.rejects(shop.stock(), ProvisionerClosedError)
  await t.rejects(openProvisioner({ env: {} }), { name: 'SettingsError', code: 'SETTINGS' })
})

/** Compiles only where a switch on the name narrows, and names every class. */
function adviceFor(error: AnyProvisionError): string {
  switch (error.name) {
    case 'UnknownSkuError':
      return error.nearest ?? error.sku
    case 'SubscriptionFailedError':
      return `hold ${error.endpointId}`
    case 'ActivationFailedError':
      return String(error.esimsTried)
    case 'InvalidRequestError':
      return error.field
    case 'OrderNotDeliveredError':
      return error.status
    case 'EndpointSuspendedError':
      return error.endpointId
    case 'PlanOutOfSaleError':
      return error.sku
    case 'AccountRefusedError':
    case 'AccountUnreachableError':
    case 'NoEsimAvailableError':
    case 'NothingToSettleError':
    case 'OrderConflictError':
    case 'ProvisionerClosedError':
    case 'StorageError':
    case 'GaveUpWaitingError':
    case 'UnexpectedError':
    case 'UnknownEndpointError':
    case 'UnknownOrderError':
      return error.next
    default: {
      const none: never = error
      return none
    }
  }
}

t.test(
  'a process that was stopped before it sent its announced write does not send it',
  async t => {
    const market = await openMarket(t, { endpoints: 3, sft: { timeoutSeconds: 60 } })
    const folder = t.testdir()
    const state = join(folder, 'state.json')
    const path = join(folder, 'orders.json')
    await market.save(state)
    const job = {
      url: market.simulator.url,
      state,
      ledger: path,
      orderId: 'A-1',
      callsPerSecond: 0.5,
      silenceSeconds: 3,
    }
    const child = spawnNode([...scriptBeside(import.meta, 'sell-one'), JSON.stringify(job)])
    t.teardown(() => child.kill('SIGKILL'))
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const closed = new Promise<void>(resolve => child.on('close', () => resolve()))
    await using ledger = await fileLedger(path)
    const announced = async () => (await allOrders(ledger))[0]?.intent?.write === 'subscribe'
    await until(async () => (await announced()) || child.exitCode !== null)
    child.kill('SIGSTOP')
    await pause(50)
    const sent = () => countCalls(market.simulator)['SubscribeAddon'] ?? 0
    t.equal(sent(), 0, 'stopped before it was sent')

    const { shop } = await openShop(market, {
      ledger,
      resumeAtOpen: false,
      policies: { silenceSeconds: 3 },
    })
    await using _closing = shop
    const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    t.equal(sent(), 1)
    child.kill('SIGCONT')
    await closed
    t.same(
      JSON.parse(stdout || '{}'),
      {
        endpointId: sale.endpointId,
        uniqueId: sale.addon.uniqueId,
      },
      stderr,
    )
    t.equal(sent(), 1)
    t.equal(market.simulator.world.endpoints.get(sale.endpointId)?.instances.length, 1)
  },
)

t.test(
  'a write of the catalog that waited too long is announced anew before it is sent',
  async t => {
    const { market } = await setScene(t)
    const { simulator } = market
    const networks = (await market.sft.read.networks()).items.slice(0, 1)
    for (const lockIsLost of [false, true]) {
      let ahead = 0
      const clock = { now: () => Date.now() + ahead, sleep: pause }
      const journal: string[] = []
      const since = simulator.calls.length
      const written = writeAndSettle(
        {
          announce: async () => {
            if (lockIsLost && journal.length > 0) throw new Error('the lock is lost')
            journal.push('announced')
            return String(journal.length)
          },
          send: async announcement => {
            // As when the machine sleeps while the call waits for its place in the budget.
            if (journal.length === 1) ahead = ANNOUNCEMENT_MS + 1
            const destGroupId = SIMULATED_ACCOUNT.destGroupId
            const zone = { name: `Late ${lockIsLost}`, destGroupId, networks }
            return await market.sft.write.createRateZone(zone, { announcement })
          },
          find: async () => notThere('not asked for'),
          conclude: async (id, outcome) => void journal.push(`${id} ${outcome}`),
          settleSeconds: 1,
        },
        clock,
      )
      if (lockIsLost) await t.rejects(written, /the lock is lost/)
      else t.equal((await written).is, 'done')
      t.same(
        journal,
        lockIsLost ? ['announced', '1 failed'] : ['announced', '1 failed', 'announced'],
      )
      t.equal(countCalls(simulator, since)['CreateRateZone'] ?? 0, lockIsLost ? 0 : 1)
    }
  },
)

t.test(
  'an order of a process elsewhere that fell silent is finished by a shop that stays open',
  async t => {
    const { shop: seller, ledger, market } = await setScene(t)
    const { endpointId } = await seller.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    const since = new Date().toISOString()
    const owner = { host: 'far', pid: 1, started: '1', boot: 'b', id: 'p', claim: 'c', since }
    const left = anOrder('T-1', {
      kind: 'topUp',
      status: 'activated',
      endpointId,
      planId: market.planIds[0] ?? '',
      owner,
      updatedAt: since,
    })
    await ledger.transact({ orderIds: ['T-1'] }, () => ({
      entries: [{ table: 'orders', row: left }],
      result: undefined,
    }))
    const { shop, events } = await openShop(market, { ledger, policies: { silenceSeconds: 1 } })
    await using _closing = shop
    await until(async () => (await shop.order('T-1')).status === 'delivered')
    t.match(
      events.find(event => event.type === 'order taken over'),
      { from: 'far, process 1' },
    )
  },
)

t.test('rows of release 0.1.0, without owner claims and fences, are gone on with', async t => {
  const { shop, ledger, market } = await setScene(t)
  const sold = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const old = anOrder('T-1', {
    kind: 'topUp',
    status: 'activated',
    endpointId: sold.endpointId,
    planId: market.planIds[0] ?? '',
  })
  await ledger.transact({ orderIds: ['T-1'] }, () => ({
    entries: [{ table: 'orders', row: old }],
    result: undefined,
  }))
  t.same((await shop.resume()).delivered, ['T-1'])
  t.equal((await allOrders(ledger)).find(order => order.orderId === 'T-1')?.fence, 1)
})
