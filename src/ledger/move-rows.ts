/** A ledger as rows of text, for moving it from one store to another: what all that speak SQL share. */
import type { LedgerEntry } from '../provision/ledger.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type { MovedRow } from '../stores/moving.ts'
import type { SqlRow, SqlValue } from './connection.ts'
import { numberIn, readWhole, textIn, valuesFor } from './rows.ts'
import { TABLES, type Table } from './sql.ts'

/** In the order in which they move: usage before the eSIMs, which have the time of theirs. */
export const MOVED_TABLES = [
  'usage',
  'orders',
  'esims',
  'addons',
  'processes',
] as const satisfies readonly Table[]

/** Rows of a page. */
const PAGE = 1000

const numbered = (count: number): string =>
  Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')

/** Asks for a page of a table, by its key; one that goes on begins after the values of it. */
export function pageOf(table: Table, goesOn: boolean): string {
  const { key } = TABLES[table]
  const names = key.join(', ')
  const after = goesOn ? `where (${names}) > (${numbered(key.length)})` : ''
  return `select ${names}, crc, content from ${table} ${after} order by ${names} limit ${PAGE}`
}

/** Every statement that a page goes on by, for a look at how a database runs them. */
export const PAGES: Readonly<Record<string, string>> = Object.fromEntries(
  MOVED_TABLES.map(table => [`next ${table}`, pageOf(table, true)]),
)

/** Counts the rows of all tables. */
export const COUNT_ROWS = `select ${MOVED_TABLES.map(table => `(select count(*) from ${table}) as ${table}`).join(', ')}`

/** Rows by table, of the answer to `COUNT_ROWS`. */
export const countsIn = (row: SqlRow | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(MOVED_TABLES.map(table => [table, numberIn(row, table)]))

/** Whether there is a row that would be lost: signs of life alone are nothing. */
export const isEmpty = (counts: Readonly<Record<string, number>>): boolean =>
  Object.entries(counts).every(([table, count]) => table === 'processes' || count === 0)

type Ask = (
  sql: string,
  ...values: readonly SqlValue[]
) => readonly SqlRow[] | Promise<readonly SqlRow[]>

/** Pages of all rows, in plain text. Throws for one that does not match its checksum. */
export async function* ledgerPages(
  shown: string,
  ask: Ask,
  cipher: Cipher,
): AsyncGenerator<readonly MovedRow[]> {
  for (const table of MOVED_TABLES) {
    const { key } = TABLES[table]
    let last: SqlRow | undefined
    do {
      const after = last === undefined ? [] : key.map(column => textIn(last, column))
      const found = await ask(pageOf(table, last !== undefined), ...after)
      yield found.map((row): MovedRow => {
        const { text: content } = readWhole(shown, table, row, cipher)
        return { table, key: key.map(column => textIn(row, column)).join('/'), content }
      })
      last = found.length < PAGE ? undefined : found.at(-1)
    } while (last !== undefined)
  }
}

/** A row for the database: its table, and what stands in its columns, checksum and content at the end. */
export function movedValues(
  { table, content }: MovedRow,
  cipher: Cipher,
): {
  readonly table: Table
  readonly values: readonly SqlValue[]
} {
  const known = MOVED_TABLES.find(one => one === table)
  if (known === undefined)
    throw new Error(`there are rows of ${table}, which this sft-catalog does not know`)
  // Judged where it was read.
  const entry = { table: known, row: JSON.parse(content) } as LedgerEntry
  return { table: known, values: valuesFor(entry, content, cipher) }
}
