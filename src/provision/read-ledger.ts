import { lookAtLedger } from '../stores/ledgers.ts'
import type { Ledger } from './ledger.ts'
import { memoryLedger } from './memory-ledger.ts'

/**
 * A ledger as it is now, for those who only look: nothing is written, and nothing made where there is none yet,
 * which `none` is told. A decision that would write is refused. Throws as `openLedger` does.
 */
export async function viewLedger(path: string, none: () => void): Promise<Ledger> {
  const found = await lookAtLedger(path)
  if (found === undefined) none()
  return found ?? memoryLedger()
}
