import { existsSync } from 'node:fs'
import { readJournal } from '../durable/journal.ts'
import { readSnapshot } from '../durable/snapshot.ts'
import type { Transaction } from './file-ledger.ts'
import type { EsimRow, OrderRow } from './ledger.ts'
import { decodeSnapshot, openTables } from './tables.ts'

/** What a look at a ledger tells. */
export interface LedgerView {
  readonly orders: readonly OrderRow[]
  readonly esims: readonly EsimRow[]
}

/**
 * Reads a ledger as it is now, without a lock and without writing anything; undefined where there is none.
 * The journal first: a fold in between is then seen as already done. Throws as `fileLedger` does.
 */
export async function readLedger(path: string): Promise<LedgerView | undefined> {
  const journal = `${path}.journal`
  if (!existsSync(path) && !existsSync(journal)) return undefined
  const { lines } = await readJournal<Transaction>(journal)
  const snapshot = await readSnapshot(path, decodeSnapshot)
  const tables = openTables(snapshot)
  for (const { n, entries } of lines)
    if (n > snapshot.serial) for (const entry of entries) tables.apply(entry)
  return { orders: tables.orders(false), esims: tables.esims() }
}
