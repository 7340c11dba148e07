import { followLinks } from '../durable/files.ts'
import { acceptFileLedgerEdit, checkFileLedger } from '../ledger/check-ledger.ts'
import { encryptFileLedger } from '../ledger/encrypt-ledger.ts'
import { lookAtFileLedger } from '../ledger/look-at-ledger.ts'
import { fileLedgerMoves } from '../ledger/move-file.ts'
import { fileLedger, openHaltedFileLedger } from '../ledger/sqlite-ledger.ts'
import { backupFileLedger, restoreFileLedger } from '../ledger/upkeep.ts'
import { fileSlots, readerSlots } from '../sft/file-slots.ts'
import { encryptFileState } from '../state/encrypt-file.ts'
import { readFileHistory } from '../state/file-history.ts'
import { isFileState, openFileState, readFileState } from '../state/file-store.ts'
import {
  acceptFileEdit,
  backupFileState,
  restoreFileState,
  unlockFileState,
} from '../state/file-upkeep.ts'
import { fileStateMoves } from '../state/move-file.ts'
import { fileStateSharing } from '../state/share-file.ts'
import { watchFileState } from '../state/watch-file.ts'
import type { Store } from './store.ts'

/** Files of this machine: a place is a path. */
export const fileStore: Store = {
  state: {
    open: openFileState,
    read: readFileState,
    isThere: isFileState,
    watch: watchFileState,
    backup: backupFileState,
    restore: restoreFileState,
    acceptEdit: acceptFileEdit,
    unlock: unlockFileState,
    history: readFileHistory,
    encrypt: (place, onRows) => encryptFileState(place, onRows),
    sharing: fileStateSharing,
    moves: fileStateMoves,
  },
  ledger: {
    open: fileLedger,
    look: lookAtFileLedger,
    check: place => checkFileLedger(place),
    backup: backupFileLedger,
    restore: restoreFileLedger,
    acceptEdit: acceptFileLedgerEdit,
    openHalted: openHaltedFileLedger,
    encrypt: (place, onRows) => encryptFileLedger(place, onRows),
    moves: fileLedgerMoves,
  },
  budget: {
    open(place, { clock, onAlone }) {
      // Beside the target of a link, so that two names of one state share one rate.
      const locate = async () => `${await followLinks(place)}.calls`
      return onAlone === undefined ? fileSlots(locate, clock) : readerSlots(locate, clock, onAlone)
    },
  },
}
