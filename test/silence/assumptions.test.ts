import t, { type Test } from 'tap'
import { type Examination, examineAccount, type Verdict } from '../../src/examine/examine.ts'
import type { Catalog } from '../../src/model.ts'
import type { Change } from '../../src/plan/plan.ts'
import { memoryLedger, openProvisioner } from '../../src/provision/index.ts'
import type { Sft } from '../../src/sft/api.ts'
import { type AssumptionId, WIRE_ASSUMPTIONS } from '../../src/sft/assumptions.ts'
import type { WireOverrides } from '../../src/sft/wire-settings.ts'
import type { SimulatedWire, Simulator, SimulatorOptions } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import {
  ACCOUNT,
  applyOnce,
  catalogOf,
  endedWell,
  fastClock,
  openTestSft,
  planOnce,
  simulate,
} from '../apply/helpers.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'

const MB = 1024 ** 2

/** What the catalog has first, and what is added to it once the account writes otherwise. */
const catalogFor = (iccids: readonly string[], more: boolean, account: object = {}) =>
  catalogOf(`version: 1
account: ${JSON.stringify({ ...ACCOUNT, ...account })}
rateZones:
  - { key: benelux, name: Benelux, countries: [BE, NL, LU] }
${more ? '  - { key: france, name: France, countries: [FR, MC] }' : ''}
addonPlans:
  - key: first
    name: Benelux 1 GB
    rateZone: benelux
    data: 1 GB
    validity: 30 days
    activation: first-use
    charge: "1"
    portal: { sku: FIRST }
${
  more
    ? `  - key: second
    name: France 2 GB
    rateZone: france
    data: 2 GB
    validity: 14 days
    activation: immediate
    renewal: { on: expiry, times: 3 }
    charge: "2"
    portal: { sku: SECOND }`
    : ''
}
endpointBatches:
  - { key: batch, iccids: ${JSON.stringify(iccids.slice(0, more ? 6 : 4))} }
`)

/** An account that everything can be seen on: applied, two sales, one of them in use. */
interface Shop {
  readonly simulator: Simulator
  readonly store: StateStore
  readonly iccids: readonly string[]
  readonly open: (wire?: WireOverrides) => Sft
  readonly sell: (sft: Sft, orderId: string, sku: string, timeZone?: string) => Promise<string>
  readonly control: (what: string, body: object) => Promise<void>
}

