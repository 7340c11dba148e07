/** What a portal can offer, as the state has it. Pure. */
import { countriesOfTadig } from '../countries.ts'
import { defined } from '../defined.ts'
import { textOf } from '../json.ts'
import type { JsonObject, Spec } from '../model.ts'
import type { AddonPlanRecord } from '../resources/addon-plan.ts'
import type { Activation } from '../resources/addon-plan-entry.ts'
import type { RateZoneRecord } from '../resources/rate-zone.ts'
import type { State } from '../state/state.ts'
import type { Validity } from '../units.ts'
import { readSku, skuOf } from './skus.ts'

/** Where an add-on works. */
export interface OfferedZone {
  /** The catalog's key. */
  readonly key: string
  readonly name: string
  /** ISO 3166-1 alpha-2 codes, as far as the TADIG codes of its networks tell them. */
  readonly countries: readonly string[]
  readonly portal?: JsonObject
}

/** An add-on plan that can be bought by its SKU. What the catalog does not say of it is absent. */
export interface Offer {
  readonly sku: string
  /** The catalog's key of the plan. */
  readonly key: string
  readonly planId: string
  readonly name: string
  readonly description?: string
  /** Absent: its zone is not of this catalog. */
  readonly zone?: OfferedZone
  /** Megabytes of 2^20 bytes. */
  readonly dataMB?: number | 'unlimited'
  /** The data is given anew each day. */
  readonly dataPer?: 'day'
  readonly smsCount?: number
  /** Speed that is left once the data is used up. */
  readonly throttleKbps?: number
  /** Days as a number; else `1 month`, `2 years`, `unlimited`. */
  readonly validityDays?: Validity
  readonly activation?: Activation
  /** Decimal amount as text, in the account's currency: what the platform charges, not a portal's price. */
  readonly charge?: string
  /** Whatever the catalog has for the portal: the SKU, prices, pictures. */
  readonly portal: JsonObject
}

/** The plans of a state that a purchase takes, in the order of their zones and keys. */
export function listOffers(state: State): readonly Offer[] {
  return Object.entries(state.addonPlans)
    .flatMap(([key, plan]) => offerOf(state, key, plan) ?? [])
    .toSorted((one, other) => compare(placeOf(one), placeOf(other)))
}

const placeOf = ({ zone, key }: Offer): string => `${zone?.key ?? '\uFFFF'}\0${key}`

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

function offerOf(state: State, key: string, plan: AddonPlanRecord): Offer | undefined {
  const sku = skuOf(plan)
  if (sku === undefined) return undefined
  const meaning = readSku(state, sku)
  if (meaning.kind !== 'plan' || meaning.planId !== plan.planId) return undefined
  const { rateZone, portal = {}, planId, name, spec } = plan
  const zone = rateZone === undefined ? undefined : state.rateZones[rateZone]
  return {
    sku,
    key,
    planId,
    name,
    ...(rateZone !== undefined && zone !== undefined && { zone: zoneOf(rateZone, zone) }),
    ...grantsOf(spec),
    portal,
  }
}

const zoneOf = (key: string, { name, networks, portal }: RateZoneRecord): OfferedZone => ({
  key,
  name,
  countries: [...new Set(networks.flatMap(({ tadig }) => countryOf(tadig)))].toSorted(),
  ...defined({ portal }),
})

/** A code that two countries use tells of neither. */
function countryOf(tadig: string | undefined): readonly string[] {
  const codes = tadig === undefined ? [] : countriesOfTadig(tadig)
  return codes.length === 1 ? codes : []
}

function grantsOf(spec: Spec): Partial<Offer> {
  const { dataMB, dataPer, smsCount, throttleKbps, validityDays, activation } = spec
  return defined({
    description: textOf(spec['description']),
    dataMB: dataMB === 'unlimited' ? ('unlimited' as const) : numberOf(dataMB),
    dataPer: dataPer === 'day' ? ('day' as const) : undefined,
    smsCount: numberOf(smsCount),
    throttleKbps: numberOf(throttleKbps),
    validityDays: typeof validityDays === 'string' ? validityDays : numberOf(validityDays),
    activation: activationOf(activation),
    charge: textOf(spec['charge']),
  })
}

const activationOf = (value: unknown): Activation | undefined =>
  value === 'first-use' || value === 'immediate' ? value : undefined

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined
