import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import { IssuesError } from '../issues.ts'
import type { Address, KindName } from '../model.ts'
import { blockedEntries } from '../outcome.ts'
import type { Change, CreateChange, Operation, Plan } from '../plan/plan.ts'
import { byKind, kindOf } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
import { SftError } from '../sft/errors.ts'
import type { StateStore } from '../state/state.ts'
import { openBulkUse } from './bulk-use.ts'
import { checkCanary } from './check-canary.ts'
import { createEndpoints } from './create-endpoints.ts'
import { createObject } from './create-object.ts'
import { editObject } from './edit-object.ts'
import { failed } from './endings.ts'
import type { ApplyEvent, ApplyReport, Result } from './report.ts'
import { retireObject } from './retire-object.ts'
import { type ApplyRun, openRun } from './run.ts'

export interface ApplyOptions {
  readonly sft: Sft
  /** Open for writing: it holds the lock. */
  readonly store: StateStore
  /** Default: real time. */
  readonly clock?: Clock
  /** Rows of a page of the SIM stock. Default: what the client is set to (contract 4.6). */
  readonly pageSize?: number
  /** Writes in flight; by rate and latency where it is not given. */
  readonly parallel?: number
  readonly onEvent?: (event: ApplyEvent) => void
  /** Stop: running writes are waited for, the rest is deferred. */
  readonly stop?: AbortSignal
  /** Asked once, after the canary endpoints, whether the rest may go on. */
  readonly confirmCanary?: (results: readonly Result[]) => Promise<boolean>
}

/** How an operation ended, for those that need it. */
type Ending = 'done' | 'deferred' | 'failed'

/**
 * Runs a plan's operations as they become unblocked. Each result is durable before anything that needs
 * it starts. Failures skip what depends on them, and nothing else. A new state is told whose it is first. Throws an `IssuesError` for a plan
 * with errors, and what is no `SftError`, such as a full disk, once nothing is under way any more.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const { sft, store, clock = SYSTEM_CLOCK, pageSize = sft.form.pageSize } = options
  const refusals = plan.issues.filter(issue => issue.severity === 'error')
  if (refusals.length > 0) throw new IssuesError(refusals)
  // What is no answer of the platform, such as a full disk, stops the run as a person would.
  const halt = new AbortController()
  const stop = options.stop ? AbortSignal.any([options.stop, halt.signal]) : halt.signal
  const emit = options.onEvent ?? (() => {})
  const run = openRun({
    sft,
    store,
    clock,
    pageSize,
    parallel: options.parallel,
    stop,
    emit,
  })
  if (plan.account !== undefined && plan.operations.length > 0 && store.state.account === undefined)
    await store.append({ type: 'account', account: plan.account })
  const startedAt = clock.now()
  const callsBefore = sft.budget.calls()
  const byId = new Map(plan.operations.map(operation => [operation.id, operation]))
  const results: Result[] = []
  const ended = new Map<string, Promise<Ending>>()
  emit({ type: 'start', totals: totals(plan) })

  const bulk = openBulkUse(run)
  const canary = gate()
  const canaries = plan.operations.filter(operation => operation.stage === 'canary')
  if (canaries.length === 0) canary.open(true)

  const broken: unknown[] = []
  const guard = <Value>(work: Promise<Value>): Promise<Value | 'failed'> =>
    work.catch((error: unknown) => {
      broken.push(error)
      halt.abort()
      canary.open(false)
      return 'failed' as const
    })
  for (const operation of plan.operations) ended.set(operation.id, guard(start(operation)))
  await Promise.all([...ended.values(), ...(canaries.length === 0 ? [] : [guard(finishCanary())])])
  if (broken.length > 0) throw broken[0]

  const report: ApplyReport = {
    results,
    counts: countResults(results),
    calls: sft.budget.calls() - callsBefore,
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
    const passed = operation.stage !== 'main' || (await canary.passed)
    const why = stop.aborted
      ? 'the run was told to stop before it was sent'
      : passed
        ? undefined
        : 'stopped after the canary endpoints'
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

  async function carryOut({ changes }: Operation, tell: (result: Result) => void): Promise<void> {
    const told = new Set<Address>()
    const note = (result: Result) => {
      told.add(result.address)
      tell(result)
    }
    const creations = changes.filter(isCreationInBulk)
    try {
      if (creations.length > 0) await createEndpoints(run, creations, bulk, note)
      else for (const change of changes) note(await perform(run, change))
    } catch (error) {
      if (!(error instanceof SftError)) throw error
      for (const change of changes)
        if (!told.has(change.address)) note(failed(change, error.message))
    }
  }

  async function finishCanary(): Promise<void> {
    await Promise.all(canaries.map(operation => ended.get(operation.id)))
    const addresses = new Set(canaries.flatMap(({ changes }) => changes.map(one => one.address)))
    const canaryResults = await checkCanary(
      run,
      results.filter(result => addresses.has(result.address)),
    )
    emit({ type: 'canary', results: canaryResults })
    canary.open(
      options.confirmCanary === undefined
        ? canaryResults.every(result => result.status === 'done')
        : await options.confirmCanary(canaryResults),
    )
  }
}

function gate(): { readonly passed: Promise<boolean>; readonly open: (go: boolean) => void } {
  let open: (go: boolean) => void = () => {}
  const passed = new Promise<boolean>(resolve => {
    open = resolve
  })
  return { passed, open }
}

async function perform(run: ApplyRun, change: Change): Promise<Result> {
  switch (change.action) {
    case 'create':
    case 'replace':
      return createObject(run, change)
    case 'adopt':
    case 'update':
      return editObject(run, change)
    case 'retire':
      return retireObject(run, change)
    case 'forget':
      await run.store.append({ type: 'remove', kind: change.kind, key: change.key })
      return {
        address: change.address,
        kind: change.kind,
        status: 'done',
        action: 'forget',
        id: change.id,
      }
    case 'keep':
    case 'orphan':
    case 'blocked':
      return failed(change, `a change to ${change.action} is not an operation`)
  }
}

/** An operation ahead that was put off or failed, and one of its addresses. */
interface Unmet {
  readonly ending: Exclude<Ending, 'done'>
  readonly because: Address
}

const isCreationInBulk = (change: Change): change is CreateChange =>
  change.action === 'create' && kindOf(change.kind).bulk !== undefined

const deferred = ({ address, kind }: Change, message: string): Result => ({
  address,
  kind,
  status: 'deferred',
  message,
})

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
