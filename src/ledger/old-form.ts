import { rm } from 'node:fs/promises'
import { journalProblem } from '../durable/belonging.ts'
import { copyFileDurably, exists } from '../durable/files.ts'
import {
  type JournalContent,
  type JournalLine,
  openJournal,
  readJournal,
} from '../durable/journal.ts'
import { openSnapshot, type Sealed, SnapshotError } from '../durable/snapshot.ts'
import type { LedgerEntry } from '../provision/ledger.ts'
import {
  decodeSnapshot,
  entriesOf,
  LEDGER_VERSION,
  type LedgerSnapshot,
  type LedgerTables,
  openTables,
  rowProblem,
  UNSEALED_LEDGER_VERSION,
} from '../provision/tables.ts'

/** One journal line of the old form: the entries of one transaction. */
interface Transaction {
  /** Absent in lines of release 0.1.0. */
  readonly lineage?: string
  readonly entries: readonly LedgerEntry[]
}

/**
 * A ledger of the form before SQLite, as release 0.1.0 and its successors wrote it: a JSON snapshot, and a
 * journal beside it. It is read, and moved over once.
 */
export interface OldLedger {
  readonly path: string
  readonly lineage: string
  readonly serial: number
  readonly tables: LedgerTables
  entries(): Iterable<LedgerEntry>
  readonly version: LedgerSnapshot['version']
}

const FORMAT = {
  take: decodeSnapshot,
  decode: decodeSnapshot,
  levels: 2,
  unsealed: UNSEALED_LEDGER_VERSION,
} as const

const journalOf = (path: string): string => `${path}.journal`
const copyOf = (path: string): string => `${path}.backup`
/** What is kept of a file of the old form. */
const keptOf = (path: string): string => `${path}.old-form`

/** Reads a ledger of the old form, and writes nothing. Throws where it is damaged, or no ledger at all. */
export async function readOldForm(path: string): Promise<OldLedger> {
  // The journal first: a fold in between is then seen as already done.
  const content = await readJournal<Transaction>(journalOf(path))
  const sealed = await readSealed(path)
  const { tables, serial } = playJournal(path, sealed, content)
  const { version, lineage } = sealed.data
  return {
    path,
    version,
    lineage,
    serial,
    tables,
    entries: () => entriesOf(tables.snapshot({ version, lineage, serial })),
  }
}

/**
 * Ends a ledger of the old form: its files are kept, and `replace` puts the new form in the place of the
 * snapshot. Only under its lock. A process of an old release that still runs finds the journal replaced, reads
 * the snapshot again, and refuses what is no JSON. So all rows are in the snapshot before the journal goes, and
 * the journal goes before the snapshot does: cut short anywhere, both releases find the whole ledger.
 */
export async function retireOldForm(old: OldLedger, replace: () => Promise<void>): Promise<void> {
  const { path, tables, version, lineage, serial } = old
  const journal = journalOf(path)
  for (const file of [path, journal])
    if (await exists(file)) await copyFileDurably(file, keptOf(file))
  const data = tables.snapshot({ version, lineage, serial })
  await openSnapshot(path, FORMAT).write(data, true)
  {
    await using written = await openJournal<Transaction>(journal)
    await written.catchUp()
    written.continueAfter(serial)
    await written.reset({ lineage, entries: [] })
  }
  await replace()
  for (const file of [journal, copyOf(path)]) await rm(file, { force: true })
}

const ADVICE =
  'Nothing was changed, and nothing is sold from it. Put the ledger and its journal back together from one backup'

const wrong = (path: string, problem: string): SnapshotError =>
  new SnapshotError(path, 'damaged', `${problem}. ${ADVICE}`)

async function readSealed(path: string): Promise<Sealed<LedgerSnapshot>> {
  try {
    return await openSnapshot(path, FORMAT).read()
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error
    throw new SnapshotError(error.path, error.reason, `${error.problem}. ${ADVICE}`)
  }
}

function playJournal(
  path: string,
  { data, journal: flag }: Sealed<LedgerSnapshot>,
  content: JournalContent<Transaction>,
): { readonly tables: LedgerTables; readonly serial: number } {
  const isOfRelease = data.version !== LEDGER_VERSION
  const journal = journalOf(path)
  // A ledger of release 0.1.0 always had its journal, which may hold every order there is.
  if (content.missing === true && (isOfRelease || flag !== false))
    throw wrong(journal, 'is missing, and the orders in it would be sold again')
  const numbers = content.lines.map(line => line.n)
  const [first] = numbers
  const gap = first !== undefined && first > data.serial + 1
  const problem = gap
    ? `begins with number ${first}, but the snapshot ends at ${data.serial}: entries are missing`
    : journalProblem({ serial: data.serial, journal: isOfRelease ? undefined : flag }, numbers)
  for (const line of content.lines)
    checkLine(journal, isOfRelease ? { lineage: data.lineage, ...line } : line, data.lineage)
  if (problem !== undefined)
    throw wrong(journal, `${problem}; the orders in it would be sold again`)
  const tables = openTables(data)
  let { serial } = data
  for (const line of content.lines) {
    if (line.n <= data.serial) continue
    for (const entry of line.entries) tables.apply(entry)
    serial = line.n
  }
  return { tables, serial }
}

/** Throws where a line is not of this ledger, or has a row that nothing may be decided on. */
function checkLine(journal: string, line: JournalLine<Transaction>, lineage: string): void {
  if (line.lineage !== lineage)
    throw wrong(
      journal,
      `has line ${line.n}, which is of another ledger (lineage ${line.lineage ?? 'none'}; the snapshot has ${lineage})`,
    )
  for (const { table, row } of line.entries) {
    const problem = rowProblem(table, row)
    if (problem !== undefined)
      throw wrong(journal, `has a row of ${table} in line ${line.n} that ${problem}`)
  }
}
