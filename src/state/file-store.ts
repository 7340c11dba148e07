import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { copyFileDurably, exists, makePrivateFolder, syncFolder } from '../durable/files.ts'
import { type Journal, openJournal } from '../durable/journal.ts'
import { acquireLock, type Lock } from '../durable/lock.ts'
import { markJournal } from '../durable/snapshot.ts'
import { PlainError } from '../plain-error.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import {
  applyEntry,
  composeState,
  emptyState,
  type MutableState,
  storedEntries,
} from './apply-entry.ts'
import { fileApplyLog } from './file-history.ts'
import type { OpenStateOptions } from './keeper.ts'
import { bringUpToDate, loadSnapshot, loadState } from './load-state.ts'
import { recordsOf } from './records.ts'
import type { State, StateStore } from './state.ts'
import { keepBackup } from './state-backups.ts'
import { StateEditError } from './state-errors.ts'
import { type StateFiles, stateAt, stateFiles } from './state-files.ts'
import { type KeptLine, keptLine, readStateJournal, type StateLine } from './state-journal.ts'

export const DEFAULT_BACKUPS = 10

/**
 * Opens the state at `path` for writing, as a new one where there has never been one: takes its lock,
 * plays and folds what a killed run left in the journal, and leaves a backup of what it found. Throws
 * `LockedError` and `StateDamagedError`.
 */
