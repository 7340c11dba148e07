import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exists, makePrivateFolder, putInPlace, syncFolder } from '../durable/files.ts'
import { openSnapshot, type SnapshotFormat } from '../durable/snapshot.ts'
import { PlainError } from '../plain-error.ts'
import { fileKind } from '../stores/file-kind.ts'
import {
  isFinished,
  type MovableThere,
  MovedError,
  type MovedRow,
  type MovedRows,
  type MoveMark,
  type Moves,
  mayReceive,
  OtherPartError,
} from '../stores/moving.ts'
import type { MutableState } from './apply-entry.ts'
import type { AppliedPlan } from './apply-log.ts'
import { markedSnapshot } from './decode-state.ts'
import { readHistory, writeHistory } from './file-history.ts'
import { DEFAULT_BACKUPS, keepOldForm, lockState, noState, ordered } from './file-store.ts'
import { APPLIES_TABLE, historyIn, rowsOfHistory } from './history-rows.ts'
import { loadSnapshot, loadState } from './load-state.ts'
import type { State } from './state.ts'
import { keepBackup } from './state-backups.ts'
import { SNAPSHOT_FORMAT, type StateFiles, stateAt, stateFiles } from './state-files.ts'
import { countRows, rowsOfState, stateOfRows } from './state-rows.ts'

/** A mark is read where a state is read. */
const MARK_FORMAT: SnapshotFormat<object> = { ...SNAPSHOT_FORMAT }

const PURPOSE = { purpose: 'store migrate' } as const

/** Where a state that comes is put together: the mark stands in its place meanwhile. */
const comingOf = ({ snapshot }: StateFiles): string => `${snapshot}.coming`

/** How a state in files moves. */
export const fileStateMoves: Moves = {
  where: async path => (await stateFiles(path)).snapshot,

  async look(path) {
    const files = await stateFiles(path)
    if ((await fileKind(files.snapshot)) === 'ledger')
      throw new OtherPartError(
        `${files.snapshot}: that is a ledger, not a state; name another place`,
      )
    return await look(files)
  },

  async depart(path) {
    const files = await stateFiles(path)
    const lock = await lockState(files, PURPOSE)
    try {
      const state = await loadState(files)
      if (state === undefined) throw noState(files)
      return {
        location: files.snapshot,
        lineage: state.lineage,
        serial: state.serial,
        rows: () => allRows(state, files),
        async retire(mark) {
          if (!lock.isHeld())
            throw new PlainError(
              `${files.lock} was removed or taken while this process held it; nothing was switched: run again`,
            )
          await keepAsItWas(files, state)
          await writeMark(files, mark)
        },
        [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
      }
    } catch (error) {
      await lock[Symbol.asyncDispose]()
      throw error
    }
  },

  async receive(path, mark) {
    const files = await stateFiles(path)
    const coming = comingOf(files)
    const lock = await lockState(files, PURPOSE)
    try {
      mayReceive('state', files.snapshot, await look(files), mark)
      await writeMark(files, mark)
      return {
        location: files.snapshot,
        async put(rows) {
          const history: AppliedPlan[] = []
          const state = await stateOfRows(mark, withoutHistory(rows, history))
          await stateAt(coming, files.keys).write(ordered(state), false)
          await writeHistory(files.history, history)
        },
        async *rows() {
          const { data } = await stateAt(coming, files.keys).read()
          yield* allRows(data, files)
        },
        seal: () => writeMark(files, { ...mark, whole: true }),
        [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
      }
    } catch (error) {
      await lock[Symbol.asyncDispose]()
      throw error
    }
  },

  async finish(path, at) {
    const files = await stateFiles(path)
    await using _lock = await lockState(files, PURPOSE)
    if (isFinished('state', files.snapshot, await look(files), at)) return
    await putInPlace(comingOf(files), files.snapshot)
    await keepBackup(files, at.serial, DEFAULT_BACKUPS)
  },
}

async function* allRows(state: State, files: StateFiles): AsyncGenerator<readonly MovedRow[]> {
  yield* rowsOfState(state)
  yield* rowsOfHistory(await readHistory(files.history))
}

/** Rows of a state alone; the applies among them are kept. */
async function* withoutHistory(
  rows: MovedRows,
  history: AppliedPlan[],
): AsyncGenerator<readonly MovedRow[]> {
  for await (const page of rows) {
    history.push(...historyIn(page))
    yield page.filter(({ table }) => table !== APPLIES_TABLE)
  }
}

async function look(files: StateFiles): Promise<MovableThere | undefined> {
  const location = files.snapshot
  try {
    const state = await loadState(files)
    if (state === undefined) return undefined
    const { lineage, serial } = state
    const { length } = await readHistory(files.history)
    return { location, lineage, serial, rows: { ...countRows(state), [APPLIES_TABLE]: length } }
  } catch (error) {
    if (!(error instanceof MovedError)) throw error
    const { mark } = error
    return { location, lineage: mark.lineage, serial: mark.serial, rows: {}, mark }
  }
}

/** Puts a mark in the place of a state. What was there must be kept elsewhere. */
async function writeMark(files: StateFiles, mark: MoveMark): Promise<void> {
  await openSnapshot(files.snapshot, MARK_FORMAT).write(markedSnapshot(mark), false)
  await rm(files.journal, { force: true })
  await syncFolder(dirname(files.journal))
}

/** Keeps a state that goes as a backup of its serial, and the files of an older form as they are. */
async function keepAsItWas(files: StateFiles, state: MutableState): Promise<void> {
  const found = await loadSnapshot(files)
  if (found !== undefined && found.journal === undefined)
    await keepOldForm(files, found.data.serial)
  await makePrivateFolder(files.backups)
  const kept = join(files.backups, `serial-${state.serial}.json`)
  if (!(await exists(kept))) await stateAt(kept, files.keys).write(ordered(state), false)
}
