/** A row of a list as a product of the catalog language, or the reason why that cannot say it. */
import type { JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import { WITHOUT_DATA } from '../resources/addon-plan-entry.ts'
import {
  formatPlanData,
  formatSpeed,
  formatValidity,
  type PlanData,
  parsePlanData,
  parseSpeed,
  parseValidity,
  type Validity,
} from '../units.ts'
import type { PriceRow } from './price-list.ts'

/** What a row sells. */
export interface Product {
  readonly line: number
  readonly sku: string
  readonly destination: string
  /** What is left out here and below is left to the plan that it is like. */
  readonly data?: PlanData
  readonly sms?: number
  readonly throttleKbps?: number
  readonly validity?: Validity
  /** A plan of the account, by name or ID. */
  readonly like?: { readonly name: string } | { readonly planId: string }
  /** Name on the platform, where the list gives one. */
  readonly name?: string
  readonly portal: JsonObject
}

/** Unit of bare numbers of volumes. */
export type VolumeUnit = 'MB' | 'GB' | 'TB'

/** What cannot be said, in words that end a sentence about its row. */
export class Unsayable extends Error {
  override readonly name = 'Unsayable'
}

/** The product of a row. Throws an `Unsayable`. */
export function readProduct(row: PriceRow, unit: VolumeUnit | undefined): Product {
  const cell = (field: Parameters<typeof row.cells.get>[0]) => row.cells.get(field)
  const sku = required(cell('sku'), 'no SKU')
  const minutes = numberOf(cell('minutes'), 'minutes')
  if (minutes > 0)
    throw new Unsayable('it has voice minutes, and the platform has no voice service')
  const sms = numberOf(cell('sms'), 'SMS')
  const throttle = cell('throttle')
  const like = likeOf(cell('like'), cell('like-id'))
  const data = dataOf(row, unit, like === undefined ? lackOfData(sms) : undefined)
  const days = like === undefined ? required(cell('days'), 'no validity') : cell('days')
  return {
    line: row.line,
    sku,
    destination: required(cell('destination'), 'no destination'),
    ...(data !== undefined && { data }),
    ...(sms > 0 && { sms }),
    ...(throttle !== undefined && !isNo(throttle) && { throttleKbps: speedOf(throttle) }),
    ...(days !== undefined && { validity: validityOf(days) }),
    ...(like !== undefined && { like }),
    ...(cell('name') !== undefined && { name: cell('name') ?? '' }),
    portal: {
      sku,
      ...pricesOf(cell('price'), cell('currency')),
      ...Object.fromEntries(row.portal),
    },
  }
}

function required(text: string | undefined, lack: string): string {
  if (text === undefined) throw new Unsayable(`it has ${lack}`)
  return text
}

const YES = /^(yes|true|y|x|1|unlimited|∞)$/i
const NO = /^(no|false|n|0|-|–|none|n\/a)$/i
const isNo = (text: string | undefined): boolean => text === undefined || NO.test(text)

/** Which plan a row is like; undefined: none. */
function likeOf(name: string | undefined, planId: string | undefined): Product['like'] {
  if (name !== undefined && planId !== undefined)
    throw new Unsayable('it is like a plan by its name, and by its ID: leave one out')
  if (name !== undefined) return { name: normaliseName(name) }
  return planId === undefined ? undefined : { planId }
}

const lackOfData = (sms: number): string =>
  sms > 0 ? `SMS and no data: ${WITHOUT_DATA}` : 'no volume'

/**
 * Data in all, a day, or without an end; two columns that contradict each other say nothing. `lack`: what a row without
 * data is refused with; where there is none, it has none.
 */
function dataOf(
  { cells }: PriceRow,
  unit: VolumeUnit | undefined,
  lack: string | undefined,
): PlanData | undefined {
  const [volume, daily] = [cells.get('volume'), cells.get('daily')]
  if (isUnlimited(cells.get('unlimited'), [volume, daily])) return { megabytes: 'unlimited' }
  if (isNo(volume) && (isNo(daily) || YES.test(daily ?? ''))) {
    if (lack === undefined) return undefined
    throw new Unsayable(`it has ${lack}`)
  }
  if (isNo(daily)) return volumeOf(volume ?? '', unit)
  if (YES.test(daily ?? '')) return aDay(volumeOf(volume ?? '', unit))
  const each = aDay(volumeOf(daily ?? '', unit))
  if (isNo(volume)) return each
  const whole = volumeOf(volume ?? '', unit)
  if (whole.megabytes !== each.megabytes)
    throw new Unsayable(`it has ${daily} a day and ${volume} besides: leave one of the columns out`)
  return each
}

function isUnlimited(
  unlimited: string | undefined,
  volumes: readonly (string | undefined)[],
): boolean {
  if (isNo(unlimited)) return false
  if (!YES.test(unlimited ?? ''))
    throw new Unsayable(`unlimited is "${unlimited}", neither yes nor no`)
  const given = volumes.find(text => !isNo(text) && !YES.test(text ?? ''))
  if (given !== undefined) throw new Unsayable(`it is unlimited, and has a volume of ${given} too`)
  return true
}

function aDay(data: PlanData): PlanData {
  if (data.megabytes === 'unlimited') throw new Unsayable('it is unlimited, and daily too')
  return { megabytes: data.megabytes, per: 'day' }
}

function volumeOf(text: string, unit: VolumeUnit | undefined): PlanData {
  if (/^(unlimited|∞)$/i.test(text)) return { megabytes: 'unlimited' }
  const found = /^([0-9][0-9.,]*) ?(MB|GB|TB)?\s*(?:(?:a|per|\/)\s*day)?$/i.exec(text.trim())
  const [, number = '', written] = found ?? []
  const of = written?.toUpperCase() ?? unit
  if (found === null)
    throw new Unsayable(`the volume "${text}" cannot be read: write 5 GB or 500 MB`)
  if (of === undefined)
    throw new Unsayable(`the volume "${text}" has no unit: write 5 GB, or give --unit`)
  const daily = /day$/i.test(text.trim()) ? ' a day' : ''
  const data = parsePlanData(`${decimalOf(number, text)} ${of}${daily}`)
  if (data === undefined)
    throw new Unsayable(`the volume "${text}" is no whole number of MB above 0; 1 GB is 1024 MB`)
  return data
}

/** `1,5` is 1.5; `1,500` could be either, and is not guessed. */
function decimalOf(number: string, text: string): string {
  if (/^[0-9]+([.,][0-9]{1,2})?$/.test(number)) return number.replace(',', '.')
  if (/^[0-9]+\.[0-9]+$/.test(number) && !/^[1-9][0-9]{0,2}\.[0-9]{3}$/.test(number)) return number
  throw new Unsayable(`"${text}" could be two numbers: write it without signs between thousands`)
}

function numberOf(text: string | undefined, what: string): number {
  if (text === undefined || isNo(text)) return 0
  if (/^[0-9]{1,6}$/.test(text)) return Number(text)
  throw new Unsayable(`the ${what} "${text}" are no whole number`)
}

function speedOf(text: string): number {
  const [, number = '', unit = ''] =
    /^([0-9]+) ?(kbps|kbit\/s|mbps|mbit\/s)$/i.exec(text.trim()) ?? []
  const speed = parseSpeed(`${number} ${/^m/i.test(unit) ? 'Mbps' : 'kbps'}`)
  if (unit === '' || speed === undefined)
    throw new Unsayable(`the speed "${text}" cannot be read: write 512 kbps or 2 Mbps`)
  return speed
}

function validityOf(text: string): Validity {
  const plain = text.trim().toLowerCase()
  const validity = parseValidity(/^[0-9]+$/.test(plain) ? `${Number(plain)} days` : plain)
  if (validity === undefined)
    throw new Unsayable(
      `the validity "${text}" cannot be read: write 30, 30 days, 1 month or unlimited`,
    )
  return validity
}

/** A price says nothing without its currency. */
function pricesOf(price: string | undefined, currency: string | undefined): JsonObject {
  if (price === undefined) return {}
  const [, before = '', number = '', after = ''] =
    /^([A-Z]{3} ?)?([0-9][0-9.,]*)( ?[A-Z]{3})?$/.exec(price.trim()) ?? []
  const written = `${before}${after}`.trim()
  const code = currency?.toUpperCase() ?? written
  if (number === '') throw new Unsayable(`the price "${price}" cannot be read: write 9.50`)
  if (code === '')
    throw new Unsayable(
      `the price "${price}" has no currency: give --map currency=COLUMN or --set currency=EUR`,
    )
  if (written !== '' && written !== code)
    throw new Unsayable(`the price is in ${written}, and the currency is ${code}`)
  return { prices: { [code]: decimalOf(number, price) } }
}

/** The fields by which the catalog says a product. */
export function fieldsOf(product: Product): JsonObject {
  const { data, sms, throttleKbps, validity, like, portal } = product
  const volume = data !== undefined && { data: formatPlanData(data) }
  return {
    ...(sms === undefined ? volume : { benefits: { ...volume, sms } }),
    ...(throttleKbps !== undefined && { throttle: formatSpeed(throttleKbps) }),
    ...(validity !== undefined && { validity: formatValidity(validity) }),
    ...(like !== undefined && { like }),
    portal,
  }
}

/** What a buyer would call it: `Belgium 1 GB a day, then 512 kbps, 7 days`. */
export function nameOf(product: Product, destination: string): string {
  const { data, sms, throttleKbps, validity } = product
  if (data === undefined && validity === undefined) return `${destination} ${product.sku}`
  const volume = data === undefined ? '' : ` ${formatPlanData(data)}`
  const speed = throttleKbps === undefined ? '' : formatSpeed(throttleKbps)
  const then = data?.megabytes === 'unlimited' ? ` at ${speed}` : `, then ${speed},`
  const messages = sms === undefined ? '' : ` + ${sms} SMS`
  const lasts = validity === 'unlimited' ? 'without an end' : validity && formatValidity(validity)
  return `${destination}${volume}${messages}${speed === '' ? '' : then}${lasts === undefined ? '' : ` ${lasts}`}`
}
