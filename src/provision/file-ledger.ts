import { withShortLock } from '../durable/lock.ts'
import type { Decision, Ledger, LedgerKeys, LedgerRows } from './ledger.ts'
import {
  checkLine,
  foldLedger,
  type LoadedLedger,
  ledgerFiles,
  loadLedger,
  type Transaction,
} from './ledger-files.ts'
import { type LedgerTables, rowsOf } from './tables.ts'

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
  const files = await ledgerFiles(path)
  let loaded: LoadedLedger | undefined
  let requests: Request[] = []
  let working: Promise<void> | undefined
  let closed = false

  /** Brings the tables up to the journal's end. Only under the lock. */
  const catchUp = async (): Promise<LoadedLedger> => {
    const { lines, replaced } = (await loaded?.journal.catchUp()) ?? { lines: [], replaced: true }
    if (loaded !== undefined && !replaced) {
      for (const line of lines) {
        checkLine(files, line, loaded.lineage)
        for (const entry of line.entries) loaded.tables.apply(entry)
      }
      return loaded
    }
    await loaded?.journal[Symbol.asyncDispose]()
    loaded = undefined
    loaded = await loadLedger(files)
    return loaded
  }

  /** Decides all that is asked in one lock hold. */
  const decideAll = async (): Promise<void> => {
    const answers: (() => void)[] = []
    let taken: readonly Request[] = []
    try {
      await withShortLock(files.lock, async () => {
        const current = await catchUp()
        const { tables, journal, lineage } = current
        taken = requests
        requests = []
        const transactions: Transaction[] = []
        for (const request of taken) {
          try {
            const { keys, work } = request
            const rows = keys === undefined ? tables.rows : rowsOf(tables.rows, keys)
            const { entries, result } = work(tables, rows)
            for (const entry of entries) tables.apply(entry)
            if (entries.length > 0) transactions.push({ lineage, entries })
            answers.push(() => request.resolve(result))
          } catch (error) {
            answers.push(() => request.reject(error))
          }
        }
        await journal.append(...transactions)
        if (journal.size > Math.max(foldBytes, current.snapshotBytes))
          loaded = await foldLedger(files, current)
      })
      for (const answer of answers) answer()
    } catch (error) {
      // The tables may hold what the disk does not: the next one reads all again.
      const broken = loaded?.journal
      loaded = undefined
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
      await loaded?.journal[Symbol.asyncDispose]()
    },
  }
}
