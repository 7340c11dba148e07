import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { exists, isMissing } from '../durable/files.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { EncryptedError, type EncryptionKeys, isUpToDate } from '../secrets/cipher.ts'
import {
  type EncryptionReport,
  MOST_PASSES,
  type OnEncrypted,
  othersWrite,
} from '../secrets/encryption.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { inPlainWords, untilFree } from './in-plain-words.ts'
import { backupsOf, closeFile, lookAtLedgerFile, openLedgerFile } from './ledger-file.ts'
import { type LedgerFile, noteKeyOf } from './ledger-standing.ts'
import { ENCRYPTED_TABLES, isLeft, readWhole, textIn, textToKeep } from './rows.ts'
import { SELECT, SET_KEYS, type Table } from './sql.ts'
import { undo } from './sqlite-ledger.ts'

/** Rows of a transaction: others sell between two. */
const AT_ONCE = 500

/**
 * Encrypts all of a ledger and of its backups with the first key, or makes it plain where no key is the first; others
 * may sell from it meanwhile. Cut short anywhere, it is read as before, and the same call goes on. Undefined where
 * there is no ledger. Throws an `EncryptedError` where a key is missing.
 */
export async function encryptFileLedger(
  location: string,
  onRows: OnEncrypted = () => undefined,
  keys: EncryptionKeys = keysInForce(),
): Promise<EncryptionReport | undefined> {
  const found = await lookAtLedgerFile(location, keys)
  if (found === undefined) return undefined
  if ('connection' in found) found.connection.close()
  const path = found.path
  const rewritten = await encryptOne(location, keys, onRows)
  const beside = await encryptBackups(path, keys)
  return { location: path, rewritten, ...(keys.first && { keyId: keys.first.id }), ...beside }
}

async function encryptOne(
  location: string,
  keys: EncryptionKeys,
  onRows: OnEncrypted,
): Promise<number> {
  const file = await openLedgerFile(location, keys)
  const { path, connection } = file
  try {
    await inTransaction(file, () => noteKeyOf(file, connection.all(SELECT.place)[0]))
    let rewritten = 0
    for (let pass = 1; ; pass++) {
      for (const table of ENCRYPTED_TABLES) rewritten += await encryptTable(file, table, onRows)
      if (await inTransaction(file, () => end(file))) break
      if (pass >= MOST_PASSES) throw othersWrite(path)
    }
    // What was plain stands in free pages too, from before there was a key.
    await untilFree(path, () => connection.exec('vacuum ledger'))
    await untilFree(path, () => connection.all('pragma ledger.wal_checkpoint(truncate)'))
    return rewritten
  } catch (error) {
    throw inPlainWords(path, error)
  } finally {
    closeFile(file)
  }
}

async function inTransaction<Result>(
  { path, connection }: LedgerFile,
  work: () => Result,
): Promise<Result> {
  await untilFree(path, () => connection.exec('begin immediate'))
  try {
    const result = work()
    connection.exec('commit')
    return result
  } catch (error) {
    undo(connection)
    throw error
  }
}

async function encryptTable(file: LedgerFile, table: Table, onRows: OnEncrypted): Promise<number> {
  const { path, connection, cipher, keys } = file
  let last = 0
  let seen = 0
  let rewritten = 0
  for (;;) {
    const count = await inTransaction(file, () => {
      const page = connection.all(
        `select rowid as place, * from ${table} where rowid > $1 order by rowid limit ${AT_ONCE}`,
        last,
      )
      for (const row of page) {
        last = Number(row['place'])
        if (isUpToDate(keys, textIn(row, 'content'))) continue
        const { text } = readWhole(path, table, row, cipher)
        const content = textToKeep(table, row, text, cipher)
        connection.run(
          `update ${table} set crc = $1, content = $2 where rowid = $3`,
          crc32(content),
          content,
          last,
        )
        rewritten += 1
      }
      return page.length
    })
    seen += count
    onRows(seen)
    if (count < AT_ONCE) return rewritten
  }
}

/** Notes that there is the first key only; false where a row is left. */
function end({ connection, keys }: LedgerFile): boolean {
  for (const table of ENCRYPTED_TABLES)
    if (connection.all(`${isLeft(table, keys)} limit 1`).length > 0) return false
  connection.run(SET_KEYS, keys.first?.id ?? null)
  return true
}

/** What may stand beside a ledger and holds rows in a form of its own. */
const OLD_FORMS = ['.old-form', '.journal.old-form', '.backup'] as const

async function encryptBackups(
  path: string,
  keys: EncryptionKeys,
): Promise<Pick<EncryptionReport, 'backups' | 'left'>> {
  const left: { readonly path: string; readonly reason: string }[] = []
  let backups = 0
  for (const file of await backupFiles(path)) {
    try {
      if ((await encryptOne(file, keys, () => undefined)) > 0) backups += 1
    } catch (error) {
      if (!(error instanceof SnapshotError || error instanceof EncryptedError)) throw error
      left.push({ path: file, reason: error.message })
    }
  }
  for (const end of OLD_FORMS)
    if (await exists(path + end))
      left.push({ path: path + end, reason: 'is of an earlier release, and plain' })
  return { backups, left }
}

async function backupFiles(path: string): Promise<readonly string[]> {
  const folder = backupsOf(path)
  try {
    const names = await readdir(folder)
    return names.filter(name => name.endsWith('.db')).map(name => join(folder, name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
