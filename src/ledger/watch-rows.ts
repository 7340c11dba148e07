import { randomUUID } from 'node:crypto'
import { type FSWatcher, watch as watchFolder } from 'node:fs'
import { basename, dirname } from 'node:path'
import { errorCode } from '../durable/files.ts'
import type { LedgerKeys, LedgerWatch } from '../provision/ledger.ts'
import { makeWatch, type Watcher } from '../provision/watches.ts'
import { type Connection, SqlError } from './connection.ts'
import { numberIn, textIn } from './rows.ts'
import { SELECT } from './sql.ts'

/** Tells of changed rows of an SQLite file, whichever process changed them. */
export interface RowWatches {
  readonly watch: (keys: LedgerKeys) => LedgerWatch
  /** Looks whether rows changed: this process has committed something. */
  look(): void
  close(): void
}

/**
 * Milliseconds after a write of another process at which rows are looked at. What it wrote is to be seen only
 * once it has committed, of which nothing tells: so it is looked at again for as long as a slow disk may take.
 */
const LOOKS_MS = [2, 5, 10, 20, 50, 100, 300] as const

/** Opens the watches of a ledger; while nobody waits nothing is watched. */
export function openRowWatches(path: string, connection: Connection): RowWatches {
  const marks = new Map<Watcher, string>()
  let folder: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let looks = 0
  let pending: number | undefined

  const rowsAt = ({ orderIds = [], endpointIds = [] }: LedgerKeys): string => {
    const orders = connection.all(SELECT.orderMarks, JSON.stringify(orderIds.map(String)))
    const esims = connection.all(SELECT.esimMarks, JSON.stringify(endpointIds))
    return [...orders, ...esims].map(row => `${textIn(row, 'id')} ${numberIn(row, 'crc')}`).join()
  }

  /** Rows that cannot be read just now count as changed: whoever looks at them is told what is wrong. */
  const markOf = (keys: LedgerKeys): string => {
    try {
      return rowsAt(keys)
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      return randomUUID()
    }
  }

  const look = (): void => {
    for (const [watcher, mark] of marks) {
      const now = markOf(watcher.keys)
      if (now === mark) continue
      marks.set(watcher, now)
      watcher.tell()
    }
  }

  const lookLater = (): void => {
    const wait = LOOKS_MS[looks]
    looks += 1
    clearTimeout(timer)
    pending = wait
    if (wait === undefined) return
    timer = setTimeout(() => {
      look()
      lookLater()
    }, wait)
  }

  const noteWrite = (): void => {
    looks = 0
    // One that comes at once stays: many writes must not put it off.
    if (pending !== LOOKS_MS[0]) lookLater()
  }

  const begin = (): void => {
    const names = new Set([basename(path), `${basename(path)}-wal`])
    try {
      // The folder and not the file: where a watch opens what it watches, closing it would drop the locks of SQLite.
      folder = watchFolder(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || names.has(name)) noteWrite()
      })
      folder.on('error', () => folder?.close())
    } catch (error) {
      // The system watches no more files, or none of this kind: whoever waits looks from time to time.
      if (errorCode(error) === undefined) throw error
    }
  }

  const end = (): void => {
    folder?.close()
    folder = undefined
    clearTimeout(timer)
    pending = undefined
  }

  return {
    watch(keys) {
      const { watch, watcher } = makeWatch(keys, () => {
        marks.delete(watcher)
        if (marks.size === 0) end()
      })
      marks.set(watcher, markOf(keys))
      if (folder === undefined) begin()
      return watch
    },
    look,
    close() {
      marks.clear()
      end()
    },
  }
}
