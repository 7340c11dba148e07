import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { followLinks, isMissing } from '../durable/files.ts'
import { withShortLock } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { cipherOf, type EncryptionKeys, requireKeys } from '../secrets/cipher.ts'
import { type Connection, connect, isNoDatabase, SqlError } from './connection.ts'
import { inPlainWords, untilFree, whyUnreadable } from './in-plain-words.ts'
import { identify, type LedgerFile, olderThanNoted, refuseMark } from './ledger-standing.ts'
import { isNew, makeLedger } from './make-ledger.ts'
import { refuseNetworkFolder } from './network-folder.ts'
import { type OldLedger, readOldForm, retireOldForm } from './old-form.ts'
import { numberIn, ownerOf, textIn } from './rows.ts'
import { readSideFile } from './side-file.ts'
import { MARKED_VERSION, SCHEMA_VERSION, SELECT } from './sql.ts'

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
