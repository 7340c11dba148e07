import { randomUUID } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { journalProblem } from '../durable/belonging.ts'
import { differences } from '../durable/differences.ts'
import { copyFileDurably, exists, followLinks } from '../durable/files.ts'
import {
  type Journal,
  type JournalContent,
  JournalDamagedError,
  type JournalLine,
  openJournal,
  readJournal,
  readJournalUpToDamage,
} from '../durable/journal.ts'
import { withShortLock } from '../durable/lock.ts'
import {
  markJournal,
  openSnapshot,
  readSnapshot,
  type Sealed,
  SnapshotError,
} from '../durable/snapshot.ts'
import type { LedgerEntry } from './ledger.ts'
import {
  decodeSnapshot,
  LEDGER_VERSION,
  type LedgerSnapshot,
  type LedgerTables,
  openTables,
  rowProblem,
  UNSEALED_LEDGER_VERSION,
} from './tables.ts'

/** One journal line: the entries of one transaction, so that they are there all or none. */
export interface Transaction {
  /** Absent in lines of release 0.1.0. */
  readonly lineage?: string
  readonly entries: readonly LedgerEntry[]
}

/** The files of one ledger. */
export interface LedgerFiles {
  readonly snapshot: string
  readonly journal: string
  readonly lock: string
  /** The snapshot as it was last written. */
  readonly backup: string
}

/** The files of the ledger at `path`. Links are followed, so that two names of one ledger share a lock. */
export async function ledgerFiles(path: string): Promise<LedgerFiles> {
  const snapshot = await followLinks(path)
  return {
    snapshot,
    journal: `${snapshot}.journal`,
    lock: `${snapshot}.lock`,
    backup: `${snapshot}.backup`,
  }
}

/** What was read of a ledger. */
export interface LoadedLedger {
  readonly tables: LedgerTables
  readonly lineage: string
  readonly journal: Journal<Transaction>
  readonly snapshotBytes: number
}

const FORMAT = { decode: decodeSnapshot, levels: 2, unsealed: UNSEALED_LEDGER_VERSION } as const

/**
 * Reads a ledger, making it where there has never been one. Only under its lock. Throws `SnapshotError` and
 * `JournalDamagedError` where the files are damaged or not of each other.
 */
export async function loadLedger(files: LedgerFiles): Promise<LoadedLedger> {
  if (await isNewLedger(files)) await createLedger(files)
  const found = await readSealed(files)
  const content = await readJournal<Transaction>(files.journal)
  const { tables, serial } = playJournal(files, found, content)
  const { lineage, version } = found.data
  if (version !== LEDGER_VERSION) await migrate(files, tables, lineage, serial)
  else if (found.journal === false) await startJournal(files, lineage, serial)
  const journal = await openJournal<Transaction>(files.journal)
  await journal.catchUp()
  journal.continueAfter(serial)
  return { tables, lineage, journal, snapshotBytes: (await stat(files.snapshot)).size }
}

/** How often, and after how many milliseconds each, a ledger is read again that did not fit together. */
const AGAIN = 3
const AGAIN_MS = 30

/** Reads a ledger without its lock, and writes nothing; undefined where there is none. */
export async function lookAtLedger(files: LedgerFiles): Promise<LedgerTables | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (await isNewLedger(files)) return undefined
      // The journal first: a fold in between is then seen as already done.
      const content = await readJournal<Transaction>(files.journal)
      return playJournal(files, await readSealed(files), content).tables
    } catch (error) {
      // A process that sells may have folded between the two reads.
      if (!(error instanceof SnapshotError) || attempt > AGAIN) throw error
      await sleep(AGAIN_MS)
    }
  }
}

/** Writes the tables as the snapshot and lets the journal begin anew after them. */
export async function foldLedger(files: LedgerFiles, ledger: LoadedLedger): Promise<LoadedLedger> {
  const { tables, lineage, journal } = ledger
  await writeTables(files, tables, lineage, journal.last, LEDGER_VERSION, true)
  await journal.reset({ lineage, entries: [] })
  return { ...ledger, snapshotBytes: (await stat(files.snapshot)).size }
}

/** Throws where a line is not of this ledger, or has a row that nothing may be decided on. */
export function checkLine(
  files: LedgerFiles,
  line: JournalLine<Transaction>,
  lineage: string,
): void {
  if (line.lineage !== lineage)
    throw wrong(
      files,
      `has line ${line.n}, which is of another ledger (lineage ${line.lineage ?? 'none'}; the snapshot has ${lineage})`,
    )
  for (const { table, row } of line.entries) {
    const problem = rowProblem(table, row)
    if (problem !== undefined)
      throw wrong(files, `has a row of ${table} in line ${line.n} that ${problem}`)
  }
}

