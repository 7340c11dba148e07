import { randomUUID } from 'node:crypto'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { followLinks, isMissing, putInPlace, requireFile } from '../durable/files.ts'
import { withShortLock } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { PlainError, plainly } from '../plain-error.ts'
import type { EsimRow, LedgerEntry } from '../provision/ledger.ts'
import {
  type Cipher,
  cipherOf,
  type EncryptionKeys,
  noteKey,
  requireKeys,
} from '../secrets/cipher.ts'
import { MovedError, type MoveMark, readMark } from '../stores/moving.ts'
import {
  type Connection,
  connect,
  isBusy,
  isNoDatabase,
  SqlError,
  type SqlRow,
} from './connection.ts'
import { refuseNetworkFolder } from './network-folder.ts'
import { type OldLedger, readOldForm, retireOldForm } from './old-form.ts'
import { numberIn, ownerOf, textIn, valuesOf } from './rows.ts'
import { type LedgerPlace, readSideFile, sideFileOf } from './side-file.ts'
import {
  APPLICATION_ID,
  COUNT_IN,
  COUNT_OUT,
  HALT,
  IS_COUNTED,
  MARKED_VERSION,
  NOTE_REFRESHED,
  SCHEMA,
  SCHEMA_VERSION,
  SELECT,
  SET_KEYS,
  upsert,
} from './sql.ts'

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

/** Whether one that is marked by a move is opened. Only the move itself does that. */
type Marked = 'refused' | 'taken'

/**
 * Opens the ledger at a path to write, making it where there has never been one; one of the old form is moved over.
 * Throws a `MovedError` for one that went elsewhere, an `EncryptedError` where a key is missing.
 */
export async function openLedgerFile(
  given: string,
  keys: EncryptionKeys,
  marked: Marked = 'refused',
): Promise<LedgerFile> {
  const path = await followLinks(given)
  await refuseNetworkFolder(path)
  // Under the lock of the old form, so that no process of an old release decides meanwhile.
  return await withShortLock(lockOf(path), async () => {
    if (await isNew(path)) await makeLedger(path, { lineage: randomUUID(), serial: 0, keys }, [])
    // Before the ledger's own: it never is before that, whatever others write meanwhile.
    const noted = readSideFile(path)
    const connection = await connectTo(path, keys)
    try {
      const identity = await untilFree(path, () => identify(path, connection))
      if (marked === 'refused') refuseMark(path, identity.mark)
      requireKeys(path, identity.keyIds, keys)
      await untilFree(path, () => bringFormUpToDate(connection))
      // Of a row that was plain nothing is left in the file once it was written anew.
      if (keys.first !== undefined) connection.all('pragma ledger.secure_delete = on')
      await untilFree(path, () => {
        const [answer] = connection.all('pragma ledger.journal_mode = wal')
        if (answer?.['journal_mode'] !== 'wal')
          throw new SnapshotError(path, 'damaged', 'cannot be shared: its folder takes no WAL file')
      })
      return {
        path,
        connection,
        ...identity,
        keys,
        cipher: cipherOf(keys, path, ownerOf(identity.lineage)),
        halted: identity.halted ?? olderThanNoted(path, noted, identity),
      }
    } catch (error) {
      connection.close()
      throw inPlainWords(path, error)
    }
  })
}

/**
 * A ledger that is only read: in its file, or in the old form. Undefined where there is none. Whoever reads rows
 * asks `requireKeysOf` first.
 */
export async function lookAtLedgerFile(
  given: string,
  keys: EncryptionKeys,
  marked: Marked = 'refused',
): Promise<LedgerFile | OldLedger | undefined> {
  const path = await followLinks(given)
  for (let attempt = 1; ; attempt++) {
    if (await isNew(path)) return undefined
    try {
      const connection = await untilFree(path, () => connect(path, 'ro'))
      try {
        const identity = await untilFree(path, () => identify(path, connection))
        if (marked === 'refused') refuseMark(path, identity.mark)
        const cipher = cipherOf(keys, path, ownerOf(identity.lineage))
        return { path, connection, ...identity, keys, cipher }
      } catch (error) {
        connection.close()
        throw error
      }
    } catch (error) {
      if (!isNoDatabase(error)) throw await whyUnreadable(path, error)
    }
    try {
      return await readOldForm(path)
    } catch (error) {
      // It may have been moved over between the two looks.
      if (!(error instanceof SnapshotError) || attempt > 3) throw error
    }
  }
}

