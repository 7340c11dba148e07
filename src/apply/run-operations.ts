import type { Clock } from '../clock.ts'
import { IssuesError } from '../issues.ts'
import type { Address, KindName } from '../model.ts'
import { blockedEntries } from '../outcome.ts'
import type { Change, Operation, Plan } from '../plan/plan.ts'
import { byKind } from '../resources/kinds.ts'
import type { BudgetView } from '../sft/api.ts'
import { SftError } from '../sft/errors.ts'
import { deferred, failed } from './endings.ts'
import type { ApplyEvent, ApplyReport, Result, Tell } from './report.ts'

/** How an operation ended, for those that need it. */
type Ending = 'done' | 'deferred' | 'failed'

/** What a plan's operations are run with. */
export interface OperationRun {
  readonly budget: BudgetView
  readonly clock: Clock
  /** Stop: running writes are waited for, the rest is deferred. */
  readonly stop: AbortSignal
  readonly emit: (event: ApplyEvent) => void
  /** Does one operation, and tells how each of its changes ended. Changes that an `SftError` leaves untold have failed. */
  readonly carryOut: (operation: Operation, tell: Tell) => Promise<void>
  /** Why an operation whose turn has come may not begin; undefined: it may. */
  readonly holdBack?: (operation: Operation) => Promise<string | undefined>
  /** Called with what is no answer of the platform, such as a full disk: nothing more must begin. */
  readonly onBroken: () => void
  /** Goes on beside the operations, such as the question after the canaries. */
  readonly beside?: (
    ended: (id: string) => Promise<unknown>,
    results: readonly Result[],
  ) => Promise<void>
}

/** Throws an `IssuesError` for a plan with errors. */
export function refuseErrors(plan: Plan): void {
  const refusals = plan.issues.filter(issue => issue.severity === 'error')
  if (refusals.length > 0) throw new IssuesError(refusals)
}

/**
 * Runs a plan's operations as they become unblocked. Failures skip what depends on them, and nothing else.
 * Throws what is no `SftError` once nothing is under way any more.
 */
export async function runOperations(plan: Plan, run: OperationRun): Promise<ApplyReport> {
  const { budget, clock, stop, emit } = run
  const startedAt = clock.now()
  const callsBefore = budget.calls()
  const byId = new Map(plan.operations.map(operation => [operation.id, operation]))
  const results: Result[] = []
  const ended = new Map<string, Promise<Ending>>()
  emit({ type: 'start', totals: totals(plan) })

  const broken: unknown[] = []
  const guard = <Value>(work: Promise<Value>): Promise<Value | 'failed'> =>
    work.catch((error: unknown) => {
      broken.push(error)
      run.onBroken()
      return 'failed' as const
    })
  for (const operation of plan.operations) ended.set(operation.id, guard(start(operation)))
  const beside = run.beside?.(async id => ended.get(id), results)
  await Promise.all([...ended.values(), ...(beside === undefined ? [] : [guard(beside)])])
  if (broken.length > 0) throw broken[0]

  const report: ApplyReport = {
    results,
    counts: countResults(results),
    calls: budget.calls() - callsBefore,
    seconds: (clock.now() - startedAt) / 1000,
    stopped: stop.aborted,
    blocked: blockedEntries(plan),
  }
  emit({ type: 'end', report })
  return report

  async function start(operation: Operation): Promise<Ending> {
    const { tell, ending } = teller()
    const ahead = await unmet(operation.needs)
    if (ahead !== undefined) {
      for (const change of operation.changes) tell(notReached(change, ahead))
      return ending()
    }
    const held = await run.holdBack?.(operation)
    const why = stop.aborted ? 'the run was told to stop before it was sent' : held
    if (why === undefined) await carryOut(operation, tell)
    else for (const change of operation.changes) tell(deferred(change, why))
    return ending()
  }

  /** Takes the results of one operation, and what they make of it. */
  function teller(): { readonly tell: (result: Result) => void; readonly ending: () => Ending } {
    let ending: Ending = 'done'
    return {
      tell(result) {
        if (result.status === 'deferred' && ending === 'done') ending = 'deferred'
        else if (result.status !== 'done') ending = 'failed'
        results.push(result)
        emit({ type: 'result', result })
      },
      ending: () => ending,
    }
  }

  /** The first operation among these that did not end well, once that is known. */
  async function unmet(needs: readonly string[]): Promise<Unmet | undefined> {
    for (const need of needs) {
      const before = await ended.get(need)
      const because = byId.get(need)?.changes[0]?.address
      if (before !== undefined && before !== 'done' && because !== undefined)
        return { ending: before, because }
    }
    return undefined
  }

  async function carryOut(operation: Operation, tell: Tell): Promise<void> {
    const told = new Set<Address>()
    const note = (result: Result) => {
      told.add(result.address)
      tell(result)
    }
    try {
      await run.carryOut(operation, note)
    } catch (error) {
      if (!(error instanceof SftError)) throw error
      for (const change of operation.changes)
        if (!told.has(change.address)) note(failed(change, error.message))
    }
  }
}

/** An operation ahead that was put off or failed, and one of its addresses. */
interface Unmet {
  readonly ending: Exclude<Ending, 'done'>
  readonly because: Address
}

const notReached = (change: Change, { ending, because }: Unmet): Result =>
  ending === 'deferred'
    ? deferred(change, `it needs ${because}, which is deferred`)
    : { address: change.address, kind: change.kind, status: 'skipped', because }

function totals(plan: Plan): Record<KindName, number> {
  const counts = {
    ...byKind(
      ({ kind }) => kind,
      () => 0,
    ),
  }
  for (const { kind, changes } of plan.operations)
    counts[kind] = (counts[kind] ?? 0) + changes.length
  return counts
}

function countResults(results: readonly Result[]): Record<Result['status'], number> {
  const counts: Record<Result['status'], number> = { done: 0, failed: 0, skipped: 0, deferred: 0 }
  for (const result of results) counts[result.status] += 1
  return counts
}
