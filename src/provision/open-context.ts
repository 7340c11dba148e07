import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import { defined } from '../defined.ts'
import {
  accountName,
  budgetLocation,
  catalogLocation,
  checkDigitSetting,
  type Environment,
  ledgerLocation,
  onDemandSetting,
  type SettingOverrides,
  SettingsError,
  type SftSettings,
  sftSettings,
  stateLocation,
  timeZoneOf,
  wireSettings,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import { OPERATIONS } from '../sft/operations.ts'
import type { SlotSource } from '../sft/slots.ts'
import type { State } from '../state/state.ts'
import { sharedSlots } from '../stores/budgets.ts'
import { openLedger } from '../stores/ledgers.ts'
import { watchState } from '../stores/states.ts'
import { openTelemetry } from '../telemetry/opentelemetry.ts'
import type { ProvisionerOptions } from './api.ts'
import { type Candidate, listCandidates } from './candidates.ts'
import { InvalidRequestError } from './errors.ts'
import { type EsimPool, openEsimPool } from './esim-pool.ts'
import { type Happening, tellSafely } from './events.ts'
import { reasonOf } from './explain.ts'
import { openLease } from './lease.ts'
import type { Ledger } from './ledger.ts'
import { measureEvents, watchLedger } from './measure-selling.ts'
import { candidateOf, listMade, type OnDemand, openOnDemand } from './on-demand.ts'
import { takenAmong } from './pages.ts'
import { DEFAULT_POLICIES, isoNow, type Policies, type SellingContext } from './selling-context.ts'

/** A context, and what was opened for it. */
export interface OpenContext extends AsyncDisposable {
  readonly context: SellingContext
  /** Tells of work that nobody waits for and that went wrong. */
  readonly failedInBackground: (work: string) => (error: unknown) => void
}

/** Stock and unfinished orders are counted for metrics at most so often, unless told otherwise. */
const COUNT_EVERY_SECONDS = 60

/** Opens what a context consists of: account, state, ledger, pool and lease; what was handed in open stays open. */
export async function openContext(options: ProvisionerOptions): Promise<OpenContext> {
  const { env = process.env, clock = SYSTEM_CLOCK, timeZone = timeZoneOf(env) } = options
  const opened: AsyncDisposable[] = []
  const telemetry = openTelemetry()
  const { onEvent } = options
  const measure = tellSafely(measureEvents(telemetry), clock)
  const told = onEvent === undefined ? undefined : tellSafely(onEvent, clock)
  const tell = (happening: Happening) => {
    measure(happening)
    told?.(happening)
  }
  const readStateNow =
    typeof options.state === 'function'
      ? options.state
      : await watchState(stateLocation(env, options.state))
  const sft = isOpenSft(options.sft) ? options.sft : openAccount(env, options.sft, options)
  if (sft !== options.sft) opened.push(sft)
  const ledger =
    typeof options.ledger === 'object'
      ? options.ledger
      : await openLedger(ledgerLocation(env, options.ledger))
  if (ledger !== options.ledger) opened.push(ledger)
  const { silenceSeconds = DEFAULT_POLICIES.silenceSeconds } = ledger
  const { createOnDemand = onDemandSetting(env), ...given } = options.policies ?? {}
  const policies: Policies = {
    ...DEFAULT_POLICIES,
    silenceSeconds,
    ...given,
    ...(typeof createOnDemand === 'string' && { createOnDemand }),
  }

  const failedInBackground = (work: string) => (error: unknown) =>
    tell({ type: 'background work failed', work, message: reasonOf(error) })

  const pool = openEsimPool({
    sft,
    poolSize: policies.poolSize,
    looks: policies.esimsTried,
    taken: endpointIds => takenAmong(ledger, endpointIds),
    async setAside(candidate, reason) {
      const { endpointId } = candidate
      await ledger.transact({ endpointIds: [endpointId] }, rows => {
        const there = rows.esim(endpointId)
        if (there !== undefined && there.status !== 'released')
          return { entries: [], result: undefined }
        const row = { ...candidate, status: 'set aside', reason, at: isoNow({ clock }) } as const
        return { entries: [{ table: 'esims', row }], result: undefined }
      })
      tell({ type: 'esim set aside', endpointId, reason })
    },
    onError: failedInBackground('reading activation codes'),
  })

  const made = madeOnDemand(ledger, policies)
  const filling = fillingPool(
    readStateNow,
    pool,
    ledger,
    policies,
    made,
    failedInBackground('learning what is for sale'),
  )
  const { readState } = filling
  const lease = openLease({
    ledger,
    clock,
    silenceSeconds: policies.silenceSeconds,
    onError: failedInBackground('the sign of life'),
  })
  const candidates = async () => {
    const state = await readState()
    return [...listCandidates(state, policies), ...(await made(state))]
  }
  const { countEverySeconds = COUNT_EVERY_SECONDS } = options
  const levels = watchLedger(telemetry, { ledger, candidates, clock }, countEverySeconds)
  const closeAll = async () => {
    filling[Symbol.dispose]()
    levels[Symbol.dispose]()
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
  }
  let onDemand: OnDemand | undefined
  try {
    onDemand = await onDemandOf(env, options, policies, clock)
    await readState()
  } catch (error) {
    await closeAll()
    throw error
  }
  return {
    context: {
      sft,
      ledger: lease.ledger,
      pool,
      readState,
      candidates,
      clock,
      policies,
      timeZone,
      lease,
      tell,
      telemetry,
      ...(onDemand !== undefined && { onDemand }),
    },
    failedInBackground,
    async [Symbol.asyncDispose]() {
      await pool.stop()
      await lease[Symbol.asyncDispose]()
      await closeAll()
    },
  }
}

/** The batch that is made on demand; undefined where none is. Throws InvalidRequestError. */
async function onDemandOf(
  env: Environment,
  options: ProvisionerOptions,
  { createOnDemand: key, batches, tags }: Policies,
  { now }: Pick<Clock, 'now'>,
): Promise<OnDemand | undefined> {
  if (key === undefined) return undefined
  const isGiven = options.policies?.createOnDemand !== undefined
  const field = isGiven ? 'policies.createOnDemand' : 'SFT_CREATE_ON_DEMAND'
  if (batches !== undefined && !batches.includes(key))
    throw new InvalidRequestError(
      field,
      `names ${key}, which is not among policies.batches: it would not be sold`,
    )
  const checkDigit = checkDigitSetting(env)
  const { wire } = wireSettings(env, Object.keys(OPERATIONS))
  const { environment } = options
  const load = {
    wire,
    ...(checkDigit !== undefined && { checkDigit }),
    ...(environment && { environment }),
  }
  const folder = catalogLocation(env, options.catalog)
  const onDemand = await openOnDemand({ folder, key, load, field }, now)
  const batch = await onDemand()
  if (tags !== undefined && !tags.some(tag => batch.tags.includes(tag)))
    throw new InvalidRequestError(
      field,
      `names ${key}, which has none of policies.tags: it would not be sold`,
    )
  return onDemand
}

/** What was made on demand and is for sale, beside what a state has. */
const madeOnDemand =
  (ledger: Ledger, { createOnDemand }: Policies) =>
  async (state: State): Promise<readonly Candidate[]> =>
    createOnDemand === undefined
      ? []
      : (await listMade(ledger, state, createOnDemand)).map(candidateOf)

/** A list of more than so many is gone through aside, while the pool has enough: nobody who buys waits for it. */
const LONG_LIST = 1000
/** So long (ms) after somebody asked; it is gone through at once where it was not for so long. */
const ASIDE_MS = 1000
const ASIDE_HOLDS_MS = 10_000

interface FillingPool extends Disposable {
  readonly readState: () => Promise<State>
}

/** Reads the state; where it has other endpoints than before, the pool learns what is for sale now. */
function fillingPool(
  readStateNow: () => Promise<State>,
  pool: EsimPool,
  ledger: Ledger,
  policies: Policies,
  made: (state: State) => Promise<readonly Candidate[]>,
  onError: (error: unknown) => void,
): FillingPool {
  let stateInPool: State | undefined
  let lastState: State | undefined
  let known: ReadonlySet<string> = new Set()
  let fresh = Number.NEGATIVE_INFINITY
  /** Readings that were begun, and the newest one that the pool has: one that took longer is no news. */
  let begun = 0
  let newest = 0
  let aside: NodeJS.Timeout | undefined

  async function fill(state: State): Promise<void> {
    const began = performance.now()
    begun += 1
    const turn = begun
    if (state.endpoints !== stateInPool?.endpoints) {
      const candidates = [...listCandidates(state, policies), ...(await made(state))]
      const ids = candidates.map(candidate => candidate.endpointId)
      const taken = await takenAmong(
        ledger,
        ids.filter(id => !known.has(id)),
      )
      if (turn < newest) return
      if (state !== stateInPool) pool.update(candidates, id => taken.has(id))
      known = new Set(ids)
    }
    newest = turn
    stateInPool = state
    fresh = began
  }

  const fillAside = (): void => {
    aside ??= setTimeout(() => {
      aside = undefined
      if (lastState !== undefined) fill(lastState).catch(onError)
    }, ASIDE_MS).unref()
  }

  return {
    async readState() {
      const state = await readStateNow()
      lastState = state
      if (state === stateInPool) {
        fresh = performance.now()
        return state
      }
      const isFresh = performance.now() - fresh < ASIDE_HOLDS_MS
      if (known.size > LONG_LIST && isFresh && pool.sellable() > policies.lowStock) fillAside()
      else await fill(state)
      return state
    },
    [Symbol.dispose]() {
      clearTimeout(aside)
      lastState = undefined
    },
  }
}

const isOpenSft = (sft: ProvisionerOptions['sft']): sft is Sft => sft !== undefined && 'read' in sft

function openAccount(
  env: Environment,
  given: SettingOverrides | undefined,
  options: ProvisionerOptions,
): Sft {
  const settings = sftSettings(env, given)
  const { paths, wire } = wireSettings(env, Object.keys(OPERATIONS))
  return openSft({
    ...settings,
    paths,
    wire,
    env,
    slots: slotsOf(env, settings, options),
    ...defined({ onCall: options.onCall }),
  })
}

/** Call times shared with all who use the account, as far as the places say who these are. */
function slotsOf(
  env: Environment,
  settings: SftSettings,
  { budget, state, ledger }: ProvisionerOptions,
): SlotSource {
  if (typeof budget === 'object') return budget
  const shared = typeof state === 'function' ? addressOf(env, ledger) : stateLocation(env, state)
  const address = budgetLocation(env, shared, budget)
  if (address === undefined)
    throw new SettingsError(
      'the state is a function and the ledger is open already, so nothing says with whom the rate of the account is shared: give budget, or set SFT_BUDGET',
    )
  return sharedSlots(address, { account: accountName(settings) })
}

/** The address of a ledger; undefined for an open one. */
const addressOf = (env: Environment, ledger: ProvisionerOptions['ledger']): string | undefined =>
  typeof ledger === 'object' ? undefined : ledgerLocation(env, ledger)
