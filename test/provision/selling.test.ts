import { inspect } from 'node:util'
import t from 'tap'
import {
  AccountRefusedError,
  GaveUpWaitingError,
  memoryLedger,
  NoEsimAvailableError,
  OrderConflictError,
  openProvisioner,
  PlanOutOfSaleError,
  ProvisionerClosedError,
  UnknownEndpointError,
  UnknownOrderError,
  UnknownSkuError,
} from '../../src/provision/index.ts'
import { allEsims, allOrders } from './rows.ts'
import { countCalls, openMarket, openShop, openTestSft } from './support.ts'

/** On a busy machine an answer takes its time, and an impatient client would settle. */
const PATIENT = { timeoutSeconds: 60 }

t.test('a sale activates an eSIM of the state, puts the add-on on it, and delivers', async t => {
  const market = await openMarket(t, { endpoints: 5 })
  const { shop, events } = await openShop(market)
  await using _closing = shop
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', reference: { customer: 'x' } })
  const endpoint = market.simulator.world.endpoints.get(sale.endpointId)
  t.equal(endpoint?.status, 'Active')
  t.equal(endpoint?.iccid, sale.iccid)
  t.same(
    endpoint?.instances.map(({ uniqueId, planId }) => ({ uniqueId, planId })),
    [{ uniqueId: sale.addon.uniqueId, planId: market.planIds[0] }],
  )
  t.match(sale.activationCode, /^LPA:1\$/)
  t.ok(sale.msisdn)

  const order = await shop.order('A-1')
  t.equal(order.status, 'delivered')
  t.same(
    order.steps.map(({ step, outcome }) => `${step} ${outcome}`),
    [
      'reserve done',
      'activate announced',
      'activate done',
      'subscribe announced',
      'subscribe done',
      'deliver done',
    ],
  )
  t.ok(order.steps.every(step => !Number.isNaN(Date.parse(step.at))))
  t.same(
    events.filter(event => event.type !== 'order step').map(event => event.type),
    ['order started', 'order delivered', 'stock low'],
  )
})

t.test('with a warm pool a sale costs two calls', async t => {
  const market = await openMarket(t, { endpoints: 20 })
  const { shop } = await openShop(market)
  await using _closing = shop
  await shop.purchase({ orderId: 'A-0', sku: 'EU-1GB' })
  const since = market.simulator.calls.length
  for (let n = 1; n <= 10; n++) await shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })
  t.same(countCalls(market.simulator, since), { EndPointLifeCycleChange: 10, SubscribeAddon: 10 })
})

t.test('300 purchases at once: 300 eSIMs, two calls each, a page for each hundred', async t => {
  const market = await openMarket(t, { endpoints: 400, sft: PATIENT })
  const { shop } = await openShop(market)
  await using _closing = shop
  const since = market.simulator.calls.length
  const sales = await Promise.all(
    Array.from({ length: 300 }, (_, n) => shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })),
  )
  t.equal(new Set(sales.map(sale => sale.endpointId)).size, 300)
  t.equal(new Set(sales.map(sale => sale.addon.uniqueId)).size, 300)
  const calls = countCalls(market.simulator, since)
  t.equal(calls['EndPointLifeCycleChange'], 300)
  t.equal(calls['SubscribeAddon'], 300)
  t.ok((calls['fetchSIM'] ?? 0) <= 3, `${calls['fetchSIM']} pages`)
})

t.test('where small pages are granted, few more are read than the sales need', async t => {
  const market = await openMarket(t, {
    endpoints: 500,
    sft: PATIENT,
    simulator: { wire: { maxPerPage: 100 } },
  })
  const { shop } = await openShop(market)
  await using _closing = shop
  const since = market.simulator.calls.length
  await Promise.all(
    Array.from({ length: 400 }, (_, n) => shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })),
  )
  const pages = market.simulator.calls.slice(since).filter(call => call.operation === 'fetchSIM')
  t.ok(pages.length <= 8, `pages read: ${pages.map(call => call.query).join(', ')}`)
})

