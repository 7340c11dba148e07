import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fileLedger, memoryLedger, type ProvisionEvent } from '../../src/provision/index.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { virtualClock } from '../clocks.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from './check-account.ts'
import { doomAt, doomedLedger, doomedSft } from './crash.ts'
import { allEsims, allOrders } from './rows.ts'
import { countCalls, type Market, openMarket, openShop } from './support.ts'

const SCRIPT = scriptBeside(import.meta, 'sell-orders')

/** SIMs of the batch that is made on demand: none of them has an endpoint yet. */
const SPARE = 8

/** A catalog with one batch, of the last SIMs of the account. */
function catalogOf(t: Test, iccids: readonly string[], more = ''): string {
  const folder = join(t.testdir(), 'catalog')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'catalog.yaml'),
    `version: 1
account: { basePlan: DEFAULTPRE41274807, apnGroup: PDP_1785, roamingProfiles: ["3017"] }
endpointBatches:
  - key: reserve
    tags: [later]
    create: on-demand
    name: "late-{n}"
    iccids: [${iccids.map(iccid => `"${iccid}"`).join()}]
${more}`,
  )
  return folder
}

interface Shopping {
  readonly market: Market
  readonly catalog: string
  readonly iccids: readonly string[]
}

async function openShopping(
  t: Test,
  options: Partial<Parameters<typeof openMarket>[1]> & { readonly sims?: number } = {},
): Promise<Shopping> {
  const { endpoints = 0, sims = SPARE, ...rest } = options
  const market = await openMarket(t, {
    endpoints,
    ...rest,
    simulator: { sims: endpoints + sims, ...rest.simulator },
  })
  const iccids = [...market.simulator.world.sims.keys()].slice(-sims)
  return { market, iccids, catalog: catalogOf(t, iccids) }
}

const policies = { createOnDemand: 'reserve', lowStock: 0 } as const

/** SIMs that have two endpoints, or were to get a second one and were refused. */
function perSim({ world, calls }: Simulator): readonly string[] {
  const counts = new Map<string, number>()
  for (const { iccid = '' } of world.endpoints.values())
    counts.set(iccid, (counts.get(iccid) ?? 0) + 1)
  const refused = calls.filter(
    ({ operation, outcome }) => operation === 'CreateEndPoint' && outcome.startsWith('rejected'),
  )
  return [
    ...[...counts].filter(([, many]) => many > 1).map(([iccid]) => iccid),
    ...refused.map(({ body }) => JSON.stringify(body)),
  ]
}

t.test('without the policy an empty stock ends the sale, and nothing is made', async t => {
  const { market } = await openShopping(t)
  const { shop } = await openShop(market)
  await t.rejects(shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' }), {
    name: 'NoEsimAvailableError',
  })
  t.equal(market.simulator.world.endpoints.size, 0)
  await shop[Symbol.asyncDispose]()
})

t.test(
  'an empty stock gets an endpoint while the buyer waits, and the sale tells its cost',
  async t => {
    const { market, catalog, iccids } = await openShopping(t, { endpoints: 1 })
    const { shop, events, ledger } = await openShop(market, { catalog, policies })
    const first = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    t.equal(first.creation, undefined, 'stock goes first')
    const before = market.simulator.calls.length
    const sale = await shop.purchase({ orderId: 'A-2', sku: 'EU-1GB' })
    t.same(countCalls(market.simulator, before), {
      fetchSIM: 2,
      CreateEndPoint: 1,
      EndPointLifeCycleChange: 1,
      SubscribeAddon: 1,
    })
    t.equal(sale.iccid, iccids[0])
    t.equal(sale.creation?.calls, 3)
    t.type(sale.creation?.seconds, 'number')
    t.equal(market.simulator.world.endpoints.get(sale.endpointId)?.name, 'late-1')
    t.match(events, [
      ...events.slice(
        0,
        events.findIndex(one => one.type === 'endpoint created'),
      ),
      { type: 'endpoint created', orderId: 'A-2', iccid: sale.iccid, how: 'answered' },
    ])
    const delivered = events.find(
      (one): one is Extract<ProvisionEvent, { type: 'order delivered' }> =>
        one.type === 'order delivered' && one.orderId === 'A-2',
    )
    t.equal(delivered?.creation?.calls, 3)
    const { steps, creation } = await shop.order('A-2')
    t.match(steps[0], { step: 'reserve', detail: /stock was empty: 3 calls/ })
    t.same(creation, sale.creation)
    t.same((await shop.purchase({ orderId: 'A-2', sku: 'EU-1GB' })).creation, sale.creation)
    t.same(await checkAccount(ledger, market.simulator), [])
    const stock = await shop.stock()
    t.match(stock, { sellable: 0, sold: 2 })
    await shop[Symbol.asyncDispose]()
  },
)

