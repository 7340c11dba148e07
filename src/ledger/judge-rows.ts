import type { LedgerEntry } from '../provision/ledger.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type { SqlRow } from './connection.ts'
import { columnsOf, judgeRow, textIn } from './rows.ts'
import { MISCOUNTED, TABLES, type Table } from './sql.ts'

/** A row for messages. */
export const nameOf = (table: Table, row: SqlRow): string =>
  `${table}.${TABLES[table].key.map(column => textIn(row, column)).join('/')}`

/** What is wrong with a stored row, and the entry that it would be if it were meant so. */
interface StoredRow {
  readonly entry?: LedgerEntry
  readonly problem?: string
  /** Columns that do not say what the row says. */
  readonly differs: readonly string[]
}

/** Judges a row by its checksum, its form, and whether its columns say what it says. */
export function judgeStored(table: Table, found: SqlRow, cipher: Cipher): StoredRow {
  const { row, problem } = judgeRow(table, found, cipher)
  if (row === undefined) return { differs: [], ...(problem !== undefined && { problem }) }
  // Both come from one table.
  const entry = { table, row } as LedgerEntry
  const { columns, key } = TABLES[table]
  const said = columnsOf(entry)
  const others = columns.filter((column, index) => said[index] !== found[column])
  if (others.some(column => key.includes(column)))
    return { problem: 'has the key of another row', differs: [] }
  const differs = others.map(
    column =>
      `${column}: ${JSON.stringify(found[column])} → ${JSON.stringify(said[columns.indexOf(column)])}`,
  )
  if (problem !== undefined) return { entry, problem, differs }
  return differs.length === 0
    ? { entry, differs }
    : { entry, problem: `has columns that say otherwise: ${differs.join(', ')}`, differs }
}

export const miscounted = (row: SqlRow): string =>
  `stock.${textIn(row, 'batch')}: ${textIn(row, 'status')} is miscounted`

/** Purchases that have an eSIM, or are about to. */
const HOLDING = "kind = 'purchase' and status in ('reserved', 'activated', 'delivered')"

/** What no two rows may say of each other; each question answers with what is wrong, a row each. */
const RULES: readonly { readonly sql: string; readonly say: (row: SqlRow) => string }[] = [
  { sql: MISCOUNTED, say: miscounted },
  {
    sql: `select endpoint_id, min(order_id) as one, max(order_id) as other from orders
      where ${HOLDING} and endpoint_id is not null group by endpoint_id having count(*) > 1`,
    say: row =>
      `esims.${textIn(row, 'endpoint_id')} has two buyers: orders.${textIn(row, 'one')} and orders.${textIn(row, 'other')}`,
  },
  {
    sql: `select order_id, endpoint_id from orders where ${HOLDING} and endpoint_id is not null
      and not exists (select 1 from esims where esims.endpoint_id = orders.endpoint_id)`,
    say: row =>
      `orders.${textIn(row, 'order_id')} has the eSIM ${textIn(row, 'endpoint_id')}, which has no row`,
  },
  {
    sql: `select endpoint_id, unique_id from addons
      where not exists (select 1 from esims where esims.endpoint_id = addons.endpoint_id)`,
    say: row =>
      `addons.${textIn(row, 'endpoint_id')}/${textIn(row, 'unique_id')} is on an eSIM that has no row`,
  },
  {
    sql: `select endpoint_id from usage
      where not exists (select 1 from esims where esims.endpoint_id = usage.endpoint_id)`,
    say: row => `usage.${textIn(row, 'endpoint_id')} is of an eSIM that has no row`,
  },
  {
    sql: `select esims.endpoint_id from esims join usage on usage.endpoint_id = esims.endpoint_id
      where esims.refreshed_at <> usage.refreshed_at`,
    say: row => `esims.${textIn(row, 'endpoint_id')} has another time than its usage`,
  },
]

/** What rows say against each other, a line each. */
export async function contradictions(
  ask: (sql: string) => Promise<readonly SqlRow[]>,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { sql, say } of RULES) lines.push(...(await ask(sql)).map(say))
  return lines
}
