import { type AddonPlanRecord, SECTION, type State, splitAddress } from '../state/state.ts'
import type { Change, Impact } from './plan.ts'

/** What a ledger knows of sales, by platform ID. */
export interface Sales {
  /** ICCIDs that an order has reserved or sold. */
  readonly soldIccids: ReadonlySet<string>
  /** Endpoints holding an instance of a plan, by plan ID. */
  readonly endpointsByPlan: ReadonlyMap<string, number>
}

/** Changes with what each means for people: SKUs, and sold and unsold endpoints where sales are known. */
export function withImpact(
  changes: readonly Change[],
  state: State,
  sales: Sales | undefined,
): readonly Change[] {
  const plans = Object.values(state[SECTION.addonPlan])
  return changes.map(change => {
    if (change.action === 'keep' || change.action === 'create' || change.action === 'adopt')
      return change
    const impact = impactOf(change, state, plans, sales)
    return impact === undefined ? change : { ...change, impact }
  })
}

function impactOf(
  change: Change,
  state: State,
  plans: readonly AddonPlanRecord[],
  sales: Sales | undefined,
): Impact | undefined {
  if (change.kind !== 'endpoint')
    return impactOnPlans(change, plansTouched(change, state, plans), sales)
  if (sales === undefined) return undefined
  const sold = sales.soldIccids.has(change.key)
  return { skus: [], soldEndpoints: sold ? 1 : 0, unsoldEndpoints: sold ? 0 : 1 }
}

/** The plan of the state that a change is about, or those of its rate zone. */
function plansTouched(
  change: Change,
  state: State,
  plans: readonly AddonPlanRecord[],
): readonly AddonPlanRecord[] {
  const moved = 'movedFrom' in change ? change.movedFrom : undefined
  const [, key] = splitAddress(moved ?? change.address)
  if (change.kind === 'rateZone') return plans.filter(plan => plan.rateZone === key)
  const plan = state.addonPlans[key]
  return plan === undefined ? [] : [plan]
}

function impactOnPlans(
  change: Change,
  plans: readonly AddonPlanRecord[],
  sales: Sales | undefined,
): Impact | undefined {
  const skus = plans.flatMap(plan => {
    const sku = plan.portal?.['sku']
    return typeof sku === 'string' ? [sku] : []
  })
  if (sales === undefined) return skus.length === 0 ? undefined : { skus }
  // An old revision has buyers of its own.
  const old = change.action === 'retire' ? change.superseded : undefined
  const planIds = old === undefined ? plans.map(plan => plan.planId) : [old.id]
  const sold = planIds.map(id => sales.endpointsByPlan.get(id) ?? 0)
  return { skus, soldEndpoints: sold.reduce((sum, one) => sum + one, 0) }
}
