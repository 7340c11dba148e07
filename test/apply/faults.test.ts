import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Catalog } from '../../src/model.ts'
import type { SftOptions } from '../../src/sft/client.ts'
import {
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  startSimulator,
} from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { State } from '../../src/state/state.ts'
import { checkWorld } from './check-world.ts'
import {
  applyUntilDone,
  catalogWith,
  fastClock,
  LATE_MS,
  OTHER_BASE_PLAN,
  openTestSft,
  planOnce,
  simulate,
} from './helpers.ts'

/** The account before, and what one apply with --prune then does: every writing operation of plans. */
async function scenario(
  iccids: readonly string[],
): Promise<{ readonly before: Catalog; readonly after: Catalog }> {
  const [a, b, c, d, e, f] = iccids.map(iccid => `"${iccid}"`)
  const before = await catalogWith(`
rateZones:
  - {key: keep, name: Keep, countries: [BE], portal: {destination: be}}
  - {key: grow, name: Grow, countries: [FR]}
addonPlans:
  - {key: stay, name: Stay, rateZone: keep, data: 1 GB, validity: 7 days}
  - {key: edit, name: Edit, rateZone: grow, data: 2 GB, validity: 7 days}
endpointBatches:
  - {key: move, name: "a-{n}", iccids: [${a}, ${b}]}
  - {key: leave, name: "l-{n}", iccids: [${c}]}
`)
  const after = await catalogWith(`
rateZones:
  - {key: keep, name: Keep, countries: [BE], portal: {destination: be}}
  - {key: grow, name: Grow, countries: [FR, LU]}
  - {key: fresh, name: Fresh, countries: [NL]}
addonPlans:
  - {key: stay, name: Stay, rateZone: keep, data: 1 GB, validity: 7 days}
  - {key: edit, name: Edit, description: Edited, priority: 2, rateZone: grow, data: 2 GB, validity: 7 days}
  - {key: fresh, name: Fresh, rateZone: fresh, data: 3 GB, validity: 30 days, activation: immediate,
     charge: "4.50", renewal: {on: expiry, times: 3}, portal: {sku: FRESH}}
endpointBatches:
  - {key: move, name: "b-{n}", basePlan: ${OTHER_BASE_PLAN}, iccids: [${a}, ${b}]}
  - {key: fresh, name: "f-{n}", tags: [new], iccids: [${d}, ${e}, ${f}]}
`)
  return { before, after }
}

const folder = t.testdir()

interface Prepared {
  readonly after: Catalog
  readonly state: State
  /** File of the world that `before` was applied to. */
  readonly world: string
}

/** The account as `before` left it: made once, copied for each case. */
async function prepare(): Promise<Prepared> {
  const world = join(folder, 'world.json')
  await using simulator = await simulate({ save: world })
  const { before, after } = await scenario([...simulator.world.sims.keys()])
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  await applyUntilDone(before, sft, store)
  // Each case has a host of its own, and an account that nothing was learnt of yet.
  const { account: _account, ...state } = store.state
  return { after, state: { ...state, learnt: {} }, world }
}

let preparing: Promise<Prepared> | undefined
let cases = 0

/** Meets one apply with faults; answers how many were met and what is wrong in the end. */
async function meet(
  faults: readonly Fault[],
  options: Partial<SftOptions> = {},
): Promise<{ readonly met: number; readonly problems: readonly string[] }> {
  preparing ??= prepare()
  const { after, state, world } = await preparing
  cases += 1
  const save = join(folder, `world-${cases}.json`)
  await copyFile(world, save)
  await using simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    save,
    sims: 0,
    clock: fastClock,
  })
  await using sft = openTestSft(simulator, options)
  await using store = memoryState(state)
  for (const fault of faults) simulator.fault({ delayMs: LATE_MS, ...fault })
  await applyUntilDone(after, () => openTestSft(simulator, options), store, { prune: true })
  const met = simulator.calls.filter(call => call.outcome.startsWith('fault:'))
  simulator.clearFaults()
  const again = await planOnce(after, sft, store, { prune: true })
  return {
    met: met.length,
    problems: [
      ...checkWorld(after, simulator.world, store.state),
      ...again.plan.operations.map(operation => `the next plan has ${operation.id}`),
      ...(Object.keys(store.state.endpoints).length === 5 ? [] : ['an endpoint stayed behind']),
    ],
  }
}

