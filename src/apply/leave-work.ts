import { costOf } from '../plan/operations.ts'
import type { CreateChange, Operation, Plan } from '../plan/plan.ts'
import { ACTIONS, type Action } from '../plan/plan.ts'
import { kindOf } from '../resources/kinds.ts'
import type { LeftOperation } from '../state/apply-log.ts'

/** A plan in two: what is done at once, and what others can do afterwards. */
export interface SplitPlan {
  readonly now: Plan
  readonly later: readonly Operation[]
}

/**
 * Splits a plan. Later: the creations of kinds that calls create many of, which nothing waits for. Canaries are among
 * what is done at once, and so is everything else.
 */
export function splitPlan(plan: Plan): SplitPlan {
  const needed = new Set(plan.operations.flatMap(({ needs }) => needs))
  const isLater = ({ id, kind, action, stage, needs }: Operation): boolean =>
    action === 'create' &&
    kindOf(kind).bulk !== undefined &&
    stage !== 'canary' &&
    needs.length === 0 &&
    !needed.has(id)
  const later = plan.operations.filter(isLater)
  return {
    now: { ...plan, operations: plan.operations.filter(operation => !isLater(operation)) },
    later,
  }
}

/** What left creations need of their plan. */
type Frame = Pick<Plan, 'account' | 'wire'>

/** Creations that are left, and what they need of their plan, as text. */
export const leftOf = (
  plan: Plan,
  later: readonly Operation[],
): { readonly operations: readonly LeftOperation[]; readonly frame: string } => ({
  operations: later.map(({ changes, calls }) => ({
    calls,
    changes: changes.map(change => ({
      kind: change.kind,
      key: change.key,
      content: JSON.stringify(change),
    })),
  })),
  frame: JSON.stringify({
    ...(plan.account && { account: plan.account }),
    ...(plan.wire && { wire: plan.wire }),
  } satisfies Frame),
})

/** What left creations need of the plan that they were of. */
export const frameIn = (frame: string): Frame => JSON.parse(frame)

/** A plan of creations that were left, as they were. */
export function planOfLeft(
  left: readonly LeftOperation[],
  { account, wire }: Frame,
  callsPerSecond: number,
): Plan {
  const operations = left.map(({ changes, calls }, n): Operation => {
    const creations = changes.map(({ content }): CreateChange => JSON.parse(content))
    const kind = changes[0]?.kind ?? ''
    return {
      id: `create ${kind} #${n + 1} (${changes.length})`,
      kind,
      action: 'create',
      changes: creations,
      needs: [],
      calls,
    }
  })
  const changes = operations.flatMap(operation => operation.changes)
  const none = Object.fromEntries(ACTIONS.map(action => [action, 0])) as Record<Action, number>
  return {
    ...(account && { account }),
    ...(wire && { wire }),
    changes,
    operations,
    summary: { ...none, create: changes.length },
    cost: costOf(
      operations.reduce((sum, operation) => sum + operation.calls, 0),
      callsPerSecond,
    ),
    issues: [],
    labels: {},
  }
}
