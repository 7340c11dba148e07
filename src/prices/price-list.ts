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
  price: 'price of the portal, with currency',
  currency: 'ISO 4217 code of the price',
  name: 'name on the platform; made of the rest where it is left out',
} as const

export type PriceField = keyof typeof PRICE_FIELDS

export const PRICE_FIELD_NAMES = Object.keys(PRICE_FIELDS) as readonly PriceField[]

/** Without these a row says nothing that could be sold. */
const REQUIRED: readonly PriceField[] = ['sku', 'destination', 'days']

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
  for (const [at, line] of lines.entries()) {
    if (at <= start || line.trim().replaceAll(separator, '') === '') continue
    const cells = splitLine(line, separator)?.map(cell => cell.text.trim())
    if (cells === undefined)
      refused.push({ line: at + 1, reason: 'a quote of this line is not closed' })
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

const mostFrequent = (line: string): string =>
  [',', ';', '\t'].toSorted((one, other) => line.split(other).length - line.split(one).length)[0] ??
  ','

const plainName = (name: string): string => name.trim().toLowerCase()

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
  const lacking = REQUIRED.find(field => !found.has(field) && !map.values.has(field))
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
