import type { EsimRow, Ledger, OrderRow } from './ledger.ts'
import { ledgerFiles, lookAtLedger } from './ledger-files.ts'
import { openTables, rowsOf } from './tables.ts'

/** What a look at a ledger tells. */
export interface LedgerView {
  readonly orders: readonly OrderRow[]
  readonly esims: readonly EsimRow[]
}

/**
 * Reads a ledger as it is now, without a lock and without writing anything; undefined where there is none.
 * Throws as `fileLedger` does.
 */
export async function readLedger(path: string): Promise<LedgerView | undefined> {
  const tables = await lookAtLedger(await ledgerFiles(path))
  return tables === undefined ? undefined : { orders: tables.orders(false), esims: tables.esims() }
}

/**
 * A ledger as it is now, for those who only look: no lock, nothing written, and nothing made where there is
 * none yet, which `none` is told. A decision that would write is refused. Throws as `fileLedger` does.
 */
export async function viewLedger(path: string, none: () => void): Promise<Ledger> {
  const found = await lookAtLedger(await ledgerFiles(path))
  if (found === undefined) none()
  const tables = found ?? openTables()
  return {
    location: path,
    async transact(keys, decide) {
      const { entries, result } = decide(rowsOf(tables.rows, keys))
      if (entries.length > 0) throw new Error(`${path} is open for reading only`)
      return result
    },
    orders: async filter => tables.orders(filter?.unfinished === true),
    esims: async () => tables.esims(),
    usages: async () => tables.usages(),
    async [Symbol.asyncDispose]() {},
  }
}
