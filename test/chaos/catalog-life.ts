// A catalog in some steps, applied through faults, silence and deaths on an account of some form.
import fc from 'fast-check'
import type { Clock } from '../../src/clock.ts'
import type { Sft } from '../../src/sft/api.ts'
import { SftError } from '../../src/sft/errors.ts'
import {
  FAULT_KINDS,
  type FaultKind,
  type SimulatedWire,
  type Simulator,
} from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import {
  arbitrarySteps,
  type CatalogDraft,
  catalogText,
  makeTemplate,
} from '../apply/arbitrary-catalog.ts'
import { checkWorld, lostIds } from '../apply/check-world.ts'
import { mortal } from '../apply/crash.ts'
import {
  applyOnce,
  catalogOf,
  endedWell,
  fastClock,
  LATE_MS,
  openTestSft,
  planOnce,
  type RunOptions,
  simulate,
} from '../apply/helpers.ts'
import { WIRE } from '../products/shop.ts'
import { checkPlan } from './check-plan.ts'
import { arbitraryWire, hidesObjects, silentOnce } from './variants.ts'

const OPERATIONS = [
  'writes',
  '*',
  'CreateRateZone',
  'ModifyRateZone',
  'CreatePlan',
  'ModifyPlan',
  'CreateEndPoint',
  'CreateBulkEndPoint',
  'ModifyEndPoint',
  'DeleteEndPoint',
  'GetRateZone',
  'QueryRatePlan',
  'fetchSIM',
  'GetEndPointProfile',
] as const

/** Half a bulk's rows without a word about the others is seen by nobody. */
const FAULTS: readonly FaultKind[] = FAULT_KINDS.filter(kind => kind !== 'rows-missing')

const faults = fc.array(
  fc.record({
    operation: fc.constantFrom(...OPERATIONS),
    kind: fc.constantFrom(...FAULTS),
    skip: fc.nat(4),
    count: fc.constantFrom(1, 1, 1, 2),
    delayMs: fc.constant(LATE_MS),
  }),
  { maxLength: 4 },
)

/** The same of an account that has all that price lists have, and reports it. */
export const arbitraryProductLife = (iccids: readonly string[], networks: readonly string[]) =>
  arbitraryCatalogLife(
    iccids,
    networks,
    true,
    arbitraryWire().map(wire => ({ ...wire, planQuery: 'full' as const, planTerms: WIRE })),
  )

/** Catalogs over these SIMs and networks, in one or two steps, with faults and deaths in each. */
export const arbitraryCatalogLife = (
  iccids: readonly string[],
  networks: readonly string[],
  products = false,
  wire: fc.Arbitrary<SimulatedWire> = arbitraryWire(),
) =>
  fc.record({
    wire,
    bulk: fc.constantFrom('works', 'works', 'unknown', 'wrong'),
    modifyRateZone: fc.constantFrom('adds', 'replaces'),
    steps: fc.array(
      fc
        .record({
          step: arbitrarySteps(iccids, networks, 1, 1, products),
          faults,
          /** The steps at which processes die, one after the other. */
          deaths: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 2 }),
        })
        .map(({ step: [step], ...rest }) => ({ ...rest, step })),
      { minLength: 1, maxLength: 3 },
    ),
  })
type ArbitraryLife = ReturnType<typeof arbitraryCatalogLife>
export type CatalogLife = ArbitraryLife extends fc.Arbitrary<infer Value> ? Value : never

/** SIMs and networks that the simulated accounts have. */
export async function stockOfAccounts() {
  await using simulator = await simulate()
  const tadigs = [...new Set([...simulator.world.networks.values()].map(({ tadig }) => tadig))]
  return {
    iccids: [...simulator.world.sims.keys()].slice(0, 5),
    networks: tadigs.filter(tadig => /^(BEL|NLD|FRA|DEU|GBR)/.test(tadig)).slice(0, 8),
  }
}

/** What a test may take away, to see that it is missed. */
export interface CatalogSabotage {
  /** The account as planning sees it. */
  readonly sft?: (sft: Sft) => Sft
  /** The account as settling and applying see it. */
  readonly applySft?: (sft: Sft) => Sft
}

/** Runs with faults until one ends well; more of them than that end without. */
const MOST_RUNS = 3

