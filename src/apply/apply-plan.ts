import { setMaxListeners } from 'node:events'
import { anySignal } from '../any-signal.ts'
import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import type { Change, CreateChange, Plan } from '../plan/plan.ts'
import { kindOf } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
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
import { refuseErrors, runOperations } from './run-operations.ts'

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

/**
 * Runs a plan's operations as they become unblocked. Each result is durable before anything that needs
 * it starts. Failures skip what depends on them, and nothing else. A new state is told whose it is first. Throws an `IssuesError` for a plan
 * with errors, and what is no `SftError`, such as a full disk, once nothing is under way any more.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const sft = plan.wire === undefined ? options.sft : options.sft.withWire(plan.wire)
  const { store, clock = SYSTEM_CLOCK, pageSize = sft.form.pageSize } = options
  refuseErrors(plan)
  // What is no answer of the platform, such as a full disk, stops the run as a person would.
  const halt = new AbortController()
  const stop = options.stop ? anySignal([options.stop, halt.signal]) : halt.signal
  // Every call of the run listens to it.
  setMaxListeners(0, stop)
  const emit = options.onEvent ?? (() => {})
  const run = openRun({ sft, store, clock, pageSize, parallel: options.parallel, stop, emit })
  const known = store.state.account
  const isNews =
    known === undefined || (known.environment ?? plan.account?.environment) !== known.environment
  if (plan.account !== undefined && plan.operations.length > 0 && isNews)
    await store.append({ type: 'account', account: { ...known, ...plan.account } })

  const bulk = openBulkUse(run)
  const canary = gate()
  const canaries = plan.operations.filter(operation => operation.stage === 'canary')
  if (canaries.length === 0) canary.open(true)

  return await runOperations(plan, {
    budget: sft.budget,
    clock,
    stop,
    emit,
    onBroken() {
      halt.abort()
      canary.open(false)
    },
    holdBack: async ({ stage }) =>
      stage !== 'main' || (await canary.passed) ? undefined : 'stopped after the canary endpoints',
    async carryOut({ changes }, tell) {
      const creations = changes.filter(isCreationInBulk)
      if (creations.length > 0) await createEndpoints(run, creations, bulk, tell)
      else for (const change of changes) tell(await perform(run, change))
    },
    ...(canaries.length > 0 && { beside: finishCanary }),
  })

  async function finishCanary(
    ended: (id: string) => Promise<unknown>,
    results: readonly Result[],
  ): Promise<void> {
    await Promise.all(canaries.map(operation => ended(operation.id)))
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

const isCreationInBulk = (change: Change): change is CreateChange =>
  change.action === 'create' && kindOf(change.kind).bulk !== undefined
