/** What of an add-on plan of the account the catalog language can say; the rest is left to `like`. */
import { isJsonObject } from '../json.ts'
import type { Json, Spec } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'
import { parseAmount } from '../units.ts'
import { type SaidFields, takeCopy } from './addon-plan-like.ts'

/** Which fields the language can say. What is not reported a person tells, or its default is taken. */
export function sayable(plan: ReportedPlan, spec: Spec): SaidFields {
  const { dataMB, smsCount, throttleKbps, validityDays, activation, renewal, charge, priority } =
    spec
  const { validity, subscription } = plan
  const charges = plan.fields?.['charge']
  const own = typeof spec['recurringCharge'] === 'string' ? 2 : 1
  return {
    data: dataMB === undefined || dataMB === 'unlimited' || isCount(dataMB, 1),
    sms: typeof smsCount === 'number',
    throttle: typeof throttleKbps === 'number',
    validity: validity?.type === undefined || isValidity(validityDays),
    activation: subscription?.activatedBy === undefined || activation !== undefined,
    renewal: subscription?.occurrences === undefined || isRenewal(renewal),
    charge:
      (charge === undefined || parseAmount(String(charge)) !== undefined) &&
      !(Array.isArray(charges) && charges.length > own),
    priority: priority === undefined || isCount(priority, 1),
  }
}

const isCount = (value: Json | undefined, least: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least

const isValidity = (value: Json | undefined): boolean =>
  typeof value === 'string' || isCount(value, 1)

const isRenewal = (value: Json | undefined): boolean =>
  value === null ||
  (isJsonObject(value) && (value['times'] === 'unlimited' || isCount(value['times'], 2)))

/** Whether a plan needs `like` with its own ID, so that nothing of it is lost; why it has no form at all. */
export function needsLike(
  plan: ReportedPlan,
  said: SaidFields,
): { readonly like: boolean } | { readonly obstacle: string } {
  const { sms: _sms, throttle: _throttle, ...needed } = said
  const isWhole = Object.values(needed).every(Boolean)
  const taken = takeCopy(plan, said, [])
  if ('copied' in taken) return { like: true }
  return isWhole ? { like: false } : { obstacle: taken.problem }
}
