/**
 * Value types of the catalog with one parser each: data volumes, validity periods, amounts, ICCIDs.
 * Parsers return `undefined` or a named problem for bad input and throw nothing.
 */

const MB_PER_UNIT = { MB: 1n, GB: 1024n, TB: 1024n * 1024n } as const
/** Form of a data volume; `parseDataVolume` also wants a whole number of MB. */
const DATA_VOLUME_PATTERN = '^[0-9]{1,9}(\\.[0-9]{1,9})? ?(MB|GB|TB)$'
/** Form of the data of a plan, for the JSON Schema: a volume, a volume a day, or no end. */
export const PLAN_DATA_PATTERN = '^([0-9]{1,9}(\\.[0-9]{1,9})? ?(MB|GB|TB)( a day)?|unlimited)$'
/** Form of a validity period. */
export const VALIDITY_PATTERN = '^([1-9][0-9]{0,4} ?(days?|months?|years?)|unlimited)$'
/** Form of a speed. */
export const SPEED_PATTERN = '^[1-9][0-9]{0,5} ?(kbps|Mbps)$'
/** Form of an amount of money. */
export const AMOUNT_PATTERN = '^(0|[1-9][0-9]{0,8})(\\.[0-9]{1,4})?$'
/** Form of a share of what exists. */
export const SHARE_PATTERN = '^(100|[0-9]{1,2}(\\.[0-9]{1,3})?) ?%$'

/**
 * Reads `10 GB`, `500 MB` or `1.5 TB` as MB, with 1 GB = 1024 MB and 1 TB = 1024 GB. `undefined`
 * where the form is another, the volume is nothing or no whole number of MB: SFT counts data benefits in
 * MB (contract 4.4).
 */
export function parseDataVolume(text: string): number | undefined {
  if (!new RegExp(DATA_VOLUME_PATTERN).test(text)) return undefined
  const unit = text.slice(-2)
  if (unit !== 'MB' && unit !== 'GB' && unit !== 'TB') return undefined
  const [whole = '', fraction = ''] = text.slice(0, -2).trim().split('.')
  // In whole numbers of the last decimal place, so that 0.1 GB is exact before it is refused.
  const scaled = BigInt(whole + fraction) * MB_PER_UNIT[unit]
  const scale = 10n ** BigInt(fraction.length)
  if (scaled % scale !== 0n) return undefined
  const megabytes = Number(scaled / scale)
  return megabytes > 0 && Number.isSafeInteger(megabytes) ? megabytes : undefined
}

/** The data of a plan: MB in all, or MB of each day. */
export interface PlanData {
  readonly megabytes: number | 'unlimited'
  /** Given anew each day. */
  readonly per?: 'day'
}

/** Reads `10 GB`, `1 GB a day` or `unlimited`; `undefined` as `parseDataVolume` has it. */
export function parsePlanData(text: string): PlanData | undefined {
  if (text === 'unlimited') return { megabytes: 'unlimited' }
  const [volume = '', ...daily] = text.split(' a day')
  const megabytes = parseDataVolume(volume)
  if (megabytes === undefined || daily.length > 1 || (daily[0] ?? '') !== '') return undefined
  return { megabytes, ...(daily.length > 0 && { per: 'day' }) }
}

/** The data of a plan as it stands in YAML. */
export const formatPlanData = ({ megabytes, per }: PlanData): string =>
  megabytes === 'unlimited'
    ? megabytes
    : `${formatMB(megabytes)}${per === undefined ? '' : ' a day'}`

/** Writes MB in the largest unit in which it is short and exact: `10 GB`, `1.5 GB`, `500 MB`. */
export function formatMB(megabytes: number): string {
  for (const [unit, size] of [
    ['TB', 1024 * 1024],
    ['GB', 1024],
  ] as const) {
    const amount = megabytes / size
    if (amount >= 1 && Number.isInteger(amount * 4)) return `${amount} ${unit}`
  }
  return `${megabytes} MB`
}

