/** Fields of a plan on the wire that settings name. */
import type { Json, JsonObject } from '../model.ts'
import { type FieldValues, SENT_PLAN_FIELDS } from '../plan-words.ts'
import { asObject, asText } from './values.ts'

/** Fields that no setting may say, since they are sent from what the catalog says. */
const KEPT = new Set<string>([
  ...SENT_PLAN_FIELDS,
  'basicInfo.activatedBy',
  'benefit.benefitId',
  'benefit.rateZone',
  'charge.chargeAmount',
])

/** The first field of a setting that is not its to say; `benefit.value` is where there is no volume. */
export const keptField = (fields: FieldValues, saysVolume: boolean): string | undefined =>
  Object.keys(fields).find(path => KEPT.has(path) || (path === 'benefit.value' && !saysVolume))

/** The fields of a section, in an object of their own. */
export function fieldsUnder(
  section: string,
  ...settings: readonly Readonly<Record<string, Json>>[]
): JsonObject {
  let under: JsonObject = {}
  for (const fields of settings)
    for (const [path, value] of Object.entries(fields)) {
      const [first, ...steps] = path.split('.')
      const isField = steps.length > 0 && steps[0] !== '*'
      if (first === section && isField) under = withValue(under, steps, value)
    }
  return under
}

function withValue(object: JsonObject, steps: readonly string[], value: Json): JsonObject {
  const [step = '', ...rest] = steps
  if (rest.length === 0) return { ...object, [step]: value }
  return { ...object, [step]: withValue(asObject(object[step]) ?? {}, rest, value) }
}

/** What a plan says of fields: that they have these values, others, or not all of it. */
export type FieldsSeen = 'so' | 'otherwise' | 'not reported'

/** Whether fields have their values in a plan as it is reported; `rows` are the rows that are meant. */
export function seeFields(
  fields: FieldValues,
  plan: JsonObject,
  rows: { readonly benefit?: JsonObject | undefined; readonly charge?: JsonObject | undefined },
): FieldsSeen {
  const body: JsonObject = { ...plan, benefit: rows.benefit ?? {}, charge: rows.charge ?? {} }
  const seen = Object.entries(fields).map(([path, value]): FieldsSeen => {
    const reported = asText(valueAt(body, path.split('.')))
    if (reported === undefined) return 'not reported'
    return reported === value ? 'so' : 'otherwise'
  })
  return seen.find(one => one === 'otherwise') ?? seen.find(one => one !== 'so') ?? 'so'
}

function valueAt(object: JsonObject, steps: readonly string[]): Json | undefined {
  const [step = '', ...rest] = steps
  const value = object[step]
  return rest.length === 0 ? value : valueAt(asObject(value) ?? {}, rest)
}
