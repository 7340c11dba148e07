/** The two databases that the book may be in, by the address. */
type Row = Readonly<Record<string, unknown>>

export interface Database extends AsyncDisposable {
  query(sql: string, values: readonly (string | null)[]): Promise<readonly Row[]>
}

export const openDatabase = (address: string, tables: string): Promise<Database> =>
  /^postgres(ql)?:/.test(address) ? openPostgres(address, tables) : openSqlite(address, tables)

async function openPostgres(address: string, tables: string): Promise<Database> {
  const { Pool } = (await import('pg')).default
  const url = new URL(address)
  // Which schema the ledger is in is no business of the driver's.
  url.searchParams.delete('schema')
  const pool = new Pool({ connectionString: url.href, max: 5 })
  // A connection that breaks while nobody uses it is replaced by the pool; the next question tells of it.
  pool.on('error', error => process.emitWarning(`order book: ${error.message}`))
  // Of nodes that start together one makes the tables at a time.
  await pool.query(`begin; select pg_advisory_xact_lock(7419283); ${tables} commit`)
  return {
    query: async (sql, values) => (await pool.query<Row>(sql, [...values])).rows,
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

async function openSqlite(file: string, tables: string): Promise<Database> {
  const { default: Sqlite } = await import('libsql')
  const database = new Sqlite(file)
  database.exec(
    `pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; ${tables}`,
  )
  return {
    async query(sql, values) {
      const statement = database.prepare(sql.replaceAll(/\$(\d)/g, '?$1'))
      if (/^select/.test(sql)) return statement.all(...values) as Row[]
      statement.run(...values)
      return []
    },
    async [Symbol.asyncDispose]() {
      database.close()
    },
  }
}