export const lockOf = (path: string): string => `${path}.lock`

/** Where backups of a ledger are kept by default. */
export const backupsOf = (path: string): string => `${path}.backups`

async function connectTo(path: string, keys: EncryptionKeys): Promise<Connection> {
  try {
    return await untilFree(path, () => connect(path, 'rw'))
  } catch (error) {
    if (!isNoDatabase(error)) throw inPlainWords(path, error)
  }
  const old = await readOldForm(path)
  await retireOldForm(old, () => makeLedger(path, { ...old, keys }, old.entries()))
  return await connect(path, 'rw')
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

/** Adds what an older form lacks. One that is marked keeps the number of its mark. */
function bringFormUpToDate(connection: Connection): void {
  const columns = connection.all('pragma ledger.table_info(place)').map(row => textIn(row, 'name'))
  if (columns.includes('keys')) return
  connection.exec('begin immediate')
  try {
    // Another process may have done it meanwhile.
    const [place] = connection.all(SELECT.place)
    if (place !== undefined && !Object.hasOwn(place, 'keys'))
      connection.exec('alter table ledger.place add column keys text')
    const [version] = connection.all('pragma ledger.user_version')
    if (numberIn(version, 'user_version') !== MARKED_VERSION)
      connection.exec(`pragma ledger.user_version = ${SCHEMA_VERSION}`)
    connection.exec('commit')
  } catch (error) {
    connection.exec('rollback')
    throw error
  }
}

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

const refuseMark = (path: string, mark: MoveMark | undefined): void => {
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

/** Whether there is no ledger yet. Throws for an empty file, and where something of a ledger is left. */
async function isNew(path: string): Promise<boolean> {
  const size = await sizeOf(path)
  if (size === 0)
    throw new SnapshotError(
      path,
      'empty',
      'is empty: a ledger never is, so it was emptied or copied while incomplete; `sft-catalog ledger restore` puts a backup in its place',
    )
  if (size !== undefined) return false
  const left = await tracesOf(path)
  if (left.length === 0) return true
  throw new SnapshotError(
    path,
    'missing',
    `is missing, but ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} there: without the ledger its orders would be sold again. ` +
      'Put it back, or run `sft-catalog ledger restore`; to begin anew on purpose, move all of them away',
  )
}

/** Bytes of a file; undefined where there is none. Throws for a folder, and for what would be waited for. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    requireFile(found, path)
    return found.size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw plainly(error, path)
  }
}

/** What a ledger leaves beside its file, now and in the old form. */
const TRACES = [
  '-wal',
  '-journal',
  '.serial',
  '.backups',
  '.journal',
  '.backup',
  '.old-form',
] as const

async function tracesOf(path: string): Promise<readonly string[]> {
  const names = new Set(await readdir(dirname(path)))
  return TRACES.map(end => basename(path) + end)
    .filter(name => names.has(name))
    .map(name => join(dirname(path), name))
}

/** What is made: marked where a mark is given, encrypted where there is a key. */
interface NewLedger extends LedgerPlace {
  readonly keys: EncryptionKeys
  readonly mark?: MoveMark
}

/** Writes a ledger with these entries beside its place, then puts it there in one step. Only under its lock. */
export async function makeLedger(
  path: string,
  { lineage, serial, keys, mark }: NewLedger,
  entries: Iterable<LedgerEntry>,
): Promise<void> {
  const temporary = `${path}.tmp`
  await makePrivateFile(temporary)
  const connection = await connect(temporary, 'rw')
  try {
    // Nobody else has it yet, and before its end it has no name.
    connection.exec('pragma ledger.journal_mode = memory; begin immediate')
    connection.exec(SCHEMA.replaceAll(/^create (table|index) /gm, 'create $1 ledger.'))
    connection.run(
      'insert into place (lineage, serial, keys) values ($1, $2, $3)',
      lineage,
      serial,
      keys.first?.id ?? null,
    )
    const cipher = cipherOf(keys, path, ownerOf(lineage))
    for (const entry of entries) putEntry(connection, entry, cipher)
    connection.exec(`pragma ledger.application_id = ${APPLICATION_ID}`)
    setMark(connection, mark)
    connection.exec('commit')
  } finally {
    connection.close()
  }
  await putInPlace(temporary, path)
}

/** An empty file of its owner's: a database made in it has its permissions, and so have the files beside it. */
export async function makePrivateFile(path: string): Promise<void> {
  for (const end of ['', '-journal', '-wal', '-shm']) await rm(path + end, { force: true })
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    throw plainly(error, path)
  }
}

/** Puts a row in its place. */
export function putEntry(connection: Connection, entry: LedgerEntry, cipher: Cipher): void {
  if (entry.table === 'esims') countEsim(connection, entry.row)
  connection.run(upsert(entry.table), ...valuesOf(entry, cipher))
  if (entry.table === 'usage')
    connection.run(NOTE_REFRESHED, entry.row.endpointId, entry.row.refreshedAt)
}

function countEsim({ all, run }: Connection, { endpointId, batch, tags, status }: EsimRow): void {
  const now = [batch, JSON.stringify(tags), status]
  if (all(IS_COUNTED, endpointId, ...now).length > 0) return
  run(COUNT_OUT, endpointId)
  run(COUNT_IN, ...now)
}

/**
 * Closes a ledger. The last process that has it leaves one file, without a WAL beside it, which can be read
 * where nothing may be written.
 */
export function closeFile({ connection }: LedgerFile): void {
  try {
    connection.exec('pragma busy_timeout = 0')
    connection.all('pragma ledger.journal_mode = delete')
  } catch (error) {
    // Another process has it open, or the file is gone: what was decided is durable, and the next one tidies up.
    if (!(error instanceof SqlError)) throw error
  } finally {
    connection.close()
  }
}

function olderThanNoted(
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

/** How long a step waits for another process, in milliseconds. */
const PATIENCE_MS = 25_000

/** Does something as soon as no other process is at it; the event loop goes on meanwhile. */
export async function untilFree<Result>(
  path: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() > deadline) throw heldUp(path, error)
    }
    await sleep(1 + Math.random() * 9)
  }
}

