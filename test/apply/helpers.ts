import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ApplyOptions, applyPlan } from '../../src/apply/apply-plan.ts'
import type { ApplyReport } from '../../src/apply/report.ts'
import { settlePending } from '../../src/apply/settle-pending.ts'
import { loadCatalog } from '../../src/catalog/index.ts'
import type { Clock } from '../../src/clock.ts'
import { type MadePlan, makePlan, type PlanOptions } from '../../src/make-plan.ts'
import type { Catalog, JsonObject } from '../../src/model.ts'
import type { Sft } from '../../src/sft/api.ts'
import { openSft, type SftOptions } from '../../src/sft/client.ts'
import { SftError } from '../../src/sft/errors.ts'
import {
  SIMULATED_ACCOUNT,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import { virtualClock } from '../clocks.ts'

/** Time of the clients, the runs and the simulated accounts here: it passes while all of them wait for it. */
export const fastClock: Clock = virtualClock()

/** Seconds by which a write has happened: longer than `LATE_MS`. */
const SETTLE_SECONDS = 3
/** Milliseconds by which late execution is late: it is looked for in vain, by two readings of a list too. */
export const LATE_MS = 2500
/** A write may have waited so long for its turn. */
const HELD_SECONDS = 120

/** A second base plan, which a simulated account does not have by itself. */
export const OTHER_BASE_PLAN = 'OTHERPRE41274807'

/** A second APN group and roaming profile, likewise. */
export const OTHER_APN_GROUP = 'PDP_9999'
export const OTHER_ROAMING_PROFILE = '3999'

/** Countries whose networks a simulated account has here: all of the world's take their time to read. */
const COVERAGE = ['BEL', 'NLD', 'LUX', 'FRA', 'DEU', 'GBR', 'MCO']

/** A simulator without a limit, with few SIMs, few networks, and second ones of what an endpoint has. */
export async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    sims: 12,
    clock: fastClock,
    ...options,
  })
  const { plans, networks, apnGroups, roamingProfiles } = simulator.world
  for (const [key, { tadig }] of networks)
    if (!COVERAGE.includes(tadig.slice(0, 3))) networks.delete(key)
  const base = plans.get(SIMULATED_ACCOUNT.basePlanId)
  if (base === undefined) throw new Error('the simulated account has no base plan')
  plans.set(OTHER_BASE_PLAN, {
    ...base,
    planId: OTHER_BASE_PLAN,
    basicInfo: { ...base.basicInfo, planName: 'Other base plan' },
  })
  apnGroups.add(OTHER_APN_GROUP)
  roamingProfiles.set(OTHER_ROAMING_PROFILE, {
    roamingProfileId: OTHER_ROAMING_PROFILE,
    name: 'Other roaming profile',
    networks: 'all',
  })
  return simulator
}

/** A client of a simulator: no budget, no socket, no patience. */
export function openTestSft(simulator: Simulator, options: Partial<SftOptions> = {}): Sft {
  return openSft({
    baseUrl: simulator.url,
    username: 'simulator',
    password: 'simulator',
    callsPerSecond: Number.POSITIVE_INFINITY,
    settleSeconds: SETTLE_SECONDS,
    timeoutSeconds: 20,
    retryDelaysSeconds: [0.2, 0.2, 0.2],
    clock: fastClock,
    fetch: (url, init) => simulator.fetch(url, init),
    ...options,
  })
}

/** Account defaults of every test catalog. */
export const ACCOUNT = {
  addonServiceProfile: SIMULATED_ACCOUNT.addonServiceProfileId,
  currencyId: SIMULATED_ACCOUNT.currencyId,
  basePlan: SIMULATED_ACCOUNT.basePlanId,
  apnGroup: SIMULATED_ACCOUNT.apnGroupId,
  roamingProfiles: [SIMULATED_ACCOUNT.roamingProfileId],
}