t.test('the same order again is the same sale; with other content it is refused', async t => {
  const market = await openMarket(t, { endpoints: 10 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const order = { orderId: 'A-1', sku: 'EU-1GB', reference: { b: 1, a: [2] } }
  const sales = await Promise.all(Array.from({ length: 20 }, () => shop.purchase(order)))
  const again = await shop.purchase({ ...order, reference: { a: [2], b: 1 } })
  t.equal(new Set([...sales, again].map(sale => sale.endpointId)).size, 1)
  t.equal(countCalls(market.simulator)['SubscribeAddon'], 1)
  await t.rejects(shop.purchase({ ...order, sku: 'EU-10GB-30D' }), OrderConflictError)
  await t.rejects(shop.purchase({ ...order, reference: {} }), OrderConflictError)
  const { endpointId } = again
  await t.rejects(shop.topUp({ ...order, endpointId }), OrderConflictError)
})

t.test('two provisioners on one ledger placing one order at once give one sale', async t => {
  const market = await openMarket(t, { endpoints: 10 })
  const { shop, ledger } = await openShop(market)
  const { shop: other } = await openShop(market, { ledger })
  await using _closing = shop
  await using _closingOther = other
  const sales = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 ? shop : other).purchase({ orderId: `A-${n >> 2}`, sku: 'EU-1GB' }),
    ),
  )
  t.equal(new Set(sales.map(sale => sale.endpointId)).size, 10)
  t.equal(countCalls(market.simulator)['SubscribeAddon'], 10)
})

t.test('stock of 3, 5 buyers: 3 sales, 2 refusals, and 2 more sales after a new batch', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const buy = (n: number) => shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })
  const first = await Promise.allSettled([1, 2, 3, 4, 5].map(buy))
  const refused = first.flatMap((end, index) => (end.status === 'rejected' ? [index + 1] : []))
  t.equal(refused.length, 2)
  for (const end of first)
    if (end.status === 'rejected') {
      t.ok(end.reason instanceof NoEsimAvailableError)
      t.match(end.reason.message, /no eSIM is available .*apply a new batch/)
    }
  t.equal((await shop.order(`A-${refused[0]}`)).status, 'failed')
  await market.addBatch('second', 2)
  const more = await Promise.all(refused.map(buy))
  t.equal(new Set(more.map(sale => sale.endpointId)).size, 2)
})

t.test('the same plan three times on one endpoint: three instances, three balances', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId, addon } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const more = await Promise.all(
    ['A-2', 'A-3'].map(orderId => shop.topUp({ orderId, endpointId, sku: 'EU-1GB' })),
  )
  const ids = [addon, ...more.map(topUp => topUp.addon)].map(one => one.uniqueId)
  t.equal(new Set(ids).size, 3)
  const { instances } = await shop.usage({ endpointId })
  t.same(instances.map(one => one.uniqueId).sort(), [...ids].sort())
  t.ok(instances.every(one => one.leftBytes === 1024 ** 3 && one.status === 'waiting'))
  t.ok(instances.every(one => one.origin === 'order'))
  await t.rejects(
    shop.topUp({ orderId: 'A-9', endpointId: '999', sku: 'EU-1GB' }),
    UnknownEndpointError,
  )
  await t.rejects(shop.order('A-9'), UnknownOrderError)
})

t.test('batches and tags are sold in the order given, and nothing else', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  await market.addBatch('second', 1, ['vip'])
  await market.addBatch('third', 1, ['vip'])
  const batchOf = (endpointId: string) =>
    Object.values(market.state().endpoints).find(row => row.endpointId === endpointId)?.batch
  const { shop } = await openShop(market, { policies: { batches: ['third', 'first'] } })
  await using _closing = shop
  const sold: (string | undefined)[] = []
  for (const n of [1, 2, 3])
    sold.push(batchOf((await shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })).endpointId))
  t.same(sold, ['third', 'first', 'first'])
  await t.rejects(shop.purchase({ orderId: 'A-4', sku: 'EU-1GB' }), NoEsimAvailableError)
  const { shop: tagged } = await openShop(market, { policies: { tags: ['vip'] } })
  await using _closingTagged = tagged
  t.equal((await tagged.stock()).sellable, 2)
})

t.test('an eSIM that somebody else activated or took its SIM from is set aside', async t => {
  const market = await openMarket(t, { endpoints: 5 })
  const { shop, events } = await openShop(market)
  await using _closing = shop
  const endpoints = Object.values(market.state().endpoints)
  // After the pool is warm, so that only the sale itself can find out.
  await shop.purchase({ orderId: 'A-0', sku: 'EU-1GB' })
  const { endpointId } = endpoints[1]!
  await market.sft.write.changeLifecycle({ endpointId, lifecycle: 'A' })
  await market.sft.write.subscribeAddon({ endpointId, planId: market.planIds[0]! })
  await market.sft.write.deLinkSim(endpoints[2]!.endpointId)
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(sale.endpointId, endpoints[3]!.endpointId)
  t.equal((await shop.order('A-1')).tried, 2)
  t.equal(events.filter(event => event.type === 'esim set aside').length, 2)
  const { setAsideEsims, sold, sellable } = await shop.stock()
  t.same([sold, sellable, setAsideEsims.length], [2, 1, 2])
  t.match(setAsideEsims[0]?.reason, /active already, and not by an order of this ledger/)
  t.match(setAsideEsims[1]?.reason, /no SIM is attached/)
})