/** A validity as it stands in YAML: `1 day`, `30 days`. */
const formatDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`)

/** Writes bytes for people, rounded to three digits: `1.53 GB`. Not meant to be read back. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const
  let amount = bytes
  let index = 0
  while (Math.abs(amount) >= 1024 && index < units.length - 1) {
    amount /= 1024
    index += 1
  }
  const rounded = index === 0 ? amount : Number(amount.toPrecision(amount >= 1000 ? 4 : 3))
  return `${rounded} ${units[index]}`
}

/**
 * How long a plan lasts: a number of days, or else the text by which the catalog says it, in one form:
 * `1 month`, `2 years`, `unlimited`. Months and years go by the calendar.
 */
export type Validity = number | string

/** A validity in its parts; `unlimited` has none. */
export interface ValidityParts {
  readonly unit: 'days' | 'months' | 'years'
  readonly count: number
}

/** Reads `30 days`, `3 months`, `1 year` or `unlimited`. */
export function parseValidity(text: string): Validity | undefined {
  if (!new RegExp(VALIDITY_PATTERN).test(text)) return undefined
  const count = Number.parseInt(text, 10)
  if (text === 'unlimited') return text
  if (/days?$/.test(text)) return count
  return inUnits(count, /months?$/.test(text) ? 'month' : 'year')
}

/** A validity as it stands in YAML. */
export const formatValidity = (validity: Validity): string =>
  typeof validity === 'number' ? formatDays(validity) : validity

/** The parts of a validity; undefined for one without an end. */
export function validityParts(validity: Validity): ValidityParts | undefined {
  if (typeof validity === 'number') return { unit: 'days', count: validity }
  if (validity === 'unlimited') return undefined
  return {
    unit: /months?$/.test(validity) ? 'months' : 'years',
    count: Number.parseInt(validity, 10),
  }
}

/** A validity of its parts, in its one form. */
export const validityOf = ({ unit, count }: ValidityParts): Validity =>
  unit === 'days' ? count : inUnits(count, unit === 'months' ? 'month' : 'year')

const inUnits = (count: number, unit: string): string =>
  `${count} ${count === 1 ? unit : `${unit}s`}`

/** Reads `512 kbps` or `1 Mbps`, which is 1,000 kbps. */
export function parseSpeed(text: string): number | undefined {
  if (!new RegExp(SPEED_PATTERN).test(text)) return undefined
  return Number.parseInt(text, 10) * (text.endsWith('Mbps') ? 1000 : 1)
}

/** A speed as it stands in YAML: `512 kbps`, `2 Mbps`. */
export const formatSpeed = (kbps: number): string =>
  kbps % 1000 === 0 ? `${kbps / 1000} Mbps` : `${kbps} kbps`

/** Reads an amount of money of the catalog language; `undefined` for what is none. */
export const parseAmount = (text: string): string | undefined =>
  new RegExp(AMOUNT_PATTERN).test(text) ? normaliseAmount(text) : undefined

/**
 * Brings a decimal amount into one form, so that `4.50` and `4.5` are no difference; it stays text, as binary
 * fractions cannot hold cents. What the platform reports and is no decimal number stays as it is.
 */
export function normaliseAmount(text: string): string {
  if (!/^\d+(\.\d+)?$/.test(text)) return text
  const plain = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return plain.replace(/^0+(?=\d)/, '')
}

/** Writes an amount with so many decimal places; where they do not say it exactly, with cents: `5`, `4.50`. */
export function formatAmount(amount: string, places = 0): string {
  const [whole = '0', fraction = ''] = normaliseAmount(amount).split('.')
  const wanted = fraction.length > places ? Math.max(2, fraction.length) : places
  return wanted === 0 ? whole : `${whole}.${fraction.padEnd(wanted, '0')}`
}

/** Reads `30%` as 0.3. */
export function parseShare(text: string): number | undefined {
  return new RegExp(SHARE_PATTERN).test(text) ? Number.parseFloat(text) / 100 : undefined
}

/** Why a text is no ICCID. */
export type IccidProblem = 'spreadsheet' | 'invisible' | 'characters' | 'length'

/** A character that nobody sees: a spreadsheet or a web page leaves them in a cell. */
export const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/

/** An ICCID in its normal form, or what is wrong with it. `checkDigit`: whether the last digit fits. */
export type ParsedIccid =
  | { readonly iccid: string; readonly checkDigit: boolean }
  | { readonly problem: IccidProblem }

/**
 * Reads an ICCID as it is printed and exported: spaces within and a filling F at the end are dropped, 19
 * or 20 digits must remain. `8.93204E+18` is what a spreadsheet leaves of one: its last digits are lost.
 */
export function parseIccid(text: string): ParsedIccid {
  const iccid = normaliseIccid(text)
  if (!/^[0-9]+$/.test(iccid)) {
    if (INVISIBLE.test(text)) return { problem: 'invisible' }
    return {
      problem: /^[0-9]+([.,][0-9]+)?e\+?[0-9]+$/i.test(iccid) ? 'spreadsheet' : 'characters',
    }
  }
  if (iccid.length !== 19 && iccid.length !== 20) return { problem: 'length' }
  return { iccid, checkDigit: hasLuhnDigit(iccid) }
}

/** Drops spaces and a filling F, so that two spellings of one ICCID compare equal. Judges nothing. */
export function normaliseIccid(text: string): string {
  return text.replace(/\s+/g, '').replace(/(?<=[0-9])[Ff]$/, '')
}

/** Whether the last digit of a number is the Luhn check digit of those before it (ITU-T E.118). */
export function hasLuhnDigit(digits: string): boolean {
  let sum = 0
  let double = false
  for (let index = digits.length - 1; index >= 0; index -= 1) {
    const digit = digits.charCodeAt(index) - 48
    const weighted = double ? digit * 2 : digit
    sum += weighted > 9 ? weighted - 9 : weighted
    double = !double
  }
  return sum % 10 === 0
}
