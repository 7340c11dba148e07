import { dirname, join } from 'node:path'
import { differences } from '../durable/differences.ts'
import {
  copyFileDurably,
  exists,
  isMissing,
  makePrivateFolder,
  syncFolder,
} from '../durable/files.ts'
import { type LockHolder, readLock, removeLock } from '../durable/lock.ts'
import { ownerState } from '../durable/owner.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { emptyState, type MutableState } from './apply-entry.ts'
import { DEFAULT_BACKUPS, lockState, noState, ordered, putSnapshotInPlace } from './file-store.ts'
import type {
  ConfirmEdit,
  EditReport,
  OpenStateOptions,
  RestoreReport,
  Unlocking,
} from './keeper.ts'
import { loadState } from './load-state.ts'
import { listBackups } from './state-backups.ts'
import { StateDamagedError, StateEditError } from './state-errors.ts'
import { type StateFiles, stateAt, stateFiles } from './state-files.ts'
import { readStateJournalUpToDamage, replayOnto } from './state-journal.ts'

/** Writes the state as it is now, its journal included, to a file. Takes no lock: a run may go on. */
export async function backupFileState(
  path: string,
  to?: string,
  now: () => Date = () => new Date(),
): Promise<{ readonly path: string; readonly serial: number }> {
  const files = await stateFiles(path)
  const state = await loadState(files)
  if (state === undefined) throw noState(files)
  const stamp = now().toISOString().replaceAll(':', '-')
  const target = to ?? join(files.backups, `by-hand-${stamp}.json`)
  if (to === undefined) await makePrivateFolder(files.backups)
  else if (await exists(to))
    throw new StateEditError(`${to}: it exists already; name another file, or move it away`)
  await stateAt(target, files.keys).write(ordered(state), false)
  return { path: target, serial: state.serial }
}

/**
 * Puts a backup in the place of the state; the newest readable one where none is named. Over a readable
 * state it goes back to what the backup says. Over one that cannot be read it saves what can be saved: the
 * journal is played on top. What was there is kept; the lineage stays and the serial grows. Throws
 * `StateEditError`, `LockedError`, and `SnapshotError` for a backup that is no readable state.
 */
export async function restoreFileState(
  path: string,
  from?: string,
  options: OpenStateOptions = {},
): Promise<RestoreReport> {
  const { backups = DEFAULT_BACKUPS, now = () => new Date() } = options
  const files = await stateFiles(path)
  await using _lock = await lockState(files, { purpose: 'state restore', ...options })
  const current = await readCurrent(files)
  const source = from ?? (await newestBackup(files))
  const { data: state } = await stateAt(source, files.keys).read()
  const stamp = now().toISOString().replaceAll(':', '-')

  const kept: string[] = []
  let replayed = 0
  let lost: string | undefined
  if (current !== undefined) {
    if (current.lineage !== state.lineage && current.serial > 0)
      throw new StateEditError(
        `${source} is a backup of another state (lineage ${state.lineage}; ${files.snapshot} has ` +
          `${current.lineage}). Move ${files.snapshot}, its journal and its backups away first.`,
      )
    if (current.serial > 0) {
      const before = join(files.backups, `before-restore-${stamp}.json`)
      await makePrivateFolder(files.backups)
      await stateAt(before, files.keys).write(ordered(current), false)
      kept.push(before)
    }
    state.serial = Math.max(state.serial, current.serial) + 1
  } else {
    for (const file of [files.snapshot, files.journal]) {
      const aside = `${file}.damaged-${stamp}`
      if (await copyIfThere(file, aside)) kept.push(aside)
    }
    const { lines, damage } = await readStateJournalUpToDamage(files)
    const before = state.serial
    const problem = replayOnto(state, lines)
    replayed = state.serial - before
    lost = problem === undefined ? damage : `line ${problem.line} ${problem.text}`
    state.serial = Math.max(state.serial, lines.at(-1)?.n ?? 0) + 1
  }
  const [newest] = await listBackups(files)
  state.serial = Math.max(state.serial, (newest?.serial ?? 0) + 1)
  await putSnapshotInPlace(files, state, backups)
  return {
    from: source,
    serial: state.serial,
    replayed,
    ...(lost !== undefined && { lost }),
    kept,
  }
}

