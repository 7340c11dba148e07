import { stringify } from 'yaml'
import type { Json } from '../model.ts'

/** Where a scalar will stand, and how the one before it was written. */
export interface ScalarStyle {
  /** Inside `[…]` or `{…}`, where commas and brackets mean something. */
  readonly flow?: boolean
  readonly like?: 'plain' | 'double' | 'single'
}

/**
 * A scalar as one line of YAML 1.2 that is read back as it was: plain where that is safe, in quotes where
 * digits or signs would be taken for something else.
 */
export function scalarText(
  value: null | boolean | number | string,
  style: ScalarStyle = {},
): string {
  if (typeof value !== 'string') return String(value)
  if (style.like === 'double') return JSON.stringify(value)
  if (style.like === 'single' && !/[^\P{Cc}]/u.test(value))
    return `'${value.replaceAll("'", "''")}'`
  // Digits where text is meant are taken as they are written, so they may stay without quotes.
  if (style.like === 'plain' && /^[0-9]+(\.[0-9]+)?$/.test(value)) return value
  const text = stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd()
  const isPlain = !/^["']/.test(text)
  return isPlain && style.flow === true && /[,[\]{}]/.test(text) ? JSON.stringify(value) : text
}

/** Any value in flow style, on one line. */
export function flowText(value: Json): string {
  if (value === null || typeof value !== 'object') return scalarText(value, { flow: true })
  if (isList(value)) return `[${value.map(flowText).join(', ')}]`
  const fields = Object.entries(value).map(
    ([key, item]) => `${scalarText(key, { flow: true })}: ${flowText(item)}`,
  )
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