const ADVICE =
  'Nothing was changed, and nothing is sold from it. Put the ledger and its journal back together from one backup'

const wrong = (files: LedgerFiles, problem: string): SnapshotError =>
  new SnapshotError(
    files.journal,
    'damaged',
    `${problem}. ${ADVICE}; if it is meant to be so, \`sft-catalog ledger accept-edit --ledger ${files.snapshot}\` shows what differs and takes it`,
  )

async function readSealed(files: LedgerFiles): Promise<Sealed<LedgerSnapshot>> {
  try {
    return await readSnapshot(files.snapshot, FORMAT)
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error
    throw new SnapshotError(
      error.path,
      error.reason,
      `${error.problem}. ${ADVICE}; if it was changed on purpose, \`sft-catalog ledger accept-edit --ledger ${files.snapshot}\` shows what differs and takes it`,
    )
  }
}

function playJournal(
  files: LedgerFiles,
  { data, journal: flag }: Sealed<LedgerSnapshot>,
  content: JournalContent<Transaction>,
): { readonly tables: LedgerTables; readonly serial: number } {
  const isOld = data.version !== LEDGER_VERSION
  // A ledger of release 0.1.0 always had its journal, which may hold every order there is.
  if (content.missing === true && (isOld || flag !== false))
    throw wrong(files, 'is missing, and the orders in it would be sold again')
  const numbers = content.lines.map(line => line.n)
  const [first] = numbers
  const gap = first !== undefined && first > data.serial + 1
  const problem = gap
    ? `begins with number ${first}, but the snapshot ends at ${data.serial}: entries are missing`
    : journalProblem({ serial: data.serial, journal: isOld ? undefined : flag }, numbers)
  for (const line of content.lines)
    checkLine(files, isOld ? { lineage: data.lineage, ...line } : line, data.lineage)
  if (problem !== undefined) throw wrong(files, `${problem}; the orders in it would be sold again`)
  const tables = openTables(data)
  let { serial } = data
  for (const line of content.lines) {
    if (line.n <= data.serial) continue
    for (const entry of line.entries) tables.apply(entry)
    serial = line.n
  }
  return { tables, serial }
}

/** A file of release 0.1.0 as it was before it was written anew. */
const keptOf = (file: string): string => `${file}.release-0.1.0`

/** Whether there is no ledger yet; a journal or a backup without its snapshot is a damaged one. */
async function isNewLedger(files: LedgerFiles): Promise<boolean> {
  if (await exists(files.snapshot)) return false
  for (const [file, what] of [
    [files.journal, 'journal'],
    [files.backup, 'backup'],
    [keptOf(files.snapshot), 'backup'],
    [keptOf(files.journal), 'backup'],
  ] as const)
    if (await exists(file))
      throw new SnapshotError(
        files.snapshot,
        'missing',
        `is missing beside its ${what} ${file}; restore it from a backup, or the orders in it would be sold again: ` +
          `copy the newest of them (${files.backup}) there, and \`sft-catalog ledger accept-edit --ledger ${files.snapshot}\` plays the journal on top where it fits. ` +
          'To begin anew, move all of them away',
      )
  return true
}

async function createLedger(files: LedgerFiles): Promise<void> {
  await writeTables(files, openTables(), randomUUID(), 0, LEDGER_VERSION, false)
}

/** The journal first, then the snapshot says that there is one. */
async function startJournal(files: LedgerFiles, lineage: string, serial: number): Promise<void> {
  await rm(files.journal, { force: true })
  await using journal = await openJournal<Transaction>(files.journal)
  journal.continueAfter(serial)
  await journal.reset({ lineage, entries: [] })
  await markJournal(files.snapshot, true)
}

async function writeTables(
  files: LedgerFiles,
  tables: LedgerTables,
  lineage: string,
  serial: number,
  version: LedgerSnapshot['version'],
  journal: boolean,
): Promise<void> {
  const data = tables.snapshot({ version, lineage, serial })
  await openSnapshot(files.snapshot, data, FORMAT, journal).write()
  await copyFileDurably(files.snapshot, files.backup)
}

/**
 * Writes a ledger of release 0.1.0 in the form of today; as it was it is kept beside it. A process of that
 * release that still runs finds the journal replaced, reads the snapshot again, and refuses its version. So
 * the journal is replaced before the version is written: no instant has the one without the other.
 */