/**
 * Takes a state whose files were changed by hand as what is true now, once `confirm` has seen what differs
 * and said yes: the journal is played on top as far as it fits, and all is sealed anew. Undefined where the
 * state is as sft-catalog left it. Throws `SnapshotError` for one that is no state, `LockedError`.
 */
export async function acceptFileEdit(
  path: string,
  confirm: ConfirmEdit,
  options: OpenStateOptions = {},
): Promise<EditReport | undefined> {
  const { backups = DEFAULT_BACKUPS } = options
  const files = await stateFiles(path)
  await using _lock = await lockState(files, { purpose: 'state accept-edit', ...options })
  if ((await readCurrent(files)) !== undefined) return undefined
  const { data: state, journal } = await stateAt(files.snapshot, files.keys, 'taken').read()
  const { lines, damage, missing } = await readStateJournalUpToDamage(files)
  const problem = replayOnto(state, lines)
  const lost = problem === undefined ? damage : `line ${problem.line} ${problem.text}`
  const last = await lastBackup(files)
  const before = last === undefined ? undefined : { ...ordered(last), serial: 0, lineage: '' }
  const differs = [
    ...differences(before ?? {}, { ...ordered(state), serial: 0, lineage: '' }),
    ...(journal === true && (missing === true || lines.length === 0)
      ? [`${files.journal} is missing or empty: what was in it is lost`]
      : []),
    ...(lost === undefined ? [] : [`${files.journal}: lost from here on: ${lost}`]),
  ]
  if (!(await confirm(differs))) return { accepted: false, differs }
  const [newest] = await listBackups(files)
  state.serial = Math.max(state.serial, lines.at(-1)?.n ?? 0, newest?.serial ?? 0) + 1
  await putSnapshotInPlace(files, state, backups)
  return { accepted: true, differs }
}

/** The newest backup that can be read. */
async function lastBackup(files: StateFiles): Promise<MutableState | undefined> {
  for (const { path } of await listBackups(files)) {
    try {
      return (await stateAt(path, files.keys).read()).data
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error
    }
  }
  return undefined
}

async function newestBackup(files: StateFiles): Promise<string> {
  for (const { path } of await listBackups(files)) {
    try {
      await stateAt(path, files.keys).read()
      return path
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error
    }
  }
  throw new StateEditError(
    `there is no backup that can be read in ${files.backups}; name a file to restore from`,
  )
}

/** The state as it is; undefined where it cannot be read. */
async function readCurrent(files: StateFiles): Promise<MutableState | undefined> {
  try {
    return (await loadState(files)) ?? emptyState()
  } catch (error) {
    if (error instanceof StateDamagedError) return undefined
    throw error
  }
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  try {
    await copyFileDurably(from, to)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/**
 * Removes the lock of an owner that cannot be seen from here, once `confirm` has seen it and said yes.
 * Throws `StateEditError` where the owner runs on this machine. Undefined where there is no lock.
 */
export async function unlockFileState(
  path: string,
  confirm: (holder: LockHolder) => boolean | Promise<boolean>,
): Promise<Unlocking | undefined> {
  const files = await stateFiles(path)
  const holder = readLock(files.lock)
  if (holder === undefined) return undefined
  if (holder.owner !== undefined && ownerState(holder.owner) === 'alive')
    throw new StateEditError(
      `${files.lock}: process ${holder.owner.pid} holds it and is running on this machine; ` +
        'end that process instead',
    )
  if (!(await confirm(holder))) return { holder, removed: false }
  if (!removeLock(files.lock, holder))
    throw new StateEditError(`${files.lock} changed its owner in the meantime; look again`)
  await syncFolder(dirname(files.lock))
  return { holder, removed: true }
}
