/** What a change of lifecycle does to each chosen endpoint, as a plan. Pure. */
import type { Issue } from '../issues.ts'
import type { ChangeShareLimits, Resource } from '../model.ts'
import { checkPlan } from '../plan/check.ts'
import { planChanges } from '../plan/operations.ts'
import type { BlockedChange, Change, FieldChange, Plan } from '../plan/plan.ts'
import type { EndpointRecord } from '../resources/endpoint.ts'
import type { State } from '../state/state.ts'
import type { EndpointView } from './endpoint-view.ts'
import type { LifecycleAction } from './out-of-sale.ts'

/** What planning a lifecycle is told besides the endpoints. */
export interface LifecycleQuestion {
  readonly action: LifecycleAction
  /** Change so many at most, the first ones. */
  readonly limit?: number
  /** Go ahead where a larger share changes than `limits` allow. */
  readonly force?: boolean
  /** Shares of what the state has that may change. */
  readonly limits: ChangeShareLimits
  readonly callsPerSecond: number
  /** What stands against it besides. */
  readonly issues?: readonly Issue[]
}

/** The states that an action leads to. */
export const WANTED: Readonly<Record<LifecycleAction, 'Active' | 'Suspended'>> = {
  activate: 'Active',
  suspend: 'Suspended',
  reactivate: 'Active',
}

/**
 * What becomes of an endpoint. `change`: a call. `note`: it is so on the account, and the ledger lacks it. `keep`:
 * it is so, or there is nothing to do about it. `blocked`: it stays other than it was asked for.
 */
type Verdict =
  | { readonly is: 'change' | 'keep' }
  | { readonly is: 'note'; readonly why: string }
  | { readonly is: 'blocked'; readonly why: string; readonly notKnown?: true }

const CHANGE: Verdict = { is: 'change' }
const KEEP: Verdict = { is: 'keep' }
const blocked = (why: string): Verdict => ({ is: 'blocked', why })

/** Endpoints that were chosen → a plan, of which nothing is done yet. */
export function planLifecycle(
  views: readonly EndpointView[],
  state: State,
  question: LifecycleQuestion,
): Plan {
  const { action, limit = Number.POSITIVE_INFINITY, callsPerSecond } = question
  let left = limit
  const changes = views.flatMap((view): readonly Change[] => {
    const record = state.endpoints[view.iccid]
    if (record === undefined) return []
    const verdict = judge(view, action)
    const changesIt = verdict.is === 'change' || verdict.is === 'note'
    // What is beyond the limit was not asked for.
    if (changesIt && left <= 0) return []
    if (changesIt) left -= 1
    return [changeOf(view, record, action, verdict)]
  })
  const planned = planChanges(changes, question.issues ?? [], {
    callsPerSecond,
    bulkMode: 'off',
    bulkSize: 1,
    learnt: {},
  })
  const refusals = question.force === true ? [] : checkPlan(planned, state, question.limits)
  return { ...planned, issues: [...planned.issues, ...refusals] }
}

/** By who has it first: what an order has is its buyer's, whatever the account says. */
function judge(view: EndpointView, action: LifecycleAction): Verdict {
  const { use, orderId = '(none)', reason = 'no reason given', lifecycle, doubt } = view
  if (use === 'set aside') return blocked(`it is set aside: ${reason}`)
  if (use === 'sold' || use === 'reserved')
    return action === 'activate' && view.suspended !== true
      ? KEEP
      : blocked(
          use === 'sold'
            ? `it is sold to order ${orderId}: "sft-catalog ${action === 'suspend' ? 'suspend' : 'reactivate'} --endpoint ${view.endpointId}" is for one that was sold`
            : `it is reserved for order ${orderId}`,
        )
  if (lifecycle === undefined)
    return { is: 'blocked', why: doubt ?? 'its state is not known', notKnown: true }
  return use === 'in service' && view.open !== 'activate'
    ? judgeInService(view, action, lifecycle)
    : judgeUnused(view, action, lifecycle)
}

/** In service without a sale. */
function judgeInService(
  { suspended = false, open }: EndpointView,
  action: LifecycleAction,
  lifecycle: string,
): Verdict {
  if (action === 'activate')
    return suspended || lifecycle !== 'Active'
      ? blocked(`it is ${lifecycle}: "sft-catalog endpoints reactivate" is for that`)
      : KEEP
  if (lifecycle !== WANTED[action])
    return lifecycle === 'Active' || lifecycle === 'Suspended'
      ? CHANGE
      : blocked(`it is ${lifecycle}: only what is Active or Suspended can be changed`)
  const isKnown = suspended === (action === 'suspend') && open === undefined
  return isKnown ? KEEP : { is: 'note', why: `it is ${lifecycle} already; the ledger is told` }
}

/** For sale, or with an activation that was announced and whose end is not known. */
function judgeUnused({ open }: EndpointView, action: LifecycleAction, lifecycle: string): Verdict {
  if (action !== 'activate')
    return lifecycle === 'Pre-Active' && open === undefined
      ? KEEP
      : blocked(
          open === undefined
            ? `it is ${lifecycle}, and was not activated from here: "sft-catalog endpoints activate" takes it over`
            : 'its activation is not settled: "sft-catalog endpoints activate" goes on with it',
        )
  if (lifecycle === 'Pre-Active') return CHANGE
  if (lifecycle === 'Active')
    return { is: 'note', why: 'it is Active already; the ledger is told, so that it is not sold' }
  return blocked(`it is ${lifecycle}: only a Pre-Active endpoint can be activated`)
}

function changeOf(
  view: EndpointView,
  record: EndpointRecord,
  action: LifecycleAction,
  verdict: Verdict,
): Change {
  const { iccid, endpointId: id, lifecycle = '', name } = view
  const address = `endpoint/${iccid}` as const
  const base = { address, kind: 'endpoint', key: iccid, name, id, notes: [] }
  if (verdict.is === 'keep') return { ...base, action: 'keep' }
  if (verdict.is === 'blocked') {
    const { why, notKnown } = verdict
    const change: BlockedChange = { ...base, action: 'blocked', reason: why, fields: [] }
    return notKnown === true ? { ...change, notKnown } : change
  }
  const field: FieldChange = {
    field: 'lifecycle',
    mutability: verdict.is === 'change' ? 'in-place' : 'local',
    origin: 'ours',
    account: lifecycle,
    wanted: WANTED[action],
    message: 'why' in verdict ? verdict.why : 'asked for',
  }
  return {
    ...base,
    action: 'update',
    resource: resourceOf(view, record),
    spec: record.spec,
    record,
    current: record.spec,
    fields: [field],
    blocked: [],
  }
}

const resourceOf = ({ iccid, batch, tags }: EndpointView, { spec }: EndpointRecord): Resource => ({
  kind: 'endpoint',
  address: `endpoint/${iccid}`,
  key: iccid,
  naturalKey: iccid,
  spec,
  local: { batch, tags },
  needs: [],
})
