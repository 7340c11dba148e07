/** A plan as QueryRatePlan reports it, in the words of the wire (contract 4.5). */
import type { Json, JsonObject } from '../model.ts'
import type { FieldValues } from '../plan-words.ts'
import type { ReportedPlan } from './api.ts'
import { seeFields } from './plan-fields.ts'
import { asObject, asObjects, asText, compact, firstText, nameIn } from './values.ts'
import type { WireForm } from './wire-form.ts'

/** A row of QueryRatePlan; undefined for one without ID or name. */
export function planIn(row: JsonObject, form: WireForm): ReportedPlan | undefined {
  const basic = asObject(row['basicInfo']) ?? row
  const planId = firstText(basic, 'planId')
  const name = nameIn(basic, 'planName')
  if (planId === undefined || name === undefined) return undefined
  const validity = asObject(row['validity'])
  const subscription = asObject(row['subscription'])
  const fields: Omit<ReportedPlan, 'planId' | 'name'> = compact({
    category: firstText(basic, 'planCategory'),
    description: firstText(basic, 'planDescription'),
    status: firstText(basic, 'planStatus'),
    planType: firstText(basic, 'planType'),
    serviceProfile: firstText(basic, 'serviceProfile'),
    currencyId: firstText(basic, 'currencyId'),
    destinationGroup: firstText(basic, 'destinationGroup'),
    priority: firstText(basic, 'addOnPriority'),
    ...benefitsIn(row, form),
    ...chargesIn(row, form),
    validity:
      validity &&
      compact({
        type: firstText(validity, 'validityType'),
        factor: firstText(validity, 'validityFactor'),
      }),
    subscription:
      subscription &&
      compact({
        reSubscription: firstText(subscription, 'reSubscription'),
        rule: firstText(subscription, 'reSubscriptionRule'),
        occurrences: firstText(subscription, 'occurrences'),
        activatedBy: firstText(subscription, 'activatedBy') ?? firstText(basic, 'activatedBy'),
      }),
  })
  return { ...fields, planId, name, fields: fieldsIn(row, form), settings: settingsIn(form) }
}

/** Paths that settings name. */
const settingsIn = ({
  unlimitedData,
  dailyData,
  throttles,
  smsBenefit,
}: WireForm): NonNullable<ReportedPlan['settings']> => ({
  data: [unlimitedData, dailyData].flatMap(fields => Object.keys(fields ?? {})),
  throttle: [...throttles.values()].flatMap(fields => Object.keys(fields)),
  ...(smsBenefit !== undefined && { sms: smsBenefit }),
})

const SECTIONS = ['basicInfo', 'subscription', 'validity']

/** Every field of a row by its path. */
function fieldsIn(row: JsonObject, { dataBenefit }: WireForm): Readonly<Record<string, Json>> {
  const fields: Record<string, Json> = {}
  const put = (path: string, value: Json | undefined) => {
    if (value !== undefined) fields[path] = value
  }
  for (const [section, value] of Object.entries(row)) {
    const object = asObject(value)
    if (section === 'benefit' || section === 'charge') continue
    if (object !== undefined && SECTIONS.includes(section)) putLeaves(section, object)
    else
      put(
        object === undefined && !Array.isArray(value) ? `basicInfo.${section}` : section,
        plain(value),
      )
  }
  const benefits = asObjects(row['benefit']) ?? []
  const ofData = benefits.filter(benefit => firstText(benefit, 'benefitId') === dataBenefit)
  const [data] = ofData
  if (data !== undefined && ofData.length === 1) putLeaves('benefit', data)
  const others = benefits.filter(benefit => benefit !== data)
  if (others.length > 0)
    put(
      'benefit.*',
      others.flatMap(other => plain(other) ?? []),
    )
  const charges = asObjects(row['charge']) ?? []
  const [charge] = charges
  if (charges.length > 0)
    put(
      'charge',
      charges.flatMap(one => plain(one) ?? []),
    )
  if (charge !== undefined && charges.length === 1) putLeaves('charge', charge)
  return fields

  function putLeaves(path: string, object: JsonObject): void {
    for (const [name, value] of Object.entries(object)) {
      const below = asObject(value)
      if (below === undefined) put(`${path}.${name}`, plain(value))
      else putLeaves(`${path}.${name}`, below)
    }
  }
}

