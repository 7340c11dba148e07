/**
 * Value types of the catalog with one parser each: data volumes, validity periods, amounts, ICCIDs.
 * Parsers return `undefined` or a named problem for bad input and throw nothing.
 */

const MB_PER_UNIT = { MB: 1n, GB: 1024n, TB: 1024n * 1024n } as const
/** Form of a data volume, for the JSON Schema; `parseDataVolume` also wants a whole number of MB. */
export const DATA_VOLUME_PATTERN = '^[0-9]{1,9}(\\.[0-9]{1,9})? ?(MB|GB|TB)$'
/** Form of a validity period. */
export const VALIDITY_PATTERN = '^[1-9][0-9]{0,4} ?days?$'
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
export const formatDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`)

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

/** Reads `30 days` or `1 day` as a number of days. */
export function parseValidity(text: string): number | undefined {
  return new RegExp(VALIDITY_PATTERN).test(text) ? Number.parseInt(text, 10) : undefined
}

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
