/** What rules of a team may ask of add-on plans. */
import { isJsonObject, objectOf, textOf } from '../json.ts'
import type { Json, JsonObject, Spec } from '../model.ts'
import { parseValidity, validityParts } from '../units.ts'
import type { AddonPlanEntry } from './addon-plan-entry.ts'
import { grantedBy } from './addon-plan-granted.ts'
import type { Described, Facts, PolicyPart } from './policy-part.ts'

/** A validity in months or years is taken at its longest, so that "at most 365 days" holds whenever it is bought. */
const MOST_DAYS = { days: 1, months: 31, years: 366 } as const

/** Amounts have at most four decimal places: in whole numbers of the last one a quotient is rounded once. */
const PLACES = 10_000

function planFacts({ key, spec, local }: Described): Facts {
  const portal = objectOf(local['portal'])
  const days = daysOf(spec)
  const unlimitedData = spec['dataMB'] === undefined ? undefined : spec['dataMB'] === 'unlimited'
  const dataMB = typeof spec['dataMB'] === 'number' ? spec['dataMB'] : undefined
  const prices = pricesOf(portal)
  // With a template, what is not said is the template's, and so not known here.
  const isLike = local['like'] === true
  const orNone = (value: Json | undefined, none: Json) => value ?? (isLike ? undefined : none)
  return {
    key,
    name: textOf(spec['name']) ?? '',
    description: textOf(spec['description']) ?? '',
    rateZone: textOf(local['rateZone']) ?? '',
    like: isLike,
    dataMB,
    dataGB: dataMB === undefined ? undefined : dataMB / 1024,
    unlimitedData,
    dailyData: unlimitedData === undefined ? undefined : spec['dataPer'] === 'day',
    sms: orNone(spec['smsCount'], 0),
    validityDays: days === 'unlimited' ? undefined : days,
    unlimitedValidity: days === undefined ? undefined : days === 'unlimited',
    activation: spec['activation'],
    renews: orNone(isJsonObject(spec['renewal']) ? true : undefined, false),
    charge: amountOf(spec['charge']),
    recurringCharge: orNone(amountOf(spec['recurringCharge']), 0),
    priority: spec['priority'],
    sku: textOf(portal['sku']) ?? '',
    prices,
    pricePerGB: pricesPerGB(prices, dataMB, spec['dataPer'] === 'day' ? days : 1),
    preventRetire: local['preventRetire'] === true,
    portal,
  }
}

function daysOf({ validityDays }: Spec): number | 'unlimited' | undefined {
  if (typeof validityDays === 'number') return validityDays
  const text = textOf(validityDays)
  const validity = text === undefined ? undefined : parseValidity(text)
  if (validity === undefined) return undefined
  const parts = validityParts(validity)
  return parts === undefined ? 'unlimited' : parts.count * MOST_DAYS[parts.unit]
}

const amountOf = (value: Json | undefined): number | undefined =>
  value === undefined || value === null ? undefined : Number(value)

function pricesOf(portal: JsonObject): Readonly<Record<string, number>> {
  const prices = Object.entries(objectOf(portal['prices']))
  return Object.fromEntries(prices.map(([currency, price]) => [currency, Number(price)]))
}

/** Prices by GB of all the data that a plan gives; undefined where it is not known, or has no end. */
function pricesPerGB(
  prices: Readonly<Record<string, number>>,
  dataMB: number | undefined,
  times: number | 'unlimited' | undefined,
): Readonly<Record<string, number>> | undefined {
  if (dataMB === undefined || typeof times !== 'number') return undefined
  return Object.fromEntries(
    Object.entries(prices).map(([currency, price]) => [
      currency,
      (Math.round(price * PLACES) * 1024) / (PLACES * dataMB * times),
    ]),
  )
}

/** Add-on plans in rules. */
export const addonPlanPolicy: PolicyPart<AddonPlanEntry> = {
  variable: 'addonPlan',
  facts: {
    key: { type: 'string', meaning: 'its key' },
    name: { type: 'string', meaning: 'its name on the platform' },
    description: { type: 'string', meaning: 'its description; "" where it has none' },
    rateZone: {
      type: 'string',
      meaning: 'the key of its rate zone; "" where that is kept elsewhere',
    },
    like: { type: 'bool', meaning: 'whether it takes what it does not say from a template' },
    dataMB: {
      type: 'int',
      at: 'data',
      meaning:
        'its data in MB, of a day where it is given anew each day; not known where it has no end',
    },
    dataGB: { type: 'double', at: 'data', meaning: 'the same in GB of 1,024 MB' },
    unlimitedData: { type: 'bool', at: 'data', meaning: 'whether its data has no end' },
    dailyData: { type: 'bool', at: 'data', meaning: 'whether its data is given anew each day' },
    sms: { type: 'int', at: 'benefits', meaning: 'the SMS that it grants' },
    validityDays: {
      type: 'int',
      at: 'validity',
      meaning:
        'its validity in days, a month as 31 and a year as 366; not known where it has no end',
    },
    unlimitedValidity: {
      type: 'bool',
      at: 'validity',
      meaning: 'whether its validity has no end',
    },
    activation: { type: 'string', meaning: '"first-use" or "immediate"' },
    renews: { type: 'bool', at: 'renewal', meaning: 'whether it subscribes itself again' },
    charge: { type: 'double', meaning: 'what the platform charges for it' },
    recurringCharge: { type: 'double', meaning: 'what the platform charges again and again' },
    priority: { type: 'int', meaning: 'its priority' },
    sku: { type: 'string', at: 'portal.sku', meaning: 'its SKU; "" where it has none' },
    prices: {
      type: 'map<string, double>',
      at: 'portal.prices',
      meaning: 'the prices of your portal by currency',
    },
    pricePerGB: {
      type: 'map<string, double>',
      at: 'portal.prices',
      meaning:
        'the same for a GB of all its data, by currency; not known where the data has no end',
    },
    preventRetire: { type: 'bool', at: 'lifecycle', meaning: 'whether it is never retired' },
    portal: { type: 'map<string, dyn>', meaning: 'all that it has for your portal' },
  },
  ofEntry: entry =>
    planFacts({
      key: entry.key,
      spec: {
        name: entry.name,
        ...(entry.description !== undefined && { description: entry.description }),
        ...grantedBy(entry),
      },
      local: {
        ...(entry.portal && { portal: entry.portal }),
        ...('key' in entry.rateZone && { rateZone: entry.rateZone.key }),
        preventRetire: entry.lifecycle.preventRetire,
        like: entry.like !== undefined,
      },
    }),
  ofSpec: ({ key, spec, local }) =>
    planFacts({ key, spec, local: { ...local, like: spec['like'] !== undefined } }),
  money: { prices: 'prices', charge: 'charge' },
}