const heldUp = (path: string, cause: unknown): PlainError =>
  new PlainError(
    `${path}: another process has been in the middle of a change for ${PATIENCE_MS / 1000} seconds. It may move a large ledger ` +
      '(`store migrate`), or have been stopped (SIGSTOP, a debugger): let it go on, or end it; what it had begun is then undone',
    { cause },
  )

const SQL_WORDS: readonly (readonly [code: RegExp, what: string, next: string])[] = [
  [/^SQLITE_FULL/, 'the disk is full', 'make room and run again: what was done before is kept'],
  [/^SQLITE_IOERR/, 'the disk reported an error', 'check the disk, and run again'],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    'its pages are damaged',
    'run `sft-catalog ledger check`; `ledger restore` puts a backup in its place',
  ],
  [
    /^SQLITE_(READONLY|PERM|AUTH)/,
    'it may not be written',
    'check who owns it and its folder, and their permissions',
  ],
  [
    /^SQLITE_CANTOPEN/,
    'it cannot be opened',
    'check that it is a file, who owns it and its folder, and their permissions',
  ],
]

/** What the database says, in plain words; every other error as it is. */
export function inPlainWords(path: string, error: unknown): unknown {
  if (!(error instanceof SqlError)) return plainly(error, path)
  const words = SQL_WORDS.find(([code]) => code.test(error.code))
  if (words === undefined) return error
  return new PlainError(`${path}: ${words[1]}; ${words[2]}`, { cause: error })
}

async function whyUnreadable(path: string, error: unknown): Promise<unknown> {
  const isLeft = error instanceof SqlError && error.code.startsWith('SQLITE_CANTOPEN')
  if (isLeft && (await sizeOf(`${path}-wal`)) !== undefined)
    return new PlainError(
      `${path}: a process that was killed left changes in ${path}-wal, and only who may write beside it can read these; ` +
        'run `sft-catalog ledger check` as a user who may, or copy all its files to a folder that can be written',
      { cause: error },
    )
  return inPlainWords(path, error)
}

/** Whether the file of a path is still the one that was opened. */
export interface Identity {
  readonly file: string
  readonly wal: string
}

const inode = async (path: string): Promise<string> => {
  try {
    const { dev, ino } = await stat(path)
    return `${dev} ${ino}`
  } catch (error) {
    if (isMissing(error)) return 'missing'
    throw error
  }
}

/** Which files these are: by their names alone, since opening one would drop the locks that this process has. */
export async function identityOf(path: string): Promise<Identity> {
  const [file, wal] = await Promise.all([inode(path), inode(`${path}-wal`)])
  return { file, wal }
}
