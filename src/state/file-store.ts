import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../durable/files.ts'
import { openJournal } from '../durable/journal.ts'
import { acquireLock, type Lock } from '../durable/lock.ts'
import { openSnapshot } from '../durable/snapshot.ts'
import { applyEntry, emptyState, type MutableState, storedEntries } from './apply-entry.ts'
import type { State, StateStore } from './state.ts'
import {
  keepBackup,
  loadSnapshot,
  loadState,
  readStateJournal,
  replay,
  SNAPSHOT_FORMAT,
  type StateFiles,
  type StateLine,
  stateFiles,
} from './state-files.ts'

export interface OpenStateOptions {
  /** What the state is opened for, shown to whoever finds it locked: `apply`. */
  readonly purpose?: string
  /** Backups to keep; 10 by default. */
  readonly backups?: number
  /** How long to wait for another owner's lock, in milliseconds; 0 by default. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
  /** Told about what was recovered at opening. */
  readonly onNotice?: (text: string) => void
  readonly now?: () => Date
}

export const DEFAULT_BACKUPS = 10

/**
 * Opens the state at `path` for writing, as a new one where there has never been one: takes its lock,
 * plays and folds what a killed run left in the journal, and leaves a backup of what it found. Throws
 * `LockedError` and `StateDamagedError`.
 */
export async function openFileState(
  path: string,
  options: OpenStateOptions = {},
): Promise<StateStore> {
  const files = await stateFiles(path)
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
export const readFileState = async (path: string): Promise<State> =>
  await loadState(await stateFiles(path))

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

/** Writes a state as the snapshot, with a backup of it. */
export async function writeSnapshot(
  files: StateFiles,
  state: MutableState,
  backups: number,
): Promise<void> {
  await openSnapshot(files.snapshot, ordered(state), SNAPSHOT_FORMAT).write()
  await makeBackupFolder(files)
  await keepBackup(files, state.serial, backups)
}

async function makeBackupFolder(files: StateFiles): Promise<void> {
  const made = await mkdir(files.backups, { recursive: true, mode: 0o700 })
  if (made !== undefined) await syncFolder(dirname(files.backups))
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
  return {
    version: state.version,
    lineage: state.lineage,
    serial: state.serial,
    ...(state.account !== undefined && { account: state.account }),
    rateZones: sorted(state.rateZones),
    addonPlans: sorted(state.addonPlans),
    endpoints: sorted(state.endpoints),
    learnt: state.learnt,
    pending: sorted(state.pending),
  }
}

async function openLocked(
  files: StateFiles,
  lock: Lock,
  options: OpenStateOptions,
): Promise<StateStore> {
  const { backups = DEFAULT_BACKUPS, onNotice, now } = options
  const found = await loadSnapshot(files)
  const state = found ?? emptyState()
  // The snapshot comes before its journal: a journal without one is a state that lost it.
  if (found === undefined) await writeSnapshot(files, state, backups)
  let folded = state.serial

  const journal = await openJournal<StateLine>(files.journal, now === undefined ? {} : { now })

  const foldNow = async (): Promise<void> => {
    if (state.serial !== folded) {
      await writeSnapshot(files, state, backups)
      folded = state.serial
    }
    if (journal.size > 0) await journal.reset()
  }

  try {
    const { lines, torn } = await readStateJournal(files, () => journal.catchUp())
    await replay(files, state, lines)
    if (torn !== undefined)
      onNotice?.(
        `${files.journal}:${torn.line} was cut short by a crash before it was acknowledged; ` +
          `its ${torn.bytes} bytes were dropped`,
      )
    await foldNow()
    await makeBackupFolder(files)
    await keepBackup(files, state.serial, backups)
    journal.continueAfter(state.serial)
  } catch (error) {
    await journal[Symbol.asyncDispose]()
    throw error
  }

  let folding: Promise<void> | undefined
  let lastAppend: Promise<void> = Promise.resolve()
  let failed = false
  let disposed = false

  const assertUsable = (): void => {
    if (disposed) throw new Error(`${files.snapshot}: the state was disposed of`)
    if (!lock.isHeld())
      throw new Error(
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
      await journal.append(line)
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
        if (!failed && lock.isHeld()) await fold()
      } finally {
        await journal[Symbol.asyncDispose]()
        await lock[Symbol.asyncDispose]()
      }
    },
  }
}
