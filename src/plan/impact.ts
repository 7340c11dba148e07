import { SECTION, type State, splitAddress } from '../state/state.ts'
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
    const impact = impactOf(change)
    return impact === undefined ? change : { ...change, impact }
  })

  function impactOf(change: Change): Impact | undefined {
    switch (change.kind) {
      case 'rateZone':
      case 'addonPlan': {
        const address =
          'movedFrom' in change && change.movedFrom !== undefined
            ? change.movedFrom
            : change.address
        const [, key] = splitAddress(address)
        const touched = plans.filter(plan =>
          change.kind === 'rateZone' ? plan.rateZone === key : plan === state.addonPlans[key],
        )
        const skus = touched.flatMap(plan => {
          const sku = plan.portal?.['sku']
          return typeof sku === 'string' ? [sku] : []
        })
        if (skus.length === 0 && sales === undefined) return undefined
        // An old revision has buyers of its own.
        const planIds =
          change.action === 'retire' && change.superseded !== undefined
            ? [change.superseded.id]
            : touched.map(plan => plan.planId)
        const sold = planIds.reduce((sum, id) => sum + (sales?.endpointsByPlan.get(id) ?? 0), 0)
        return { skus, ...(sales !== undefined && { soldEndpoints: sold }) }
      }
      case 'endpoint': {
        if (sales === undefined) return undefined
        const sold = sales.soldIccids.has(change.key)
        return { skus: [], soldEndpoints: sold ? 1 : 0, unsoldEndpoints: sold ? 0 : 1 }
      }
    }
  }
}
