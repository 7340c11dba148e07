import { PlainError } from '../plain-error.ts'
import type { Ledger } from '../provision/ledger.ts'
import { memoryLedger } from '../provision/memory-ledger.ts'
import { lookAtFileLedger } from './look-at-ledger.ts'
import { fileLedger } from './sqlite-ledger.ts'

/** A place where ledgers are kept. */
interface Store {
  readonly open: (place: string) => Promise<Ledger>
  /** Opens it to be read, without writing anything; undefined where there is none. */
  readonly look: (place: string) => Promise<Ledger | undefined>
}

const fileStore: Store = { open: fileLedger, look: lookAtFileLedger }

/** The stores by the scheme of their address; a new store is one line here. */
const STORES: Readonly<Record<string, Store>> = {
  'file:': fileStore,
  'memory:': { open: async () => memoryLedger(), look: async () => undefined },
}

/** A scheme has two letters at least: `C:\orders.db` is a path. */
function storeOf(location: string): readonly [Store, string] {
  const scheme = /^[a-z][a-z0-9+]+:/i.exec(location)?.[0]
  if (scheme === undefined) return [fileStore, location]
  const store = Object.hasOwn(STORES, scheme) ? STORES[scheme] : undefined
  if (store === undefined)
    throw new PlainError(
      `${scheme} is not a place for a ledger; give a file's path, or one of ${Object.keys(STORES).join(', ')}`,
    )
  return [store, store === fileStore ? location.slice(scheme.length) : location]
}

/**
 * Opens the ledger of an address: without a scheme, the embedded one at that path, whatever its ending. Throws
 * what its store throws, and a `PlainError` for a scheme that no store has.
 *
 * @example
 * await using ledger = await openLedger('/srv/shop/orders.json')
 */
export async function openLedger(location: string): Promise<Ledger> {
  const [store, place] = storeOf(location)
  return await store.open(place)
}

/**
 * Opens the ledger of an address to read it as it is, in its form or an old one, without writing anything;
 * undefined where there is none. What would change it is refused. Throws as `openLedger` does, but takes a
 * ledger from which nothing may be sold.
 */
export async function lookAtLedger(location: string): Promise<Ledger | undefined> {
  const [store, place] = storeOf(location)
  return await store.look(place)
}

/** The path of a ledger that is a file. Throws where it is kept elsewhere. */
export function ledgerPathOf(location: string): string {
  const [store, place] = storeOf(location)
  if (store !== fileStore)
    throw new PlainError(`${location} is not a file, and has no upkeep of a file`)
  return place
}
