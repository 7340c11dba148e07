import { lookAtLedger } from '../ledger/look-at-ledger.ts'
import type { EsimRow, Ledger, OrderRow } from './ledger.ts'
import { memoryLedger } from './memory-ledger.ts'

/** What a look at a ledger tells. */
export interface LedgerView {
  readonly orders: readonly OrderRow[]
  readonly esims: readonly EsimRow[]
}

/**
 * Reads a ledger as it is now, without writing anything; undefined where there is none. Throws as `fileLedger`
 * does.
 */
export async function readLedger(path: string): Promise<LedgerView | undefined> {
  await using ledger = await lookAtLedger(path)
  if (ledger === undefined) return undefined
  return { orders: await ledger.orders(), esims: await ledger.esims() }
}

/**
 * A ledger as it is now, for those who only look: nothing is written, and nothing made where there is none yet,
 * which `none` is told. A decision that would write is refused. Throws as `fileLedger` does.
 */
export async function viewLedger(path: string, none: () => void): Promise<Ledger> {
  const found = await lookAtLedger(path)
  if (found === undefined) none()
  return found ?? memoryLedger()
}
