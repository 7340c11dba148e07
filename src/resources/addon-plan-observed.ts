/** What the account reports of add-on plans, in the catalog's terms. */
import type { Json } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'
import { normaliseAmount, validityOf } from '../units.ts'
import type { ObservedObject } from './kind.ts'

// The ports speak the contract's values (section 7), whatever this account has.
export const PLAN_TYPE = { prepaid: '0', postpaid: '1' } as const
export const ACTIVATED_BY = { 'first-use': '1', immediate: '0' } as const
export const RENEWAL_RULE = { expiry: '1', exhaustion: '2' } as const

const keyOf = <Key extends string>(
  table: Readonly<Record<Key, string>>,
  value: string | undefined,
): Key | undefined => (Object.keys(table) as Key[]).find(key => table[key] === value)

function renewalOf(subscription: NonNullable<ReportedPlan['subscription']>): Json | undefined {
  if (subscription.occurrences === undefined) return undefined
  if (subscription.occurrences === '1' || subscription.reSubscription === 'false') return null
  const on = keyOf(RENEWAL_RULE, subscription.rule)
  if (on === undefined) return undefined
  const { occurrences } = subscription
  return { on, times: occurrences === 'unlimited' ? occurrences : Number(occurrences) }
}

/** What other types than those that are known mean is not compared. */
function validityIn({ type, factor }: NonNullable<ReportedPlan['validity']>): Json | undefined {
  if (type === 'unlimited') return 'unlimited'
  const unit = type === '1' ? 'days' : type
  if (unit !== 'days' && unit !== 'months' && unit !== 'years') return undefined
  return factor === undefined ? undefined : validityOf({ unit, count: Number(factor) })
}

/** A value of which the platform tells that there is none. */
const orNone = <Value>(
  word: string | undefined,
  none: string,
  read: (word: string) => Value,
): Value | null | undefined => (word === undefined ? undefined : word === none ? null : read(word))

const volumeOf = (word: string): Json => (word === 'unlimited' ? word : Number(word))

/** What of a plan is reported, in the catalog's terms; what is not reported is left out. */
export function observedPlan(plan: ReportedPlan): ObservedObject {
  const benefit = plan.benefits?.length === 1 ? plan.benefits[0] : undefined
  const reported: Record<string, Json | undefined> = {
    name: plan.name,
    description: plan.description,
    status: plan.status,
    rateZone: benefit?.rateZone,
    dataMB: benefit?.value && volumeOf(benefit.value),
    dataPer: orNone(plan.dataPer, 'validity', word => word),
    smsCount: orNone(plan.smsCount, '0', Number),
    throttleKbps: orNone(plan.throttleKbps, 'none', Number),
    validityDays: plan.validity && validityIn(plan.validity),
    activation: keyOf(ACTIVATED_BY, plan.subscription?.activatedBy),
    renewal: plan.subscription && renewalOf(plan.subscription),
    charge: plan.charge === undefined ? undefined : normaliseAmount(plan.charge),
    recurringCharge: orNone(plan.recurringCharge, 'none', normaliseAmount),
    priority: plan.priority === undefined ? undefined : Number(plan.priority),
    serviceProfile: plan.serviceProfile,
    currencyId: plan.currencyId,
    planType: keyOf(PLAN_TYPE, plan.planType),
    destinationGroup: plan.destinationGroup,
    // All of it: what is compared of it is what was copied.
    like: plan.fields,
  }
  return {
    id: plan.planId,
    naturalKey: plan.name,
    spec: Object.fromEntries(
      Object.entries(reported).filter((entry): entry is [string, Json] => entry[1] !== undefined),
    ),
  }
}
