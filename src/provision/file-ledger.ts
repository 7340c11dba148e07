import { stat } from 'node:fs/promises'
import { isMissing } from '../durable/files.ts'
import { type Journal, openJournal } from '../durable/journal.ts'
import { withShortLock } from '../durable/lock.ts'
import { openSnapshot, readSnapshot, SnapshotError } from '../durable/snapshot.ts'
import type { Decision, Ledger, LedgerEntry, LedgerKeys, LedgerRows } from './ledger.ts'
import { decodeSnapshot, type LedgerTables, openTables, rowsOf } from './tables.ts'

/** One journal line: the entries of one transaction, so that they are there all or none. */
export interface Transaction {
  readonly entries: readonly LedgerEntry[]
}

export interface FileLedgerOptions {
  /** Journal size in bytes from which it is folded into the snapshot; 16 MB by default. */
  readonly foldBytes?: number
}

interface Request {
  readonly keys: LedgerKeys | undefined
  readonly work: (tables: LedgerTables, rows: LedgerRows) => Decision<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * A ledger in a file and its journal (both 0600: they hold activation codes), for several processes of
 * one machine. What callers ask while one lock hold runs is decided together in the next one, with one
 * sync. Throws where the snapshot is missing beside its journal or cannot be read.
 */
export async function fileLedger(path: string, options: FileLedgerOptions = {}): Promise<Ledger> {
  const { foldBytes = 16 * 1024 * 1024 } = options
  const lockPath = `${path}.lock`
  const journalPath = `${path}.journal`
  let tables = openTables()
  let journal: Journal<Transaction> | undefined
  let snapshotBytes = 0
  let requests: Request[] = []
  let working: Promise<void> | undefined
  let closed = false

  const load = async (): Promise<Journal<Transaction>> => {
    if (await isNewLedger(path, journalPath))
      await openSnapshot(path, openTables().snapshot(0), FORMAT).write()
    return await openJournal<Transaction>(journalPath)
  }

  /** Brings the tables up to the journal's end. Only under the lock. */
  const catchUp = async (): Promise<Journal<Transaction>> => {
    const fresh = journal === undefined
    journal ??= await load()
    const { lines, replaced } = await journal.catchUp()
    let serial = 0
    if (fresh || replaced) {
      const snapshot = await readSnapshot(path, decodeSnapshot)
      snapshotBytes = (await stat(path)).size
      tables = openTables(snapshot)
      serial = snapshot.serial
      journal.continueAfter(serial)
    }
    for (const line of lines)
      if (line.n > serial) for (const entry of line.entries) tables.apply(entry)
    return journal
  }

  const fold = async (onto: Journal<Transaction>): Promise<void> => {
    await openSnapshot(path, tables.snapshot(onto.last), FORMAT).write()
    await onto.reset()
    snapshotBytes = (await stat(path)).size
  }

  /** Decides all that is asked in one lock hold. */
  const decideAll = async (): Promise<void> => {
    const answers: (() => void)[] = []
    let taken: readonly Request[] = []
    try {
      await withShortLock(lockPath, async () => {
        const current = await catchUp()
        taken = requests
        requests = []
        const transactions: Transaction[] = []
        for (const request of taken) {
          try {
            const { keys, work } = request
            const rows = keys === undefined ? tables.rows : rowsOf(tables.rows, keys)
            const { entries, result } = work(tables, rows)
            for (const entry of entries) tables.apply(entry)
            if (entries.length > 0) transactions.push({ entries })
            answers.push(() => request.resolve(result))
          } catch (error) {
            answers.push(() => request.reject(error))
          }
        }
        await current.append(...transactions)
        if (current.size > Math.max(foldBytes, snapshotBytes)) await fold(current)
      })
      for (const answer of answers) answer()
    } catch (error) {
      // The tables may hold what the disk does not: the next one reads all again.
      const broken = journal
      journal = undefined
      const failed = [...taken, ...requests]
      requests = []
      for (const request of failed) request.reject(error)
      await broken?.[Symbol.asyncDispose]()
    }
  }

  const work = async (): Promise<void> => {
    while (requests.length > 0) await decideAll()
    working = undefined
  }

  const ask = <Result>(
    keys: LedgerKeys | undefined,
    decide: (tables: LedgerTables, rows: LedgerRows) => Decision<Result>,
  ): Promise<Result> => {
    if (closed) return Promise.reject(new Error(`${path}: the ledger is closed`))
    return new Promise<Result>((resolve, reject) => {
      requests.push({ keys, work: decide, resolve: result => resolve(result as Result), reject })
      working ??= work()
    })
  }

  const read = <Result>(select: (tables: LedgerTables) => Result): Promise<Result> =>
    ask(undefined, all => ({ entries: [], result: select(all) }))

  await read(() => undefined)
  return {
    location: path,
    transact: (keys, decide) => ask(keys, (_all, rows) => decide(rows)),
    orders: filter => read(all => all.orders(filter?.unfinished === true)),
    esims: () => read(all => all.esims()),
    usages: () => read(all => all.usages()),
    async [Symbol.asyncDispose]() {
      closed = true
      await working
      await journal?.[Symbol.asyncDispose]()
    },
  }
}

const FORMAT = { decode: decodeSnapshot, levels: 2 }

/** Whether there is no ledger yet; a journal without its snapshot is a damaged one. */
async function isNewLedger(path: string, journalPath: string): Promise<boolean> {
  if (await exists(path)) return false
  if (await exists(journalPath))
    throw new SnapshotError(
      path,
      'missing',
      `is missing beside its journal ${journalPath}; restore it from a backup, or the orders in it would be sold again`,
    )
  return true
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
