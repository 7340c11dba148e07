/** The journal of a state: its lines, and how they are played. */
import {
  type JournalContent,
  JournalDamagedError,
  type JournalLine,
  readJournal,
  readJournalUpToDamage,
} from '../durable/journal.ts'
import { DecryptError } from '../secrets/cipher.ts'
import { applyEntry, type MutableState } from './apply-entry.ts'
import {
  decryptedEntries,
  encryptedEntries,
  type KeptEntry,
  stateCipher,
} from './encrypted-state.ts'
import type { StateEntry } from './state.ts'
import { damaged } from './state-backups.ts'
import type { StateFiles } from './state-files.ts'

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
