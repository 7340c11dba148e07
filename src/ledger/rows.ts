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
import {
  type Cipher,
  type CipherPlace,
  DecryptError,
  type EncryptionKeys,
  markOf,
} from '../secrets/cipher.ts'
import type { SqlRow, SqlValue } from './connection.ts'
import { TABLES, type Table } from './sql.ts'

/** The rows of each table of the ledger port. */
interface Rows {
  readonly orders: OrderRow
  readonly esims: EsimRow
  readonly addons: AddonRow
  readonly usage: UsageRow
  readonly processes: LedgerProcess
}

export type RowOf<Name extends Table> = Rows[Name]

/** What a ledger's rows are encrypted for, beside their places in it. */
export const ownerOf = (lineage: string): readonly string[] => ['ledger', lineage]

/** What stands in the columns of an entry, checksum and content at the end. */
export const valuesOf = (entry: LedgerEntry, cipher: Cipher): readonly SqlValue[] =>
  valuesFor(entry, JSON.stringify(entry.row), cipher)

/** As `valuesOf`, of a row whose text is known. */
export function valuesFor(entry: LedgerEntry, text: string, cipher: Cipher): readonly SqlValue[] {
  const { table } = entry
  const values = columnsOf(entry)
  const columns = Object.fromEntries(TABLES[table].columns.map((name, at) => [name, values[at]]))
  const content = textToKeep(table, columns, text, cipher)
  return [...values, crc32(content), content]
}

/** Signs of life have nothing to hide, and come each second. */
export const ENCRYPTED_TABLES = ['orders', 'esims', 'addons', 'usage'] as const

/** What is kept of the text of a row whose key columns are known. */
export const textToKeep = (table: Table, columns: SqlRow, text: string, cipher: Cipher): string =>
  (ENCRYPTED_TABLES as readonly Table[]).includes(table)
    ? cipher.encrypt(placeOf(table, columns), text)
    : text

/** Asks for the rows of a table that are not kept as these keys write them now. */
export const isLeft = (table: Table, { first }: EncryptionKeys): string =>
  `select 1 as one from ${table} where content ${first === undefined ? '' : 'not '}like '${markOf(first)}%'`

const placeOf = (table: Table, found: SqlRow): CipherPlace => [
  table,
  ...TABLES[table].key.map(column => textIn(found, column)),
]

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

/**
 * The row that stands in a database row, which has the columns of its key, and what is wrong with it. Throws an
 * `EncryptedError` where it is encrypted with a key that is not given.
 */
export function judgeRow<Name extends Table>(
  table: Name,
  found: SqlRow,
  cipher: Cipher,
): { readonly row?: RowOf<Name>; readonly text?: string; readonly problem?: string } {
  const { crc, content } = found
  if (typeof content !== 'string') return { problem: 'is no text' }
  let text: string
  let row: unknown
  try {
    text = cipher.decrypt(placeOf(table, found), content)
    row = JSON.parse(text)
  } catch (error) {
    if (error instanceof DecryptError) return { problem: error.message }
    if (!(error instanceof SyntaxError)) throw error
    return { problem: 'is not whole JSON' }
  }
  const unknown = rowProblem(table, row)
  if (unknown !== undefined) return { problem: unknown }
  if (crc32(content) === crc) return { row: row as RowOf<Name>, text }
  return {
    row: row as RowOf<Name>,
    text,
    problem: 'does not match its checksum: it was changed by hand, or by a disk fault',
  }
}

/** The row of a table; throws where nothing may be decided on it. */
export const readRow = <Name extends Table>(
  path: string,
  table: Name,
  found: SqlRow,
  cipher: Cipher,
): RowOf<Name> => readWhole(path, table, found, cipher).row

/** As `readRow`, with the text of the row. */
export function readWhole<Name extends Table>(
  path: string,
  table: Name,
  found: SqlRow,
  cipher: Cipher,
): { readonly row: RowOf<Name>; readonly text: string } {
  const { row, text, problem } = judgeRow(table, found, cipher)
  if (row !== undefined && text !== undefined && problem === undefined) return { row, text }
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