interface Case {
  readonly name: string
  readonly faults: readonly Fault[]
  readonly options?: Partial<SftOptions>
}

/** One of so many cases is met, those of a run by chance, and in each test others; all of them with `FAULT_CASES=1`. */
const ONE_OF = Number(process.env['FAULT_CASES'] ?? 6)
let first = Number(process.env['FAULT_FIRST'] ?? Math.floor(Math.random() * ONE_OF))
t.comment(`FAULT_CASES=${ONE_OF} FAULT_FIRST=${first}`)

/** Cases side by side, since most of their time is waiting. */
async function runCases(test: Test, cases: readonly Case[]): Promise<void> {
  const met = cases.filter((_case, at) => (at + first) % ONE_OF === 0)
  first += 1
  const queue = met.values()
  const worker = async () => {
    for (const { name, faults, options } of queue) {
      const { met, problems } = await meet(faults, options)
      test.ok(met > 0, `${name} met the apply`)
      test.strictSame(problems, [], `after ${name} the account is as the catalog says`)
    }
  }
  await Promise.all(Array.from({ length: 10 }, worker))
}

const WRITES = [
  'CreateRateZone',
  'ModifyRateZone',
  'CreatePlan',
  'ModifyPlan',
  'CreateEndPoint',
  'CreateBulkEndPoint',
  'ModifyEndPoint',
  'ChangePlan',
  'DeLinkSim',
  'DeleteEndPoint',
] as const

const bulkOf = (operation: string): Partial<SftOptions> =>
  operation === 'CreateEndPoint' ? { bulk: { mode: 'off' } } : {}

t.setTimeout(240_000)

for (const operation of WRITES)
  t.test(`apply until it ends well after every fault on ${operation}`, async test => {
    await runCases(
      test,
      FAULT_KINDS.map(kind => ({
        name: `${kind} on ${operation}`,
        faults: [{ operation, kind }],
        options: bulkOf(operation),
      })),
    )
  })

t.test('a fault that meets the second attempt too leaves nothing twice', async test => {
  const unclear: readonly FaultKind[] = ['late', 'reset-after', 'reset-before', 'timeout-text']
  const twice = ['CreateRateZone', 'CreatePlan', 'CreateEndPoint', 'DeLinkSim'] as const
  await runCases(
    test,
    twice.flatMap(operation =>
      unclear.map(kind => ({
        name: `${kind} twice on ${operation}`,
        faults: [{ operation, kind, count: 2 }],
        options: bulkOf(operation),
      })),
    ),
  )
})

t.test('a fault on the bulk call after the trial is settled by reading', async test => {
  await runCases(
    test,
    FAULT_KINDS.map(kind => ({
      name: `${kind} on the second CreateBulkEndPoint`,
      faults: [{ operation: 'CreateBulkEndPoint', kind, skip: 1 }],
      options: { bulk: { size: 2 } },
    })),
  )
})

/** Faults of a bulk's rows: a list that is cut short without a word is a lie that nothing can see. */
const OF_BULKS: readonly FaultKind[] = ['rows-missing', 'row-timeouts']

for (const operation of [
  'GetCustomerProfile',
  'fetchNetworkList',
  'GetRateZone',
  'QueryRatePlan',
  'fetchSIM',
  'GetEndPointProfile',
])
  t.test(`apply until it ends well after every fault on ${operation}`, async test => {
    await runCases(
      test,
      FAULT_KINDS.filter(kind => !OF_BULKS.includes(kind)).map(kind => ({
        name: `${kind} on ${operation}`,
        faults: [{ operation, kind, count: 2 }],
      })),
    )
  })

t.test('a storm of faults on all writes ends as the catalog says', async test => {
  await runCases(
    test,
    FAULT_KINDS.map(kind => ({
      name: `${kind} on the first six writes`,
      faults: [{ operation: 'writes', kind, count: 6 }],
    })),
  )
})
