import { postgresHistory } from '../postgres/apply-log.ts'
import { openPostgresBudget } from '../postgres/budget.ts'
import { checkPostgresLedger } from '../postgres/check-ledger.ts'
import { encryptPostgresLedger, encryptPostgresState } from '../postgres/encrypt.ts'
import { postgresFleet } from '../postgres/fleet.ts'
import {
  lookAtPostgresLedger,
  openHaltedPostgresLedger,
  openPostgresLedger,
} from '../postgres/ledger.ts'
import { postgresLedgerMoves } from '../postgres/move-ledger.ts'
import { postgresStateMoves } from '../postgres/move-state.ts'
import {
  isPostgresState,
  openPostgresState,
  readPostgresState,
  watchPostgresState,
} from '../postgres/state.ts'
import { unlockPostgresState } from '../postgres/state-lock.ts'
import type { Store } from './store.ts'

/** A PostgreSQL database: for any number of machines. A place is the whole address. */
export const postgresStore: Store = {
  state: {
    open: openPostgresState,
    read: readPostgresState,
    isThere: isPostgresState,
    watch: watchPostgresState,
    unlock: unlockPostgresState,
    history: postgresHistory,
    encrypt: (place, onRows) => encryptPostgresState(place, onRows),
    moves: postgresStateMoves,
  },
  ledger: {
    open: openPostgresLedger,
    look: lookAtPostgresLedger,
    check: place => checkPostgresLedger(place),
    openHalted: openHaltedPostgresLedger,
    encrypt: (place, onRows) => encryptPostgresLedger(place, onRows),
    moves: postgresLedgerMoves,
  },
  budget: { open: openPostgresBudget },
  work: {
    open: async options => {
      const { openDbosDispatcher } = await import('../fleet/dbos-dispatcher.ts')
      return await openDbosDispatcher(options)
    },
  },
  fleet: postgresFleet,
  holdsBoth: true,
}