t.test('ten buyers at once get ten endpoints, the eleventh is told why there is none', async t => {
  const { market, catalog } = await openShopping(t, { sims: 10 })
  const { shop, ledger } = await openShop(market, { catalog, policies })
  const sales = await Promise.all(
    Array.from({ length: 10 }, (_, n) => shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })),
  )
  t.equal(new Set(sales.map(sale => sale.endpointId)).size, 10)
  t.equal(market.simulator.world.endpoints.size, 10)
  await t.rejects(shop.purchase({ orderId: 'A-10', sku: 'EU-1GB' }), {
    name: 'NoEsimAvailableError',
    message: /none could be made on demand: batch reserve .* no SIM left/,
  })
  t.same(await checkAccount(ledger, market.simulator), [])
  await shop[Symbol.asyncDispose]()
})

t.test(
  'a batch that the catalog lacks, or that would not be sold, is told when opening',
  async t => {
    const { market, catalog } = await openShopping(t)
    const open = (more: object) => openShop(market, { catalog, policies: { ...policies, ...more } })
    await t.rejects(open({ createOnDemand: 'reserv' }), {
      name: 'InvalidRequestError',
      field: 'policies.createOnDemand',
      message: /it has reserve/,
    })
    await t.rejects(open({ batches: ['first'] }), /not among policies.batches/)
    await t.rejects(open({ tags: ['demo'] }), /none of policies.tags/)
    await t.rejects(openShop(market, { catalog: `${catalog}/none`, policies }), /has errors/)
  },
)

t.test('a SIM that somebody else took is left, and the next one is made', async t => {
  const { market, catalog, iccids } = await openShopping(t)
  await market.addBatch('other', 1)
  const { world } = market.simulator
  t.equal([...world.endpoints.values()][0]?.iccid, iccids[0])
  const state = market.state()
  const { shop } = await openShop(market, {
    catalog,
    policies,
    // Its owner has not told this state.
    state: async () => ({ ...state, endpoints: {} }),
  })
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(sale.iccid, iccids[1])
  t.same(perSim(market.simulator), [])
  await shop[Symbol.asyncDispose]()
})

for (const kind of [
  'timeout-text',
  'timeout-text-not-executed',
  'late',
  'reset-after',
  'field-missing',
  'rejected-after',
  'half-answer',
] as const)
  t.test(`a creation that is answered with ${kind} makes one endpoint and one sale`, async t => {
    const { market, catalog } = await openShopping(t, {
      clock: virtualClock(),
      sft: { timeoutSeconds: 3, settleSeconds: 4 },
    })
    market.simulator.fault({ operation: 'CreateEndPoint', kind, delayMs: 900 })
    const { shop, ledger } = await openShop(market, { catalog, policies })
    const sale = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    t.ok((sale.creation?.calls ?? 0) >= 3, 'the looks are told')
    await market.clock?.sleep(5000)
    t.equal(market.simulator.world.endpoints.size, 1)
    t.same(await checkAccount(ledger, market.simulator), [])
    t.same(
      (await allEsims(ledger)).map(row => row.status).filter(status => status !== 'delivered'),
      [],
    )
    await shop[Symbol.asyncDispose]()
  })

