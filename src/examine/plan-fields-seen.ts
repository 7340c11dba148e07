import { listOf, objectOf, textOf } from '../json.ts'
import type { Json } from '../model.ts'
import { FIELD_PATH_PATTERN, SENT_PLAN_FIELDS } from '../plan-words.ts'
import type { ReportedPlan } from '../sft/api.ts'
import type { WireForm, WireValues } from '../sft/wire-form.ts'
import { formatSpeed } from '../units.ts'
import { openTally, type SeenValue, type Tally } from './tally.ts'

/** A field of plans, by its path in the body of CreatePlan, with the values that plans have there. */
export interface PlanField {
  readonly field: string
  readonly values: readonly SeenValue[]
  /** Further values, where there are too many to be an enumeration. */
  readonly more?: number
}

/** What is of each plan alone, or is shown elsewhere. */
const OWN = new Set([
  'basicInfo.planId',
  'basicInfo.planName',
  'basicInfo.planDescription',
  'basicInfo.planCategory',
  'basicInfo.serviceProfile',
  'basicInfo.currencyId',
  'basicInfo.destinationGroup',
  'benefit.rateZone',
  'charge.chargeAmount',
])
/** Above so many values a field is no enumeration. */
const MOST_VALUES = 12

/** Every field that add-on plans have, with its values, as they stand on the wire (contract 4.5). */
export function planFieldsOf(plans: readonly ReportedPlan[], form: WireForm): readonly PlanField[] {
  const tallies = new Map<string, Tally>()
  for (const plan of plans)
    for (const [field, value] of fieldsOf(plan)) {
      const tally = tallies.get(field) ?? openTally()
      tally.add(value, 'add-on plans', plan.name)
      tallies.set(field, tally)
    }
  return [...tallies].map(([field, tally]) => {
    const values = tally.values()
    const shown = values.length > MOST_VALUES ? values.slice(0, 3) : values
    return {
      field,
      values: shown.map(seen => ({ ...seen, ...saying(field, seen.value, form) })),
      ...(shown.length < values.length && { more: values.length - shown.length }),
    }
  })
}

/** Fields of one plan, each value once. */
function fieldsOf({ fields = {} }: ReportedPlan): readonly (readonly [string, string])[] {
  const found = new Map<string, readonly [string, string]>()
  for (const [path, part] of Object.entries(fields))
    for (const [field, value] of leaves(path, part)) {
      const isVolume = field === 'benefit.value' && Number(value) > 0
      if (!OWN.has(field) && !isVolume) found.set(`${field} ${value}`, [field, value])
    }
  return [...found.values()]
}

function leaves(path: string, value: Json): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]]
  const rows = listOf(value)
  if (rows.length > 0) return rows.flatMap(row => leaves(placeOf(path, row), row))
  return Object.entries(objectOf(value)).flatMap(([key, part]) =>
    leaves(key === 'benefitId' ? 'benefit.benefitId' : `${path}.${key}`, part),
  )
}

/** A benefit that is not data has fields of its own, but for what says that it is not. */
const placeOf = (path: string, row: Json): string =>
  path === 'benefit.*' ? `benefit ${textOf(objectOf(row)['benefitId']) ?? ''}`.trimEnd() : path

/** What a value means, and how it is written into the catalog where that is open. */
function saying(
  field: string,
  value: string,
  form: WireForm,
): Pick<SeenValue, 'meaning' | 'write'> {
  const known = meaningOf(field, value, form)
  if (known !== undefined) return { meaning: known }
  switch (field) {
    case 'validity.validityType':
      return { write: `wire: { validity-type: { months, years or unlimited: "${value}" } }` }
    case 'benefit.benefitId':
      return { write: `wire: { benefit-id: { sms: "${value}" } }` }
    case 'subscription.occurrences':
      return Number(value) > 1 ? { write: `wire: { unlimited-renewals: "${value}" }` } : {}
    default:
      return isFree(field)
        ? {
            write: `wire: { unlimited-data, daily-data, throttle or recurring-charge: { ${field}: ${JSON.stringify(value)} } }`,
          }
        : {}
  }
}

const SENT: ReadonlySet<string> = new Set([...SENT_PLAN_FIELDS, 'basicInfo.activatedBy'])

/** Whether `account.wire` may have it: nothing else that the catalog says is sent there. */
const isFree = (field: string): boolean =>
  new RegExp(FIELD_PATH_PATTERN).test(field) && !SENT.has(field)

function meaningOf(field: string, value: string, form: WireForm): string | undefined {
  const words = ENUMERATIONS[field]?.(form)
  if (words !== undefined) return Object.entries(words).find(([, word]) => word === value)?.[0]
  if (field === 'subscription.occurrences' && value === form.unlimitedRenewals) return 'unlimited'
  const says = (fields: Readonly<Record<string, string>> | undefined) => fields?.[field] === value
  if (says(form.unlimitedData)) return 'unlimited data'
  if (says(form.dailyData)) return 'daily data'
  if (says(form.recurringCharge)) return 'a recurring charge'
  const throttle = [...form.throttles].find(([, fields]) => says(fields))
  return throttle && `${formatSpeed(throttle[0])} after the data`
}

/** The words of the catalog for an enumeration of the wire. */
const ENUMERATIONS: Readonly<
  Record<string, (form: WireForm) => Readonly<Record<string, string | undefined>>>
> = {
  'basicInfo.planType': ({ planType }) => renamed(planType, { '0': 'prepaid', '1': 'postpaid' }),
  'basicInfo.planStatus': ({ planStatus }) => planStatus,
  'validity.validityType': ({ validityType }) => renamed(validityType, { '1': 'days' }),
  'benefit.benefitId': ({ dataBenefit, smsBenefit }) => ({ data: dataBenefit, sms: smsBenefit }),
  'subscription.reSubscriptionRule': ({ renewalRule }) =>
    renamed(renewalRule, { '1': 'renewal on expiry', '2': 'renewal on exhaustion or expiry' }),
  'subscription.activatedBy': ({ activatedBy }) =>
    renamed(activatedBy, { '0': 'activation immediate', '1': 'activation first-use' }),
}

const renamed = (
  values: WireValues,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).map(([contract, word]) => [names[contract] ?? contract, word]),
  )
