/** A seller's list as CSV: which column is what, and its rows. */
import { announcedSeparator, splitLine } from '../catalog/csv-line.ts'

/** What a list can say of a product, with help for each. */
export const PRICE_FIELDS = {
  sku: 'by which orders name the product',
  destination: 'a country, several with ; or | between, or a zone of the catalog',
  volume: 'data: 5 GB, 1 GB a day, unlimited; bare numbers with --unit',
  daily: 'data of each day, or yes: the volume is that of a day',
  unlimited: 'yes: data without an end',
  throttle: 'speed once the data is used up: 512 kbps',
  sms: 'messages, by count',
  minutes: 'voice, which the platform does not have',
  days: 'validity: 30, 30 days, 1 month, unlimited',
  like: 'name of a plan of the account that gives what is not written',
  'like-id': 'the same by its ID',
  price: 'price of the portal, with currency',
  currency: 'ISO 4217 code of the price',
  name: 'name on the platform; made of the rest where it is left out',
} as const

export type PriceField = keyof typeof PRICE_FIELDS

export const PRICE_FIELD_NAMES = Object.keys(PRICE_FIELDS) as readonly PriceField[]

/** Without these a row says nothing that could be sold; what a plan gives that a row is like need not be there. */
const REQUIRED: readonly PriceField[] = ['sku', 'destination', 'days']
const GIVEN_BY_LIKE: readonly PriceField[] = ['days']

/** Which column of a list is what. */
export interface PriceMap {
  /** Field, or `portal.NAME`, and the column that has it. */
  readonly columns: ReadonlyMap<string, string>
  /** Field and the value of every row. */
  readonly values: ReadonlyMap<string, string>
}

/** One row: what it says of each field that is mapped and not empty. */
export interface PriceRow {
  /** From 1. */
  readonly line: number
  readonly cells: ReadonlyMap<PriceField, string>
  /** Columns that go to the portal as they are. */
  readonly portal: ReadonlyMap<string, string>
}

/** A row that cannot be said, and why. */
export interface RefusedRow {
  readonly line: number
  readonly sku?: string
  readonly reason: string
}

export interface PriceList {
  readonly rows: readonly PriceRow[]
  readonly refused: readonly RefusedRow[]
  /** Columns that nothing was taken from. */
  readonly unused: readonly string[]
}

/** The list cannot be read at all: what is wrong with its first line, or with the map. */
export class PriceListError extends Error {
  override readonly name = 'PriceListError'
}

/**
 * Reads a list. Columns that have the name of a field are that field; `map` says what the others are. Throws a
 * `PriceListError` where a required field has no column.
 */
export function readPriceList(text: string, map: PriceMap): PriceList {
  const lines = text.split(/\r\n|\n|\r/)
  const announced = announcedSeparator(lines[0] ?? '')
  const start = announced === undefined ? 0 : 1
  const first = lines[start] ?? ''
  const separator = announced ?? mostFrequent(first)
  const names = splitLine(first, separator)?.map(({ text: name }) => name.trim()) ?? []
  const columns = columnsOf(names, map)
  const rows: PriceRow[] = []
  const refused: RefusedRow[] = []
  for (const { at, cells } of recordsOf(lines, start + 1, separator)) {
    if (cells === undefined)
      refused.push({
        line: at + 1,
        reason: 'a quote of this line is not closed, or closed before the end of its field',
      })
    else if (cells.length > names.length)
      refused.push({
        line: at + 1,
        reason: `it has ${cells.length} columns, and the first line names ${names.length}: quote what has a ${separator === '\t' ? 'tab' : separator} in it`,
      })
    else rows.push(rowOf(at + 1, cells, columns, map))
  }
  const used = new Set(columns.values())
  return { rows, refused, unused: names.filter((name, at) => name !== '' && !used.has(at)) }
}

/** Lines that a quoted field may go over. */
const FIELD_LINES = 100

/** Rows with the line at which each begins; empty ones are left out, and `cells` where its quotes are wrong. */
function* recordsOf(
  lines: readonly string[],
  start: number,
  separator: string,
): Generator<{ readonly at: number; readonly cells: readonly string[] | undefined }> {
  for (let at = start; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line.trim().replaceAll(separator, '') === '') continue
    let text = line
    let fields = splitLine(text, separator)
    let end = at
    while (fields === undefined && end + 1 < lines.length && end - at < FIELD_LINES) {
      end += 1
      text += `\n${lines[end] ?? ''}`
      fields = splitLine(text, separator)
    }
    yield { at, cells: fields?.map(field => plainText(field.text)) }
    // A quote that is closed nowhere takes no other line with it.
    if (fields !== undefined) at = end
  }
}

/** Spaces that spreadsheets keep from breaking are spaces. */
const plainText = (text: string): string => text.replaceAll(/[\u00A0\u202F\u2009]/g, ' ').trim()

const mostFrequent = (line: string): string =>
  [',', ';', '\t'].toSorted((one, other) => line.split(other).length - line.split(one).length)[0] ??
  ','

const plainName = (name: string): string => plainText(name).toLowerCase()

/** Which column has which field. */
function columnsOf(names: readonly string[], map: PriceMap): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [field, column] of map.columns) {
    const at = names.findIndex(name => plainName(name) === plainName(column))
    if (at === -1)
      throw new PriceListError(
        `there is no column "${column}" for ${field}; the first line names ${names.join(', ') || 'none'}`,
      )
    found.set(field, at)
  }
  for (const field of PRICE_FIELD_NAMES) {
    const at = names.findIndex(name => plainName(name) === field)
    if (at !== -1 && !found.has(field) && !map.values.has(field)) found.set(field, at)
  }
  for (const [field, at] of found) {
    const name = names[at] ?? ''
    if (names.some((other, place) => place !== at && plainName(other) === plainName(name)))
      throw new PriceListError(
        `two columns are called "${name}", and ${field} is taken from one of them: give them different names`,
      )
  }
  const isThere = (field: PriceField) => found.has(field) || map.values.has(field)
  const isLike = isThere('like') || isThere('like-id')
  const lacking = REQUIRED.find(
    field => !isThere(field) && !(isLike && GIVEN_BY_LIKE.includes(field)),
  )
  if (lacking !== undefined)
    throw new PriceListError(
      `no column is the ${lacking}: give --map ${lacking}=COLUMN; the first line names ${names.join(', ') || 'none'}`,
    )
  return found
}

function rowOf(
  line: number,
  texts: readonly string[],
  columns: ReadonlyMap<string, number>,
  { values }: PriceMap,
): PriceRow {
  const textOf = (field: string): string =>
    texts[columns.get(field) ?? -1] ?? values.get(field) ?? ''
  const cells = PRICE_FIELD_NAMES.flatMap((field): [PriceField, string][] => {
    const text = textOf(field)
    return text === '' ? [] : [[field, text]]
  })
  const portal = [...columns.keys()].flatMap((field): [string, string][] =>
    field.startsWith('portal.') && textOf(field) !== ''
      ? [[field.slice('portal.'.length), textOf(field)]]
      : [],
  )
  return { line, cells: new Map(cells), portal: new Map(portal) }
}
