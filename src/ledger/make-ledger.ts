/** A ledger that is made: beside its place first, and only where there is none. */
import { open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing, putInPlace, requireFile } from '../durable/files.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { plainly } from '../plain-error.ts'
import type { EsimRow, LedgerEntry } from '../provision/ledger.ts'
import { type Cipher, cipherOf, type EncryptionKeys } from '../secrets/cipher.ts'
import type { MoveMark } from '../stores/moving.ts'
import { type Connection, connect } from './connection.ts'
import { setMark } from './ledger-standing.ts'
import { ownerOf, valuesOf } from './rows.ts'
import type { LedgerPlace } from './side-file.ts'
import {
  APPLICATION_ID,
  COUNT_IN,
  COUNT_OUT,
  IS_COUNTED,
  NOTE_REFRESHED,
  SCHEMA,
  upsert,
} from './sql.ts'

/** Whether there is no ledger yet. Throws for an empty file, and where something of a ledger is left. */
export async function isNew(path: string): Promise<boolean> {
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
