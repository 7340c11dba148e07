import type { Json } from './model.ts'
import { oneLine } from './render/gate.ts'

/** A line of CSV (RFC 4180), its break included. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quote).join(',')}\r\n`

/** A value as a cell: a list of texts with spaces between; what else is nested is JSON. */
export function csvCell(value: Json): string {
  if (value === null) return ''
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/

/** Text that a spreadsheet would run as a formula gets a leading `'`; a line break becomes a space. */
function quote(cell: string): string {
  const text = oneLine(cell)
  const safe = /^[=+\-@\t\r]/.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