t.test('a token that expires after the creation leaves nothing unknown', async t => {
  const { market, catalog } = await openShopping(t, {
    clock: virtualClock(),
    sft: { timeoutSeconds: 3, settleSeconds: 4 },
  })
  market.simulator.fault({ operation: 'fetchSIM', kind: 'expired-token-outer', skip: 1, count: 3 })
  const { shop, ledger } = await openShop(market, { catalog, policies })
  await Promise.allSettled([shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })])
  await shop[Symbol.asyncDispose]()
  const [made] = [...market.simulator.world.endpoints.values()]
  t.ok(made, 'it was made')
  const known = (await allEsims(ledger)).filter(
    row => row.status === 'being made' || row.endpointId === made?.endPointId,
  )
  t.equal(known.length, 1, 'the ledger says so, or that it may be')
})

t.test(
  'a process that dies at any step makes no second endpoint for a SIM, and no second sale',
  async t => {
    for (let step = 1; step <= 40; step++) {
      const clock = virtualClock()
      const { market, catalog } = await openShopping(t, {
        clock,
        sft: { timeoutSeconds: 3, settleSeconds: 4 },
      })
      const kept = memoryLedger()
      const doom = doomAt(step)
      const dying = await openShop(market, {
        catalog,
        policies,
        ledger: doomedLedger(kept, doom),
        sft: doomedSft(market.openSft(), doom),
        resumeAtOpen: false,
      })
      const order = { orderId: 'A-1', sku: 'EU-1GB' }
      const end = await Promise.race([
        dying.shop.purchase(order).then(() => 'sold'),
        doom.died.then(() => 'died'),
      ])
      const { shop } = await openShop(market, { catalog, policies, ledger: kept })
      await shop.purchase(order)
      await shop.purchase({ ...order, orderId: 'A-2' })
      await clock.sleep(20 * 60_000)
      await shop.purchase({ ...order, orderId: 'A-3' })
      t.same(perSim(market.simulator), [], `step ${step}`)
      t.same(await checkAccount(kept, market.simulator), [], `step ${step}`)
      const unused = [...market.simulator.world.endpoints.values()].filter(
        ({ status }) => status === 'Pre-Active',
      )
      t.ok(unused.length <= 1, `step ${step}: at most one waits for the next buyer`)
      await shop[Symbol.asyncDispose]()
      if (end === 'sold') break
    }
  },
)

t.test(
  'three processes on one ledger, one of them killed: an endpoint a SIM, a sale an order',
  async t => {
    const { market, catalog } = await openShopping(t, { sims: 30, simulator: { latencyMs: 15 } })
    const folder = join(catalog, '..')
    const [state, ledger] = [join(folder, 'state.json'), join(folder, 'orders.json')]
    await market.save(state)
    const orders = Array.from({ length: 12 }, (_, n) => `A-${n}`)
    const job = { url: market.simulator.url, state, ledger, orders, topUps: [] }
    const onDemand = { catalog, batch: 'reserve' }
    const start = () => {
      const child = spawnNode([...SCRIPT, JSON.stringify({ ...job, onDemand })])
      let told = ''
      child.stdout.on('data', text => {
        told += text
      })
      child.stderr.on('data', text => {
        told += text
      })
      return { child, ended: new Promise<string>(done => child.on('close', () => done(told))) }
    }
    const running = [start(), start(), start()]
    const made = () => market.simulator.world.endpoints.size
    while (made() < 4) await new Promise(resolve => setTimeout(resolve, 5))
    running[0]?.child.kill('SIGKILL')
    await Promise.all(running.map(({ ended }) => ended))
    const last = await start().ended
    t.equal(last.match(/"endpointId"/g)?.length, orders.length, last)
    t.same(perSim(market.simulator), [])
    await using kept = await fileLedger(ledger)
    t.same(await checkAccount(kept, market.simulator), [])
    const sold = (await allOrders(kept)).map(order => order.endpointId)
    t.equal(new Set(sold).size, orders.length)
  },
)
