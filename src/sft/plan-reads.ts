import type { Finding, Listing } from '../finding.ts'
import type { JsonObject } from '../model.ts'
import type { ListOptions, ReportedPlan, SftReader } from './api.ts'
import { planInTerms } from './contract-terms.ts'
import {
  answerOf,
  type ListReader,
  type Page,
  pageOf,
  readList,
  readOne,
  uniqueBy,
} from './lists.ts'
import { planIn } from './plan-report.ts'
import { requireId } from './prerequisites.ts'
import { toWire, type WireForm } from './wire-form.ts'

/** Reads of the plans of an account, of whatever planType. */
export function createPlanReads(
  reader: ListReader,
  form: WireForm,
): Pick<SftReader, 'addonPlans' | 'basePlans' | 'addonPlan'> {
  /** QueryRatePlan for one planType, or for what the account answers without. */
  const plansOfType = (
    planCategory: PlanCategory,
    planType: string | undefined,
    options: ListOptions<ReportedPlan>,
    agreed = false,
  ) =>
    readList(
      reader,
      {
        operation: 'QueryRatePlan',
        query: {
          planCategory,
          planType: planType && toWire(form.planType, planType),
        },
        pageOf: plansOf(form),
        idOf: plan => plan.planId,
        agreed,
      },
      options,
    )

  /** All plans of a category, whatever their planType. */
  async function plansOfCategory(
    category: PlanCategory,
    options: ListOptions<ReportedPlan> = {},
  ): Promise<Listing<ReportedPlan>> {
    // Without planType first: names are looked up among all plans, or one could be made twice.
    let listing = answerOf(await plansOfType(category, undefined, options))
    // ASSUMED (contract 4.5): what is listed without planType may be the plans of one planType only.
    const shown = new Set(listing.items.map(plan => plan.planType))
    for (const planType of PLAN_TYPES) {
      if (listing.doubt !== undefined) return listing
      if (shown.has(planType)) continue
      if (options.enough?.(listing.items))
        return {
          ...listing,
          doubt: 'QueryRatePlan: not every planType was asked for',
          stopped: true,
        }
      const rest = listing.items
      const more = await plansOfType(category, planType, withRest(options, rest), true)
      // An account that refuses a planType has no plans of it.
      if (more.kind !== 'rejected') listing = joined(listing, answerOf(more))
    }
    return listing
  }

  return {
    addonPlans: options => plansOfCategory('ADDON', options),
    async basePlans(options) {
      const { items, ...rest } = await plansOfCategory('NORMAL', options)
      return { ...rest, items: items.filter(({ category = 'NORMAL' }) => category === 'NORMAL') }
    },
    addonPlan(planId, options): Promise<Finding<ReportedPlan>> {
      requireId('QueryRatePlan', 'planId', planId)
      const call = {
        operation: 'QueryRatePlan',
        query: { planCategory: 'ADDON', planId },
        pageOf: plansOf(form),
      } as const
      return readOne(reader, call, `plan ${planId}`, plan => plan.planId === planId, options)
    },
  }
}

type PlanCategory = 'ADDON' | 'NORMAL'

/** The values of planType, in the contract's terms: prepaid and postpaid. */
const PLAN_TYPES = ['0', '1']

/** The same question of a list that is read in parts: what the other parts have counts too. */
function withRest<Item>(
  { enough, ...options }: ListOptions<Item>,
  rest: readonly Item[],
): ListOptions<Item> {
  return {
    ...options,
    ...(enough && { enough: (items: readonly Item[]) => enough([...rest, ...items]) }),
  }
}

function joined(one: Listing<ReportedPlan>, other: Listing<ReportedPlan>): Listing<ReportedPlan> {
  return {
    ...one,
    ...other,
    items: uniqueBy([...one.items, ...other.items], plan => plan.planId),
  }
}

const plansOf =
  (form: WireForm) =>
  (response: JsonObject): Page<ReportedPlan> | undefined =>
    pageOf(response, ['plan', 'rows'], row => {
      const plan = planIn(row, form)
      return plan && planInTerms(plan, form)
    })
