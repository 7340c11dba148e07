/** What plans of an account may say beyond data for some days: only what the account's settings know. */
import type { Json, JsonObject } from '../model.ts'
import { isObject, optionalText } from './fields.ts'
import type { SimulatedPlanTerms } from './settings.ts'
import type { SimulatedTerms } from './world.ts'

/** benefitId of data, and validityType of days (contract 7). */
export const DATA = '1'
const DAYS = '1'

/** Values of validityType that an account knows, with what they mean. */
export function validityTypes(
  terms: SimulatedPlanTerms,
): ReadonlyMap<string, 'days' | 'months' | 'years' | 'unlimited'> {
  const types = new Map<string, 'days' | 'months' | 'years' | 'unlimited'>([[DAYS, 'days']])
  for (const unit of ['months', 'years', 'unlimited'] as const) {
    const type = terms['validity-type']?.[unit]
    if (type !== undefined) types.set(type, unit)
  }
  return types
}

/** What a plan, as it is written, says by the values that the account knows. */
export function termsOf(plan: JsonObject, terms: SimulatedPlanTerms): SimulatedTerms {
  const benefits = rows(plan['benefit'])
  const data = benefits.find(row => optionalText(row, 'benefitId') === DATA)
  const sms = benefits.find(
    row => optionalText(row, 'benefitId') === terms['benefit-id']?.['sms'] && row !== data,
  )
  const says = (fields: Readonly<Record<string, string>> | undefined): boolean =>
    fields !== undefined && hasFields(plan, data ?? {}, fields)
  const throttle = Object.keys(terms.throttle ?? {}).find(speed => says(terms.throttle?.[speed]))
  const subscription = isObject(plan['subscription']) ? plan['subscription'] : {}
  return {
    ...(says(terms['unlimited-data']) && { unlimited: true }),
    ...(says(terms['daily-data']) && { daily: true }),
    ...(throttle !== undefined && { throttle }),
    ...(sms !== undefined && { sms: Number(optionalText(sms, 'value')) }),
    ...(terms['unlimited-renewals'] !== undefined &&
      optionalText(subscription, 'occurrences') === terms['unlimited-renewals'] && {
        renewsForEver: true,
      }),
    ...lastsOf(plan, terms),
  }
}

function lastsOf(plan: JsonObject, terms: SimulatedPlanTerms): Pick<SimulatedTerms, 'lasts'> {
  const validity = isObject(plan['validity']) ? plan['validity'] : {}
  const unit = validityTypes(terms).get(optionalText(validity, 'validityType') ?? '')
  return unit === undefined ? {} : { lasts: unit }
}

/** Whether fields have these values: `benefit` in the path is the row of the data, the rest the plan's. */
function hasFields(
  plan: JsonObject,
  data: JsonObject,
  fields: Readonly<Record<string, string>>,
): boolean {
  const body: JsonObject = { ...plan, benefit: data }
  return Object.entries(fields).every(([path, value]) => {
    const found = path
      .split('.')
      .reduce<Json | undefined>((at, step) => (isObject(at) ? at[step] : undefined), body)
    return found !== undefined && found !== null && String(found) === value
  })
}

const rows = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : []
