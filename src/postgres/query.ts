/** Questions to PostgreSQL, whatever they are asked by. */
import type { SqlRow } from '../ledger/connection.ts'

/** What can stand for a parameter. */
export type Value = string | number | null | readonly (string | number | null)[]

/** One connection, or one transaction on it. */
export type Query = (sql: string, ...values: readonly Value[]) => Promise<readonly SqlRow[]>

/** What a statement asks or changes. */
export type Statement = readonly [sql: string, ...values: Value[]]

/** Locks names until the transaction ends, in one order for all. */
export const LOCK_NAMES = `select pg_advisory_xact_lock(key)
  from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as name order by 1) as keys`

const preparedNames = new Map<string, string>()

/** A statement that each connection prepares once: for those of every sale, which name their columns. */
export function prepared(sql: string): string {
  if (!preparedNames.has(sql)) preparedNames.set(sql, `sft_${preparedNames.size}`)
  return sql
}
prepared(LOCK_NAMES)

/** A connection, or a pool of them. */
interface Asked {
  query(question: {
    text: string
    values: unknown[]
    name?: string
  }): Promise<{ readonly rows: readonly SqlRow[] }>
}

/** Asks one question on a connection, or on any of a pool. */
export const ask = async (
  client: Asked,
  sql: string,
  values: readonly Value[],
): Promise<readonly SqlRow[]> => {
  const name = preparedNames.get(sql)
  const config = { text: sql, values: [...values], ...(name !== undefined && { name }) }
  return (await client.query(config)).rows
}
