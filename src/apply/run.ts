import pLimit, { type LimitFunction } from 'p-limit'
import type { Clock } from '../clock.ts'
import type { KindName, Spec } from '../model.ts'
import { resolveSpec } from '../resources/references.ts'
import type { BudgetView, OperationName, Sft } from '../sft/api.ts'
import { SftMissingPrerequisiteError } from '../sft/errors.ts'
import { knownId } from '../state/records.ts'
import type { Intent, IntentDraft, State, StateEntry, StateStore } from '../state/state.ts'
import { freshReader } from './fresh-reads.ts'
import { type GivenIds, givenIds } from './given-ids.ts'
import type { ApplyEvent } from './report.ts'

/** A write that was not begun because the run was told to stop. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/** What every write of one apply shares. */
export interface ApplyRun {
  /** The account; list reads are shared by all who ask at once. */
  readonly sft: Sft
  readonly store: StateStore
  readonly pageSize: number
  readonly clock: Clock
  /** Stop: no new write, and settling is left to the next run. */
  readonly stop: AbortSignal
  readonly emit: (event: ApplyEvent) => void
  readonly ids: GivenIds
  /**
   * Runs one announced write of a kind; no more than twice as many as are in flight. Each kind has its
   * own queue, so that a plan whose zone is ready does not wait behind all endpoints. Throws
   * `StoppedError` where the run was told to stop in the meantime.
   */
  readonly slot: (kind: KindName) => <Value>(task: () => Promise<Value>) => Promise<Value>
  /** Runs one call that changes the account; as many side by side as fill the rate. */
  readonly send: <Value>(task: () => Promise<Value>) => Promise<Value>
}

/** Smallest and largest number of writes in flight that is chosen by itself. */
const FEWEST = 4
const MOST = 64

/** Calls in flight that fill a rate: rate × latency, with room for calls that take longer than most. */
function concurrencyFor(callsPerSecond: number, latencySeconds: number): number {
  if (!Number.isFinite(callsPerSecond)) return 10
  return Math.min(MOST, Math.max(FEWEST, Math.ceil(callsPerSecond * latencySeconds * 1.5) + 2))
}

/** Opens a run. `parallel` fixes the number in flight; without it, it follows rate and latency. */
export function openRun(
  options: Omit<ApplyRun, 'slot' | 'send' | 'ids'> & { readonly parallel: number | undefined },
): ApplyRun {
  const { parallel, ...rest } = options
  const said = new Set<string>()
  return {
    ...rest,
    ...openQueues(options.sft.budget, parallel, options.stop),
    ids: givenIds(options.store),
    // Edits that go on side by side may learn the same thing.
    emit: event => {
      if (event.type === 'learnt') {
        if (said.has(event.message)) return
        said.add(event.message)
      }
      options.emit(event)
    },
    sft: { ...options.sft, read: freshReader(options.sft.read) },
  }
}

/** The queues of a run's writes, whose length follows rate and latency unless `parallel` fixes it. */
export function openQueues(
  budget: BudgetView,
  parallel: number | undefined,
  stop: AbortSignal,
): Pick<ApplyRun, 'slot' | 'send'> {
  const wanted = () => parallel ?? concurrencyFor(budget.callsPerSecond, budget.latencySeconds())
  const sends: LimitFunction = pLimit(wanted())
  const slots = new Map<KindName, LimitFunction>()
  const slotsOf = (kind: KindName): LimitFunction => {
    const known = slots.get(kind)
    if (known !== undefined) return known
    const made = pLimit(2 * wanted())
    slots.set(kind, made)
    return made
  }
  const adjust = () => {
    if (parallel !== undefined) return
    const now = wanted()
    if (sends.concurrency !== now) {
      sends.concurrency = now
      for (const queue of slots.values()) queue.concurrency = 2 * now
    }
  }
  return {
    slot: kind => task =>
      slotsOf(kind)(() => {
        if (stop.aborted) throw new StoppedError('the run was told to stop before it was sent')
        return task()
      }),
    send: task =>
      sends(async () => {
        try {
          return await task()
        } finally {
          adjust()
        }
      }),
  }
}

let intents = 0

/** A new intent; its ID is unique among all runs on a state. */
export function newIntent(
  run: ApplyRun,
  operation: OperationName,
  action: Intent['action'],
  drafts: readonly IntentDraft[],
): Intent {
  intents += 1
  return {
    id: `${run.store.state.serial.toString(36)}-${process.pid.toString(36)}-${intents.toString(36)}`,
    operation,
    at: new Date(run.clock.now()).toISOString(),
    settleSeconds: run.sft.settleSeconds(operation),
    action,
    drafts,
  }
}

export const announce = (run: ApplyRun, intent: Intent): Promise<void> =>
  run.store.append({ type: 'intent', intent })

export const concluded = (id: string, outcome: 'done' | 'failed' | 'absent'): StateEntry => ({
  type: 'conclude',
  id,
  outcome,
})

/**
 * A spec with every reference replaced by the ID that the state has for it by now. Throws
 * `SftMissingPrerequisiteError` where one has none: nothing can be sent or recorded without it.
 */
export function resolveReferences(spec: Spec, state: State): Spec {
  const resolved = resolveSpec(spec, ref => knownId(state, ref))
  const [open] = resolved.open
  if (open === undefined) return resolved.spec
  throw new SftMissingPrerequisiteError(`it needs ${open}, which has no ID in the state yet`)
}
