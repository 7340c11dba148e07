/**
 * What a store is: a place where states, ledgers and call budgets are kept, by the scheme of its addresses. It has
 * what it can keep; of each of these it has the abilities that it declares by having them. Types only.
 */
import type { Clock } from '../clock.ts'
import type { OpenDispatcher } from '../fleet/dispatcher.ts'
import type { FleetKeeper } from '../fleet/fleet.ts'
import type { LedgerKeeper } from '../ledger/keeper.ts'
import type { SlotSource } from '../sft/slots.ts'
import type { StateKeeper } from '../state/keeper.ts'

/**
 * A store, in one file that imports its library. A `place` is an address as it was given; that of the file store
 * is without its scheme.
 *
 * @example
 * // stores/postgres.ts, and one line of the registry: 'postgres:': async () => (await import('./postgres.ts')).postgres
 * export const postgres: Store = { state, ledger, budget }
 */
export interface Store {
  readonly state?: StateKeeper
  readonly ledger?: LedgerKeeper
  readonly budget?: BudgetKeeper
  /** Gives the work of a ledger to the workers of a fleet. */
  readonly work?: { readonly open: OpenDispatcher }
  /** Keeps what is left to workers beside a state. */
  readonly fleet?: FleetKeeper
  /** One address can have a state and a ledger side by side. */
  readonly holdsBoth?: boolean
}

/** How a store shares an account's rate. */
export interface BudgetKeeper {
  /**
   * Opens the call times that all share who name this place. `place` may be that of a state or a ledger: the
   * budget stands beside it.
   */
  open(place: string, options: BudgetOptions): SlotSource | Promise<SlotSource>
}

/** Who shares, and by which clock. */
export interface BudgetOptions {
  /** Names the account, for stores that hold the rates of several. */
  readonly account: string
  readonly clock: Clock
  /**
   * For a client that only reads: it leaves nothing behind, and where it may not write, it says so here and goes
   * on alone at half the rate.
   */
  readonly onAlone?: (message: string) => void
}
