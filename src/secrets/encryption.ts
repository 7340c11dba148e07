import { PlainError } from '../plain-error.ts'

/** What bringing a state or a ledger to the first key came to. */
export interface EncryptionReport {
  /** Without secrets. */
  readonly location: string
  /** ID of the key with which all is encrypted now; absent: all is plain. */
  readonly keyId?: string
  /** Rows that were written anew; those of backups are not among them. */
  readonly rewritten: number
  /** Backups that were written anew. */
  readonly backups: number
  /** Files beside it that hold what is plain, or encrypted with another key, and were left: each with the reason. */
  readonly left: readonly { readonly path: string; readonly reason: string }[]
}

/** Told how many rows were looked at. */
export type OnEncrypted = (rows: number) => void

/** How often rows are gone through while others write with another key first. */
export const MOST_PASSES = 3

export const othersWrite = (shown: string): PlainError =>
  new PlainError(
    `${shown}: somebody writes to it with another first key meanwhile: give all who use it the same file of keys, ` +
      'start them anew, and run this again',
  )
