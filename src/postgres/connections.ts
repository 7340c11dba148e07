/** Connections to PostgreSQL: how they are made, and to what each is held. */
import type { ClientBase, ClientConfig, Pool, PoolClient, PoolConfig } from 'pg'
import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { type DatabaseAddress, parseAddress } from './address.ts'
import { POOLED } from './errors.ts'
import { ask } from './query.ts'

export type { Pool, PoolClient } from 'pg'

const CONNECT_MS = 5000

/**
 * What a session is held to: a process that stops inside a transaction must not hold others up for long, and a host
 * that is gone must be found gone.
 */
const SESSION = {
  statement_timeout: '30s',
  lock_timeout: '20s',
  idle_in_transaction_session_timeout: '3s',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
} as const

const OLDEST_SERVER = 130_000

/** Connections of their own for an engine that keeps its tables beside ours, held to the same rules. */
export async function openPool(address: string, purpose: string, most: number): Promise<Pool> {
  return poolOf(await loadDriver(), parseAddress(address), purpose, { max: most })
}

export function poolOf(
  driver: Driver,
  place: DatabaseAddress,
  purpose: string,
  settings: Pick<PoolConfig, 'max' | 'pipeline'>,
): Pool {
  const pool = new driver.Pool({
    ...configOf(driver, place, purpose),
    ...settings,
    verify: (client, done) => {
      beginSession(client, place.schema).then(() => done(), done)
    },
  })
  // A connection that is lost while nobody asks anything is told here; whoever asks next is told by the question.
  pool.on('error', () => {})
  pool.on('connect', client => {
    client.on('error', () => {})
  })
  return pool
}

export async function loadDriver() {
  try {
    return (await import('pg')).default
  } catch (error) {
    throw new PlainError(
      'addresses that begin with postgres: need the package pg; install it beside sft-catalog: npm install pg',
      { cause: error },
    )
  }
}

type Driver = Awaited<ReturnType<typeof loadDriver>>

/** Numbers of 64 bits are taken as numbers: ours stay far below what one holds. */
const INT8 = 20

export function configOf(
  { TypeOverrides }: Driver,
  { connectionString, needsTls }: DatabaseAddress,
  purpose: string,
): ClientConfig {
  const types = new TypeOverrides()
  types.setTypeParser(INT8, Number)
  return {
    connectionString,
    application_name: purpose,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types,
    ...(needsTls && { ssl: { rejectUnauthorized: true } }),
  }
}

/** Holds a session to our settings: by statements, since poolers leave out those of the start. */
export async function beginSession(client: ClientBase, schema: string): Promise<void> {
  const settings = Object.entries({ search_path: schema, ...SESSION })
  await client.query(settings.map(([name, value]) => `set ${name} = '${value}'`).join('; '))
}

const PROBE = 'sft_catalog.probe'

/** Throws where two connections share a session, and where the server cannot be used at all. */
export async function refuseWrongServers(pool: Pool, shown: string): Promise<void> {
  const clients = [await pool.connect(), await pool.connect()] as const
  const [one, two] = clients
  try {
    const mark = async (client: PoolClient, text: string) =>
      textIn(
        (
          await ask(client, `select pg_backend_pid() as pid, set_config('${PROBE}', $1, false)`, [
            text,
          ])
        )[0],
        'pid',
      )
    const pid = await mark(one, 'one')
    await mark(two, 'two')
    const [now] = await ask(
      one,
      `select pg_backend_pid() as pid, current_setting('${PROBE}', true) as probe,
        current_setting('server_version_num') as version, pg_is_in_recovery()::text as standby`,
      [],
    )
    if (textIn(now, 'pid') !== pid || textIn(now, 'probe') !== 'one')
      throw new PlainError(`${shown}: ${POOLED}`)
    if (textIn(now, 'standby') === 'true')
      throw new PlainError(`${shown}: the database is a standby; name the primary`)
    if (numberIn(now, 'version') < OLDEST_SERVER)
      throw new PlainError(`${shown}: PostgreSQL 13 or later is needed`)
  } finally {
    for (const client of clients) client.release()
  }
}