async function migrate(
  files: LedgerFiles,
  tables: LedgerTables,
  lineage: string,
  serial: number,
): Promise<void> {
  for (const file of [files.snapshot, files.journal]) {
    const kept = keptOf(file)
    if (!(await exists(kept))) await copyFileDurably(file, kept)
  }
  await writeTables(files, tables, lineage, serial, UNSEALED_LEDGER_VERSION, true)
  {
    await using journal = await openJournal<Transaction>(files.journal)
    await journal.catchUp()
    journal.continueAfter(serial)
    await journal.reset({ lineage, entries: [] })
  }
  await writeTables(files, tables, lineage, serial, LEDGER_VERSION, true)
}

/** What an edit of a ledger by hand came to. */
export interface LedgerEditReport {
  readonly accepted: boolean
  /** What differs from the snapshot as it was last written, and what is lost, a line each; no secrets. */
  readonly differs: readonly string[]
}

const SECRET: ReadonlySet<string> = new Set(['activationCode'])

/**
 * Takes a ledger whose files were changed by hand as what is true now, once `confirm` has seen what differs
 * and said yes: the journal is played on top as far as it fits, and all is sealed anew. Undefined where the
 * ledger is as sft-catalog left it. Throws `SnapshotError` for one that is no ledger.
 */
export async function acceptLedgerEdit(
  path: string,
  confirm: (differs: readonly string[]) => boolean | Promise<boolean>,
): Promise<LedgerEditReport | undefined> {
  const files = await ledgerFiles(path)
  const looked = await withShortLock(files.lock, () => lookAtEdit(files))
  if (looked === undefined) return undefined
  const { differs } = looked
  // People take their time, and a short lock is held for milliseconds.
  if (!(await confirm(differs))) return { accepted: false, differs }
  await withShortLock(files.lock, async () => {
    const again = await lookAtEdit(files)
    if (again === undefined || again.differs.join() !== differs.join())
      throw new SnapshotError(files.snapshot, 'damaged', 'changed in the meantime: look again')
    const { tables, lineage, serial } = again
    await writeTables(files, tables, lineage, serial, LEDGER_VERSION, false)
    await startJournal(files, lineage, serial)
  })
  return { accepted: true, differs }
}

interface Edited {
  readonly tables: LedgerTables
  readonly lineage: string
  readonly serial: number
  readonly differs: readonly string[]
}

async function lookAtEdit(files: LedgerFiles): Promise<Edited | undefined> {
  if (await isSound(files)) return undefined
  const { data } = await readSnapshot(files.snapshot, FORMAT, 'taken')
  const { lines, damage, missing } = await readJournalUpToDamage<Transaction>(files.journal)
  const tables = openTables(data)
  let { serial } = data
  let lost = damage
  for (const line of lines) {
    if (line.n <= serial) continue
    const fits = line.n === serial + 1 && (line.lineage ?? data.lineage) === data.lineage
    if (!fits || line.entries.some(({ table, row }) => rowProblem(table, row) !== undefined)) {
      lost = `number ${line.n} does not go on from the snapshot`
      break
    }
    for (const entry of line.entries) tables.apply(entry)
    serial = line.n
  }
  const before = await lastWritten(files)
  const differs = [
    ...differences(withoutPlace(before), withoutPlace(data), SECRET),
    ...(missing === true || lines.length === 0
      ? [`${files.journal} is missing or empty: orders that were in it would be sold again`]
      : []),
    ...(lost === undefined
      ? []
      : [`${files.journal}: lost from here on, and orders in it would be sold again: ${lost}`]),
  ]
  const newest = Math.max(serial, lines.at(-1)?.n ?? 0, before?.serial ?? 0)
  return { tables, lineage: data.lineage, serial: newest + 1, differs }
}

const withoutPlace = (data: LedgerSnapshot | undefined): object => ({
  ...data,
  version: undefined,
  lineage: undefined,
  serial: undefined,
  digest: undefined,
  journal: undefined,
})

/** The snapshot as it was last written; undefined where its copy cannot be read. */
async function lastWritten(files: LedgerFiles): Promise<LedgerSnapshot | undefined> {
  try {
    return (await readSnapshot(files.backup, FORMAT)).data
  } catch (error) {
    if (error instanceof SnapshotError) return undefined
    throw error
  }
}

async function isSound(files: LedgerFiles): Promise<boolean> {
  try {
    playJournal(files, await readSealed(files), await readJournal<Transaction>(files.journal))
    return true
  } catch (error) {
    if (error instanceof SnapshotError || error instanceof JournalDamagedError) return false
    throw error
  }
}
