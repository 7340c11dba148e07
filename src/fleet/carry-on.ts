import { setMaxListeners } from 'node:events'
import { anySignal } from '../any-signal.ts'
import { applyPlan } from '../apply/apply-plan.ts'
import { frameIn, planOfLeft } from '../apply/leave-work.ts'
import type { Result } from '../apply/report.ts'
import { settlePending } from '../apply/settle-pending.ts'
import { PlainError } from '../plain-error.ts'
import type { Sft } from '../sft/api.ts'
import { SftError } from '../sft/errors.ts'
import type { AccountIdentity } from '../state/state.ts'
import type { AtWork, Duty } from './duty.ts'
import type { Fleet, TakenApply } from './fleet.ts'

/** Failures are written, and calls counted, so often (ms). */
const NOTE_MS = 1000

/**
 * Carries out what applies left to workers, by the engine that `apply` itself has: the state is open for it, each write
 * is announced there first, and whoever wants to write the state gets it.
 */
export function carryOnApplies(fleet: Fleet, sft: Sft): Duty {
  return {
    kind: 'applies',
    atOnce: 1,
    async look() {
      const given = await fleet.giveOut()
      return given.map(({ id, time }) => ({
        id: `apply ${id}#${time}`,
        kind: 'applies',
        about: String(id),
      }))
    },
    async work(about, at) {
      const id = Number(about)
      try {
        const taken = await fleet.take(id)
        return taken === undefined ? 'not needed' : await attempt(taken, fleet, sft, at)
      } catch (error) {
        // The apply keeps why; it is given out again after a while.
        const problem = error instanceof Error ? error.message : String(error)
        await fleet.noteProblem(id, problem)
        at.tell({ type: 'apply stopped', id, why: problem })
        return 'stopped'
      }
    },
  }
}

async function attempt(
  opened: TakenApply,
  fleet: Fleet,
  sft: Sft,
  { tell, stopping }: AtWork,
): Promise<string> {
  await using taken = opened
  const { id } = taken
  tell({ type: 'apply taken', id })
  const stop = anySignal([taken.wanted, stopping])
  const left = await carryOn(taken, sft, stop)
  const end = await taken.end()
  if (end !== undefined) {
    tell({ type: 'apply ended', id, outcome: end.outcome })
    return end.outcome
  }
  const why = taken.wanted.aborted
    ? 'somebody else wants to write the state'
    : stopping.aborted
      ? 'this worker was told to stop'
      : `what became of ${left} is not known yet, and is looked for first`
  if (!stop.aborted) await fleet.noteProblem(id, why)
  tell({ type: 'apply stopped', id, why })
  return 'stopped'
}

/** Does what is left; how many changes are left after it. */
async function carryOn(taken: TakenApply, sft: Sft, stop: AbortSignal): Promise<number> {
  const { store } = taken
  const frame = frameIn(taken.frame)
  requireAccount(sft, frame.account ?? store.state.account)
  const spoken = frame.wire === undefined ? sft : sft.withWire(frame.wire)
  const calls = callCounter(taken, sft)
  const failures = openFailures(taken, spoken)
  const ends = anySignal([stop, failures.away])
  // Every write that is settled listens to it.
  setMaxListeners(0, ends)
  try {
    await settlePending(spoken, store, { signal: ends }).catch((error: unknown) => {
      // Told to stop: what is still open stays announced.
      if (!ends.aborted) throw error
    })
    const plan = planOfLeft(await taken.left(), frame, sft.budget.callsPerSecond)
    const report = await applyPlan(plan, {
      sft,
      store,
      stop: ends,
      onEvent: event => {
        if (event.type === 'result') failures.take(event.result)
      },
    })
    await failures.end()
    return report.counts.deferred
  } finally {
    failures.close()
    calls.close()
  }
}

/** A worker of another account would make the endpoints there. */
function requireAccount(sft: Sft, account: AccountIdentity | undefined): void {
  if (account === undefined) return
  if (account.host === sft.host && account.targetAccountId === sft.targetAccountId) return
  const named = ({ host, targetAccountId }: Pick<Sft, 'host' | 'targetAccountId'>) =>
    `${host}, ${targetAccountId === undefined ? 'no target account' : `target account ${targetAccountId}`}`
  throw new PlainError(
    `the apply is for ${named({ ...account, targetAccountId: account.targetAccountId })}, and this worker is for ${named(sft)}: start it for that account`,
  )
}

function callCounter(taken: TakenApply, { budget }: Sft) {
  let counted = budget.calls()
  const count = () => {
    const now = budget.calls()
    taken.spent(now - counted)
    counted = now
  }
  const timer = setInterval(count, NOTE_MS)
  return {
    close() {
      clearInterval(timer)
      count()
    },
  }
}

/**
 * Keeps what failed. Where nothing but failures comes, the account is read first: an account that is away, or that
 * lets nobody in, says nothing of a change, which then stays to be done.
 */
function openFailures(taken: TakenApply, sft: Sft) {
  const away = new AbortController()
  let waiting: Extract<Result, { readonly status: 'failed' }>[] = []
  let hasSucceeded = false
  let noting: Promise<void> | undefined
  let broken: unknown

  const note = async (): Promise<void> => {
    const failed = waiting
    const isDoubtful = !hasSucceeded
    waiting = []
    hasSucceeded = false
    const [first] = failed
    if (first === undefined || away.signal.aborted) return
    try {
      if (isDoubtful) await sft.read.sim(keyOf(first))
      await taken.failed(
        failed.map(({ kind, address, message }) => ({ kind, key: keyOf({ address }), message })),
      )
    } catch (error) {
      broken =
        error instanceof SftError
          ? new PlainError(`the account cannot be used: ${error.message}`, { cause: error })
          : error
      away.abort()
    }
  }
  const noteAgain = (): Promise<void> => {
    noting ??= note().finally(() => {
      noting = undefined
    })
    return noting
  }
  const timer = setInterval(() => void noteAgain(), NOTE_MS)
  return {
    away: away.signal,
    take(result: Result) {
      if (result.status === 'failed') waiting.push(result)
      else if (result.status === 'done') hasSucceeded = true
    },
    /** Throws what made the account, or the state, of no use. */
    async end() {
      clearInterval(timer)
      await noting
      await noteAgain()
      if (broken !== undefined) throw broken
    },
    close: () => clearInterval(timer),
  }
}

const keyOf = ({ address }: { readonly address: string }): string =>
  address.slice(address.indexOf('/') + 1)
