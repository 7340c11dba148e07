import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { journalProblem } from '../durable/belonging.ts'
import {
  copyFileDurably,
  errorCode,
  exists,
  followLinks,
  makePrivateFolder,
} from '../durable/files.ts'
import {
  type JournalContent,
  JournalDamagedError,
  type JournalLine,
  readJournal,
  readJournalUpToDamage,
} from '../durable/journal.ts'
import {
  markJournal,
  openSnapshot,
  type Sealed,
  type Snapshot,
  SnapshotError,
} from '../durable/snapshot.ts'
import { DecryptError, EncryptedError, type EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { MovedError } from '../stores/moving.ts'
import { applyEntry, type MutableState } from './apply-entry.ts'
import { decodeState, MarkedStateError, takeState, UNSEALED_VERSION } from './decode-state.ts'
import {
  decryptedEntries,
  decryptedState,
  encryptedEntries,
  encryptedState,
  isSnapshotUpToDate,
  type KeptEntry,
  stateCipher,
} from './encrypted-state.ts'
import type { StateEntry } from './state.ts'
import { StateDamagedError } from './state-errors.ts'

/** The files of one state. */
export interface StateFiles {
  readonly snapshot: string
  readonly journal: string
  readonly lock: string
  readonly backups: string
  /** The applies that were made. */
  readonly history: string
  /** What they are encrypted with. */
  readonly keys: EncryptionKeys
}

/** What one journal line holds; its number is the serial that it leads to. */
export interface StateLine {
  readonly lineage: string
  readonly entries: readonly StateEntry[]
}

/** A line as the file has it. */
export interface KeptLine {
  readonly lineage: string
  readonly entries: readonly KeptEntry[]
}

/** A plain snapshot. Levels of it that are broken into lines: sections, then a record a line. */
export const SNAPSHOT_FORMAT = {
  take: takeState,
  decode: decodeState,
  levels: 2,
  unsealed: UNSEALED_VERSION,
} as const

/** A state at a path: the snapshot, a backup or a copy, encrypted where there is a key. */
export const stateAt = (
  path: string,
  keys: EncryptionKeys,
  edits: 'refused' | 'taken' = 'refused',
  see: (kept: unknown) => void = () => undefined,
): Snapshot<MutableState> => {
  const read = (kept: unknown): unknown => {
    see(kept)
    return decryptedState(kept, keys, path)
  }
  return openSnapshot<MutableState>(
    path,
    {
      ...SNAPSHOT_FORMAT,
      take: value => takeState(read(value)),
      decode: value => decodeState(read(value)),
      print: state => encryptedState(state, keys, path),
    },
    edits,
  )
}

/** A line for the journal. */
export const keptLine = ({ keys, journal }: StateFiles, line: StateLine): KeptLine => ({
  lineage: line.lineage,
  entries: encryptedEntries(line.entries, stateCipher(keys, journal, line.lineage), keys),
})

/** A line of a journal as what it says. Throws a `DecryptError`, and an `EncryptedError` where a key is missing. */
const lineOf = (
  { keys, journal }: StateFiles,
  line: JournalLine<KeptLine>,
): JournalLine<StateLine> => ({
  ...line,
  entries: decryptedEntries(line.entries, stateCipher(keys, journal, line.lineage)),
})

/**
 * The files of the state at `path`, by default with the keys in force. Links are followed, so that two names of one
 * state share a lock.
 */
export async function stateFiles(
  path: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<StateFiles> {
  const snapshot = await followLinks(path)
  return {
    snapshot,
    journal: `${snapshot}.journal`,
    lock: `${snapshot}.lock`,
    backups: `${snapshot}.backups`,
    history: `${snapshot}.history`,
    keys,
  }
}

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

/** Reads the journal and says of damage what it means for the state. */
export async function readStateJournal(files: StateFiles): Promise<JournalContent<StateLine>> {
  try {
    const { lines, ...content } = await readJournal<KeptLine>(files.journal)
    return { ...content, lines: lines.map((line, index) => wholeLine(files, line, index)) }
  } catch (error) {
    if (!(error instanceof JournalDamagedError)) throw error
    throw await damaged(files, 'journal', `${error.path}:${error.line} ${error.problem}`, error)
  }
}

/** Reads what stands before the first damage, which it tells in words. */
export async function readStateJournalUpToDamage(
  files: StateFiles,
): ReturnType<typeof readJournalUpToDamage<StateLine>> {
  const { lines: kept, ...content } = await readJournalUpToDamage<KeptLine>(files.journal)
  const lines: JournalLine<StateLine>[] = []
  for (const [index, line] of kept.entries()) {
    try {
      lines.push(wholeLine(files, line, index))
    } catch (error) {
      if (!(error instanceof JournalDamagedError)) throw error
      return { ...content, lines, damage: `line ${error.line} ${error.problem}` }
    }
  }
  return { ...content, lines }
}

function wholeLine(
  files: StateFiles,
  line: JournalLine<KeptLine>,
  index: number,
): JournalLine<StateLine> {
  try {
    return lineOf(files, line)
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error
    throw new JournalDamagedError(files.journal, index + 1, error.message)
  }
}

const ENTRY_TYPES: ReadonlySet<string> = new Set<StateEntry['type']>([
  'put',
  'remove',
  'intent',
  'conclude',
  'account',
  'learn',
])

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

/** What stopped a replay, at which line (from 1); what came before it was applied. */
interface ReplayProblem {
  readonly line: number
  readonly text: string
  readonly lineage: boolean
}

/** Applies the lines that follow the state's serial, up to one that does not fit. */
export function replayOnto(
  state: MutableState,
  lines: readonly JournalLine<StateLine>[],
): ReplayProblem | undefined {
  for (const [index, { n, lineage, entries }] of lines.entries()) {
    const stop = (text: string, other = false) => ({ line: index + 1, text, lineage: other })
    if (lineage !== state.lineage)
      return stop(
        `belongs to another state (lineage ${lineage}; the snapshot has ${state.lineage})`,
        true,
      )
    if (n <= state.serial) continue
    if (n !== state.serial + 1)
      return stop(
        `leads to serial ${n}, but the snapshot ends at ${state.serial}: entries are missing`,
      )
    const unknown = entries.find(entry => !ENTRY_TYPES.has(entry.type))
    if (unknown !== undefined)
      return stop(`has an entry of type ${unknown.type}, written by a newer sft-catalog: update it`)
    for (const entry of entries) applyEntry(state, entry)
    state.serial = n
  }
  return undefined
}

/** Backups that folds made, newest first. */
export async function listBackups(
  files: StateFiles,
): Promise<readonly { readonly path: string; readonly serial: number }[]> {
  let names: readonly string[]
  try {
    names = await readdir(files.backups)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    names = []
  }
  return names
    .flatMap(name => {
      const serial = /^serial-(\d+)\.json$/.exec(name)?.[1]
      return serial === undefined
        ? []
        : [{ path: join(files.backups, name), serial: Number(serial) }]
    })
    .toSorted((a, b) => b.serial - a.serial)
}

/** Who may read the state and not its backups, such as another user, only looks: a writer makes backups. */
async function visibleBackups(files: StateFiles): ReturnType<typeof listBackups> {
  try {
    return await listBackups(files)
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error
    return []
  }
}

/** Copies the snapshot to the backups, unless this serial is there, and removes the oldest beyond `keep`. */
export async function keepBackup(files: StateFiles, serial: number, keep: number): Promise<void> {
  if (keep === 0) return
  await makePrivateFolder(files.backups)
  const path = join(files.backups, `serial-${serial}.json`)
  if (!(await exists(path))) {
    await copyFileDurably(files.snapshot, path)
    // A backup stands alone.
    await markJournal(path, false)
  }
  for (const old of (await listBackups(files)).slice(keep)) await rm(old.path, { force: true })
}

async function damaged(
  files: StateFiles,
  damage: StateDamagedError['damage'],
  problem: string,
  cause?: Error,
): Promise<StateDamagedError> {
  const way = (await newestReadable(files)) ?? ''
  const meant =
    damage === 'damaged' || damage === 'journal' || damage === 'older'
      ? `If it was changed on purpose, \`sft-catalog state accept-edit --state ${files.snapshot}\` shows what differs and takes it. `
      : ''
  const text = `${problem}. Nothing was changed, and it is not taken for an empty state. ${meant}${way}`
  return new StateDamagedError(files.snapshot, damage, text, { cause })
}

/** What to do, with the newest backup that can be read. */
async function newestReadable(files: StateFiles): Promise<string> {
  for (const { path, serial } of await visibleBackups(files)) {
    try {
      await stateAt(path, files.keys).read()
    } catch (error) {
      if (error instanceof SnapshotError || error instanceof EncryptedError) continue
      throw error
    }
    return (
      `The newest backup that can be read is ${path} (serial ${serial}): ` +
      `\`sft-catalog state restore ${path} --state ${files.snapshot}\` puts it in place, with what the ` +
      'journal has on top, and keeps the damaged files aside.'
    )
  }
  return (
    `There is no backup that can be read in ${files.backups}. Put a copy of your own at ${files.snapshot}; ` +
    'or start anew by moving it, its journal and its backups away, and take the objects of the account ' +
    'over with `sft-catalog adopt`.'
  )
}
