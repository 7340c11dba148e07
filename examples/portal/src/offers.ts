/** What the shop sells, as its pages show it: offers of the library that have a price. */
import type { Offer, Provisioner } from 'sft-catalog/provision'

export interface Product {
  readonly sku: string
  readonly name: string
  readonly zone: string
  readonly data: string
  readonly validity: string
  readonly activation: string
  readonly price: string
  readonly currency: string
}

export interface Destination {
  readonly key: string
  readonly name: string
  /** ISO 3166-1 alpha-2 codes. */
  readonly countries: readonly string[]
  readonly products: readonly Product[]
}

export interface Assortment {
  readonly destinations: readonly Destination[]
  product(sku: string): Product | undefined
  destination(key: string): Destination | undefined
}

/** Reads what can be bought now: a plan that was applied a minute ago is there, a retired one is not. */
export async function readAssortment(
  provisioner: Provisioner,
  currency: string,
): Promise<Assortment> {
  const destinations = new Map<string, Destination>()
  for (const offer of await provisioner.offers()) {
    const { zone } = offer
    const product = productOf(offer, currency)
    if (zone === undefined || product === undefined) continue
    const { key, name, countries } = zone
    const products = [...(destinations.get(key)?.products ?? []), product]
    destinations.set(key, { key, name, countries, products: products.toSorted(byPrice) })
  }
  const all = [...destinations.values()].toSorted((one, other) =>
    one.name.localeCompare(other.name),
  )
  const bySku = new Map(all.flatMap(({ products }) => products.map(one => [one.sku, one] as const)))
  return {
    destinations: all,
    product: sku => bySku.get(sku),
    destination: key => destinations.get(key),
  }
}

const byPrice = (one: Product, other: Product): number => Number(one.price) - Number(other.price)

/** Undefined where the catalog has no price in the shop's currency: what has none is not sold. */
function productOf(offer: Offer, currency: string): Product | undefined {
  const { sku, name, zone, dataMB, dataPer, validityDays, activation, portal } = offer
  const { prices } = portal
  const isTable = typeof prices === 'object' && prices !== null && !Array.isArray(prices)
  const price = isTable ? Reflect.get(prices, currency) : undefined
  if (typeof price !== 'string') return undefined
  return {
    sku,
    name,
    zone: zone?.key ?? '',
    data: `${dataOf(dataMB)}${dataPer === 'day' ? ' a day' : ''}`,
    validity: validityOf(validityDays),
    activation:
      activation === 'immediate' ? 'starts when you buy it' : 'starts with the first connection',
    price,
    currency,
  }
}

function dataOf(megabytes: Offer['dataMB']): string {
  if (megabytes === undefined) return 'data as described'
  if (megabytes === 'unlimited') return 'unlimited data'
  return megabytes < 1024 ? `${megabytes} MB` : `${Math.round((megabytes / 1024) * 10) / 10} GB`
}

function validityOf(days: Offer['validityDays']): string {
  if (days === undefined || days === 'unlimited') return 'no end'
  if (typeof days === 'string') return days
  return days === 1 ? '1 day' : `${days} days`
}
