import t, { type Test } from 'tap'
import { readAllSims } from '../../src/account/read-sims.ts'
import { applyPlan } from '../../src/apply/apply-plan.ts'
import type { MadePlan } from '../../src/make-plan.ts'
import { planOutcome } from '../../src/outcome.ts'
import type { Sft } from '../../src/sft/api.ts'
import type { Fault, SimulatedWire, Simulator } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import { checkWorld } from '../apply/check-world.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  endedWell,
  fastClock,
  openTestSft,
  planOnce,
  type RunOptions,
  simulate,
} from '../apply/helpers.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'

const COUNTRIES = ['BE', 'NL', 'FR', 'DE']

/** So many zones and plans; below ten of each unless more are asked for. */
function catalogText(zones = 4, plans = 6): string {
  const zone = (n: number) => ({ key: `z${n}`, name: `Zone ${n}`, countries: [COUNTRIES[n % 4]] })
  const plan = (n: number) => ({
    key: `p${n}`,
    name: `Plan ${n}`,
    rateZone: `z${n % Math.min(zones, 4)}`,
    data: '1 GB',
    validity: '7 days',
    charge: '5',
    activation: 'first-use',
  })
  const list = <Item>(count: number, make: (n: number) => Item) =>
    JSON.stringify(Array.from({ length: count }, (_, n) => make(n)))
  return `rateZones: ${list(zones, zone)}\naddonPlans: ${list(plans, plan)}\n`
}

/** An account to which the catalog was applied, and what a later run sees of it. */
interface Applied {
  readonly simulator: Simulator
  readonly sft: Sft
  readonly store: StateStore
  readonly setWire: (wire: SimulatedWire) => Promise<void>
  readonly portal: (body: object) => Promise<void>
  /** A plan; with the limits that a user has, unless forced. */
  readonly plan: (text?: string, options?: RunOptions) => Promise<MadePlan>
  readonly lists: () => number
}

async function withApplied(
  wire: SimulatedWire,
  work: (applied: Applied) => Promise<void>,
  text = catalogText(),
): Promise<void> {
  // The platform would take a second one of a name: what keeps it from that must be the tool.
  await using simulator = await simulate({ wire: { duplicateNames: 'accepted', ...wire } })
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  await applyUntilDone(await catalogWith(text), sft, store)
  const call = async (what: string, body: object) => {
    const answer = await fetch(`${simulator.url}/_simulator/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }
  await work({
    simulator,
    sft,
    store,
    setWire: wire => call('settings', { wire }),
    portal: body => call('portal', body),
    plan: async (given = text, options = {}) =>
      planOnce(await catalogWith(given), sft, store, { force: false, ...options }),
    lists: () =>
      simulator.calls.filter(({ operation }) => /GetRateZone|QueryRatePlan/.test(operation)).length,
  })
}

const actionsOf = ({ plan }: MadePlan): readonly string[] =>
  plan.changes
    .filter(({ action }) => action !== 'keep')
    .map(({ action, address }) => `${action} ${address}`)

const refusalsOf = ({ plan }: MadePlan): readonly string[] =>
  plan.issues.filter(({ severity }) => severity === 'error').map(({ code }) => code)

const reasonsOf = ({ plan }: MadePlan): readonly string[] =>
  plan.changes.flatMap(change =>
    change.action === 'blocked' && change.notKnown ? [change.reason] : [],
  )

const sizes = ({ world }: Simulator): readonly number[] => [
  world.zones.size,
  [...world.plans.values()].filter(plan => plan.basicInfo.planCategory === 'ADDON').length,
]

/** A run with the state, and one that has lost it, make nothing that is there. */
async function makesNothingTwice(
  t: Test,
  applied: Applied,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  const { simulator, sft, store, plan } = applied
  const had = sizes(simulator)
  await before()
  const made = await plan()
  t.same(made.plan.operations, [], 'nothing to do')
  t.equal(planOutcome(made.plan), 'ok')
  simulator.clearFaults()
  await before()
  const catalog = await catalogWith(catalogText())
  const { report } = await applyOnce(catalog, sft, store)
  t.ok(endedWell(report))
  t.same(sizes(simulator), had, 'an apply makes nothing twice')
  simulator.clearFaults()
  await before()
  await using lost = memoryState()
  await applyOnce(catalog, sft, lost)
  t.same(sizes(simulator), had, 'nor where the state is lost')
  simulator.clearFaults()
}

const OPERATIONS = ['GetRateZone', 'QueryRatePlan'] as const

for (const operation of OPERATIONS)
  for (const kind of ['no-data', 'lists-empty', 'half-answer'] as const)
    t.test(`one wrong "${kind}" to ${operation} makes nothing twice`, t =>
      withApplied({}, async applied => {
        const fault: Fault = { operation, kind }
        await makesNothingTwice(t, applied, async () => applied.simulator.fault(fault))
      }),
    )

for (const [name, wire] of Object.entries<SimulatedWire>({
  'lists in pages that are not told': { listRows: { GetRateZone: 1, QueryRatePlan: 2 } },
  'lists in pages that are told': {
    listRows: { GetRateZone: 3, QueryRatePlan: 5, fetchNetworkList: 7 },
    listTotal: 'told',
  },
  'networks in pages that are not told': { listRows: { fetchNetworkList: 5 } },
  'prepaid plans left out unless asked for': { plansWithoutType: 'postpaid' },
  'prepaid plans left out, and in pages': {
    plansWithoutType: 'postpaid',
    listRows: { QueryRatePlan: 2 },
  },
  'a page count of a thousand million': { listTotal: 'endless' },
  'a page count of a thousand million, and pages': {
    listTotal: 'endless',
    listRows: { GetRateZone: 2, QueryRatePlan: 2 },
  },
  'a page count that grows while the list is read': {
    listRows: { GetRateZone: 1, QueryRatePlan: 2, fetchNetworkList: 7 },
    listTotal: 'growing',
  },
  'no data past the end': { emptyAs: 'failure', listRows: { GetRateZone: 2, QueryRatePlan: 3 } },
}))
  t.test(`${name}: nothing is made twice`, t =>
    withApplied(wire, applied => makesNothingTwice(t, applied)),
  )

for (const listTotal of ['told', 'untold'] as const)
  for (const skip of [1, 2])
    for (const operation of OPERATIONS)
      t.test(
        `page ${skip + 1} of ${operation} (${listTotal}) that is empty once makes nothing twice`,
        t =>
          withApplied(
            { listRows: { GetRateZone: 2, QueryRatePlan: 2 }, listTotal },
            async applied => {
              const fault: Fault = { operation, kind: 'lists-empty', skip }
              await makesNothingTwice(t, applied, async () => applied.simulator.fault(fault))
            },
          ),
      )

for (const [listTotal, lastPage] of [
  ['told', 2],
  ['untold', 1],
] as const)
  t.test(`a SIM on a page of the stock (${listTotal}) that is empty once is there`, async t => {
    await using simulator = await simulate({ wire: { maxPerPage: 6, listTotal } })
    await using sft = openTestSft(simulator)
    const iccids = [...simulator.world.sims.keys()]
    simulator.fault({ operation: 'fetchSIM', kind: 'lists-empty', skip: lastPage })
    const { sims, doubt } = await readAllSims(sft.read, 6)
    t.equal(sims.size, iccids.length)
    t.equal(doubt, undefined)
  })

t.test('a SIM that is asked for, and whose answer is empty once, is there', async t => {
  await using simulator = await simulate()
  await using sft = openTestSft(simulator)
  const [iccid = ''] = simulator.world.sims.keys()
  simulator.fault({ operation: 'fetchSIM', kind: 'lists-empty' })
  t.match(await sft.read.sim(iccid), { kind: 'there', value: { iccid } })
  t.match(await sft.read.sim('8932042009999999996'), { kind: 'not there' })
  t.equal(simulator.calls.filter(call => call.query?.includes('9999999996')).length, 2)
})

t.test('a page count that nobody can mean is said', t =>
  withApplied({ listTotal: 'endless' }, async ({ plan }) => {
    const { plan: made } = await plan(catalogText(5))
    t.match(made.issues, [{ code: 'LIST_DOUBT', severity: 'warning', message: /1000000000 pages/ }])
  }),
)

t.test('plans that the list leaves out are found by their ID, and no other is made', t =>
  withApplied({}, async ({ simulator, setWire, plan }) => {
    await setWire({ hiddenRows: { QueryRatePlan: 2 } })
    const steady = await plan()
    t.same(steady.plan.operations, [])
    t.match(steady.plan.issues, [{ code: 'LIST_DOUBT', message: /lists less than there is/ }])
    const grown = await plan(catalogText(4, 7))
    t.same(actionsOf(grown), ['blocked addonPlan/p6'])
    t.match(reasonsOf(grown), [/whether the account has add-on plan "Plan 6" is not known/])
    t.equal(planOutcome(grown.plan), 'blocked')
    t.same(sizes(simulator), [4, 6])
  }),
)

t.test('rows that are no objects are no empty list: what is wanted is blocked, --force or not', t =>
  withApplied({}, async ({ simulator, sft, store, setWire, plan }) => {
    for (const junk of ['nulls', 'mixed'] as const)
      for (const operation of OPERATIONS) {
        await setWire({ junkRows: { [operation]: junk } })
        for (const force of [false, true]) {
          const steady = await plan(catalogText(), { force })
          t.same(steady.plan.operations, [], `${operation} with ${junk}: nothing is done`)
          const grown = await plan(catalogText(5, 7), { force })
          const kind = operation === 'GetRateZone' ? 'rateZone/z4' : 'addonPlan/p6'
          t.ok(actionsOf(grown).includes(`blocked ${kind}`), 'nothing new of the kind')
          t.match(reasonsOf(grown), [/cannot be read/])
        }
      }
    await setWire({ junkRows: { GetRateZone: 'nulls' } })
    await applyOnce(await catalogWith(catalogText()), sft, store)
    t.same(sizes(simulator), [4, 6])
  }),
)

t.test('what is gone by two readings is made anew, one of many', t =>
  withApplied({}, async ({ simulator, store, sft, portal, plan }) => {
    const id = store.state.addonPlans['p5']?.planId
    await portal({ plan: id, delete: true })
    const made = await plan()
    t.same(actionsOf(made), ['create addonPlan/p5'])
    t.match(made.plan.changes.find(({ address }) => address === 'addonPlan/p5')?.notes, [
      /is gone from the account: neither the list nor QueryRatePlan with planId/,
    ])
    t.same(refusalsOf(made), [])
    const catalog = await catalogWith(catalogText())
    await applyUntilDone(catalog, sft, store)
    t.same(checkWorld(catalog, simulator.world, store.state), [])
  }),
)

t.test('a third and at least two that are gone, or everything, is refused at any size', t =>
  withApplied({}, async ({ store, portal, plan, setWire }) => {
    for (const key of ['p4', 'p5'])
      await portal({ plan: store.state.addonPlans[key]?.planId, delete: true })
    const third = await plan()
    t.same(refusalsOf(third), ['CHANGE_SHARE'])
    t.equal(planOutcome(third.plan), 'refused')
    t.same(refusalsOf(await plan(catalogText(), { force: true })), [])
    await setWire({ hiddenRows: { GetRateZone: 100 } })
    const everything = await plan()
    t.same(refusalsOf(everything), ['CHANGE_SHARE', 'CHANGE_SHARE'])
  }),
)

t.test('an emptied catalog with --prune is refused at any size', t =>
  withApplied({}, async ({ plan }) => {
    const pruned = await plan('', { prune: true })
    t.same(refusalsOf(pruned), ['CHANGE_SHARE'])
    t.match(pruned.plan.issues, [
      { message: /6 of 6 add-on plans \(100 %\) are gone .* or would be retired/ },
    ])
    t.same(refusalsOf(await plan('', { prune: true, force: true })), [])
    t.same(refusalsOf(await plan(catalogText(4, 5), { prune: true })), [], 'one of six')
  }),
)

t.test('above twenty missing the kind is not known, without asking for each', t =>
  withApplied(
    {},
    async ({ simulator, setWire, plan, lists }) => {
      await setWire({ hiddenRows: { QueryRatePlan: 25 } })
      const before = lists()
      const made = await plan(catalogText(1, 25), { force: true })
      t.same(made.plan.operations, [])
      t.equal(reasonsOf(made).length, 25)
      t.ok(lists() - before < 10, `${lists() - before} list calls`)
      t.same(sizes(simulator), [1, 25])
    },
    catalogText(1, 25),
  ),
)

t.test('an answer of CreateRateZone that lists all zones puts no plan on a wrong zone', async t => {
  await using simulator = await simulate({ wire: { createdZones: 'all' } })
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  const catalog = await catalogWith(catalogText())
  await applyUntilDone(catalog, sft, store)
  t.same(checkWorld(catalog, simulator.world, store.state), [])
})

for (const bulk of [true, false])
  t.test(
    `an answer with the ID of another object is no answer: the new one is read back (${bulk ? 'bulk' : 'single'})`,
    async t => {
      await using simulator = await simulate({
        wire: { answeredIds: 'oldest', duplicateNames: 'accepted' },
        ...(!bulk && { bulk: 'unknown' }),
      })
      await using sft = openTestSft(simulator)
      await using store = memoryState()
      const iccids = [...simulator.world.sims.keys()].slice(0, 6)
      const batch = `endpointBatches: [{ key: b, iccids: ${JSON.stringify(iccids)} }]\n`
      const catalog = await catalogWith(catalogText() + batch)
      await applyUntilDone(catalog, sft, store)
      t.same(checkWorld(catalog, simulator.world, store.state), [])
      const again = await planOnce(catalog, sft, store)
      t.same(again.plan.operations, [])
    },
  )

for (const operation of OPERATIONS) {
  const write = operation === 'GetRateZone' ? 'CreateRateZone' : 'CreatePlan'
  const grown = operation === 'GetRateZone' ? catalogText(5, 6) : catalogText(4, 7)
  const had = operation === 'GetRateZone' ? [5, 6] : [4, 7]

  t.test(`a lost answer of ${write} is not sent again on a list that cannot be read`, t =>
    withApplied({}, async ({ simulator, sft, store, setWire }) => {
      const catalog = await catalogWith(grown)
      const made = await planOnce(catalog, sft, store)
      t.equal(made.plan.operations.length, 1)
      simulator.fault({ operation: write, kind: 'reset-after' })
      await setWire({ junkRows: { [operation]: 'nulls' } })
      // The plan was made before the list went bad.
      const report = await applyPlan(made.plan, { sft, store, clock: fastClock, pageSize: 250 })
      t.equal(report.counts.deferred, 1)
      t.equal(Object.keys(store.state.pending).length, 1, 'the announcement stands')
      t.same(sizes(simulator), had)
      const still = await applyOnce(catalog, sft, store, { settled: true })
      t.same(still.plan.operations, [], 'as long as it is not known nothing is made')
      t.equal(Object.keys(store.state.pending).length, 1)
      await setWire({ junkRows: {} })
      await applyUntilDone(catalog, sft, store, { settled: true })
      t.same(Object.keys(store.state.pending), [])
      t.same(sizes(simulator), had, 'made once')
      t.same(checkWorld(catalog, simulator.world, store.state), [])
    }),
  )

  t.test(`a lost answer of ${write} is found although "no data" comes once`, t =>
    withApplied({}, async ({ simulator, sft, store }) => {
      const catalog = await catalogWith(grown)
      simulator.fault({ operation: write, kind: 'reset-after' })
      simulator.fault({ operation, kind: 'no-data', skip: 3 })
      await applyUntilDone(catalog, sft, store)
      t.same(sizes(simulator), had)
      t.same(checkWorld(catalog, simulator.world, store.state), [])
    }),
  )
}

t.test(
  'a plan of what is applied costs three lists to their ends, and two more calls for a new plan',
  t =>
    withApplied({}, async ({ simulator, plan }) => {
      const calls = async (text?: string) => {
        const from = simulator.calls.length
        await plan(text)
        return simulator.calls.slice(from).map(({ operation }) => operation)
      }
      const networks = ['fetchNetworkList', 'fetchNetworkList']
      const lists = [...networks, 'GetRateZone', 'QueryRatePlan'].sort()
      t.same((await calls()).sort(), lists, 'the lists tell whose account it is')
      const grown = (await calls(catalogText(4, 7))).sort()
      t.same(
        grown,
        [...lists, 'QueryRatePlan', 'QueryRatePlan'].sort(),
        'a second page, and postpaid ones',
      )
      const zoned = (await calls(catalogText(5, 6))).sort()
      t.same(zoned, [...lists, 'GetRateZone'].sort(), 'a second page')
    }),
)

const SMALL = catalogText(1, 2)
const MORE_DATA = catalogText().replaceAll('"data":"1 GB"', '"data":"2 GB"')

/** The state as it is now, as an older copy of it would be later. */
async function copyOf({ state }: StateStore): Promise<StateStore> {
  const copy = await memoryState()
  if (state.account !== undefined) await copy.append({ type: 'account', account: state.account })
  for (const [key, record] of Object.entries(state.rateZones))
    await copy.append({ type: 'put', kind: 'rateZone', key, record })
  for (const [key, record] of Object.entries(state.addonPlans))
    await copy.append({ type: 'put', kind: 'addonPlan', key, record })
  return copy
}

for (const listTotal of ['told', 'untold'] as const) {
  t.test(`a country whose networks stand on a later page (${listTotal}) comes into its zone`, t =>
    withApplied(
      {},
      async ({ setWire, plan }) => {
        await setWire({ listRows: { fetchNetworkList: 7 }, listTotal })
        for (const country of COUNTRIES.slice(1))
          t.same(
            actionsOf(await plan(SMALL.replace('["BE"]', `["BE","${country}"]`))),
            ['update rateZone/z0'],
            country,
          )
      },
      SMALL,
    ),
  )

  t.test(
    `a revision that an older state does not know, on a later page (${listTotal}), is seen`,
    t =>
      withApplied({}, async ({ simulator, sft, store, setWire }) => {
        await using older = await copyOf(store)
        const catalog = await catalogWith(MORE_DATA)
        await applyUntilDone(catalog, sft, store)
        const had = sizes(simulator)
        await setWire({ listRows: { QueryRatePlan: 6 }, listTotal })
        const { plan } = await planOnce(catalog, sft, older)
        t.same(plan.operations, [])
        t.match(
          plan.changes.find(({ address }) => address === 'addonPlan/p0'),
          {
            action: 'blocked',
            reason: /has another add-on plan named "Plan 0 \(r2\)"/,
          },
        )
        await applyOnce(catalog, sft, older)
        t.same(sizes(simulator), had)
      }),
  )
}

t.test('a new revision is not made where the list may hide one of its name', t =>
  withApplied({}, async ({ setWire, plan }) => {
    await setWire({ junkRows: { QueryRatePlan: 'mixed' } })
    const made = await plan(MORE_DATA, { force: true })
    t.same(made.plan.operations, [])
    t.match(reasonsOf(made), Array(6).fill(/whether the account has .* is not known/))
  }),
)

t.test('where no list shows the account of the state, its profile is asked for', t =>
  withApplied({}, async ({ store }) => {
    await using other = await simulate({ seed: 7 })
    await using sft = openTestSft(other)
    const before = other.calls.length
    const { account } = store.state
    await using moved = memoryState()
    await moved.append({
      type: 'account',
      account: { ...account, host: sft.host, destGroupId: '9' },
    })
    for (const [key, record] of Object.entries(store.state.rateZones))
      await moved.append({ type: 'put', kind: 'rateZone', key, record })
    const { plan: made } = await planOnce(await catalogWith(catalogText()), sft, moved)
    t.match(made.issues, [{ code: 'STATE_OTHER_ACCOUNT', message: /destGroupId 9/ }])
    t.ok(other.calls.slice(before).some(({ operation }) => operation === 'GetCustomerProfile'))
  }),
)

t.test(
  'the command line: not known is 5 for plan and apply, gone is 3, a wrong "no data" is 0',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    await desk.control('faults', { operation: 'QueryRatePlan', kind: 'no-data' })
    t.equal((await desk.run('plan --detailed-exitcode')).code, 0)
    await desk.control('settings', { wire: { junkRows: { QueryRatePlan: 'nulls' } } })
    const blocked = await desk.run('plan --detailed-exitcode')
    t.equal(blocked.code, 5)
    t.match(blocked.stdout, /blocked|! addonPlan\/alps-1gb/)
    t.equal((await desk.run('apply --auto-approve --force')).code, 5)
    const drift = await desk.run('drift --detailed-exitcode')
    t.equal(drift.code, 5)
    t.match(drift.stderr, /NOT_KNOWN/)
    await desk.control('settings', {
      wire: { junkRows: {}, hiddenRows: { GetRateZone: 100 } },
    })
    t.equal((await desk.run('apply --auto-approve')).code, 3)
    t.same(desk.writes(), ['CreateRateZone', 'CreatePlan'])
  },
)

t.test(
  'coverage says what is lost only where the list or the zones tell, and that a list is not whole',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    await desk.control('settings', { wire: { hiddenRows: { fetchNetworkList: 1500 } } })
    const hidden = await desk.run('coverage --detailed-exitcode')
    t.equal(hidden.code, 5, 'what is not known is no success')
    t.match(hidden.stdout, / 0 lost networks.*; more is not known/)
    t.match((await desk.run('coverage --markdown')).stdout, /Of what the account told, every zone/)
    t.match(JSON.parse((await desk.run('coverage --json')).stdout), { whole: false })
    t.match((await desk.run('coverage --format html')).stdout, /of what the account told/i)
    t.match(hidden.stderr, /LIST_DOUBT/)
    await desk.control('settings', {
      wire: {
        hiddenRows: {},
        junkRows: { fetchNetworkList: 'mixed' },
        oddAnswers: { GetRoamingProfiles: 'html' },
      },
    })
    t.match((await desk.run('coverage --networks')).stderr, /LIST_DOUBT: fetchNetworkList/)
  },
)
