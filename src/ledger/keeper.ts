import type { Ledger } from '../provision/ledger.ts'
import type { EncryptionReport, OnEncrypted } from '../secrets/encryption.ts'
import type { Moves } from '../stores/moving.ts'

/** What reading a ledger from end to end told. */
export interface LedgerCheck {
  readonly lineage: string
  readonly serial: number
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>
  /** What is wrong, a line each, without secrets; empty: nothing. */
  readonly problems: readonly string[]
}

/** A backup that was made. */
export interface LedgerBackup {
  readonly path: string
  readonly serial: number
}

/** What putting a backup in a ledger's place came to. */
export interface LedgerRestoration {
  /** The backup that it was. */
  readonly from: string
  readonly serial: number
  /** Where what was there before is kept. */
  readonly kept: readonly string[]
}

/** What an edit of a ledger by hand came to. */
export interface LedgerEditReport {
  readonly accepted: boolean
  /** What differs from what was last written, a line each; no secrets. */
  readonly differs: readonly string[]
}

/** A ledger from which nothing is sold until somebody looked. */
export interface HaltedLedger extends AsyncDisposable {
  readonly why: string
  readonly ledger: Ledger
  /** Lets it sell again. */
  release(): Promise<void>
}

/**
 * How a store keeps ledgers. What stands first every store has; each of the others is an ability, which it
 * declares by having it.
 */
export interface LedgerKeeper {
  /** Opens a ledger to sell from, making it where there has never been one. */
  open(place: string): Promise<Ledger>
  /** Opens it to be read, without writing anything; undefined where there is none. */
  look(place: string): Promise<Ledger | undefined>
  /** Reads it from end to end and changes nothing; undefined where there is none. */
  check?(place: string): Promise<LedgerCheck | undefined>
  /** Copies it while others sell from it, to `file` where that is given. */
  backup?(place: string, file?: string): Promise<LedgerBackup>
  /** Puts a backup in its place, the newest by default: nothing is sold from it before it is released. */
  restore?(place: string, file?: string): Promise<LedgerRestoration>
  /** Takes rows that were changed by hand, once `confirm` said yes; undefined where none was. */
  acceptEdit?(
    place: string,
    confirm: (differs: readonly string[]) => boolean | Promise<boolean>,
  ): Promise<LedgerEditReport | undefined>
  /** Opens one from which nothing is sold, to look after it; undefined where it is a usual one. */
  openHalted?(place: string): Promise<HaltedLedger | undefined>
  /** Encrypts all rows with the first of the keys in force; undefined where there is none. */
  encrypt?(place: string, onRows?: OnEncrypted): Promise<EncryptionReport | undefined>
  /** Moves a ledger to another store, and takes one from there. */
  readonly moves?: Moves
}
