import { setMaxListeners } from 'node:events'
import { anySignal } from '../any-signal.ts'
import { deferred, failed } from '../apply/endings.ts'
import type { ApplyEvent, ApplyReport, Result } from '../apply/report.ts'
import { openQueues, StoppedError } from '../apply/run.ts'
import { runOperations } from '../apply/run-operations.ts'
import type { Address, ChangeShareLimits } from '../model.ts'
import type { Change, Plan } from '../plan/plan.ts'
import { SftError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { checkAccount } from '../state/account-identity.ts'
import type { EndpointChoice } from './endpoint-view.ts'
import { ProvisionError } from './errors.ts'
import { isAbort, reasonOf } from './explain.ts'
import { listEndpoints } from './list-endpoints.ts'
import {
  activateOutOfSale,
  changeOutOfSale,
  type LifecycleAction,
  type LifecycleEnd,
  type LifecycleTarget,
} from './out-of-sale.ts'
import { planLifecycle, WANTED } from './plan-lifecycle.ts'
import type { SellingContext } from './selling-context.ts'
import type { RunOther } from './take-endpoint.ts'

/** Which endpoints are to be activated, suspended or taken back into service. */
export interface LifecycleRequest {
  readonly action: LifecycleAction
  /** `limit` counts those that are changed. */
  readonly choice?: EndpointChoice
  /** Go ahead where more of the state's endpoints change than `limits` allow. */
  readonly force?: boolean
  /** `limits` of the catalog that is applied to this state; 30 % where it is not given. */
  readonly limits?: ChangeShareLimits
}

/** A change of lifecycle that was planned; nothing of it is done yet. */
export interface LifecyclePlan {
  readonly action: LifecycleAction
  readonly plan: Plan
  /** What each address that is changed stands for. */
  readonly targets: ReadonlyMap<Address, LifecycleTarget>
}

/** How a planned change of lifecycle is carried out. */
export interface LifecycleOptions {
  /** Writes in flight; by rate and latency where it is not given. */
  readonly parallel?: number
  readonly onEvent?: (event: ApplyEvent) => void
  /** Stop: running writes are waited for, the rest is deferred. */
  readonly stop?: AbortSignal
}

/** Reads state, ledger and the stock of SIMs, and plans. Nothing is written anywhere. Throws `SftError`s. */
export async function makeLifecyclePlan(
  context: SellingContext,
  { action, choice = {}, force = false, limits = {} }: LifecycleRequest,
): Promise<LifecyclePlan> {
  const { sft, ledger } = context
  const state = await context.readState()
  const { limit, ...which } = choice
  const views = await listEndpoints({ state, ledger, sft }, which)
  const { targetAccountId } = sft
  const account = { host: sft.host, ...(targetAccountId !== undefined && { targetAccountId }) }
  const plan = planLifecycle(views, state, {
    action,
    ...(limit !== undefined && { limit }),
    force,
    limits,
    callsPerSecond: sft.budget.callsPerSecond,
    issues: checkAccount(state, account),
  })
  const targets = new Map<Address, LifecycleTarget>(
    views.map(view => {
      const { iccid, endpointId, batch, tags, lifecycle } = view
      const candidate = { endpointId, iccid, batch, tags }
      return [`endpoint/${iccid}`, { candidate, isSeen: lifecycle === WANTED[action] }]
    }),
  )
  return { action, plan, targets }
}

/**
 * Carries out a planned change of lifecycle, as `applyPlan` carries out a plan. Each endpoint is kept in the ledger
 * before anything is sent, and looked for by reading where an answer is not clear.
 */
export async function applyLifecycle(
  context: SellingContext,
  { action, plan, targets }: LifecyclePlan,
  { parallel, onEvent = () => {}, stop }: LifecycleOptions,
  closing: AbortSignal,
  runOther: RunOther,
): Promise<ApplyReport> {
  const { budget } = context.sft
  const halt = new AbortController()
  const { signal } = halt
  // Every call of the run listens to it, and meets an AbortError whatever the reason of the others is.
  setMaxListeners(0, signal)
  const stopping = anySignal([closing, ...(stop === undefined ? [] : [stop])])
  const end = () => halt.abort()
  if (stopping.aborted) end()
  else stopping.addEventListener('abort', end, { once: true })
  const { slot } = openQueues(budget, parallel, signal)
  const act = (target: LifecycleTarget): Promise<LifecycleEnd> =>
    action === 'activate'
      ? activateOutOfSale(context, target, signal)
      : changeOutOfSale(context, action, target, runOther, signal)

  const perform = async (change: Change): Promise<Result> => {
    const target = targets.get(change.address)
    if (target === undefined) return failed(change, 'the plan does not say which endpoint it is')
    try {
      return resultOf(change, await slot(change.kind)(() => act(target)))
    } catch (error) {
      return resultOfError(change, error, signal)
    }
  }
  return await runOperations(plan, {
    budget,
    clock: context.clock,
    stop: signal,
    emit: onEvent,
    onBroken: end,
    async carryOut({ changes }, tell) {
      for (const change of changes) tell(await perform(change))
    },
  })
}

const openEnd = (why: string): string =>
  `outcome not known yet, the next run looks for it first: ${why}`

function resultOf(change: Change, end: LifecycleEnd): Result {
  const { address, kind } = change
  const id = 'id' in change && change.id !== undefined ? { id: change.id } : {}
  switch (end.is) {
    case 'done': {
      const isNoted = 'fields' in change && change.fields.every(one => one.mutability === 'local')
      const action = isNoted ? 'record' : 'update'
      return { address, kind, status: 'done', action, ...id, how: end.how }
    }
    case 'kept':
      return { address, kind, status: 'done', action: 'keep', ...id, message: end.why }
    case 'refused':
      return failed(change, end.why)
    case 'open':
      return deferred(change, openEnd(end.why))
  }
}

/** What is no answer of the platform and no refusal of the ledger ends the whole run. */
function resultOfError(change: Change, error: unknown, stop: AbortSignal): Result {
  const cause = error instanceof ProvisionError ? error.cause : error
  const isForeseen =
    error instanceof SftError ||
    error instanceof ProvisionError ||
    error instanceof StoppedError ||
    isAbort(error)
  if (!isForeseen) throw error
  if (cause instanceof SftUnknownOutcomeError) return deferred(change, openEnd(reasonOf(error)))
  return stop.aborted
    ? deferred(change, 'the run was told to stop before it was sent')
    : failed(change, reasonOf(error))
}