/** A catalog of one YAML text and other files; throws where it has errors. */
export async function catalogOf(
  text: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Catalog> {
  const folder = await mkdtemp(join(tmpdir(), 'catalog-'))
  try {
    for (const [name, content] of Object.entries({ 'catalog.yaml': text, ...files })) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    }
    const { catalog, issues } = await loadCatalog(folder)
    if (catalog !== undefined) return catalog
    throw new Error(issues.map(issue => `${issue.code}: ${issue.message}`).join('\n'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A catalog with the account defaults of the tests, and others besides. */
export const catalogWith = (
  text: string,
  files: Readonly<Record<string, string>> = {},
  account: JsonObject = {},
): Promise<Catalog> =>
  catalogOf(`version: 1\naccount: ${JSON.stringify({ ...ACCOUNT, ...account })}\n${text}`, files)

/** What a run is made with besides catalog, account and state. */
export interface RunOptions extends Partial<Omit<PlanOptions, 'onEvent'>> {
  readonly apply?: Partial<Omit<ApplyOptions, 'sft' | 'store'>>
  /** The account as applying sees it, where it differs. */
  readonly applySft?: Sft
  readonly skipSettling?: boolean
  /** Looks at each plan before it is applied. */
  readonly onPlan?: (plan: MadePlan['plan']) => void
}

const PAGE_SIZE = 250

/** A plan, as `sft-catalog plan` makes it; shares are not limited unless asked for. */
export async function planOnce(
  catalog: Catalog,
  sft: Sft,
  store: Pick<StateStore, 'state'>,
  { apply: _apply, applySft: _sft, skipSettling: _skip, onPlan, ...options }: RunOptions = {},
): Promise<MadePlan> {
  const all = { force: true, pageSize: PAGE_SIZE, ...options }
  const made = await makePlan(catalog, store.state, sft, all)
  onPlan?.(made.plan)
  return made
}

/** One whole run, as `sft-catalog apply --auto-approve` makes it. */
export async function applyOnce(
  catalog: Catalog,
  sft: Sft,
  store: StateStore,
  options: RunOptions = {},
): Promise<MadePlan & { readonly report: ApplyReport }> {
  if (options.skipSettling !== true)
    await settlePending(options.applySft ?? sft, store, {
      catalog,
      clock: fastClock,
      pageSize: PAGE_SIZE,
      heldSeconds: HELD_SECONDS,
    })
  const made = await planOnce(catalog, sft, store, options)
  const report = await applyPlan(made.plan, {
    sft: options.applySft ?? sft,
    store,
    clock: fastClock,
    pageSize: PAGE_SIZE,
    ...options.apply,
  })
  return { ...made, report }
}

/** Whether a run did all that it set out to do. */
export const endedWell = ({ counts }: ApplyReport): boolean =>
  counts.failed + counts.skipped + counts.deferred === 0

/**
 * Applies until a run ends well, as an engineer would; throws after `most` runs. Where the account is
 * given as a function, each run has a client of its own, as each process has.
 */
export async function applyUntilDone(
  catalog: Catalog,
  account: Sft | (() => Sft),
  store: StateStore,
  options: RunOptions = {},
  most = 4,
): Promise<{ readonly runs: number; readonly reports: readonly ApplyReport[] }> {
  const reports: ApplyReport[] = []
  let last = 'nothing'
  for (let runs = 1; runs <= most; runs++) {
    const sft = typeof account === 'function' ? account() : account
    try {
      const { plan, report } = await applyOnce(catalog, sft, store, options)
      reports.push(report)
      // The command line ends with 5 where what the catalog wants is not known: run it again.
      const doubts = plan.changes.filter(one => one.action === 'blocked' && one.notKnown === true)
      const unsettled = Object.values(store.state.pending)
      if (endedWell(report) && doubts.length + unsettled.length === 0) return { runs, reports }
      const undone = report.results.filter(({ status }) => status !== 'done')
      last = [...undone, ...doubts, ...unsettled].map(one => JSON.stringify(one)).join('\n')
    } catch (error) {
      // An account that cannot be read ends a run; the next one tries again.
      if (!(error instanceof SftError)) throw error
      last = error.message
    } finally {
      if (typeof account === 'function') await sft[Symbol.asyncDispose]()
    }
  }
  throw new Error(`${most} runs did not end well; the last one:\n${last}`)
}

/** A store in memory and a client, disposed together. */
export async function withAccount(
  simulator: Simulator,
  work: (sft: Sft, store: StateStore) => Promise<void>,
  options: Partial<SftOptions> = {},
): Promise<void> {
  await using store = memoryState()
  await using sft = openTestSft(simulator, options)
  await work(sft, store)
}