/** Plays a life to its end; answers what is wrong then, and what a plan said wrongly on the way. */
export async function playCatalog(
  { wire, bulk, modifyRateZone, steps }: CatalogLife,
  sabotage: CatalogSabotage = {},
): Promise<readonly string[]> {
  const problems = new Set<string>()
  const note = (found: readonly string[]) => {
    for (const problem of found) problems.add(problem)
  }
  await using simulator = await simulate({ wire, bulk, modifyRateZone })
  const others = wire.planTerms === undefined ? undefined : makeTemplate(simulator.world)
  await using store = memoryState()
  const open = (clock: Clock = fastClock): Sft => {
    const sft = openTestSft(simulator, { clock })
    return sabotage.sft?.(sft) ?? sft
  }
  let before: CatalogDraft | undefined
  for (const { step, faults, deaths } of steps) {
    if (step === undefined) continue
    const catalog = await catalogOf(catalogText(step, before))
    const options: RunOptions = {
      prune: step.prune,
      onPlan: plan => note(checkPlan(plan, simulator.world)),
    }
    const run = async (): Promise<string | undefined> => {
      const sft = open()
      try {
        const applySft = sabotage.applySft?.(sft) ?? sft
        const { report } = await applyOnce(catalog, sft, store, { ...options, applySft })
        if (endedWell(report)) return undefined
        return JSON.stringify(report.results.filter(({ status }) => status !== 'done'))
      } catch (error) {
        if (!(error instanceof SftError)) throw error
        return error.message
      } finally {
        await sft[Symbol.asyncDispose]()
      }
    }
    for (const fault of silentOnce(faults)) simulator.fault(fault)
    for (const death of deaths)
      await dieIn(simulator, store, death, (sft, itsStore, clock) =>
        applyOnce(catalog, sft, itsStore, { ...options, apply: { clock } }),
      )
    for (let runs = 0; runs < MOST_RUNS; runs++) if ((await run()) === undefined) break
    simulator.clearFaults()
    await fastClock.sleep(2 * LATE_MS)
    let trouble: string | undefined = 'it never ran'
    for (let runs = 0; runs < MOST_RUNS && trouble !== undefined; runs++) trouble = await run()
    if (trouble !== undefined && !hidesObjects(wire))
      note([`an account without faults is not as the catalog: ${trouble}`])
    note(twice(simulator))
    if (!hidesObjects(wire)) note(await compare())
    else if (Object.keys(store.state.pending).length === 0)
      note(lostIds(simulator.world, store.state, others))
    before = step.catalog

    async function compare(): Promise<readonly string[]> {
      await using sft = openTestSft(simulator)
      const { plan } = await planOnce(catalog, sft, store, options)
      const blocked = plan.changes.filter(change => change.action === 'blocked')
      return [
        ...checkWorld(
          catalog,
          simulator.world,
          store.state,
          new Set(blocked.map(one => one.address)),
          others,
          wire.planTerms,
        ),
        ...plan.operations.map(operation => `the next plan has ${operation.id}`),
        ...blocked
          .filter(({ reason, fields }) => fields.length === 0 && /not known|say less/.test(reason))
          .map(({ address, reason }) => `${address} is not known without faults: ${reason}`),
      ]
    }
  }
  return [...problems]
}

/** Names that the account has twice: nobody else makes any. */
function twice({ world }: Simulator): readonly string[] {
  const names = [
    ...[...world.zones.values()].map(zone => `zone "${zone.name}"`),
    ...[...world.plans.values()].map(({ basicInfo }) => `plan "${basicInfo.planName}"`),
  ]
  return names.filter((name, at) => names.indexOf(name) < at).map(name => `${name} is there twice`)
}

/** One process, until it ends or dies; calls on their way arrive. */
async function dieIn(
  simulator: Simulator,
  store: StateStore,
  atStep: number,
  work: (sft: Sft, store: StateStore, clock: Clock) => Promise<unknown>,
): Promise<void> {
  let dead = false
  const clock: Clock = {
    ...fastClock,
    sleep: async (ms, signal) => {
      await fastClock.sleep(ms, signal)
      if (dead) await new Promise(() => {})
    },
  }
  const sft = openTestSft(simulator, { clock })
  const doomed = mortal(sft, store, { atStep })
  const ended = work(doomed.sft, doomed.store, clock).catch((error: unknown) => {
    if (!(error instanceof SftError)) throw error
  })
  await Promise.race([doomed.death, ended])
  dead = true
  await sft[Symbol.asyncDispose]()
}