export async function openFileState(
  path: string,
  options: OpenStateOptions = {},
  keys: EncryptionKeys = keysInForce(),
): Promise<StateStore> {
  const files = await stateFiles(path, keys)
  const lock = await lockState(files, options)
  try {
    return await openLocked(files, lock, options)
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * Reads the state at `path`, its journal included, without a lock and without changing a file; an empty
 * one with a lineage of its own where there has never been one. Throws `StateDamagedError`.
 */
export const readFileState = async (
  path: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<State> => (await loadState(await stateFiles(path, keys))) ?? emptyState()

/** Whether there is a state at `path`. Throws `StateDamagedError` where it was there and is not whole. */
export const isFileState = async (path: string): Promise<boolean> =>
  (await loadSnapshot(await stateFiles(path))) !== undefined

/** What is said where a state is needed and none is there. */
export const noState = (files: StateFiles): StateEditError =>
  new StateEditError(
    `there is no state at ${files.snapshot}; is that the right place (--state, SFT_STATE), and is it mounted?`,
  )

/** Takes the lock of a state; its error says how `state unlock` is called. */
export const lockState = (
  files: StateFiles,
  { purpose, waitMs, signal }: OpenStateOptions,
): Promise<Lock> =>
  acquireLock(files.lock, {
    ...(purpose !== undefined && { purpose }),
    ...(waitMs !== undefined && { waitMs }),
    ...(signal !== undefined && { signal }),
    advice: `run \`sft-catalog state unlock --state ${files.snapshot}\``,
  })

/** Writes a state as the snapshot, with a backup of it; `journal`: the journal beside it goes on from it. */
async function writeSnapshot(
  files: StateFiles,
  state: MutableState,
  backups: number,
  journal: boolean,
): Promise<void> {
  await stateAt(files.snapshot, files.keys).write(ordered(state), journal)
  await keepBackup(files, state.serial, backups)
}

/** The state with its keys in order, so that two snapshots can be compared line by line. */
export const ordered = (state: State): MutableState => {
  const sorted = <Value>(section: Readonly<Record<string, Value>>) => {
    const result: Record<string, Value> = Object.create(null)
    for (const key of Object.keys(section).toSorted()) {
      const value = section[key]
      if (value !== undefined) result[key] = value
    }
    return result
  }
  return composeState({ ...state, pending: sorted(state.pending) }, kind =>
    sorted(recordsOf(state, kind)),
  )
}

/**
 * Keeps the files of an older form as they are: this version writes a new one, which an older process that
 * still runs refuses.
 */
export async function keepOldForm(files: StateFiles, serial: number): Promise<string> {
  await makePrivateFolder(files.backups)
  const kept = join(files.backups, `release-0.1.0-serial-${serial}.json`)
  await copyFileDurably(files.snapshot, kept)
  if (await exists(files.journal)) await copyFileDurably(files.journal, `${kept}.journal`)
  return kept
}

/** Once the snapshot stands, the journal's lines are older than it, so a crash in between is harmless. */
export async function putSnapshotInPlace(
  files: StateFiles,
  state: MutableState,
  backups: number,
): Promise<void> {
  await writeSnapshot(files, state, backups, false)
  await rm(files.journal, { force: true })
  await syncFolder(dirname(files.journal))
}

/** A state that is open for writing: its journal is there and says which snapshot it continues. */
interface Opened {
  readonly state: MutableState
  readonly journal: Journal<KeptLine>
}

/** Judges all files before the first one is written, then makes them ready for entries. */
async function begin(files: StateFiles, options: OpenStateOptions): Promise<Opened> {
  const { backups = DEFAULT_BACKUPS, onNotice, now, create = true } = options
  const found = await loadSnapshot(files)
  if (found === undefined && !create) throw noState(files)
  const state = found?.data ?? emptyState()
  const inSnapshot = state.serial
  const left = await readStateJournal(files)
  if (found !== undefined) await bringUpToDate(files, found, left)
  if (left.torn !== undefined)
    onNotice?.(
      `${files.journal}:${left.torn.line} was cut short by a crash before it was acknowledged; ` +
        `its ${left.torn.bytes} bytes were dropped`,
    )
  const isOld = found !== undefined && found.journal === undefined
  if (isOld) {
    const kept = await keepOldForm(files, inSnapshot)
    onNotice?.(
      'the state has the form of release 0.1.0 and is written in a new one, which that release refuses; ' +
        `as it was it is kept in ${kept}`,
    )
  }
  const isKept = found?.isUpToDate === true && !isOld
  // Until the new journal stands, the snapshot says that it needs none: it has all that the old one had.
  if (!isKept || state.serial !== inSnapshot) await writeSnapshot(files, state, backups, false)
  else await keepBackup(files, state.serial, backups)
  const journal = await openJournal<KeptLine>(files.journal, now === undefined ? {} : { now })
  try {
    const { lines } = await journal.catchUp()
    journal.continueAfter(state.serial)
    if (lines.length !== 1 || lines[0]?.n !== state.serial)
      await journal.reset({ lineage: state.lineage, entries: [] })
    await markJournal(files.snapshot, true)
    return { state, journal }
  } catch (error) {
    await journal[Symbol.asyncDispose]()
    throw error
  }
}

async function openLocked(
  files: StateFiles,
  lock: Lock,
  options: OpenStateOptions,
): Promise<StateStore> {
  const { backups = DEFAULT_BACKUPS } = options
  const { state, journal } = await begin(files, options)
  let folded = state.serial

  const foldNow = async (): Promise<void> => {
    if (state.serial === folded) return
    await writeSnapshot(files, state, backups, true)
    await journal.reset({ lineage: state.lineage, entries: [] })
    folded = state.serial
  }

  /** The snapshot is all there is, so that it can be moved alone. */
  const end = async (): Promise<void> => {
    if (state.serial === folded) await markJournal(files.snapshot, false)
    else await writeSnapshot(files, state, backups, false)
    await rm(files.journal, { force: true })
    await syncFolder(dirname(files.journal))
  }

  let folding: Promise<void> | undefined
  let lastAppend: Promise<void> = Promise.resolve()
  let failed = false
  let disposed = false

  const assertUsable = (): void => {
    if (disposed) throw new Error(`${files.snapshot}: the state was disposed of`)
    if (!lock.isHeld())
      throw new PlainError(
        `${files.lock} was removed or taken while this process held it, so nothing more is written; run again`,
      )
  }

  const fold = async (): Promise<void> => {
    while (folding !== undefined) await folding
    folding = (async () => {
      await lastAppend
      await foldNow()
    })()
    try {
      await folding
    } finally {
      folding = undefined
    }
  }

  const appendOne = async (line: StateLine): Promise<void> => {
    try {
      await journal.append(keptLine(files, line))
    } catch (error) {
      failed = true
      throw error
    }
    for (const entry of line.entries) applyEntry(state, entry)
    state.serial += 1
  }

  return {
    location: files.snapshot,
    state,
    log: fileApplyLog(files.history),
    async append(...entries) {
      if (entries.length === 0) return
      while (folding !== undefined) await folding
      assertUsable()
      const done = appendOne({ lineage: state.lineage, entries: storedEntries(entries) })
      lastAppend = done.then(
        () => undefined,
        () => undefined,
      )
      await done
    },
    async fold() {
      assertUsable()
      await fold()
    },
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      try {
        // After a failed write the journal is what is true, and the next run reads it.
        if (!failed && lock.isHeld()) {
          while (folding !== undefined) await folding
          await lastAppend
          await end()
        }
      } finally {
        await journal[Symbol.asyncDispose]()
        await lock[Symbol.asyncDispose]()
      }
    },
  }
}
