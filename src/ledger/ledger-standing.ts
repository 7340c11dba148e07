/** Whose ledger a file is, how far it is, and whether anything may be sold from it. */
import { SnapshotError } from '../durable/snapshot.ts'
import { type Cipher, type EncryptionKeys, noteKey, requireKeys } from '../secrets/cipher.ts'
import { MovedError, type MoveMark, readMark } from '../stores/moving.ts'
import type { Connection, SqlRow } from './connection.ts'
import { numberIn, textIn } from './rows.ts'
import { type LedgerPlace, type readSideFile, sideFileOf } from './side-file.ts'
import { APPLICATION_ID, HALT, MARKED_VERSION, SCHEMA_VERSION, SELECT, SET_KEYS } from './sql.ts'

/** A ledger in an SQLite file, open. */
export interface LedgerFile extends LedgerPlace {
  /** With links followed. */
  readonly path: string
  readonly connection: Connection
  /** Why nothing is sold from it until somebody looked; undefined where all is well. */
  readonly halted: string | undefined
  /** Set where it went elsewhere, or comes and is not all there. */
  readonly mark: MoveMark | undefined
  /** The IDs of the keys that may have encrypted a row. */
  readonly keyIds: string
  /** The keys of this run. */
  readonly keys: EncryptionKeys
  readonly cipher: Cipher
}

/** Whose file it is and how far it is. Throws where it is no ledger, or a newer one. */
export function identify(
  path: string,
  connection: Connection,
): Pick<LedgerFile, 'lineage' | 'serial' | 'halted' | 'mark' | 'keyIds'> {
  const [application] = connection.all('pragma ledger.application_id')
  const [version] = connection.all('pragma ledger.user_version')
  if (numberIn(application, 'application_id') !== APPLICATION_ID)
    throw new SnapshotError(
      path,
      'damaged',
      'is a database of another program, not a ledger; name another file',
    )
  const found = numberIn(version, 'user_version')
  const [place] = connection.all(SELECT.place)
  const halted = haltedAt(place)
  const mark = found === MARKED_VERSION ? readMark(halted) : undefined
  if (found > SCHEMA_VERSION && mark === undefined)
    throw new SnapshotError(
      path,
      'damaged',
      `has version ${found}, written by a newer sft-catalog, and this one reads version ${SCHEMA_VERSION}: update sft-catalog`,
    )
  return {
    lineage: textIn(place, 'lineage'),
    serial: numberIn(place, 'serial'),
    halted,
    mark,
    keyIds: keyIdsIn(place),
  }
}

/** The IDs of the keys that may have encrypted a row, as a place says. */
const keyIdsIn = (place: SqlRow | undefined): string => textIn(place, 'keys')

/** Throws where rows may be encrypted with a key that is not given. */
export const requireKeysOf = ({ path, keyIds, keys }: LedgerFile): void =>
  requireKeys(path, keyIds, keys)

/** In a transaction that writes: notes that rows are encrypted with the first key of this run. */
export function noteKeyOf({ connection, keys }: LedgerFile, place: SqlRow | undefined): void {
  const noted = noteKey(keyIdsIn(place), keys)
  if (noted !== undefined) connection.run(SET_KEYS, noted)
}

/** Why nothing is sold from a ledger, as its place says. */
export function haltedAt(place: SqlRow | undefined): string | undefined {
  const halted = place?.['halted']
  return typeof halted === 'string' ? halted : undefined
}

/** Throws a `MovedError` where it went elsewhere, or is not all there. */
export const refuseMark = (path: string, mark: MoveMark | undefined): void => {
  if (mark !== undefined) throw new MovedError(path, 'ledger', mark)
}

/**
 * Throws where a ledger came to a halt since it was opened: it went elsewhere, or another program halted it; and where
 * somebody encrypts it with a key that is not given here.
 */
export function refuseHaltedSince(
  { path, halted, keys }: Pick<LedgerFile, 'path' | 'halted' | 'keys'>,
  place: SqlRow | undefined,
): void {
  requireKeys(path, keyIdsIn(place), keys)
  const now = haltedAt(place)
  if (now === undefined || now === halted) return
  refuseMark(path, readMark(now))
  throw haltedError(path, now)
}

/** Marks an open ledger in a transaction that is under way, or takes the mark off. */
export function setMark({ run, exec }: Connection, mark: MoveMark | undefined): void {
  run(HALT, mark === undefined ? null : JSON.stringify(mark))
  exec(`pragma ledger.user_version = ${mark === undefined ? SCHEMA_VERSION : MARKED_VERSION}`)
}

/** Why a ledger may be an older copy than the one that was here, by what is noted beside it. */
export function olderThanNoted(
  path: string,
  noted: ReturnType<typeof readSideFile>,
  { lineage, serial }: LedgerPlace,
): string | undefined {
  if (noted === undefined) return undefined
  if (noted === 'unreadable')
    return `may be an older one: ${sideFileOf(path)}, which tells how far it was, was changed or damaged`
  if (noted.lineage !== lineage)
    return `is another ledger than the one that was here (lineage ${lineage}; ${sideFileOf(path)} has ${noted.lineage})`
  return noted.serial > serial
    ? `ends at serial ${serial}, but was at ${noted.serial} already (${sideFileOf(path)}): an older copy was put in its place`
    : undefined
}

/** Throws where nothing may be sold from a ledger until the account was read. */
export function refuseHalted({ path, halted }: LedgerFile): void {
  if (halted !== undefined) throw haltedError(path, halted)
}

const haltedError = (path: string, halted: string): SnapshotError =>
  new SnapshotError(
    path,
    'damaged',
    `${halted}. What was sold since is not in it and would be sold again, so nothing is sold from it. Put the right ` +
      `one back, or run \`sft-catalog reconcile --ledger ${path}\`: it reads the account and asks`,
  )
