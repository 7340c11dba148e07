import t, { type Test } from 'tap'
import type { SftOptions } from '../../src/sft/client.ts'
import type { Fault, SimulatedWire } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { applyOnce, catalogWith, openTestSft as openApplySft, simulate } from '../apply/helpers.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allEsims } from '../provision/rows.ts'
import { countCalls, type Market, openMarket, openShop, openTestSft } from '../provision/support.ts'

/** One thing that must hold of sales, as somebody would say it. */
interface Row {
  readonly name: string
  readonly wire?: SimulatedWire
  readonly sft?: Partial<SftOptions>
  readonly activatedBy?: '0' | '1'
  readonly check: (t: Test, market: Market) => Promise<void>
}

const rows = (title: string, table: readonly Row[]): void => {
  t.test(title, async t => {
    for (const { name, wire = {}, sft = {}, activatedBy = '1', check } of table)
      await t.test(name, async t =>
        check(t, await openMarket(t, { endpoints: 4, simulator: { wire }, sft, activatedBy })),
      )
  })
}

const meddle = async ({ simulator }: Market, call: string, body: object): Promise<void> => {
  const answer = await fetch(`${simulator.url}/_simulator/${call}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

const setWire = (market: Market, wire: SimulatedWire): Promise<void> =>
  meddle(market, 'settings', { wire })

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

/** Answers to a write that was executed, which say that it was not. */
const DONE_ALL_THE_SAME: readonly Pick<Fault, 'kind' | 'status'>[] = [
  { kind: 'rejected-after' },
  { kind: 'gateway-words-after' },
  { kind: 'unauthorised-html-after' },
  { kind: 'unauthorised-html-after', status: 403 },
  { kind: 'unauthorised-words-after' },
  { kind: 'throttle-html-after' },
  { kind: 'throttle-html-after', status: 503 },
  { kind: 'throttle-words-after' },
]

rows('a write that was refused in words is looked for before it is sent again', [
  ...DONE_ALL_THE_SAME.flatMap(({ kind, status }) =>
    (['A-1', 'A-2'] as const).map(
      (until): Row => ({
        name: `${until === 'A-1' ? 'a purchase' : 'a top-up'}: ${kind} ${status ?? ''}`,
        check: async (t, market) => {
          const { shop, ledger } = await openShop(market)
          await using _closing = shop
          const skip = until === 'A-1' ? 0 : 1
          const fault = { operation: 'SubscribeAddon', kind, skip, count: 3 }
          market.simulator.fault({ ...fault, ...(status !== undefined && { status }) })
          const { endpointId } = await shop.purchase(BUY)
          if (until === 'A-2') await shop.topUp({ orderId: until, endpointId, sku: 'EU-1GB' })
          t.equal(instancesOf(market, endpointId).length, skip + 1)
          t.same(await checkAccount(ledger, market.simulator), [])
        },
      }),
    ),
  ),
  {
    name: 'refused to an expired token in the documented form, it is sent again without a look',
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      const since = market.simulator.calls.length
      for (const kinds of [
        ['expired-token-inner', 'expired-token-outer', 'throttle-429'],
        ['expired-token-http', 'expired-token-words', 'throttle-bare'],
      ] as const) {
        for (const kind of kinds) market.simulator.fault({ operation: 'SubscribeAddon', kind })
        const { endpointId } = await shop.purchase({ ...BUY, orderId: kinds[0] })
        t.equal(instancesOf(market, endpointId).length, 1)
      }
      t.notOk(countCalls(market.simulator, since)['GetEndPointProfile'])
      t.same(await checkAccount(ledger, market.simulator), [])
    },
  },
  {
    name: 'told to slow down by a page or in words, and not executed: it is sent again after a look',
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      for (const kind of ['throttle-html', 'throttle-words', 'throttle-200-text'] as const)
        market.simulator.fault({ operation: 'SubscribeAddon', kind })
      const { endpointId } = await shop.purchase(BUY)
      t.equal(instancesOf(market, endpointId).length, 1)
      t.same(await checkAccount(ledger, market.simulator), [])
    },
  },
  {
    name: 'refused, and the profile does not tell: nothing is sent again, and the doubt is told',
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      market.simulator.fault({ operation: 'SubscribeAddon', kind: 'rejected-after' })
      for (const operation of ['GetEndpointAddonDetails', 'GetEndPointProfile'])
        market.simulator.fault({ operation, kind: 'rejected', count: 50 })
      await t.rejects(shop.purchase(BUY), { name: 'SubscriptionFailedError', settled: false })
      market.simulator.clearFaults()
      const { endpointId } = await shop.purchase(BUY)
      t.equal(instancesOf(market, endpointId).length, 1)
      t.same(await checkAccount(ledger, market.simulator), [])
    },
  },
  ...(['EndPointLifeCycleChange', 'EndPointActivation'] as const).flatMap(operation =>
    (['rejected-after', 'already-after'] as const).map(
      (kind): Row => ({
        name: `an activation that was executed is the order’s whatever is answered: ${operation} ${kind}`,
        wire: { activateByLifecycle: operation === 'EndPointLifeCycleChange' },
        check: async (t, market) => {
          const { shop, ledger } = await openShop(market)
          await using _closing = shop
          market.simulator.fault({ operation, kind, count: 10 })
          const { endpointId } = await shop.purchase(BUY)
          t.match(await shop.order('A-1'), { tried: 0, endpointId })
          t.match(await shop.stock(), { setAside: 0, sold: 1 })
          const reads = countCalls(market.simulator)
          t.same([reads['GetEndPointProfile']], [1])
          t.same(await checkAccount(ledger, market.simulator), [])
        },
      }),
    ),
  ),
  {
    name: 'a suspension and a removal that were done and refused are done',
    check: async (t, market) => {
      const { shop, ledger } = await openShop(market)
      await using _closing = shop
      const { endpointId, addon } = await shop.purchase(BUY)
      market.simulator.fault({ operation: 'writes', kind: 'rejected-after', count: 2 })
      await shop.suspend({ endpointId })
      t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Suspended')
      t.match(await allEsims(ledger), [{ endpointId, suspended: true }])
      t.match(await shop.removeAddon({ endpointId, uniqueId: addon.uniqueId }), { removed: true })
    },
  },
  {
    name: 'an eSIM on which somebody has an add-on is not the order’s, whatever was answered',
    check: async (t, market) => {
      const { shop } = await openShop(market)
      await using _closing = shop
      const [theirs = ''] = [...market.simulator.world.endpoints.keys()]
      await shop.stock()
      market.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'rejected-after' })
      const { subscribeAddon } = market.sft.write
      await subscribeAddon({ endpointId: theirs, planId: market.planIds[0] ?? '' })
      t.not((await shop.purchase(BUY)).endpointId, theirs)
      t.match(await shop.stock(), { setAsideEsims: [{ reason: /it has add-ons: / }] })
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

/** A shop with one sale, its usage read once, and what it told of usage since. */
async function openSold(market: Market) {
  const { shop, events, ledger } = await openShop(market)
  const { endpointId, addon } = await shop.purchase(BUY)
  const [country = ''] = [...market.simulator.world.networks.values()].map(one => one.countryName)
  const read = async () => {
    const { instances, doubt } = await shop.usage({ endpointId })
    const own = instances.find(({ uniqueId }) => uniqueId === addon.uniqueId)
    if (own === undefined) throw new Error('the instance is not shown')
    return { ...own, doubt }
  }
  return {
    shop,
    ledger,
    endpointId,
    uniqueId: addon.uniqueId,
    read,
    status: async () => (await read()).status,
    use: (megabytes: number) =>
      meddle(market, 'traffic', { endPointId: endpointId, country, megabytes }),
    told: () => events.map(({ type }) => type).filter(type => type.startsWith('usage')),
  }
}

rows('how an add-on ended is told from what is known', [
  {
    name: 'used up, where the last look saw nothing left',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      await sold.use(1020)
      t.equal(await sold.status(), 'active')
      await sold.use(4)
      t.equal(await sold.status(), 'exhausted')
      t.equal(await sold.status(), 'exhausted')
      t.same(sold.told(), ['usage at 80 %', 'usage exhausted'], 'each once')
    },
  },
  {
    name: 'used up between two looks, where the traffic tells so',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      t.equal(await sold.status(), 'waiting')
      await sold.use(1024)
      t.equal(await sold.status(), 'exhausted')
      t.same(sold.told(), ['usage exhausted'])
    },
  },
  {
    name: 'not known, where nothing tells, and then no event is told',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      t.equal(await sold.status(), 'waiting')
      await sold.use(1024)
      await setWire(market, { oddAnswers: { GetStatistics: 'failure' } })
      t.equal(await sold.status(), 'ended')
      t.same(sold.told(), [])
    },
  },
  {
    name: 'removed elsewhere, where it was gone with its balance before its end',
    activatedBy: '0',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      t.equal(await sold.status(), 'active')
      const { endpointId, uniqueId } = sold
      await market.sft.write.patchEndpoint({ endpointId, removeAddonUniqueIds: [uniqueId] })
      t.equal(await sold.status(), 'removed elsewhere')
      t.same(sold.told(), [])
    },
  },
  {
    name: 'one reading without it tells nothing',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      t.equal(await sold.status(), 'waiting')
      market.simulator.fault({ operation: 'GetEndpointAddonDetails', kind: 'lists-empty' })
      t.equal(await sold.status(), 'waiting')
      t.same(sold.told(), [])
    },
  },
  {
    name: 'a listing that is not understood ends nothing, and says so',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      for (const form of FORMS) {
        await setWire(market, { addonDetailsForm: form, profileForm: form })
        t.match(await sold.read(), { status: 'waiting', doubt: /./ }, form)
      }
      t.match(await sold.shop.refreshUsage({ olderThan: 0 }), { refreshed: 0, failed: [{}] })
      t.same(sold.told(), [])
    },
  },
  {
    name: 'a date without a time is the end of that day',
    wire: { dates: 'day-only' },
    activatedBy: '0',
    check: async (t, market) => {
      const { expiresAt = '' } = await (async () => {
        const sold = await openSold(market)
        await using _closing = sold.shop
        return await sold.read()
      })()
      t.match(expiresAt, /T23:59:59/)
    },
  },
  ...(['iso', 'dashes'] as const).map(
    (dates): Row => ({
      name: `dates are read as ${dates}`,
      wire: { dates },
      activatedBy: '0',
      check: async (t, market) => {
        const sold = await openSold(market)
        await using _closing = sold.shop
        const { status, startsAt = '', expiresAt = '' } = await sold.read()
        t.equal(status, 'active')
        t.equal(Date.parse(expiresAt) - Date.parse(startsAt), 30 * 86_400_000)
      },
    }),
  ),
  {
    name: 'month-first dates are read so where the account is set so',
    wire: { dates: 'month-first' },
    sft: { wire: { 'date-form': 'month-first' } },
    activatedBy: '0',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      const { startsAt = '', expiresAt = '' } = await sold.read()
      t.equal(Date.parse(expiresAt) - Date.parse(startsAt), 30 * 86_400_000)
    },
  },
  {
    name: 'dates that cannot be read are not known, never not started',
    wire: { dates: 'words' },
    activatedBy: '0',
    check: async (t, market) => {
      const sold = await openSold(market)
      await using _closing = sold.shop
      t.equal(await sold.status(), 'not known')
      t.same(sold.told(), [])
    },
  },
])

const CODES = ['lower-case', 'bare', 'trailing', 'oid', 'confirmation', 'link', 'parts'] as const

rows('activation codes', [
  ...CODES.map(
    (form): Row => ({
      name: `are sold in the form ${form}, as every phone reads them`,
      wire: { activationCodes: form },
      check: async (t, market) => {
        const { shop, events } = await openShop(market)
        await using _closing = shop
        const sale = await shop.purchase(BUY)
        const end = { oid: '\\$1[.\\d]+', confirmation: '\\$\\$1' }[String(form)] ?? ''
        t.match(
          sale.activationCode,
          new RegExp(`^LPA:1\\$smdp\\.example\\.com\\$[0-9A-F-]+${end}$`),
        )
        t.equal(sale.needsConfirmationCode, form === 'confirmation')
        t.match(await shop.stock(), { sold: 1, setAside: 0 })
        t.notMatch(`${JSON.stringify(sale)} ${JSON.stringify(events)}`, /smdp\.example/)
      },
    }),
  ),
  {
    name: 'that cannot be read set an eSIM aside, until they can be',
    wire: { activationCodes: 'unreadable' },
    check: async (t, market) => {
      const { shop } = await openShop(market)
      await using _closing = shop
      await t.rejects(shop.purchase(BUY), { name: 'NoEsimAvailableError' })
      t.match(await shop.stock(), { setAside: 3 })
      const kept = await shop.recheckSetAside()
      t.same(
        kept.map(({ forSale }) => forSale),
        [false, false, false],
      )
      await setWire(market, { activationCodes: 'lpa' })
      const freed = await shop.recheckSetAside()
      t.same(
        freed.map(({ forSale }) => forSale),
        [true, true, true],
      )
      t.match(await shop.stock(), { setAside: 0, sellable: 4 })
      const orders = ['A-1', 'A-2', 'A-3', 'A-4'].map(orderId => shop.purchase({ ...BUY, orderId }))
      t.equal(new Set((await Promise.all(orders)).map(({ iccid }) => iccid)).size, 4)
    },
  },
])

rows('a verdict on one reading is not for ever', [
  ...(['no-data', 'lists-empty', 'rejected'] as const).map(
    (kind): Row => ({
      name: `a SIM that is not there once (${kind}) is sold in the same order`,
      check: async (t, market) => {
        const { shop, ledger } = await openShop(market)
        await using _closing = shop
        market.simulator.fault({ operation: 'fetchSIM', kind, count: kind === 'rejected' ? 1 : 2 })
        const sell = () => shop.purchase(BUY)
        await sell().catch(sell)
        t.match(await shop.stock(), { sold: 1, setAside: 0 })
        t.same(await checkAccount(ledger, market.simulator), [])
      },
    }),
  ),
  {
    name: 'an eSIM is released where its SIM is Pre-Active and unsold, and only there',
    check: async (t, market) => {
      const { shop } = await openShop(market)
      await using _closing = shop
      const [first] = Object.entries(market.state().endpoints)
      const [iccid = '', { endpointId = '' } = {}] = first ?? []
      await meddle(market, 'portal', { endpoint: endpointId, set: { status: 'Active' } })
      t.match(await shop.releaseEsim({ iccid }), { forSale: false, reason: /Active/ })
      const sale = await shop.purchase(BUY)
      t.not(sale.iccid, iccid)
      for (const orderId of ['A-2', 'A-3']) await shop.purchase({ ...BUY, orderId })
      const last = { ...BUY, orderId: 'A-4' }
      await t.rejects(shop.purchase(last), { name: 'NoEsimAvailableError' })
      t.match(await shop.stock(), { setAside: 1 })
      t.match(await shop.releaseEsim({ iccid }), { forSale: false, reason: /Active/ })
      await meddle(market, 'portal', { endpoint: endpointId, set: { status: 'Pre-Active' } })
      t.match(await shop.releaseEsim({ iccid }), { forSale: true })
      t.match(await shop.releaseEsim({ iccid: sale.iccid }), { forSale: false, reason: /A-1/ })
      await t.rejects(shop.releaseEsim({ iccid: '8932042000010000012' }), {
        name: 'UnknownEndpointError',
      })
      t.equal((await shop.purchase(last)).iccid, iccid)
      t.match(await shop.stock(), { setAside: 0, sold: 4 })
    },
  },
])

const shopDesk = async (t: Test) => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 1)))
  const { code, stderr } = await desk.run('apply --auto-approve')
  if (code !== 0) throw new Error(stderr)
  return desk
}
const SALE = 'provision --order A-1 --sku ALPS-1GB-7D'

t.test('on the command line', async t => {
  await t.test('a needed confirmation code is told with the sale', async t => {
    const desk = await shopDesk(t)
    await desk.control('settings', { wire: { activationCodes: 'confirmation' } })
    const { stdout } = await desk.run(SALE)
    t.match(stdout, /confirmation code: give it to the buyer/)
    t.match(JSON.parse((await desk.run(`${SALE} --json`)).stdout), { needsConfirmationCode: true })
  })
  await t.test('what was set aside is looked at again, all or one', async t => {
    const desk = await shopDesk(t)
    const [iccid = ''] = desk.iccids
    await desk.control('settings', { wire: { activationCodes: 'unreadable' } })
    t.equal((await desk.run(SALE)).code, 1)
    t.match(
      (await desk.run('stock --recheck')).stderr,
      `${iccid} stays set aside: its activation code`,
    )
    const kept = await desk.run(`esims release ${iccid}`)
    t.equal(kept.code, 3)
    t.match(kept.stdout, /is not for sale: its activation code is not understood/)
    await desk.control('settings', { wire: { activationCodes: 'lpa' } })
    t.equal((await desk.run(`esims release ${iccid}`)).code, 0)
    t.equal((await desk.run(SALE)).code, 0)
    const sold = await desk.run(`esims release ${iccid}`)
    t.equal(sold.code, 3)
    t.match(sold.stdout, /order A-1 bought it/)
  })
})
