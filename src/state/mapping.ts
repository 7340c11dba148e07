import { csvCell, csvLine } from '../csv-text.ts'
import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import { type Records, recordsOf } from './records.ts'
import type { AnyRecord, Mapping, MappingRow, State } from './state.ts'

/** The tables of a mapping by name, in their order. */
export const mappingTables = (): readonly string[] =>
  kinds()
    .toSorted((one, other) => one.mapping.place - other.mapping.place)
    .map(({ section }) => section)

/** The mapping tables of a state, rows in the order of their keys. */
export function exportMapping(state: State): Mapping {
  const tables = Object.fromEntries(
    kinds()
      .toSorted((one, other) => one.mapping.place - other.mapping.place)
      .map(kind => [
        kind.section,
        sorted(recordsOf(state, kind)).map(([key, record]) => kind.mapping.row(key, record)),
      ]),
  )
  // The tables are those that the kinds' files declare.
  return tables as object as Mapping
}

/** One table of a mapping. */
export const tableOf = (mapping: Mapping, name: string): readonly MappingRow[] => {
  const rows: readonly MappingRow[] | undefined = Reflect.get(mapping, name)
  return rows ?? []
}

const sorted = (records: Records): readonly [string, AnyRecord][] =>
  Object.entries(records).toSorted(([a], [b]) => (a < b ? -1 : 1))

/**
 * A table as CSV (RFC 4180) with a header line. A field that is an object gets a column for each of its
 * own fields (`portal.sku`); a list stands in one cell, its items apart by a space; what else is nested
 * is JSON. Text that a spreadsheet would run as a formula gets a leading `'`; a line break becomes a space.
 */
export function mappingCsv(table: readonly MappingRow[]): string {
  const rows = table.map(row => new Map(Object.entries(row).flatMap(flatten)))
  const columns = [...new Set(rows.flatMap(row => [...row.keys()]))]
  const lines = [columns, ...rows.map(row => columns.map(column => row.get(column) ?? ''))]
  return lines.map(csvLine).join('')
}

function flatten([column, value]: [string, Json]): [string, string][] {
  return isJsonObject(value)
    ? Object.entries(value).map(([key, item]) => [`${column}.${key}`, csvCell(item)])
    : [[column, csvCell(value)]]
}