async function openShop(t: Test, options: SimulatorOptions = {}): Promise<Shop> {
  const simulator = await simulate({ sims: 12, ...options })
  const store = memoryState()
  const ledger = memoryLedger()
  t.teardown(async () => {
    await store[Symbol.asyncDispose]()
    await simulator.close()
  })
  const iccids = [...simulator.world.sims.keys()]
  const shop: Shop = {
    simulator,
    store,
    iccids,
    open: (wire = {}) => {
      const sft = openTestSft(simulator, { wire })
      t.teardown(() => sft[Symbol.asyncDispose]())
      return sft
    },
    async sell(sft, orderId, sku, timeZone = 'UTC') {
      await using desk = await openProvisioner({
        state: async () => store.state,
        ledger,
        sft,
        env: {},
        clock: fastClock,
        timeZone,
        resumeAtOpen: false,
      })
      const sale = await desk.purchase({ orderId, sku })
      const usage = await desk.usage({ endpointId: sale.endpointId, maxAgeSeconds: 0 })
      return JSON.stringify(usage)
    },
    async control(what, body) {
      const answer = await fetch(`${simulator.url}/_simulator/${what}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(await answer.text())
    },
  }
  const sft = shop.open()
  const { report } = await applyOnce(await catalogFor(iccids, false), sft, store)
  t.ok(endedWell(report), 'applied as assumed')
  await shop.sell(sft, 'A-1', 'FIRST')
  await shop.sell(sft, 'A-2', 'FIRST')
  const used = [...simulator.world.endpoints.values()].find(one => one.status === 'Active')
  await shop.control('traffic', { endPointId: used?.endPointId ?? '', megabytes: 100 })
  return shop
}

interface Look {
  readonly timeZone?: string
  readonly destGroupIsGiven?: boolean
}

async function examine(sft: Sft, { timeZone = 'UTC', destGroupIsGiven = false }: Look = {}) {
  const examination: Examination = await examineAccount(sft, {
    timeZone,
    destGroupIsGiven,
    now: fastClock.now,
  })
  const ids = (verdict: Verdict['verdict']) =>
    examination.verdicts.filter(one => one.verdict === verdict).map(({ id }) => id)
  return { ...examination, ids }
}

/** An account that writes one thing otherwise. */
interface Row {
  readonly id: AssumptionId
  readonly name: string
  readonly wire: SimulatedWire
  /** What a reader of doctor sets; absent: nothing can be or must be set, and the flow is right without. */
  readonly set?: WireOverrides
  /** Set elsewhere than in SFT_WIRE. */
  readonly look?: Look
  readonly account?: object
  /** Further assumptions that the same answer contradicts. */
  readonly also?: readonly AssumptionId[]
  /** Contradicted still, with the way out in the flow itself. */
  readonly stays?: boolean
  /** What a plan of 2 GB grants; 2 GiB where absent. */
  readonly grantedBytes?: number
  /** What doctor proposes, where that is not all of `set`. */
  readonly proposes?: WireOverrides
}

const ROWS: readonly Row[] = [
  {
    id: 'plan-type',
    name: 'words for planType',
    wire: { values: { planType: { '0': 'PREPAID', '1': 'POSTPAID' } } },
    set: { 'plan-type': { prepaid: 'PREPAID', postpaid: 'POSTPAID' } },
    proposes: { 'plan-type': { prepaid: 'PREPAID' } },
  },
  {
    id: 'plan-status',
    name: 'words for planStatus',
    wire: { values: { planStatus: { Active: 'ENABLED', 'In-Active': 'DISABLED' } } },
    set: { 'plan-status': { active: 'ENABLED', inactive: 'DISABLED' } },
    proposes: { 'plan-status': { active: 'ENABLED' } },
  },
  {
    id: 'activated-by',
    name: 'activatedBy the other way round',
    wire: { values: { activatedBy: { '0': '1', '1': '0' } } },
    set: { 'activated-by': { 'first-use': '0', immediate: '1' } },
  },
  {
    id: 'activated-by',
    name: 'words for activatedBy',
    wire: { values: { activatedBy: { '0': 'IMMEDIATE', '1': 'ON_USAGE' } } },
    set: { 'activated-by': { 'first-use': 'ON_USAGE', immediate: 'IMMEDIATE' } },
    proposes: { 'activated-by': { 'first-use': 'ON_USAGE' } },
  },
  {
    id: 'renewal-rule',
    name: 'words for reSubscriptionRule',
    wire: { values: { reSubscriptionRule: { '1': 'EXPIRY', '2': 'EXHAUSTION' } } },
    set: { 'renewal-rule': { expiry: 'EXPIRY', exhaustion: 'EXHAUSTION' } },
    proposes: { 'renewal-rule': { exhaustion: 'EXHAUSTION' } },
  },
  {
    id: 'validity-type',
    name: 'another number for days',
    wire: { values: { validityType: { '1': '7' } } },
    set: { 'validity-type': { days: '7' } },
  },
  {
    id: 'benefit-id',
    name: 'another benefitId for data',
    wire: { values: { benefitId: { '1': 'DATA' } } },
    set: { 'benefit-id': { data: 'DATA' } },
  },
  {
    id: 'sim-status',
    name: 'other texts for the status of SIMs',
    wire: {
      values: {
        simStatus: {
          'Ready To Activate': 'READY',
          'Pre-Active': 'PREACTIVE',
          Active: 'ACTIVE',
          Suspended: 'SUSPENDED',
        },
      },
    },
    set: {
      'sim-status': {
        ready: 'READY',
        'pre-active': 'PREACTIVE',
        active: 'ACTIVE',
        suspended: 'SUSPENDED',
      },
    },
    proposes: { 'sim-status': { ready: 'READY', 'pre-active': 'PREACTIVE' } },
    also: ['sellable-query'],
  },
  {
    id: 'sellable-query',
    name: 'another simStatusId for Pre-Active',
    wire: { values: { simStatusId: { '12': '2' } } },
    set: { 'sellable-query': { simStatusId: '2' } },
    proposes: {},
  },
  {
    id: 'plan-units',
    name: 'plans in GB',
    wire: { planUnit: 'GB' },
    set: { 'plan-units': 'GB' },
    proposes: {},
  },
  {
    id: 'plan-units',
    name: 'an MB of 1,000,000 bytes',
    wire: { megabyte: 1_000_000 },
    set: { megabyte: 1_000_000 },
    grantedBytes: 2_048_000_000,
  },
  {
    id: 'one-time',
    name: 'words for reSubscription',
    wire: { values: { reSubscription: { true: 'Y', false: 'N' } } },
    set: { 'one-time': { reSubscription: 'Y', renewing: 'Y' } },
    proposes: { 'one-time': { reSubscription: 'Y' } },
  },
  {
    id: 'balance-unit',
    name: 'balances in KB',
    wire: { balanceUnit: 'KB' },
    set: { 'balance-unit': 'KB' },
    also: ['statistics-unit'],
    proposes: { 'balance-unit': 'KB' },
  },
  {
    id: 'balance-unit',
    name: 'balances in MB',
    wire: { balanceUnit: 'MB' },
    set: { 'balance-unit': 'MB' },
    also: ['statistics-unit'],
    proposes: { 'balance-unit': 'MB' },
  },
  {
    id: 'statistics-unit',
    name: 'statistics in bytes',
    wire: { statisticsUnit: 'bytes' },
    set: { 'statistics-unit': 'bytes' },
  },
  {
    id: 'date-form',
    name: 'dates with the month first',
    wire: { dates: 'month-first' },
    set: { 'date-form': 'month-first' },
  },
  {
    id: 'addon-details',
    name: 'add-on details of another form',
    wire: { addonDetailsForm: 'rows' },
    set: { 'addon-details': 'profile' },
  },
  {
    id: 'date-zone',
    name: 'a clock three hours ahead',
    wire: { utcOffsetMinutes: 180 },
    look: { timeZone: 'Etc/GMT-3' },
  },
  {
    id: 'customer-profile',
    name: 'a customer profile that is not known',
    wire: { customerProfile: 'unknown' },
    look: { destGroupIsGiven: true },
    account: { destGroupId: '2515' },
  },
  {
    id: 'customer-profile',
    name: 'several destination groups',
    wire: { customerProfile: 'several' },
    look: { destGroupIsGiven: true },
    account: { destGroupId: '2515' },
  },
  {
    id: 'network-list',
    name: 'no fetchNetworkList',
    wire: { networkList: 'unknown' },
    set: { 'network-list': 'roaming-profile' },
  },
  {
    id: 'addon-details',
    name: 'no add-on details',
    wire: { addonDetails: 'unknown' },
    set: { 'addon-details': 'profile' },
  },
  {
    id: 'page-size',
    name: 'pages that are cut',
    wire: { maxPerPage: 5 },
    set: { 'page-size': 5 },
  },
  {
    id: 'page-size',
    name: 'pages that are refused',
    wire: { maxPerPage: 100, longPages: 'refused' },
    set: { 'page-size': 100 },
  },
  {
    id: 'sim-not-found',
    name: 'another code for an unknown SIM',
    wire: { unknownSim: 'failure' },
    set: { 'empty-list': ['9902'] },
  },
  {
    id: 'empty-list',
    name: 'another code for no data',
    wire: {
      emptyAs: 'failure',
      values: {
        resultCode: { '1359': '4711' },
        resultDescription: { 'No data available': 'Nothing' },
      },
    },
    set: { 'empty-list': ['4711'] },
    also: ['sim-not-found'],
  },
  {
    id: 'profile-fields',
    name: 'other names in a profile',
    wire: { fieldNames: { GetEndPointProfile: { apnGroupId: 'apnId' } } },
    set: { 'profile-fields': { apnGroup: 'apnId' } },
  },
  {
    id: 'roaming-default',
    name: 'no roaming profile DEFAULT',
    wire: { values: { roamingProfileName: { DEFAULT: 'Everything' } } },
    stays: true,
  },
  {
    id: 'plan-report',
    name: 'plans without their sections',
    wire: { planQuery: 'basicInfo' },
    stays: true,
  },
  {
    id: 'zone-networks',
    name: 'zones without their networks',
    wire: { zoneNetworks: false },
    stays: true,
  },
  {
    id: 'plan-destination',
    name: 'another destinationGroup',
    wire: { values: { destinationGroup: { '3017': '77' } } },
    account: { destinationGroup: '77' },
    stays: true,
  },
]

for (const row of ROWS)
  t.test(`${row.id}: ${row.name} is told, and the flow is right once it is set`, async t => {
    const shop = await openShop(t)
    await shop.control('settings', { wire: row.wire })

    const before = await examine(shop.open())
    const expected = [row.id, ...(row.also ?? [])]
    t.ok(before.ids('contradicted').includes(row.id), 'contradicted by its ID')
    t.same(
      before.ids('contradicted').filter(id => !expected.includes(id)),
      [],
      'and nothing else',
    )
    if (row.set !== undefined) t.match(before.wire, row.proposes ?? row.set, 'what to set is told')

    const sft = shop.open(row.set)
    const after = await examine(sft, row.look)
    t.same(after.ids('contradicted'), row.stays ? [row.id] : [], 'nothing once it is set')
    t.same(after.failures, [])

    const pages = { pageSize: sft.form.pageSize, apply: { pageSize: sft.form.pageSize } }
    const unchanged = await catalogFor(shop.iccids, false, row.account)
    const same = await planOnce(unchanged, sft, shop.store, pages)
    t.same(
      same.plan.changes.filter(change => change.action !== 'keep' && !isLocal(change)),
      [],
      'what is there is as the catalog has it',
    )
    const catalog = await catalogFor(shop.iccids, true, row.account)
    const { report } = await applyOnce(catalog, sft, shop.store, pages)
    t.ok(endedWell(report), JSON.stringify(report.results.filter(one => one.status !== 'done')))
    checkWorld(t, shop)
    const usage = await shop.sell(sft, 'A-3', 'SECOND', row.look?.timeZone)
    t.match(JSON.parse(usage), {
      instances: [
        {
          grantedBytes: row.grantedBytes ?? 2048 * MB,
          leftBytes: row.grantedBytes ?? 2048 * MB,
          status: 'active',
        },
      ],
    })
    const started = Date.parse(JSON.parse(usage).instances[0].startsAt)
    t.ok(
      Math.abs(started - fastClock.now()) < 60_000,
      `it starts now: ${new Date(started).toISOString()}`,
    )
    const again = await planOnce(catalog, sft, shop.store, pages)
    t.same(again.plan.operations, [], 'nothing is left to do')
    checkWorld(t, shop)
  })

/** A change of our own record, without a call. */
const isLocal = (change: Change): boolean =>
  change.action === 'update' && change.fields.every(field => field.mutability === 'local')

/** What really stands on the account, in the contract's terms, each once. */
function checkWorld(t: Test, { simulator }: Shop): void {
  const { world } = simulator
  t.same([...world.zones.values()].map(zone => zone.name).sort(), ['Benelux', 'France'])
  const plans = [...world.plans.values()].filter(plan => plan.basicInfo.planCategory === 'ADDON')
  t.same(plans.map(plan => plan.basicInfo.planName).sort(), ['Benelux 1 GB', 'France 2 GB'])
  const made = plans.find(plan => plan.basicInfo.planName === 'France 2 GB')
  t.match(made, {
    basicInfo: { planType: '0', planStatus: 'Active' },
    benefit: [{ benefitId: '1', value: '2048' }],
    validity: { validityType: '1', validityFactor: '14' },
    subscription: { activatedBy: '0', reSubscriptionRule: '1', occurrences: '3' },
  } satisfies object)
  t.equal(world.endpoints.size, 6)
}

/** What only a write shows: the account writes otherwise, and the flow is right once it is set. */
const WRITES: readonly {
  readonly id: AssumptionId
  readonly name: string
  readonly wire: SimulatedWire
  readonly set?: WireOverrides
  readonly options?: SimulatorOptions
  readonly faults?: readonly Parameters<Simulator['fault']>[0][]
}[] = [
  {
    id: 'zone-status',
    name: 'a word for the status of a zone',
    wire: { values: { status: { '1': 'ACTIVE', '0': 'OFF' } } },
    set: { 'zone-status': { active: 'ACTIVE' } },
  },
  {
    id: 'lifecycle-codes',
    name: 'words for lifeCycle and reason',
    wire: { values: { lifeCycle: { A: 'ACT', S: 'SUS' }, reason: { '1': 'SYSTEM' } } },
    set: { 'lifecycle-codes': { active: 'ACT', suspended: 'SUS', reason: 'SYSTEM' } },
  },
  {
    id: 'lifecycle-pre-active',
    name: 'lifeCycle A refused from Pre-Active',
    wire: { activateByLifecycle: false },
  },
  { id: 'created-ids', name: 'IDs elsewhere', wire: { createdIds: 'resultParam' } },
  { id: 'bulk', name: 'no creation in bulk', wire: {}, options: { bulk: 'unknown' } },
  {
    id: 'timeout-codes',
    name: 'another code for a timeout',
    wire: {
      values: {
        resultCode: { '10240': '777' },
        resultDescription: {
          'Operation has Time out. Please verify its completion with the matching GET API': 'Wait',
        },
      },
    },
    set: { 'timeout-codes': ['777'] },
    faults: [
      { operation: 'CreateRateZone', kind: 'timeout-text' },
      { operation: 'CreatePlan', kind: 'timeout-text' },
      { operation: 'SubscribeAddon', kind: 'timeout-text' },
    ],
  },
  {
    id: 'throttled-not-executed',
    name: 'another code for a throttled call',
    wire: {
      values: {
        resultCode: { '9905': '888' },
        resultDescription: { 'API rate limit exceeded': 'Later' },
      },
    },
    set: { 'throttled-not-executed': ['888'] },
    faults: [
      { operation: 'CreateRateZone', kind: 'throttle-200-text' },
      { operation: 'CreatePlan', kind: 'throttle-200-text' },
      { operation: 'SubscribeAddon', kind: 'throttle-200-text' },
    ],
  },
]

for (const row of WRITES)
  t.test(`${row.id}: ${row.name} leads to each thing once`, async t => {
    const shop = await openShop(t, row.options)
    await shop.control('settings', { wire: row.wire })
    const sft = shop.open(row.set)
    for (const fault of row.faults ?? []) shop.simulator.fault(fault)
    const catalog = await catalogFor(shop.iccids, true)
    const { report } = await applyOnce(catalog, sft, shop.store)
    t.ok(endedWell(report), JSON.stringify(report.results.filter(one => one.status !== 'done')))
    checkWorld(t, shop)
    const usage = JSON.parse(await shop.sell(sft, 'A-3', 'SECOND'))
    t.equal(usage.instances.length, 1, 'sold once')
    t.same((await planOnce(catalog, sft, shop.store)).plan.operations, [])
  })

t.test(
  'an edit that the account drops with success is an error of that field, never taken as done',
  async t => {
    const shop = await openShop(t)
    const before = await catalogFor(shop.iccids, true)
    const rename = (catalog: Catalog): Catalog => ({
      ...catalog,
      endpointBatches: catalog.endpointBatches.map(batch => ({ ...batch, name: 'eSIM {iccid}' })),
      addonPlans: catalog.addonPlans.map(plan => ({ ...plan, charge: '9' })),
    })
    await applyOnce(before, shop.open(), shop.store)
    await shop.control('settings', {
      wire: { endpointEdits: 'dropped', editsBeyondBasicInfo: 'dropped' },
    })
    const { report } = await applyOnce(rename(before), shop.open(), shop.store)
    t.ok(report.counts.failed >= 2, 'patch-fields and modify-plan are told')
    await shop.control('settings', {
      wire: {
        endpointEdits: 'taken',
        editsBeyondBasicInfo: 'taken',
        fieldNames: {
          ModifyEndPoint: { name: 'endpointName' },
          GetEndPointProfile: { name: 'endpointName' },
        },
      },
    })
    const sft = shop.open({
      'patch-fields': { name: 'endpointName' },
      'profile-fields': { name: 'endpointName' },
    })
    const other: Catalog = {
      ...before,
      endpointBatches: before.endpointBatches.map(batch => ({ ...batch, name: 'trip {iccid}' })),
    }
    await applyOnce(other, sft, shop.store)
    const names = [...shop.simulator.world.endpoints.values()].map(endpoint => endpoint.name)
    t.ok(
      names.every(name => name.startsWith('trip ')),
      `with the names set the edit arrives: ${names}`,
    )
  },
)

t.test('totalCount is left out where it is set to null', async t => {
  const shop = await openShop(t)
  await applyOnce(
    await catalogFor(shop.iccids, true),
    shop.open({ 'total-count': null }),
    shop.store,
  )
  const bodies = shop.simulator.calls
    .filter(call => call.operation === 'CreatePlan')
    .map(call => JSON.stringify(call.body).includes('totalCount'))
  t.same(bodies, [true, false])
})

t.test('query parameters that an account wants are set by operation', async t => {
  const shop = await openShop(t)
  const wanted = { QueryRatePlan: { view: 'all' }, GetRateZone: { scope: 'own' } }
  await shop.control('settings', { wire: { requiredQuery: wanted } })
  const before = await examine(shop.open())
  t.ok(before.failures.length >= 2, 'what cannot be read is told')
  const sft = shop.open({ query: wanted })
  const after = await examine(sft)
  t.same(after.failures, [])
  t.same(after.ids('contradicted'), [])
  const { plan } = await planOnce(await catalogFor(shop.iccids, false), sft, shop.store)
  t.same(plan.operations, [])
})

t.test('a token that does not tell its life is renewed as set', async t => {
  const shop = await openShop(t)
  await shop.control('settings', { wire: { opaqueTokens: true } })
  const { verdicts } = await examine(shop.open({ 'token-life': 60 }))
  t.match(
    verdicts.find(({ id }) => id === 'token-life'),
    { verdict: 'untested', message: 'the token does not tell; 60 s are counted on' },
  )
})

for (const dates of ['iso', 'dashes'] as const)
  t.test(`dates with ${dates} are read without a setting`, async t => {
    const shop = await openShop(t)
    await shop.control('settings', { wire: { dates } })
    const sft = shop.open()
    const { ids, verdicts } = await examine(sft)
    t.same(ids('contradicted'), [])
    for (const id of ['date-form', 'date-zone', 'validity-type'])
      t.match(
        verdicts.find(one => one.id === id),
        { verdict: 'confirmed' },
        id,
      )
    const usage = JSON.parse(await shop.sell(sft, 'A-3', 'FIRST'))
    t.equal(usage.instances[0].status, 'waiting')
  })

t.test('dates of no known form are told, and nothing is concluded from them', async t => {
  const shop = await openShop(t)
  await shop.control('settings', { wire: { dates: 'words' } })
  const { ids } = await examine(shop.open())
  t.ok(ids('contradicted').includes('date-form'))
  t.ok(!ids('contradicted').includes('validity-type'))
})

t.test(
  'list-pages: a list that does not give its pages is told, and whole once it is asked for whole',
  async t => {
    const shop = await openShop(t)
    const catalog = await catalogFor(shop.iccids, true)
    await applyOnce(catalog, shop.open(), shop.store)
    const rows = { GetRateZone: 1, QueryRatePlan: 1 }
    const wire = (more: SimulatedWire) =>
      shop.control('settings', { wire: { listRows: rows, ...more } })

    for (const listTotal of ['untold', 'told'] as const) {
      await wire({ listPages: 'honoured', listTotal })
      const { ids } = await examine(shop.open())
      t.same(ids('contradicted'), [], `pages are followed, ${listTotal}`)
      const { plan } = await planOnce(catalog, shop.open(), shop.store)
      t.same(plan.operations, [])
    }

    await wire({ listPages: 'ignored', listTotal: 'told' })
    t.ok((await examine(shop.open())).ids('contradicted').includes('list-pages'))
    const blind = await planOnce(catalog, shop.open(), shop.store)
    t.same(
      blind.plan.changes.filter(change => change.action === 'create'),
      [],
      'what is not seen is not made again',
    )
    const whole = { perPage: '500' }
    const sft = shop.open({ query: { GetRateZone: whole, QueryRatePlan: whole } })
    t.same((await examine(sft)).ids('contradicted'), [])
    t.same((await planOnce(catalog, sft, shop.store)).plan.operations, [])
    checkWorld(t, shop)
  },
)

t.test(
  'plan-list: plans that are listed only where their planType is asked for are all known',
  async t => {
    const shop = await openShop(t)
    await shop.control('settings', { wire: { plansWithoutType: 'postpaid' } })
    const sft = shop.open()
    const { verdicts } = await examine(sft)
    t.match(
      verdicts.find(({ id }) => id === 'plan-list'),
      { verdict: 'confirmed', message: '1 plan; 1 of them only where their planType is asked for' },
    )
    const catalog = await catalogFor(shop.iccids, true)
    t.ok(endedWell((await applyOnce(catalog, sft, shop.store)).report))
    t.same((await planOnce(catalog, sft, shop.store)).plan.operations, [])
    checkWorld(t, shop)
  },
)

t.test('two of one name are told', async t => {
  const shop = await openShop(t)
  await shop.control('settings', { wire: { duplicateNames: 'accepted' } })
  const sft = shop.open()
  const zone = [...shop.simulator.world.zones.values()][0]
  await sft.write.createRateZone({
    name: zone?.name ?? '',
    destGroupId: '2515',
    networks: zone?.networks ?? [],
  })
  t.ok((await examine(sft)).ids('contradicted').includes('unique-names'))
})

t.test('with account.destGroupId nothing asks for the customer profile', async t => {
  const shop = await openShop(t)
  await shop.control('settings', { wire: { customerProfile: 'unknown' } })
  const since = shop.simulator.calls.length
  const sft = shop.open()
  const catalog = await catalogFor(shop.iccids, true, { destGroupId: '2515' })
  const { report } = await applyOnce(catalog, sft, shop.store)
  t.ok(endedWell(report))
  await examine(sft, { destGroupIsGiven: true })
  const asked = shop.simulator.calls.slice(since).map(call => call.operation)
  t.notOk(asked.includes('GetCustomerProfile'))
})

t.test('every assumption is judged, or says why no read can tell', async t => {
  const shop = await openShop(t)
  const { verdicts, ids, failures, wire } = await examine(shop.open())
  t.same(
    verdicts.map(({ id }) => id),
    WIRE_ASSUMPTIONS.map(({ id }) => id),
  )
  t.same(ids('contradicted'), [])
  t.same(ids('untested'), ['page-size'])
  t.same([failures, wire], [[], {}])
  t.ok(verdicts.every(({ message }) => message !== ''))
})

t.test('an account without anything on it contradicts nothing', async t => {
  const simulator = await simulate({ sims: 0 })
  t.teardown(() => simulator.close())
  await using sft = openTestSft(simulator)
  const { ids, failures } = await examine(sft)
  t.same(ids('contradicted'), [])
  t.same(failures, [])
})

t.test(
  'doctor reads well, ends with 1 where something is otherwise, and takes what is set',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const good = await desk.run('doctor')
    t.equal(good.code, 0, good.stdout)
    t.match(good.stdout, /As assumed\n/)
    t.match(good.stdout, /Nothing on this account tells, today\n/)
    t.match(good.stdout, /No read can tell\n {2}login-refusal +failed logins lock the account/)
    t.notMatch(good.stdout, /Otherwise/)
    t.match(good.stdout, /\d+ assumptions: \d+ as assumed, \d+ that nothing .*Nothing was written/)

    const values = { planType: { '0': 'PREPAID' } }
    await desk.control('settings', { wire: { values, addonDetails: 'unknown' } })
    const bad = await desk.run('doctor')
    t.equal(bad.code, 1)
    t.match(bad.stdout, /Otherwise on this account\n/)
    t.match(bad.stdout, /plan-type +in use: PREPAID\n +set SFT_WIRE='\{"plan-type":/)
    t.match(bad.stdout, /\n\d+ assumptions: .* 2 otherwise/)
    const line = /Set, for all of it: SFT_WIRE='(.*)'/.exec(bad.stdout)?.[1] ?? ''
    t.same(JSON.parse(line), { 'plan-type': { prepaid: 'PREPAID' }, 'addon-details': 'profile' })
    t.equal((await desk.run('doctor', { env: { SFT_WIRE: line } })).code, 0)

    desk.write('wire.json', '{"plan-type":{"prepaid":"PREPAID"},"accepted":["addon-details"]}')
    const accepted = await desk.run('doctor --json', { env: { SFT_WIRE: 'wire.json' } })
    t.equal(accepted.code, 0)
    t.match(JSON.parse(accepted.stdout), { format: 2, accepted: ['addon-details'] })
    t.equal(
      (await desk.run('plan --detailed-exitcode', { env: { SFT_WIRE: 'wire.json' } })).code,
      0,
    )

    for (const [given, told] of [
      ['{"balance-unit":"PB"}', /SFT_WIRE: balance-unit: /],
      ['{"ballance":"MB"}', /ballance: there is no such setting/],
      ['{"activated-by":{"first-use":"0"}}', /two meanings have the same value/],
      ['{"x"', /SFT_WIRE is not JSON/],
      ['nowhere.json', /the file nowhere\.json that SFT_WIRE names does not exist/],
    ] as const) {
      const refused = await desk.run('doctor', { env: { SFT_WIRE: given } })
      t.not(refused.code, 0)
      t.match(refused.stderr, told)
    }
  },
)
