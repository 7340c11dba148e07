import type {
  HaltedLedger,
  LedgerBackup,
  LedgerCheck,
  LedgerEditReport,
  LedgerRestoration,
} from '../ledger/keeper.ts'
import type { Ledger } from '../provision/ledger.ts'
import { findAble, findStore } from './registry.ts'

/**
 * Opens the ledger of an address: without a scheme, the embedded one at that path, whatever its ending. Throws
 * what its store throws, and a `PlainError` for a scheme that no store has.
 *
 * @example
 * await using ledger = await openLedger('/srv/shop/orders.json')
 */
export async function openLedger(address: string): Promise<Ledger> {
  const { keeper, place } = await findStore('ledger', address)
  return await keeper.open(place)
}

/**
 * Opens the ledger of an address to read it as it is, in its form or an old one, without writing anything;
 * undefined where there is none. What would change it is refused. Throws as `openLedger` does, but takes a
 * ledger from which nothing may be sold.
 */
export async function lookAtLedger(address: string): Promise<Ledger | undefined> {
  const { keeper, place } = await findStore('ledger', address)
  return await keeper.look(place)
}

/** Reads every page and every row of a ledger, and changes nothing; undefined where there is none. */
export async function checkLedger(address: string): Promise<LedgerCheck | undefined> {
  const { keeper, place } = await findAble('ledger', address, 'check', 'has nothing to check')
  return await keeper.check(place)
}

/**
 * Copies a ledger as it is now, while others sell from it; beside it unless `file` is given, which must not
 * exist. Nothing is sold from a copy that is put in the ledger's place before the account was read.
 */
export async function backupLedger(address: string, file?: string): Promise<LedgerBackup> {
  const { keeper, place } = await findAble('ledger', address, 'backup', 'is not copied to backups')
  return await keeper.backup(place, file)
}

/**
 * Puts a backup in the place of a ledger, the newest one by default. What was there is kept. Nothing is sold from
 * it until `reconcile` has read the account: what was sold since is not in it. Throws where a process has the
 * ledger open.
 */
export async function restoreLedger(address: string, file?: string): Promise<LedgerRestoration> {
  const { keeper, place } = await findAble(
    'ledger',
    address,
    'restore',
    'is not put back from backups',
  )
  return await keeper.restore(place, file)
}

/**
 * Takes rows that were changed by hand as what is true now, once `confirm` has seen what differs and said yes.
 * Undefined where every row is as sft-catalog left it. Throws for rows that are none.
 */
export async function acceptLedgerEdit(
  address: string,
  confirm: (differs: readonly string[]) => boolean | Promise<boolean>,
): Promise<LedgerEditReport | undefined> {
  const { keeper, place } = await findAble(
    'ledger',
    address,
    'acceptEdit',
    'takes no edits by hand',
  )
  return await keeper.acceptEdit(place, confirm)
}

/** Opens a ledger from which nothing is sold, to look after it; undefined where it is a usual one. */
export async function openHaltedLedger(address: string): Promise<HaltedLedger | undefined> {
  const { keeper, place } = await findAble('ledger', address, 'openHalted', 'is never halted')
  return await keeper.openHalted(place)
}
