import type { EsimRow, OrderRow } from './ledger.ts'
import { ledgerFiles, lookAtLedger } from './ledger-files.ts'

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
