import t, { type Test } from 'tap'
import type { SimulatedWire } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { applyOnce, catalogWith, openTestSft as openApplySft, simulate } from '../apply/helpers.ts'
import { checkAccount } from '../provision/check-account.ts'
import { countCalls, type Market, openMarket, openShop, openTestSft } from '../provision/support.ts'

/** One thing that must hold of sales, as somebody would say it. */
interface Row {
  readonly name: string
  readonly wire?: SimulatedWire
  readonly check: (t: Test, market: Market) => Promise<void>
}

const rows = (title: string, table: readonly Row[]): void => {
  t.test(title, async t => {
    for (const { name, wire = {}, check } of table)
      await t.test(name, async t =>
        check(t, await openMarket(t, { endpoints: 4, simulator: { wire } })),
      )
  })
}

const setWire = async ({ simulator }: Market, wire: SimulatedWire): Promise<void> => {
  const answer = await fetch(`${simulator.url}/_simulator/settings`, {
    method: 'POST',
    body: JSON.stringify({ wire }),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

const instancesOf = ({ simulator }: Market, endpointId: string): readonly string[] =>
  simulator.world.endpoints.get(endpointId)?.instances.map(({ uniqueId }) => uniqueId) ?? []

const BUY = { orderId: 'A-1', sku: 'EU-1GB' }

/** A sale and a top-up whose answers are lost, and a look at the usage: each is there once. */
async function sellWithLostAnswers(t: Test, market: Market): Promise<void> {
  const { shop, ledger } = await openShop(market)
  await using _closing = shop
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
  const { endpointId, addon } = await shop.purchase(BUY)
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
  const second = await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
  t.same(instancesOf(market, endpointId), [addon.uniqueId, second.addon.uniqueId])
  t.same(await checkAccount(ledger, market.simulator), [])
  const { instances } = await shop.usage({ endpointId })
  t.same(
    instances.map(({ uniqueId, status }) => [uniqueId, status]),
    [
      [addon.uniqueId, 'waiting'],
      [second.addon.uniqueId, 'waiting'],
    ],
  )
}

const ODD = [
  'not-found',
  'bad-request',
  'not-allowed',
  'unauthorised',
  'html',
  'mandatory',
  'failure',
  'no-data',
  'nothing',
] as const
const FORMS = ['addonDetails', 'rows', 'nested', 'benefits-only'] as const

rows('add-on details that are not understood are no "no add-ons": the profile is read', [
  ...ODD.map(
    (odd): Row => ({
      name: `answered with ${odd}`,
      wire: { oddAnswers: { GetEndpointAddonDetails: odd } },
      check: sellWithLostAnswers,
    }),
  ),
  ...FORMS.map(
    (form): Row => ({
      name: `in the form ${form}`,
      wire: { addonDetailsForm: form },
      check: sellWithLostAnswers,
    }),
  ),
  {
    name: 'a platform that fails is asked again, not passed by',
    check: async (t, { simulator, sft }) => {
      const [endpointId = ''] = [...simulator.world.endpoints.keys()]
      for (const kind of ['5xx-before', 'throttle-words', 'expired-token-words'] as const) {
        const since = simulator.calls.length
        simulator.fault({ operation: 'GetEndpointAddonDetails', kind })
        t.match(await sft.read.addons(endpointId), { items: [], by: 'details' }, kind)
        t.notOk(countCalls(simulator, since)['GetEndPointProfile'])
      }
    },
  },
])

rows('where the profile is not understood either, nothing is sent again and nothing is final', [
  ...FORMS.map(
    (form): Row => ({
      name: `a lost answer of a sale is not settled: form ${form}`,
      wire: { addonDetailsForm: form, profileForm: form },
      check: async (t, market) => {
        const { shop } = await openShop(market)
        await using _closing = shop
        market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
        await t.rejects(shop.purchase(BUY), { name: 'SubscriptionFailedError', settled: false })
        const { endpointId = '' } = await shop.order('A-1')
        t.equal(instancesOf(market, endpointId).length, 1)
        await t.rejects(
          shop.purchase(BUY),
          { name: 'SubscriptionFailedError' },
          'again, and still nothing is sent',
        )
        t.equal(instancesOf(market, endpointId).length, 1)
        await setWire(market, { addonDetailsForm: 'blocks', profileForm: 'blocks' })
        const sale = await shop.purchase(BUY)
        t.same([sale.addon.uniqueId], instancesOf(market, endpointId))
      },
    }),
  ),
  {
    name: 'a top-up whose answer names its add-on is delivered all the same',
    wire: { addonDetailsForm: 'rows', profileForm: 'rows' },
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      const { endpointId } = await shop.purchase(BUY)
      await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
      t.same(await checkAccount(ledger, market.simulator), [])
    },
  },
])

rows('a network list that is not understood leads to the roaming profile', [
  ...ODD.map(
    (odd): Row => ({
      name: `answered with ${odd}`,
      check: async (t, market) => {
        const whole = await market.sft.read.networks()
        await setWire(market, { oddAnswers: { fetchNetworkList: odd } })
        await using sft = openTestSft(market.simulator)
        t.same(await sft.read.networks(), whole)
      },
    }),
  ),
])

t.test('a bulk call that is refused to a good token is unknown here, once read back', async t => {
  await using simulator = await simulate({
    sims: 4,
    wire: { oddAnswers: { CreateBulkEndPoint: 'unauthorised' } },
  })
  const iccids = [...simulator.world.sims.keys()]
  const catalog = await catalogWith(
    `endpointBatches: [{key: b, name: "x-{n}", iccids: ${JSON.stringify(iccids)}}]`,
  )
  await using sft = openApplySft(simulator)
  await using store = memoryState()
  const { report } = await applyOnce(catalog, sft, store)
  t.equal(report.results.filter(({ status }) => status !== 'done').length, 0)
  t.equal(store.state.learnt.bulk, 'unknown')
  t.equal(simulator.world.endpoints.size, 4)
})

/** A sale whose answer is lost on an account whose clock is off. */
const offClock = (hours: number): Row => ({
  name: `the account's clock is ${hours} hours off`,
  wire: { utcOffsetMinutes: hours * 60 },
  check: sellNow,
})

async function sellNow(t: Test, market: Market): Promise<void> {
  const { shop, ledger } = await openShop(market)
  await using _closing = shop
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after', count: 1 })
  const { endpointId } = await shop.purchase(BUY)
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after', count: 1 })
  await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
  t.equal(instancesOf(market, endpointId).length, 2)
  t.same(await checkAccount(ledger, market.simulator), [])
}

t.test('a date alone leaves no instance out', async t => {
  for (const { name, wire = {}, check } of [-240, -96, -27, 96].map(offClock))
    await t.test(name, async t =>
      check(t, await openMarket(t, { endpoints: 4, activatedBy: '0', simulator: { wire } })),
    )
})

rows('an instance that may be somebody else’s is doubt', [
  {
    name: 'one that is used before its buyer has the eSIM is not taken for the order’s',
    check: async (t, market) => {
      const { shop } = await openShop(market)
      await using _closing = shop
      const [endpointId = ''] = [...market.simulator.world.endpoints.keys()]
      const [planId = ''] = market.planIds
      await market.sft.write.subscribeAddon({ endpointId, planId })
      const [instance] = market.simulator.world.endpoints.get(endpointId)?.instances ?? []
      if (instance === undefined) throw new Error('no instance')
      instance.leftBytes -= 1
      market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-before' })
      await t.rejects(shop.purchase(BUY), { name: 'SubscriptionFailedError', settled: false })
      t.equal(instancesOf(market, endpointId).length, 1, 'nothing is sent again')
    },
  },
])

rows('a success code under an outer "1" is read back, not believed either way', [
  {
    name: 'a sale activates one eSIM and sets none aside',
    wire: { doneOuterCode: '1' },
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      await shop.purchase(BUY)
      t.same(await checkAccount(ledger, market.simulator), [])
      t.match(await shop.stock(), { sold: 1, setAside: 0, sellable: 3 })
    },
  },
  {
    name: 'also where the first activation needs the other call',
    wire: { doneOuterCode: '1', activateByLifecycle: false },
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      const { endpointId } = await shop.purchase(BUY)
      await shop.suspend({ endpointId })
      t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Suspended')
      await shop.reactivate({ endpointId })
      t.same(await checkAccount(ledger, market.simulator), [])
      t.match(await shop.stock(), { sold: 1, setAside: 0, sellable: 3 })
    },
  },
])

