import type { Json, JsonObject } from '../model.ts'
import type { AddonInstance, CountedBenefit, InstanceListing } from './api.ts'
import { countersIn, isCounterKey } from './counters.ts'
import {
  asList,
  asNumber,
  asObject,
  asObjects,
  asText,
  compact,
  firstText,
  valuesUnder,
} from './values.ts'

/**
 * The blocks of a profile, of add-on details or of a subscription. ASSUMED (contract 4.10, 4.11, U1): they
 * stand under `Response.info`, `responseParam.info`, `responseParam`, or `Response` itself.
 */
export function blocksOf(
  response: JsonObject,
  ...names: readonly string[]
): JsonObject | undefined {
  const param = asObject(response['responseParam'])
  const places = [asObject(response['info']), asObject(param?.['info']), param, response]
  return places.find(place => place !== undefined && names.some(name => place[name] !== undefined))
}

/**
 * The add-on instances of an answer: plans and data benefits joined on uniqueId (contract 4.11). A
 * benefit whose plan is not listed is an instance all the same. Whatever is not understood, or names an
 * instance that is not, is a doubt: the answer may then tell of more instances than these.
 */
export function instancesIn(response: JsonObject): InstanceListing {
  const blocks = blocksOf(response, 'promotionalPlans', 'benefitInfo')
  const counters = countersIn(response)
  const counted = counters === undefined ? {} : { counters }
  if (blocks === undefined)
    return { items: [], ...counted, doubt: 'the answer has no block of add-on plans' }
  const planRows = rowsIn(blocks['promotionalPlans'], 'plan')
  const benefitRows = rowsIn(blocks['benefitInfo'], 'benefit')
  const items = joined(planRows.rows.map(planPart), benefitRows.rows.map(benefitPart))
  const doubt =
    doubtOfPlans(blocks['promotionalPlans'], planRows) ??
    (benefitRows.strange ? 'its benefits have a form that is not known' : undefined) ??
    doubtOfRest(response, items)
  return { items, ...counted, ...(doubt !== undefined && { doubt }) }
}

function doubtOfPlans(block: Json | undefined, { rows, strange }: Rows): string | undefined {
  if (block === undefined) return 'it has no block of add-on plans'
  if (strange) return 'its add-on plans have a form that is not known'
  return rows.some(row => asText(row['uniqueId']) === undefined)
    ? 'it has an add-on plan without uniqueId'
    : undefined
}

/** Keys under which an ID of an instance may stand. */
const ID_KEY = /^(add-?on)?_?unique_?id$/i
/** What has such a name holds add-ons, whatever their form. */
const ADDON_KEY = /add-?on|promotional|subscription/i

/** IDs of instances that stand anywhere in an answer. */
function idsIn(value: Json | undefined): readonly string[] {
  return entriesOf(value).flatMap(([key, child]) =>
    ID_KEY.test(key) ? (asText(child) ?? []) : idsIn(child),
  )
}

function doubtOfRest(response: JsonObject, items: readonly AddonInstance[]): string | undefined {
  const known = new Set(items.map(({ uniqueId }) => uniqueId))
  return idsIn(response).some(id => !known.has(id))
    ? 'it names an add-on instance outside its blocks'
    : undefined
}

/**
 * The add-on instances of add-on details. ASSUMED (contract 4.11, U2): the blocks of GetEndPointProfile, as
 * far as they concern add-ons. Being assumed they are whole only where nothing is left to guess: each
 * balance has its instance, each instance its plan, and what is none is an empty list.
 */
export function instancesInDetails(response: JsonObject): InstanceListing {
  const listing = instancesIn(response)
  const doubt = listing.doubt ?? doubtOfDetails(response, listing.items)
  return doubt === undefined ? listing : { ...listing, doubt }
}

function doubtOfDetails(response: JsonObject, items: readonly AddonInstance[]): string | undefined {
  const [strange] = strangeParts(response)
  if (strange !== undefined) return `it has "${strange}" of a form that is not known`
  const benefits = valuesUnder(response, ['benefit']).flatMap(value => asObjects(value) ?? [])
  if (benefits.some(row => asText(row['uniqueId']) === undefined))
    return 'it has a balance without uniqueId'
  if (items.some(instance => instance.planId === undefined))
    return 'it has an add-on instance without its plan'
  return items.length === 0 && !valuesUnder(response, ['plan']).some(Array.isArray)
    ? 'it has no list of add-on plans'
    : undefined
}

/**
 * Parts of an answer beside the two blocks that are named for add-ons and are not empty: in an assumed
 * form they may be where the add-ons stand.
 */
