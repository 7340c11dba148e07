import { IssuesError } from '../issues.ts'
import type { Address, KindName } from '../model.ts'
import { blockedEntries } from '../outcome.ts'
import type { Change, CreateChange, Operation, Plan } from '../plan/plan.ts'
import { KINDS } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
import { SftError } from '../sft/errors.ts'
import type { Clock } from '../sft/once.ts'
import type { StateStore } from '../state/state.ts'
import { openBulkUse } from './bulk-use.ts'
import { checkCanary } from './check-canary.ts'
import { createEndpoints } from './create-endpoints.ts'
import { createObject } from './create-object.ts'
import { editObject } from './edit-object.ts'
import { failed } from './endings.ts'
import type { ApplyEvent, ApplyReport, Result } from './report.ts'
import { retireObject } from './retire-object.ts'
import { openRun, type Run } from './run.ts'

export interface ApplyOptions {
  readonly sft: Sft
  /** Open for writing: it holds the lock. */
  readonly store: StateStore
  readonly clock: Clock
  readonly pageSize: number
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
 * it starts. Failures skip what depends on them, and nothing else. Throws an `IssuesError` for a plan
 * with errors, and what is no `SftError`, such as a full disk, once nothing is under way any more.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const { sft, store, clock } = options
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
    pageSize: options.pageSize,
    parallel: options.parallel,
    stop,
    emit,
  })
  const startedAt = clock.now()
  const callsBefore = sft.budget.calls()
  const changes = changesByOperation(plan)
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
    const own = changes.get(operation.id) ?? []
    let ending: Ending = 'done'
    const told = new Set<Address>()
    const tell = (result: Result) => {
      told.add(result.address)
      if (result.status === 'deferred' && ending === 'done') ending = 'deferred'
      else if (result.status !== 'done') ending = 'failed'
      results.push(result)
      emit({ type: 'result', result })
    }
    const deferAll = (message: string) => {
      for (const change of own)
        tell({ address: change.address, kind: change.kind, status: 'deferred', message })
    }
    for (const need of operation.needs) {
      const before = await ended.get(need)
      if (before === undefined || before === 'done') continue
      const because = changes.get(need)?.[0]?.address ?? operation.addresses[0]
      if (before === 'deferred') deferAll(`it needs ${because}, which is deferred`)
      else
        for (const change of own)
          if (because !== undefined)
            tell({ address: change.address, kind: change.kind, status: 'skipped', because })
      return ending
    }
    const creations = own.filter(
      (change): change is CreateChange =>
        change.action === 'create' && KINDS[change.kind].identity === 'iccid',
    )
    const passed = operation.stage !== 'main' || (await canary.passed)
    if (stop.aborted) deferAll('the run was told to stop before it was sent')
    else if (!passed) deferAll('stopped after the canary endpoints')
    else
      try {
        if (creations.length > 0) await createEndpoints(run, creations, bulk, tell)
        else for (const change of own) tell(await perform(run, change))
      } catch (error) {
        if (!(error instanceof SftError)) throw error
        for (const change of own) if (!told.has(change.address)) tell(failed(change, error.message))
      }
    return ending
  }

  async function finishCanary(): Promise<void> {
    await Promise.all(canaries.map(operation => ended.get(operation.id)))
    const addresses = new Set(canaries.flatMap(operation => operation.addresses))
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

async function perform(run: Run, change: Change): Promise<Result> {
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

/** The changes of each operation; an address may have several, such as an update and an old revision's end. */
function changesByOperation(plan: Plan): ReadonlyMap<string, readonly Change[]> {
  const byId = new Map<string, Change>()
  const byAddress = new Map<Address, Change>()
  for (const change of plan.changes) {
    if (change.action === 'retire') byId.set(`retire ${change.address} ${change.id}`, change)
    else byAddress.set(change.address, change)
  }
  return new Map(
    plan.operations.map(operation => {
      const retired = byId.get(operation.id)
      if (retired !== undefined) return [operation.id, [retired]]
      return [operation.id, operation.addresses.flatMap(address => byAddress.get(address) ?? [])]
    }),
  )
}

function totals(plan: Plan): Record<KindName, number> {
  const counts: Record<KindName, number> = { rateZone: 0, addonPlan: 0, endpoint: 0 }
  for (const operation of plan.operations) counts[operation.kind] += operation.addresses.length
  return counts
}

function countResults(results: readonly Result[]): Record<Result['status'], number> {
  const counts: Record<Result['status'], number> = { done: 0, failed: 0, skipped: 0, deferred: 0 }
  for (const result of results) counts[result.status] += 1
  return counts
}