rows('tokens', [
  ...(['inner', 'outer', 'http', 'words'] as const).map(
    (form): Row => ({
      name: `two that expire one after the other (${form}) stop no order`,
      check: async (t, market) => {
        const { shop, ledger } = await openShop(market)
        await using _closing = shop
        market.simulator.fault({
          operation: 'EndPointLifeCycleChange',
          kind: `expired-token-${form}`,
          count: 2,
        })
        const orders = ['A-1', 'A-2', 'A-3'].map(orderId => shop.purchase({ ...BUY, orderId }))
        t.equal(
          (await Promise.allSettled(orders)).filter(({ status }) => status === 'rejected').length,
          0,
        )
        t.same(await checkAccount(ledger, market.simulator), [])
      },
    }),
  ),
  {
    name: '"Too many requests, please slow down" in an HTTP 200 is waited for',
    wire: { throttle: '200-words' },
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      market.simulator.fault({ operation: '*', kind: 'throttle-words', count: 3 })
      await shop.purchase(BUY)
      t.same(await checkAccount(ledger, market.simulator), [])
    },
  },
  {
    name: 'accessToken in lower case is a token, and is renewed',
    wire: { tokenNames: 'accessToken' },
    check: async (t, { simulator }) => {
      await using sft = openTestSft(simulator)
      t.match(await sft.read.customerProfile(), { destGroupIds: [/./] })
      await fetch(`${simulator.url}/_simulator/expire-tokens`, { method: 'POST' })
      t.match(await sft.read.customerProfile(), { destGroupIds: [/./] })
    },
  },
])
