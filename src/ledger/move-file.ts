import { followLinks } from '../durable/files.ts'
import { withShortLock } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { PlainError } from '../plain-error.ts'
import { UNSEALED_LEDGER_VERSION } from '../provision/tables.ts'
import { cipherOf, NO_KEYS } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { fileKind } from '../stores/file-kind.ts'
import {
  isFinished,
  type MovableThere,
  type MovedPlace,
  type MoveMark,
  type Moves,
  mayReceive,
  NO_LINEAGE,
  OtherPartError,
  readMark,
  requireToken,
} from '../stores/moving.ts'
import type { Connection } from './connection.ts'
import { inPlainWords, untilFree } from './in-plain-words.ts'
import { closeFile, lockOf, lookAtLedgerFile, openLedgerFile } from './ledger-file.ts'
import {
  haltedAt,
  type LedgerFile,
  refuseHalted,
  refuseHaltedSince,
  setMark,
} from './ledger-standing.ts'
import { makeLedger } from './make-ledger.ts'
import { COUNT_ROWS, countsIn, ledgerPages, MOVED_TABLES, movedValues } from './move-rows.ts'
import { refuseNetworkFolder } from './network-folder.ts'
import { numberIn, ownerOf } from './rows.ts'
import { writeSideFile } from './side-file.ts'
import { RECOUNT, SELECT, SET_KEYS, upsert } from './sql.ts'
import { undo } from './sqlite-ledger.ts'

/** How the embedded ledger moves. */
export const fileLedgerMoves: Moves = {
  where: followLinks,

  look: async location => await look(await followLinks(location)),

  async depart(location) {
    if ((await look(await followLinks(location))) === undefined) throw noLedger(location)
    const file = await openLedgerFile(location, keysInForce())
    const { path, connection, lineage, cipher } = file
    try {
      refuseHalted(file)
      // The lock: whoever wants to decide something waits, and this ends with the process.
      await untilFree(path, () => connection.exec('begin immediate'))
      const [place] = connection.all(SELECT.place)
      refuseHaltedSince(file, place)
      const serial = numberIn(place, 'serial')
      return {
        location: path,
        lineage,
        serial,
        rows: () => ledgerPages(path, connection.all, cipher),
        async retire(mark) {
          setMark(connection, mark)
          connection.exec('commit')
        },
        async [Symbol.asyncDispose]() {
          undo(connection)
          closeFile(file)
        },
      }
    } catch (error) {
      undo(connection)
      closeFile(file)
      throw inPlainWords(path, error)
    }
  },

  async receive(location, mark) {
    const keys = keysInForce()
    const path = await followLinks(location)
    await refuseNetworkFolder(path)
    await withShortLock(lockOf(path), async () => {
      const there = await look(path)
      mayReceive('ledger', path, there, mark)
      if (there === undefined) await makeLedger(path, { ...mark, keys, mark }, [])
    })
    const file = await openLedgerFile(path, keys, 'taken')
    const { connection } = file
    const cipher = cipherOf(keys, path, ownerOf(mark.lineage))
    const marked = <Result>(work: () => Result): Promise<Result> =>
      inTransaction(path, connection, () => {
        requireToken(path, markOf(connection), mark)
        return work()
      })
    try {
      await inTransaction(path, connection, () => empty(file, mark))
      return {
        location: path,
        async put(rows) {
          for await (const page of rows)
            await marked(() => {
              for (const row of page) {
                const { table, values } = movedValues(row, cipher)
                connection.run(upsert(table), ...values)
              }
            })
        },
        rows: () => ledgerPages(path, connection.all, cipher),
        seal: () =>
          marked(() => {
            connection.exec(RECOUNT)
            setMark(connection, { ...mark, whole: true })
          }),
        async [Symbol.asyncDispose]() {
          closeFile(file)
        },
      }
    } catch (error) {
      closeFile(file)
      throw inPlainWords(path, error)
    }
  },

  async finish(location, at) {
    const path = await followLinks(location)
    if (isFinished('ledger', path, await look(path), at)) return
    const file = await openLedgerFile(path, keysInForce(), 'taken')
    try {
      await inTransaction(path, file.connection, () => {
        const mark = markOf(file.connection)
        if (isFinished('ledger', path, there(path, file, mark, {}), at)) return
        setMark(file.connection, undefined)
      })
      writeSideFile(path, at)
    } finally {
      closeFile(file)
    }
  },
}

const noLedger = (location: string): PlainError =>
  new PlainError(`${location}: there is no ledger; name it with --from`)

const markOf = ({ all }: Connection): MoveMark | undefined =>
  readMark(haltedAt(all(SELECT.place)[0]))

/** What is at a path, links followed. */
async function look(path: string): Promise<MovableThere | undefined> {
  const found = await lookAtLedgerFile(path, NO_KEYS, 'taken').catch(async (error: unknown) => {
    if (!(error instanceof SnapshotError)) throw error
    const kind = await fileKind(path)
    if (kind === 'ledger') throw error
    // What is neither may be a damaged one of both.
    throw new OtherPartError(
      kind === 'state'
        ? `${path}: that is a state, not a ledger; name another place`
        : error.message,
      { cause: error },
    )
  })
  if (found === undefined) return undefined
  if ('tables' in found) {
    const rows = new Map<string, number>(MOVED_TABLES.map(table => [table, 0]))
    for (const { table } of found.entries()) rows.set(table, (rows.get(table) ?? 0) + 1)
    const isOldest = found.version === UNSEALED_LEDGER_VERSION
    const at = { lineage: isOldest ? NO_LINEAGE : found.lineage, serial: found.serial }
    return there(path, at, undefined, Object.fromEntries(rows))
  }
  const { connection, mark } = found
  try {
    const rows = await untilFree(path, () => countsIn(connection.all(COUNT_ROWS)[0]))
    return there(path, found, mark, rows)
  } catch (error) {
    throw inPlainWords(path, error)
  } finally {
    connection.close()
  }
}

const there = (
  location: string,
  { lineage, serial }: MovedPlace,
  mark: MoveMark | undefined,
  rows: MovableThere['rows'],
): MovableThere => ({ location, lineage, serial, rows, ...(mark !== undefined && { mark }) })

/** Takes all rows out and marks it as one that comes. */
function empty({ path, connection, keys, ...file }: LedgerFile, mark: MoveMark): void {
  mayReceive('ledger', path, there(path, file, markOf(connection), {}), mark)
  for (const table of [...MOVED_TABLES, 'stock']) connection.exec(`delete from ${table}`)
  connection.run('update place set lineage = $1, serial = $2', mark.lineage, mark.serial)
  connection.run(SET_KEYS, keys.first?.id ?? null)
  setMark(connection, mark)
}

async function inTransaction<Result>(
  path: string,
  connection: Connection,
  work: () => Result,
): Promise<Result> {
  try {
    await untilFree(path, () => connection.exec('begin immediate'))
    const result = work()
    connection.exec('commit')
    return result
  } catch (error) {
    undo(connection)
    throw inPlainWords(path, error)
  }
}
