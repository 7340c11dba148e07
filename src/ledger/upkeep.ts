import { readdir, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  exists,
  followLinks,
  isMissing,
  makePrivateFolder,
  putInPlace,
  syncFolder,
} from '../durable/files.ts'
import { withShortLock } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { PlainError, plainly } from '../plain-error.ts'
import { NO_KEYS } from '../secrets/cipher.ts'
import { MovedError } from '../stores/moving.ts'
import { type Connection, connect, isBusy, SqlError } from './connection.ts'
import { inPlainWords, untilFree } from './in-plain-words.ts'
import type { LedgerBackup, LedgerRestoration } from './keeper.ts'
import { backupsOf, lockOf, lookAtLedgerFile } from './ledger-file.ts'
import { identify } from './ledger-standing.ts'
import { makePrivateFile, sizeOf } from './make-ledger.ts'

const stamp = (): string => new Date().toISOString().replace(/[:.]/g, '-')

/**
 * Copies a ledger as it is now, while others sell from it; to `LEDGER.backups/serial-N.db` unless `file` is
 * given, which must not exist. Nothing is sold from a copy that is put in the ledger's place before the account
 * was read.
 */
export async function backupFileLedger(location: string, file?: string): Promise<LedgerBackup> {
  // Copied as it stands: no row is read.
  const found = await lookAtLedgerFile(location, NO_KEYS)
  if (found === undefined)
    throw new PlainError(`${location}: there is no ledger; name it with --ledger`)
  if ('tables' in found)
    throw new PlainError(
      `${location}: it has the form of an earlier release: copy the file and ${location}.journal while nothing is sold`,
    )
  const { path, connection } = found
  try {
    const { serial } = found
    const target = file === undefined ? join(backupsOf(path), `serial-${serial}.db`) : resolve(file)
    if (file === undefined) await makePrivateFolder(backupsOf(path))
    else if (await existsAs(file, target))
      throw new PlainError(`${file}: it exists already; name another file, or move it away`)
    const at = new Date().toISOString()
    await copyLedger(
      target,
      connection,
      `is a backup of ${location}, made at serial ${serial} on ${at}`,
    ).catch((error: unknown) => {
      throw inPlainWords(target, error)
    })
    return { path: target, serial }
  } catch (error) {
    throw inPlainWords(path, error)
  } finally {
    connection.close()
  }
}

async function existsAs(name: string, path: string): Promise<boolean> {
  try {
    return await exists(path)
  } catch (error) {
    throw plainly(error, name)
  }
}

/** Writes a copy of an open ledger, from which nothing is sold until the account was read. */
async function copyLedger(target: string, from: Connection, halted: string): Promise<void> {
  const temporary = `${target}.tmp`
  await makePrivateFile(temporary)
  await untilFree(temporary, () => from.run('vacuum ledger into $1', temporary))
  const copy = await connect(temporary, 'rw')
  try {
    // This is synced, and with it all of the copy.
    copy.run('update place set halted = $1', halted)
  } finally {
    copy.close()
  }
  await putInPlace(temporary, target)
}

/**
 * Puts a backup in the place of a ledger, the one of the highest serial by default. What was there is kept.
 * Nothing is sold from it until `reconcile` has read the account: what was sold since is not in it. Throws
 * where a process has the ledger open.
 */
export async function restoreFileLedger(
  location: string,
  file?: string,
): Promise<LedgerRestoration> {
  const path = await followLinks(location)
  return await withShortLock(lockOf(path), async () => {
    await refuseMoved(path)
    const from = file === undefined ? await newestBackup(path) : await followLinks(file)
    if (from === path) throw new PlainError(`${location}: that is the ledger itself; name a backup`)
    const backup = await openBackup(from)
    const temporary = `${path}.restoring`
    try {
      const { serial } = backup
      const at = new Date().toISOString()
      const halted = `was put in its place on ${at}, from ${from} of serial ${serial}`
      await copyLedger(temporary, backup.connection, halted)
    } finally {
      backup.connection.close()
    }
    const kept = await putAside(path)
    await putInPlace(temporary, path)
    return { from, serial: backup.serial, kept }
  })
}

/** A backup in the place of a ledger that went elsewhere would sell beside it. */
async function refuseMoved(path: string): Promise<void> {
  try {
    const found = await lookAtLedgerFile(path, NO_KEYS)
    if (found !== undefined && 'connection' in found) found.connection.close()
  } catch (error) {
    // Whatever else is wrong with it is what it is restored for.
    if (error instanceof MovedError) throw error
  }
}

async function openBackup(from: string) {
  if ((await sizeOf(from)) === undefined)
    throw new PlainError(`${from}: there is no such file; name a backup`)
  const connection = await connect(from, 'ro').catch(error => {
    throw inPlainWords(from, error)
  })
  try {
    const identity = identify(from, connection)
    const [{ integrity_check: verdict } = {}] = connection.all('pragma ledger.integrity_check(1)')
    if (verdict !== 'ok')
      throw new SnapshotError(from, 'damaged', 'has damaged pages: name another backup')
    return { connection, ...identity }
  } catch (error) {
    connection.close()
    throw inPlainWords(from, error)
  }
}

async function newestBackup(path: string): Promise<string> {
  const folder = backupsOf(path)
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const serialOf = (name: string) => Number(/^serial-(\d+)\.db$/.exec(name)?.[1] ?? -1)
  const [newest] = names
    .filter(name => serialOf(name) >= 0)
    .sort((one, other) => serialOf(other) - serialOf(one))
  if (newest === undefined)
    throw new PlainError(`${folder}: there is no backup; name the file of one`)
  return join(folder, newest)
}

/** What may stand beside a ledger's file and belongs to it, in both forms. */
const PARTS = ['', '-wal', '-shm', '-journal', '.journal', '.backup'] as const

/** Moves a ledger and all that belongs to it away, whatever state it is in. */
async function putAside(path: string): Promise<readonly string[]> {
  await makeWhole(path)
  const folder = backupsOf(path)
  await makePrivateFolder(folder)
  const kept: string[] = []
  const at = stamp()
  for (const part of PARTS) {
    if (!(await exists(path + part))) continue
    const target = join(folder, `before-restore-${at}.db${part}`)
    await rename(path + part, target)
    if (part !== '-shm') kept.push(target)
  }
  await syncFolder(folder)
  await syncFolder(dirname(path))
  return kept
}

/** Brings a ledger into one file, where that can be done. Throws where a process has it open. */
async function makeWhole(path: string): Promise<void> {
  if (!(await exists(path))) return
  let connection: Connection | undefined
  try {
    connection = await connect(path, 'rw')
    connection.all('pragma ledger.journal_mode = delete')
  } catch (error) {
    if (isBusy(error))
      throw new PlainError(
        `${path}: a process has it open, and would go on with what is taken away: end all that sell from it, and run this again`,
        { cause: error },
      )
    // Damaged, or of the old form: it is kept as it stands.
    if (!(error instanceof SqlError)) throw error
  } finally {
    connection?.close()
  }
}
