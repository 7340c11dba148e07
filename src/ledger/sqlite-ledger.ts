import { SnapshotError } from '../durable/snapshot.ts'
import type { Decision, Ledger, LedgerKeys, LedgerRows } from '../provision/ledger.ts'
import { rowsOf } from '../provision/tables.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { type Connection, SqlError, type SqlRow, type SqlValue } from './connection.ts'
import { inPlainWords, untilFree } from './in-plain-words.ts'
import type { HaltedLedger } from './keeper.ts'
import { closeFile, type Identity, identityOf, openLedgerFile } from './ledger-file.ts'
import { type LedgerFile, noteKeyOf, refuseHalted, refuseHaltedSince } from './ledger-standing.ts'
import { putEntry } from './make-ledger.ts'
import { questionsOf, rowsIn } from './questions.ts'
import { numberIn } from './rows.ts'
import { readSideFile, writeSideFile } from './side-file.ts'
import { FORGET_PROCESSES, NEXT_SERIAL, SELECT } from './sql.ts'
import { openRowWatches } from './watch-rows.ts'

interface Request {
  readonly keys: LedgerKeys
  readonly decide: (rows: LedgerRows) => Decision<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Decisions that share one transaction at most, so that no other process waits long. */
const TOGETHER = 100

/** How often the place of a ledger is noted beside it while something is written, in milliseconds. */
const NOTE_MS = 1000

/** After how long a sign of life that no row names is forgotten, in milliseconds. */
const FORGET_MS = 24 * 3600 * 1000

/**
 * The embedded ledger: an SQLite file (0600: it holds activation codes) for any number of processes of one
 * machine. It is made where there has never been one; one of the form of release 0.1.0 is moved over. What is written
 * is encrypted where there is a key; by default those of `withKeys`, else of `SFT_ENCRYPTION_KEY_FILE`. Throws a
 * `SnapshotError` or a `PlainError` where it is damaged, missing beside traces of it, older than it was, encrypted
 * with a key that is not given, or on a network file system.
 *
 * @example
 * await using ledger = await fileLedger('/srv/shop/orders.json')
 */
export async function fileLedger(
  path: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<Ledger> {
  const file = await openLedgerFile(path, keys)
  try {
    refuseHalted(file)
    const before = new Date(Date.now() - FORGET_MS).toISOString()
    await untilFree(file.path, () => file.connection.run(FORGET_PROCESSES, before))
    return await openOn(path, file)
  } catch (error) {
    closeFile(file)
    throw inPlainWords(file.path, error)
  }
}

/** Opens a ledger from which nothing is sold, to look after it; undefined where it is a usual one. */
export async function openHaltedFileLedger(
  path: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<HaltedLedger | undefined> {
  const file = await openLedgerFile(path, keys)
  const { halted, lineage } = file
  if (halted === undefined) {
    closeFile(file)
    return undefined
  }
  const ledger = await openOn(path, file)
  return {
    why: halted,
    ledger,
    async release() {
      const noted = readSideFile(file.path)
      const notedSerial = typeof noted === 'object' ? noted.serial : 0
      const serial = 1 + Math.max(file.serial, notedSerial)
      await untilFree(file.path, () =>
        file.connection.run('update place set halted = null, serial = max(serial, $1)', serial),
      )
      writeSideFile(file.path, { lineage, serial })
    },
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  }
}

async function openOn(location: string, file: LedgerFile): Promise<Ledger> {
  const { path, connection, cipher } = file
  const rows = rowsIn(path, connection, cipher)
  const watches = openRowWatches(path, connection)
  let requests: Request[] = []
  let working: Promise<void> | undefined
  let closed = false
  let notedAt = Number.NEGATIVE_INFINITY

  const note = (): void => {
    // The first read opens the WAL.
    const [place] = connection.all(SELECT.place)
    // What was noted tells that this one is older, until somebody looked.
    if (file.halted !== undefined) return
    writeSideFile(path, { lineage: file.lineage, serial: numberIn(place, 'serial') })
    notedAt = performance.now()
  }
  note()
  const opened = await identityOf(path)

  /** Decides all of them in one transaction, with one sync; returns what to tell each. */
  const decideTogether = (taken: readonly Request[]): readonly (() => void)[] => {
    connection.exec('begin immediate')
    try {
      const [place] = connection.all(SELECT.place)
      refuseHaltedSince(file, place)
      let wrote = false
      const answers = taken.map(({ keys, decide, resolve, reject }) => {
        let decision: Decision<unknown>
        try {
          decision = decide(rowsOf(rows, keys))
        } catch (error) {
          return () => reject(error)
        }
        for (const entry of decision.entries) putEntry(connection, entry, cipher)
        wrote ||= decision.entries.length > 0
        return () => resolve(decision.result)
      })
      if (wrote) {
        noteKeyOf(file, place)
        connection.run(NEXT_SERIAL)
      }
      connection.exec('commit')
      return answers
    } catch (error) {
      undo(connection)
      throw error
    }
  }

  /** Looks meanwhile whether it is decided in the file of its path: nothing is done by what was written elsewhere. */
  const decideHere = async (taken: readonly Request[]): Promise<readonly (() => void)[]> => {
    const [now, answers] = await Promise.all([
      identityOf(path),
      (async () => decideTogether(taken))(),
    ])
    refuseReplaced(path, opened, now)
    return answers
  }

  const decideNext = async (): Promise<void> => {
    const taken = requests.slice(0, TOGETHER)
    requests = requests.slice(TOGETHER)
    try {
      for (const answer of await untilFree(path, () => decideHere(taken))) answer()
      watches.look()
      if (performance.now() - notedAt > NOTE_MS) note()
    } catch (error) {
      for (const { reject } of taken) reject(inPlainWords(path, error))
    }
  }

  const work = async (): Promise<void> => {
    while (requests.length > 0) await decideNext()
    working = undefined
  }

  const refuseClosed = (): void => {
    if (closed) throw new Error(`${location}: the ledger is closed`)
  }

  const ask = async (sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]> => {
    refuseClosed()
    try {
      return await untilFree(path, () => {
        refuseHaltedSince(file, connection.all(SELECT.place)[0])
        return connection.all(sql, ...values)
      })
    } catch (error) {
      throw inPlainWords(path, error)
    }
  }

  return {
    location,
    async transact<Result>(keys: LedgerKeys, decide: (rows: LedgerRows) => Decision<Result>) {
      refuseClosed()
      return await new Promise<Result>((resolve, reject) => {
        requests.push({ keys, decide, resolve: result => resolve(result as Result), reject })
        // What is asked in the same turn is decided together.
        working ??= Promise.resolve().then(work)
      })
    },
    ...questionsOf(path, ask, SELECT, cipher),
    watch: watches.watch,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      watches.close()
      await working
      note()
      closeFile(file)
    },
  }
}

/** Ends a transaction that failed; after some failures the database has done so itself. */
export function undo({ exec }: Connection): void {
  try {
    exec('rollback')
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== 'SQLITE_ERROR') throw error
  }
}

/** Throws where another file stands in the place of the one that is open: what is written would be lost. */
function refuseReplaced(path: string, opened: Identity, now: Identity): void {
  if (now.file === opened.file && now.wal === opened.wal) return
  throw new SnapshotError(
    now.file === opened.file ? `${path}-wal` : path,
    'missing',
    'was moved, deleted or replaced while a process has it open. Nothing more is sold by this process: ' +
      'put its files back together, then start it again',
  )
}
