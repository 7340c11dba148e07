import { pathToFileURL } from 'node:url'
import { PlainError } from '../plain-error.ts'

/** A row as the database gives it. */
export type SqlRow = Readonly<Record<string, unknown>>

export type SqlValue = string | number | null

/**
 * One connection to an SQLite file: all that is asked of the driver, so that it can be changed. Values stand
 * in the text as `$1`, `$2`, as PostgreSQL has them.
 */
export interface Connection {
  /** Runs statements that answer nothing. */
  exec(sql: string): void
  run(sql: string, ...values: readonly SqlValue[]): void
  /** All rows of the answer: every question has a limit. */
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[]
  close(): void
}

/** What the database says when something goes wrong, by SQLite's own result codes. */
export class SqlError extends Error {
  override readonly name = 'SqlError'
  /** Such as `SQLITE_BUSY`. */
  readonly code: string
  constructor(code: string, message: string, options: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether an error says that another process is at it just now. */
export const isBusy = (error: unknown): boolean =>
  error instanceof SqlError && /^SQLITE_(BUSY|LOCKED)/.test(error.code)

/** Whether an error says that a file is no database at all. */
export const isNoDatabase = (error: unknown): boolean =>
  error instanceof SqlError && error.code.startsWith('SQLITE_NOTADB')

/** How long the driver itself waits for another process; it holds up the event loop meanwhile. */
const WAIT_MS = 50

/**
 * Opens an SQLite file that is there; its name in SQL is `ledger`. The driver is loaded only now: who keeps the
 * ledger elsewhere needs none of it.
 */
export async function connect(path: string, mode: 'ro' | 'rw'): Promise<Connection> {
  const Database = await loadDriver()
  // The driver closes a file only once all statements were collected; one that is attached closes when told to.
  const database = told(() => new Database(':memory:'))
  const statements = new Map<string, ReturnType<typeof database.prepare>>()
  const prepared = (sql: string) => {
    const there = statements.get(sql) ?? database.prepare(sql.replaceAll('$', '?'))
    statements.set(sql, there)
    return there
  }
  const connection: Connection = {
    exec: sql => {
      told(() => database.exec(sql))
    },
    run: (sql, ...values) => {
      told(() => prepared(sql).run(values))
    },
    // Read to its end always: a statement that is not keeps its view of the file, and nothing new is seen.
    all: (sql, ...values) => told(() => prepared(sql).all(values)) as readonly SqlRow[],
    close: () => {
      told(() => {
        database.exec('detach ledger')
        statements.clear()
        database.close()
      })
    },
  }
  connection.exec(`pragma busy_timeout = ${WAIT_MS}`)
  // As a URI, so that a missing file is never made; its name may have any character.
  connection.run('attach $1 as ledger', `${pathToFileURL(path).href}?mode=${mode}`)
  connection.exec('pragma ledger.synchronous = full')
  return connection
}

async function loadDriver() {
  try {
    return (await import('libsql')).default
  } catch (error) {
    throw new PlainError(
      `libsql, which keeps the ledger, cannot be loaded on this system (${process.platform}, ${process.arch}); ` +
        'install sft-catalog here anew, with its optional packages',
      { cause: error },
    )
  }
}

function told<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string')
      throw new SqlError(error.code, error.message, { cause: error })
    throw error
  }
}