/** What identifies a row where it stands, and is left out to add one (contract 4.5). */
const ROW_IDS = ['notificationId']

/** A value with scalars as text and without what is none; undefined where nothing is left. */
function plain(value: Json): Json | undefined {
  const object = asObject(value)
  if (object !== undefined) {
    const entries = Object.entries(object).flatMap(([name, item]): [string, Json][] => {
      const text = ROW_IDS.includes(name) ? undefined : plain(item)
      return text === undefined ? [] : [[name, text]]
    })
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  }
  if (!Array.isArray(value)) return asText(value)
  const items = (value as readonly Json[]).flatMap(item => plain(item) ?? [])
  return items.length === 0 ? undefined : items
}

/** Data and SMS of a plan, and what goes with the data. What no setting tells is not known. */
function benefitsIn(
  row: JsonObject,
  form: WireForm,
): Partial<Pick<ReportedPlan, 'benefits' | 'dataPer' | 'smsCount' | 'throttleKbps'>> {
  const rows = asObjects(row['benefit'])
  const ofData = rows?.filter(benefit => firstText(benefit, 'benefitId') === form.dataBenefit)
  const see = (fields: FieldValues, benefit: JsonObject | undefined) =>
    seeFields(fields, row, { benefit })
  const daily = form.dailyData && see(form.dailyData, ofData?.[0])
  return compact({
    benefits: ofData?.map(benefit =>
      compact({
        value:
          form.unlimitedData !== undefined && see(form.unlimitedData, benefit) === 'so'
            ? 'unlimited'
            : firstText(benefit, 'value'),
        rateZone: firstText(benefit, 'rateZone'),
      }),
    ),
    dataPer: daily === 'so' ? 'day' : daily === 'otherwise' ? 'validity' : undefined,
    smsCount: rows && smsIn(rows, form),
    throttleKbps: throttleIn(
      [...form.throttles].map(([kbps, fields]) => [kbps, see(fields, ofData?.[0])] as const),
    ),
  })
}

function smsIn(rows: readonly JsonObject[], { smsBenefit }: WireForm): string | undefined {
  if (smsBenefit === undefined) return undefined
  const [first, ...others] = rows.filter(row => firstText(row, 'benefitId') === smsBenefit)
  if (first === undefined) return '0'
  return others.length === 0 ? firstText(first, 'value') : undefined
}

function throttleIn(
  seen: readonly (readonly [kbps: number, ReturnType<typeof seeFields>])[],
): string | undefined {
  const found = seen.find(([, one]) => one === 'so')
  if (found !== undefined) return String(found[0])
  return seen.length > 0 && seen.every(([, one]) => one === 'otherwise') ? 'none' : undefined
}

/** The charges of a plan: without a setting the first is taken for the one-time charge. */
function chargesIn(
  row: JsonObject,
  { recurringCharge }: WireForm,
): Partial<Pick<ReportedPlan, 'charge' | 'recurringCharge'>> {
  const rows = asObjects(row['charge'])
  const isRecurring = (charge: JsonObject) =>
    recurringCharge !== undefined && seeFields(recurringCharge, row, { charge }) === 'so'
  const once = rows?.find(charge => !isRecurring(charge))
  const recurring = rows?.find(isRecurring)
  const none = rows === undefined || recurringCharge === undefined ? undefined : 'none'
  return compact({
    charge: once && firstText(once, 'chargeAmount'),
    recurringCharge: recurring === undefined ? none : firstText(recurring, 'chargeAmount'),
  })
}