t.test('from Pre-Active a refused lifecycle call is followed by EndPointActivation', async t => {
  const market = await openMarket(t, {
    endpoints: 2,
    simulator: { wire: { activateByLifecycle: false } },
  })
  const { shop } = await openShop(market)
  await using _closing = shop
  await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(countCalls(market.simulator)['EndPointActivation'], 1)
})

t.test('SKUs: an unknown one names the nearest, a retired one is out of sale', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const state = market.state()
  const plans = Object.entries(state.addonPlans)
  const retired = Object.fromEntries(
    plans.map(([key, plan], n) => [key, n === 0 ? { ...plan, retired: true } : plan]),
  )
  const { shop } = await openShop(market, {
    state: async () => ({ ...state, addonPlans: retired }),
  })
  await using _closing = shop
  const unknown = shop.purchase({ orderId: 'A-1', sku: 'EU-10GB-3D' })
  await t.rejects(unknown, { nearest: 'EU-10GB-30D', message: /did you mean EU-10GB-30D/ })
  await t.rejects(unknown, UnknownSkuError)
  await t.rejects(shop.purchase({ orderId: 'A-2', sku: 'EU-1GB' }), PlanOutOfSaleError)
  await t.rejects(shop.order('A-1'), UnknownOrderError)
})

t.test('a caller that gives up gets its error, and the order goes on later', async t => {
  const market = await openMarket(t, { endpoints: 5, simulator: { latencyMs: 150 } })
  const { shop, ledger } = await openShop(market)
  await using _closing = shop
  const hurried = shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', timeoutSeconds: 0.2 })
  await t.rejects(hurried, GaveUpWaitingError)
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(market.simulator.world.endpoints.get(sale.endpointId)?.instances.length, 1)
  t.equal(countCalls(market.simulator)['SubscribeAddon'], 1)
  t.equal((await allEsims(ledger)).length, 1)
})

t.test('a refused account stops the order, which goes on when that is mended', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const ledger = memoryLedger()
  {
    const sft = openTestSft(market.simulator, { password: 'wrong' })
    const { shop } = await openShop(market, { ledger, sft })
    await using _closing = shop
    await t.rejects(shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' }), AccountRefusedError)
    await sft[Symbol.asyncDispose]()
  }
  const { shop } = await openShop(market, { ledger })
  await using _closing = shop
  t.ok(await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' }))
})

t.test('unfinished orders of a closed provisioner are resumed at open', async t => {
  const market = await openMarket(t, { endpoints: 3, simulator: { latencyMs: 100 } })
  const ledger = memoryLedger()
  const { shop } = await openShop(market, { ledger })
  const cut = shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  cut.catch(() => undefined)
  while ((await allOrders(ledger)).length === 0)
    await new Promise(resolve => setTimeout(resolve, 5))
  await shop[Symbol.asyncDispose]()
  await t.rejects(cut, ProvisionerClosedError)
  const { shop: next } = await openShop(market, { ledger })
  await using _closing = next
  await next.resume()
  t.equal((await next.order('A-1')).status, 'delivered')
})

t.test('a sale draws its QR code and shows its activation code to nobody else', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop, events } = await openShop(market)
  await using _closing = shop
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.same([...(await sale.qr.png()).subarray(1, 4)], [...Buffer.from('PNG')])
  t.match(await sale.qr.svg(), /^<svg/)
  t.match(await sale.qr.text(), /[▀▄█]/)
  const secret = sale.activationCode.split('$')[2]!
  for (const shown of [
    JSON.stringify(sale),
    inspect(sale),
    inspect(events),
    inspect(await shop.order('A-1')),
  ])
    t.notOk(shown.includes(secret))
  t.notOk(inspect(await shop.stock(), { depth: 9 }).includes(secret))
})

t.test('what a listener throws stops no sale', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  await using shop = await openProvisioner({
    state: async () => market.state(),
    sft: market.sft,
    ledger: memoryLedger(),
    onEvent: () => {
      throw new Error('broken listener')
    },
  })
  t.ok(await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' }))
  await new Promise(resolve => setTimeout(resolve, 10))
  t.match(warnings[0]?.message, /onEvent threw.*broken listener/)
})