function strangeParts(value: Json | undefined): readonly string[] {
  return entriesOf(value).flatMap(([key, child]) => {
    // A counter of an instance that is not among them is a doubt by its uniqueId.
    if (key === 'promotionalPlans' || key === 'benefitInfo' || isCounterKey(key)) return []
    return ADDON_KEY.test(key) && entriesOf(child).length > 0 ? [key] : strangeParts(child)
  })
}

/** The members of an object or a list; none of anything else. */
function entriesOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  const object = asObject(value)
  if (object !== undefined) return Object.entries(object)
  return (asList(value) ?? []).map(item => ['', item])
}

type PlanPart = ReturnType<typeof planPart>
type BenefitPart = ReturnType<typeof benefitPart>

function joined(
  plans: readonly PlanPart[],
  benefits: readonly BenefitPart[],
): readonly AddonInstance[] {
  const ids = [...plans, ...benefits].flatMap(part => part.uniqueId ?? [])
  return [...new Set(ids)].map(uniqueId => {
    const plan = plans.find(part => part.uniqueId === uniqueId)
    const own = benefits.filter(part => part.uniqueId === uniqueId)
    const data = own.filter(part => part.isData)
    const fields: Omit<AddonInstance, 'uniqueId'> = compact({
      planId: plan?.planId,
      planName: plan?.planName,
      grantedBytes: sumOf(data.map(part => part.granted)),
      leftBytes: sumOf(data.map(part => part.left)),
      benefits: countedIn(own),
      startDate: plan?.startDate ?? own.find(part => part.startDate !== undefined)?.startDate,
      expiryDate: plan?.expiryDate ?? own.find(part => part.expiryDate !== undefined)?.expiryDate,
    })
    return { ...fields, uniqueId }
  })
}

/** Benefits beside data; what has no name is data. */
function countedIn(parts: readonly BenefitPart[]): readonly CountedBenefit[] | undefined {
  const counted = parts
    .filter(part => !part.isData)
    .map(({ name = '', granted, left }) => ({ name, ...compact({ granted, left }) }))
  return counted.length === 0 ? undefined : counted
}

interface Rows {
  readonly rows: readonly JsonObject[]
  /** Whether there is something that is no row. */
  readonly strange: boolean
}

/** A block's rows, whether the block is the list itself or holds it under a key. */
function rowsIn(block: Json | undefined, key: string): Rows {
  const holder = asObject(block)
  const value = holder !== undefined && key in holder ? holder[key] : block
  const isNone =
    value === undefined ||
    value === null ||
    (typeof value === 'string' && asText(value) === undefined) ||
    (asObject(value) !== undefined && Object.keys(asObject(value) ?? {}).length === 0)
  if (isNone) return { rows: [], strange: false }
  const list = asList(value) ?? []
  const rows = asObjects(value) ?? []
  return { rows, strange: list.length === 0 ? !Array.isArray(value) : rows.length < list.length }
}

function planPart(row: JsonObject) {
  return {
    uniqueId: asText(row['uniqueId']),
    planId: asText(row['planId']),
    planName: asText(row['planName']),
    startDate: firstText(row, 'planStartDate', 'startDate'),
    expiryDate: firstText(row, 'planExpiryDate', 'expiryDate'),
  }
}

/** An amount; one below nothing stands for something else, such as no end, and tells no figure. */
function amountIn(value: Json | undefined): number | undefined {
  const amount = asNumber(value)
  return amount === undefined || amount < 0 ? undefined : amount
}

function benefitPart(row: JsonObject) {
  return {
    uniqueId: asText(row['uniqueId']),
    // Absent from answers that have no other benefit than data.
    isData: (asText(row['name']) ?? 'DATA').toUpperCase() === 'DATA',
    name: asText(row['name']),
    granted: amountIn(row['actualBalance']),
    left: amountIn(row['balance']),
    startDate: asText(row['startDate']),
    expiryDate: asText(row['expiryDate']),
  }
}

/** A listing with what another reading saw besides; the listing's own figures win, and its doubt stays. */
export function mergeInstances(
  { items: seen, counters: other }: InstanceListing,
  listing: InstanceListing,
): InstanceListing {
  const known = new Set(listing.items.map(({ uniqueId }) => uniqueId))
  const besides = seen.filter(({ uniqueId }) => !known.has(uniqueId))
  const counters = listing.counters ?? other
  return {
    ...listing,
    items: [...listing.items, ...besides],
    ...(counters !== undefined && { counters }),
  }
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}
