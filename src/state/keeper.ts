import type { LockHolder } from '../durable/lock.ts'
import type { EncryptionReport, OnEncrypted } from '../secrets/encryption.ts'
import type { Moves } from '../stores/moving.ts'
import type { AppliedPlan } from './apply-log.ts'
import type { State, StateStore } from './state.ts'

/** How a state is opened for writing. */
export interface OpenStateOptions {
  /** What the state is opened for, shown to whoever finds it locked: `apply`. */
  readonly purpose?: string
  /** Backups to keep; 10 by default. */
  readonly backups?: number
  /** How long to wait for another owner's lock, in milliseconds; 0 by default. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
  /** Told about what was recovered at opening. */
  readonly onNotice?: (text: string) => void
  readonly now?: () => Date
  /** Whether a state is made where there has never been one; true by default. */
  readonly create?: boolean
}

/** What a restore did. */
export interface RestoreReport {
  readonly from: string
  readonly serial: number
  /** Entries played on top of the backup; only where the state itself could not be read. */
  readonly replayed: number
  /** What was there and could not be used, in words. */
  readonly lost?: string
  /** Copies of what was there before. */
  readonly kept: readonly string[]
}

/** What an edit by hand came to. */
export interface EditReport {
  readonly accepted: boolean
  /** What differs from the newest backup, and what is lost, a line each. */
  readonly differs: readonly string[]
}

/** Asks whether what differs is meant. */
export type ConfirmEdit = (differs: readonly string[]) => boolean | Promise<boolean>

/** What became of a lock that somebody wanted to remove. */
export interface Unlocking {
  readonly holder: LockHolder
  readonly removed: boolean
}

/** What fetching a state or putting it back came to. */
export interface SharedState {
  /** `ahead`: what is here was not pushed yet, and nobody else pushed either. */
  readonly how: 'pulled' | 'pushed' | 'alike' | 'ahead' | 'nothing there'
  readonly serial: number
  /** The state in the folder. */
  readonly place: string
}

/** Fetches a state from a folder and puts it back there. Both throw `StateEditError` and `LockedError`. */
export interface Sharing {
  pull(place: string, folder: string, options: OpenStateOptions): Promise<SharedState>
  push(place: string, folder: string, options: OpenStateOptions): Promise<SharedState>
}

/**
 * How a store keeps states. What stands first every store has; each of the others is an ability, which it
 * declares by having it.
 */
export interface StateKeeper {
  /** Opens a state for writing, with its lock. Throws `LockedError` and `StateDamagedError`. */
  open(place: string, options: OpenStateOptions): Promise<StateStore>
  /** Reads a state as it is now, without a lock. Throws `StateDamagedError`. */
  read(place: string): Promise<State>
  /** Whether there is a state. Throws `StateDamagedError` where it was there and is not whole. */
  isThere(place: string): Promise<boolean>
  /** A function that returns the state as it is now, at next to no cost where nothing changed. */
  watch?(place: string): () => Promise<State>
  /** Writes a copy of the state, to `to` where that is given. Takes no lock. */
  backup?(place: string, to?: string): Promise<{ readonly path: string; readonly serial: number }>
  /** Puts a backup in the place of a state; the newest one where none is named. */
  restore?(
    place: string,
    from: string | undefined,
    options: OpenStateOptions,
  ): Promise<RestoreReport>
  /** Takes what was changed by hand, once `confirm` said yes; undefined where nothing was. */
  acceptEdit?(
    place: string,
    confirm: ConfirmEdit,
    options: OpenStateOptions,
  ): Promise<EditReport | undefined>
  /** Removes the lock of an owner that cannot be seen from here; undefined where there is none. */
  unlock?(
    place: string,
    confirm: (holder: LockHolder) => boolean | Promise<boolean>,
  ): Promise<Unlocking | undefined>
  /** The newest applies of a state, at most `limit`, the newest first. */
  history?(place: string, limit: number): Promise<readonly AppliedPlan[]>
  /** Encrypts all of it with the first of the keys in force; undefined where there is none. */
  encrypt?(place: string, onRows?: OnEncrypted): Promise<EncryptionReport | undefined>
  /** Fetches a state from a folder, and puts it back there. */
  readonly sharing?: Sharing
  /** Moves a state to another store, and takes one from there. */
  readonly moves?: Moves
}
