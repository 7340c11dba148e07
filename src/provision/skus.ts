import { nearestOf } from '../nearest.ts'
import type { AddonPlanRecord } from '../resources/addon-plan.ts'
import type { State } from '../state/state.ts'
import { type SoldTerms, soldTerms } from './plan-terms.ts'

/** What a SKU means in a state. */
export type SkuMeaning =
  | {
      readonly kind: 'plan'
      readonly planId: string
      readonly planName: string
      /** Absent: a volume for some days. */
      readonly terms?: SoldTerms
    }
  | { readonly kind: 'out of sale'; readonly planName: string }
  | { readonly kind: 'unknown'; readonly nearest?: string }

/** The SKU under which the catalog sells a plan. */
export const skuOf = (plan: AddonPlanRecord): string | undefined => {
  const sku = plan.portal?.['sku']
  return typeof sku === 'string' || typeof sku === 'number' ? String(sku) : undefined
}

/** What a plan is sold as now; undefined where it is not. */
export const skuOfPlan = (state: State, planId: string | undefined): string | undefined => {
  const plan = Object.values(state.addonPlans).find(one => one.planId === planId)
  return plan === undefined ? undefined : skuOf(plan)
}

/** Finds the plan that a portal SKU stands for: the one with `portal.sku` equal to it. */
export function readSku(state: State, sku: string): SkuMeaning {
  const plans = Object.values(state.addonPlans)
  const named = plans.filter(plan => skuOf(plan) === sku)
  const sold = named.find(plan => plan.retired !== true && plan.planId !== '')
  if (sold !== undefined) {
    const terms = soldTerms(sold.spec)
    return {
      kind: 'plan',
      planId: sold.planId,
      planName: sold.name,
      ...(terms !== undefined && { terms }),
    }
  }
  const [retired] = named
  if (retired !== undefined) return { kind: 'out of sale', planName: retired.name }
  const nearest = nearestOf(
    sku,
    plans.flatMap(plan => skuOf(plan) ?? []),
  )
  return { kind: 'unknown', ...(nearest === undefined ? {} : { nearest }) }
}
