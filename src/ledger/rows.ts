import { crc32 } from 'node:zlib'
import { SnapshotError } from '../durable/snapshot.ts'
import {
  type AddonRow,
  type EsimRow,
  isUnfinished,
  type LedgerEntry,
  type LedgerProcess,
  type OrderRow,
  type UsageRow,
} from '../provision/ledger.ts'
import { rowProblem } from '../provision/tables.ts'
import type { SqlRow, SqlValue } from './connection.ts'
import type { Table } from './sql.ts'

/** The rows of each table of the ledger port. */
interface Rows {
  readonly orders: OrderRow
  readonly esims: EsimRow
  readonly addons: AddonRow
  readonly usage: UsageRow
  readonly processes: LedgerProcess
}

export type RowOf<Name extends Table> = Rows[Name]

/** What stands in the columns of an entry, checksum and content at the end. */
export function valuesOf(entry: LedgerEntry): readonly SqlValue[] {
  const content = JSON.stringify(entry.row)
  return [...columnsOf(entry), crc32(content), content]
}

/** What stands in the columns of an entry before checksum and content. */
export function columnsOf(entry: LedgerEntry): readonly SqlValue[] {
  switch (entry.table) {
    case 'orders': {
      const { orderId, kind, status, planId, endpointId, owner, createdAt } = entry.row
      const unfinished = isUnfinished(entry.row) ? 1 : 0
      // Release 0.1.0 took numbers as order IDs: both find the same order.
      const key = String(orderId)
      return [
        key,
        kind,
        status,
        unfinished,
        planId,
        endpointId ?? null,
        owner?.id ?? null,
        createdAt,
      ]
    }
    case 'esims': {
      const { endpointId, iccid, batch, tags, status, owner } = entry.row
      return [endpointId, iccid, batch, JSON.stringify(tags), status, owner?.id ?? null]
    }
    case 'addons':
      return [entry.row.endpointId, entry.row.uniqueId]
    case 'usage':
      return [entry.row.endpointId, entry.row.refreshedAt]
    case 'processes':
      return [entry.row.id, entry.row.heartbeat]
  }
}

/** The row that stands in a database row, and what is wrong with it. */
export function judgeRow<Name extends Table>(
  table: Name,
  { crc, content }: SqlRow,
): { readonly row?: RowOf<Name>; readonly problem?: string } {
  if (typeof content !== 'string') return { problem: 'is no text' }
  let row: unknown
  try {
    row = JSON.parse(content)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { problem: 'is not whole JSON' }
  }
  const unknown = rowProblem(table, row)
  if (unknown !== undefined) return { problem: unknown }
  if (crc32(content) === crc) return { row: row as RowOf<Name> }
  return {
    row: row as RowOf<Name>,
    problem: 'does not match its checksum: it was changed by hand, or by a disk fault',
  }
}

/** The row of a table; throws where nothing may be decided on it. */
export function readRow<Name extends Table>(path: string, table: Name, found: SqlRow): RowOf<Name> {
  const { row, problem } = judgeRow(table, found)
  if (row !== undefined && problem === undefined) return row
  throw new SnapshotError(
    path,
    'damaged',
    `a row of ${table} ${problem ?? 'cannot be read'}. Nothing is sold from it; ` +
      `\`sft-catalog ledger check\` says which ones, \`ledger accept-edit\` takes a change that was meant, ` +
      '`ledger restore` puts a backup in its place',
  )
}

/** A number of an answer. */
export const numberIn = (row: SqlRow | undefined, column: string): number =>
  Number(row?.[column] ?? 0)

/** A text of an answer. */
export const textIn = (row: SqlRow | undefined, column: string): string =>
  String(row?.[column] ?? '')
