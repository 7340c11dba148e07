/** A state as its snapshot and its journal have it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { journalProblem } from '../durable/belonging.ts'
import { exists } from '../durable/files.ts'
import type { JournalContent, JournalLine } from '../durable/journal.ts'
import { type Sealed, SnapshotError } from '../durable/snapshot.ts'
import { MovedError } from '../stores/moving.ts'
import type { MutableState } from './apply-entry.ts'
import { MarkedStateError } from './decode-state.ts'
import { isSnapshotUpToDate } from './encrypted-state.ts'
import { damaged, listBackups, visibleBackups } from './state-backups.ts'
import { StateDamagedError } from './state-errors.ts'
import { type StateFiles, stateAt } from './state-files.ts'
import { readStateJournal, replayOnto, type StateLine } from './state-journal.ts'

/** How often, and after how many milliseconds each, a state is read again that did not fit together. */
const AGAIN = 3
const AGAIN_MS = 30

/** Reads a state without a lock; undefined where there has never been one. Throws `StateDamagedError`. */
export async function loadState(files: StateFiles): Promise<MutableState | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await loadOnce(files)
    } catch (error) {
      // A run that goes on may have folded, begun or ended between the two reads.
      if (!(error instanceof StateDamagedError) || attempt > AGAIN) throw error
      await sleep(AGAIN_MS)
    }
  }
}

/** The journal first: a fold in between is then seen as already done. */
async function loadOnce(files: StateFiles): Promise<MutableState | undefined> {
  const journal = await readStateJournal(files)
  const found = await loadSnapshot(files)
  if (found === undefined) return undefined
  await bringUpToDate(files, found, journal)
  return found.data
}

/** Plays a journal onto its snapshot. Throws `StateDamagedError` where one of the files is not of the others. */
export async function bringUpToDate(
  files: StateFiles,
  { data: state, journal: flag }: Sealed<MutableState>,
  journal: JournalContent<StateLine>,
): Promise<void> {
  const numbers = journal.missing ? undefined : journal.lines.map(line => line.n)
  const stranger = journal.lines.some(line => line.lineage !== state.lineage)
  const problem = stranger
    ? undefined
    : journalProblem({ serial: state.serial, journal: flag }, numbers)
  if (problem !== undefined) throw await damaged(files, 'journal', `${files.journal} ${problem}`)
  await replay(files, state, journal.lines)
  const [newest] = await visibleBackups(files)
  if (newest !== undefined && newest.serial > state.serial)
    throw await damaged(
      files,
      'older',
      `${files.snapshot} ends at serial ${state.serial}, but its backup ${newest.path} is of serial ` +
        `${newest.serial}: an older copy was put in its place, or the backups are of another state`,
    )
}

interface LoadedSnapshot extends Sealed<MutableState> {
  /** Whether it is encrypted as these keys do it now. */
  readonly isUpToDate: boolean
}

/**
 * The snapshot as it stands; undefined where there has never been a state. Throws `StateDamagedError`, and
 * `MovedError` where a mark stands in its place.
 */
export async function loadSnapshot(files: StateFiles): Promise<LoadedSnapshot | undefined> {
  const { snapshot, keys } = files
  let isUpToDate = false
  try {
    const sealed = await stateAt(snapshot, keys, 'refused', kept => {
      isUpToDate = isSnapshotUpToDate(kept, keys)
    }).read()
    return { ...sealed, isUpToDate }
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error
    if (error.cause instanceof MarkedStateError)
      throw new MovedError(files.snapshot, 'state', error.cause.mark)
    if (error.reason !== 'missing')
      throw await damaged(files, error.reason, `${files.snapshot} ${error.problem}`, error)
    const journal = await exists(files.journal)
    if (!journal && (await listBackups(files)).length === 0) return undefined
    const beside = journal ? `its journal ${files.journal} is there` : 'its backups are there'
    throw await damaged(
      files,
      'missing',
      `${files.snapshot} is missing, but ${beside}: it was moved or deleted`,
      error,
    )
  }
}

/**
 * Brings a snapshot up to its journal. Lines up to the snapshot's serial were folded already: that is a
 * fold which a crash cut short. Throws `StateDamagedError` where a line belongs to something else.
 */
async function replay(
  files: StateFiles,
  state: MutableState,
  lines: readonly JournalLine<StateLine>[],
): Promise<void> {
  const problem = replayOnto(state, lines)
  if (problem === undefined) return
  const damage = problem.lineage ? 'lineage' : 'journal'
  throw await damaged(files, damage, `${files.journal}:${problem.line} ${problem.text}`)
}
