/** The floor of a sale: three writes that are on the disk when they are answered, as its announcements and its result. */
import { writeFile } from 'node:fs/promises'
import pg from 'pg'
import { connect } from '../src/ledger/connection.ts'

export interface BareWrites {
  readonly write: (n: number) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** About as large as an order. */
const CONTENT = 'x'.repeat(700)
const STEPS = ['a', 'b', 'c'] as const
const TABLE = 'bare (id text primary key, content text not null)'
const INSERT =
  'insert into bare values ($1, $2) on conflict (id) do update set content = excluded.content'

/** Plain transactions of PostgreSQL. */
export async function postgresWrites(url: string): Promise<BareWrites> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create table ${TABLE}`)
  return {
    async write(n) {
      for (const step of STEPS) {
        await client.query('begin')
        await client.query(INSERT, [`B-${n}`, CONTENT + step])
        await client.query('commit')
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Transactions in an SQLite file, with the settings of the ledger. */
export async function embeddedWrites(path: string): Promise<BareWrites> {
  await writeFile(path, '')
  const connection = await connect(path, 'rw')
  connection.all('pragma ledger.journal_mode = wal')
  connection.exec(`create table ledger.${TABLE}`)
  return {
    async write(n) {
      for (const step of STEPS) {
        connection.exec('begin immediate')
        connection.run(INSERT, `B-${n}`, CONTENT + step)
        connection.exec('commit')
      }
    },
    [Symbol.asyncDispose]: async () => connection.close(),
  }
}
