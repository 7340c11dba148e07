import { SnapshotError } from '../durable/snapshot.ts'
import { PlainError } from '../plain-error.ts'
import type { LedgerEntry } from '../provision/ledger.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import type { Connection, SqlRow } from './connection.ts'
import { inPlainWords } from './in-plain-words.ts'
import { contradictions, judgeStored, miscounted, nameOf } from './judge-rows.ts'
import type { LedgerCheck, LedgerEditReport } from './keeper.ts'
import { closeFile, lookAtLedgerFile, openLedgerFile } from './ledger-file.ts'
import { type LedgerFile, noteKeyOf, requireKeysOf } from './ledger-standing.ts'
import { putEntry } from './make-ledger.ts'
import { numberIn, textIn } from './rows.ts'
import { MISCOUNTED, NEXT_SERIAL, RECOUNT, SELECT, TABLES, type Table } from './sql.ts'

/** Reads every page and every row of a ledger, and changes nothing; undefined where there is none. */
export async function checkFileLedger(
  location: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<LedgerCheck | undefined> {
  const found = await lookAtLedgerFile(location, keys)
  if (found === undefined) return undefined
  const { lineage, serial, path } = found
  if ('tables' in found) {
    const rows: Record<string, number> = {}
    for (const { table } of found.entries()) rows[table] = (rows[table] ?? 0) + 1
    return { lineage, serial, rows, problems: [] }
  }
  requireKeysOf(found)
  const { connection, halted, cipher } = found
  try {
    const pages = connection
      .all('pragma ledger.integrity_check')
      .map(row => textIn(row, 'integrity_check'))
    const rows: Record<string, number> = {}
    const problems = [
      ...(halted === undefined ? [] : [`nothing is sold from it: it ${halted}`]),
      ...(pages.join() === 'ok' ? [] : pages),
    ]
    for (const table of TABLE_NAMES) {
      rows[table] = 0
      for (const row of eachRow(connection, table)) {
        rows[table] += 1
        const { problem } = judgeStored(table, row, cipher)
        if (problem !== undefined) problems.push(`${nameOf(table, row)} ${problem}`)
      }
    }
    problems.push(...(await contradictions(async sql => connection.all(sql))))
    return { lineage, serial, rows, problems }
  } catch (error) {
    throw inPlainWords(path, error)
  } finally {
    connection.close()
  }
}

const TABLE_NAMES = Object.keys(TABLES) as readonly Table[]

/** Rows at a time of a reading from end to end. */
const AT_ONCE = 1000

function* eachRow(connection: Connection, table: Table): Generator<SqlRow> {
  for (let last = 0; ; ) {
    const sql = `select rowid as place, * from ${table} where rowid > $1 order by rowid limit ${AT_ONCE}`
    const page = connection.all(sql, last)
    yield* page
    if (page.length < AT_ONCE) return
    last = numberIn(page.at(-1), 'place')
  }
}

/**
 * Takes rows that were changed by hand as what is true now, once `confirm` has seen what differs and said yes.
 * Undefined where every row is as sft-catalog left it. Throws for rows that are none.
 */
export async function acceptFileLedgerEdit(
  location: string,
  confirm: (differs: readonly string[]) => boolean | Promise<boolean>,
  keys: EncryptionKeys = keysInForce(),
): Promise<LedgerEditReport | undefined> {
  const file = await openLedgerFile(location, keys)
  const { connection, path, cipher } = file
  try {
    const { differs } = lookAtEdits(file)
    if (differs.length === 0) return undefined
    if (!(await confirm(differs))) return { accepted: false, differs }
    connection.exec('begin immediate')
    try {
      const again = lookAtEdits(file)
      if (again.differs.join() !== differs.join())
        throw new PlainError(`${path}: it was changed in the meantime: look again`)
      for (const entry of again.entries) putEntry(connection, entry, cipher)
      noteKeyOf(file, connection.all(SELECT.place)[0])
      connection.exec(`${RECOUNT}; ${NEXT_SERIAL}; commit`)
    } catch (error) {
      connection.exec('rollback')
      throw error
    }
    return { accepted: true, differs }
  } catch (error) {
    throw inPlainWords(path, error)
  } finally {
    closeFile(file)
  }
}

/** The rows that were changed by hand. Throws where one of them is no row any more. */
function lookAtEdits({ path, connection, cipher }: LedgerFile): {
  readonly entries: readonly LedgerEntry[]
  readonly differs: readonly string[]
} {
  const entries: LedgerEntry[] = []
  const differs: string[] = []
  for (const table of TABLE_NAMES)
    for (const row of eachRow(connection, table)) {
      const { entry, problem, differs: columns } = judgeStored(table, row, cipher)
      if (problem === undefined) continue
      const name = nameOf(table, row)
      if (entry === undefined)
        throw new SnapshotError(
          path,
          'damaged',
          `${name} ${problem}: correct it, or \`sft-catalog ledger restore\``,
        )
      entries.push(entry)
      if (columns.length === 0) differs.push(`${name}: changed, not shown`)
      for (const column of columns) differs.push(`${name}.${column}`)
    }
  return { entries, differs: [...differs, ...connection.all(MISCOUNTED).map(miscounted)] }
}
