import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase, ClientConfig, Pool, PoolClient, PoolConfig } from 'pg'
import type { SqlRow } from '../ledger/connection.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { type DatabaseAddress, parseAddress } from './address.ts'
import { away, databaseError, heldUp, isAway, isUndone, POOLED } from './errors.ts'
import { gatherWrites } from './gather-writes.ts'
import { MIGRATIONS } from './schema.ts'

/** What can stand for a parameter. */
type Value = string | number | null | readonly (string | number | null)[]

/** One connection, or one transaction on it. */
export type Query = (sql: string, ...values: readonly Value[]) => Promise<readonly SqlRow[]>

/** What a statement asks or changes. */
export type Statement = readonly [sql: string, ...values: Value[]]

/** A column of the last question before a commit, and who is told its value once it is committed. */
interface Alongside {
  readonly column: string
  readonly told: (value: string) => void
}

/** Whoever wants to know whether a transaction was committed gives it a mark: the last one of each connection. */
const MARK = {
  make: "insert into commits (session, mark) values ($1, '')",
  set: `insert into commits (session, mark) values ($1, $2)
    on conflict (session) do update set mark = excluded.mark, at = clock_timestamp()`,
  read: 'select mark from commits where session = $1',
} as const

/** Locks names until the transaction ends, in one order for all. */
export const LOCK_NAMES = `select pg_advisory_xact_lock(key)
  from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as name order by 1) as keys`

const preparedNames = new Map<string, string>()

/** A statement that each connection prepares once: for those of every sale, which name their columns. */
export function prepared(sql: string): string {
  if (!preparedNames.has(sql)) preparedNames.set(sql, `sft_${preparedNames.size}`)
  return sql
}
prepared(LOCK_NAMES)

/** Several statements that change different rows as one; its answer is that of the last. */
function together(statements: readonly Statement[]): Statement {
  const values: Value[] = []
  const texts = statements.map(([sql, ...own]) => {
    const before = values.length
    values.push(...own)
    return sql.replaceAll(/\$(\d+)/g, (_, n) => `$${Number(n) + before}`)
  })
  const others = texts.slice(0, -1).map((sql, n) => `put_${n} as (${sql})`)
  const before = others.length === 0 ? '' : `with ${others.join(', ')} `
  return [prepared(`${before}${texts.at(-1)}`), ...values]
}

const markBy = (column: string): string =>
  prepared(`${MARK.set} returning ${column}::text as noted`)

/** What a transaction came to. */
interface Done<Result> {
  readonly result: Result
  /**
   * What it writes, which goes to the database together with the commit; nothing: nothing was written, and the
   * result waits for no commit. Absent: it wrote by its own questions, or may have.
   */
  readonly writes?: readonly Statement[]
  /** Whether they change different rows, and so may go as one statement, which is planned and answered once. */
  readonly apart?: boolean
}

/**
 * A transaction's work: it may be done again. What it asks before its first `await` goes to the database together with
 * its beginning. `own` is a name that nobody else locks, for work that writes alongside: it takes it with its locks, so
 * that whoever wants to know how it ended waits for its end.
 */
type Work<Result> = (query: Query, own: string) => Promise<Done<Result>>

/** Connections to a database, shared by all that this process keeps there. */
export interface Database extends AsyncDisposable {
  /** For messages: without secrets. */
  readonly shown: string
  readonly schema: string
  /** Asks one question, again while the database is away. */
  readonly ask: Query
  /** Makes the tables where there are none, and brings older ones up to date. */
  prepare(): Promise<void>
  /** Whether the tables are there, in this version's form. Throws where they are in another one. */
  isPrepared(): Promise<boolean>
  /**
   * Runs a transaction (READ COMMITTED), again where it was undone or the database went away before it was
   * committed. Where nobody knows whether it was, the database is asked.
   */
  transaction<Result>(work: Work<Result>, alongside?: Alongside): Promise<Result>
  /** A connection of one's own, for what belongs to a session. */
  connect(purpose?: string): Promise<Session>
}

/** A connection of one's own. */
export interface Session extends AsyncDisposable {
  readonly query: Query
  /** Told when the connection is lost. */
  readonly onNotice: (listener: (channel: string, payload: string) => void) => void
  readonly onLost: (listener: () => void) => void
}

/** Whoever waits for a database that went away gives up after this time, and whoever opens it after the other. */
const PATIENCE_MS = 30_000
const OPENING_PATIENCE_MS = 5000
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1000
const CONNECT_MS = 5000

/** At most so many transactions at once of one process. */
const CONNECTIONS = 8

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

const opened = new Map<string, { readonly database: Promise<Database>; users: number }>()

/**
 * Opens the database of an address. Throws a `PlainError` that says what is wrong, `DatabaseAwayError` where nobody
 * answers.
 */
export async function openDatabase(address: string): Promise<Database> {
  const shared = opened.get(address) ?? { database: open(address), users: 0 }
  opened.set(address, shared)
  shared.users += 1
  const close = async () => {
    shared.users -= 1
    if (shared.users > 0) return
    if (opened.get(address) === shared) opened.delete(address)
    const database = await shared.database.catch(() => undefined)
    await database?.[Symbol.asyncDispose]()
  }
  try {
    const database = await shared.database
    let closing: Promise<void> | undefined
    return {
      ...database,
      [Symbol.asyncDispose]: () => {
        closing ??= close()
        return closing
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(address: string): Promise<Database> {
  const place = parseAddress(address)
  const { shown, schema } = place
  const driver = await loadDriver()
  // What is asked before an answer came goes out at once: a transaction is two trips.
  const pool = poolOf(driver, place, 'sft-catalog', {
    max: CONNECTIONS,
    pipeline: true,
  })

  const patiently = patienceFor(shown, PATIENCE_MS)
  let prepared: Promise<void> | undefined
  const database: Database = {
    shown,
    schema,
    ask: (sql, ...values) => patiently(async () => await ask(pool, sql, values)),
    transaction: (work, alongside) =>
      patiently(() => inTransaction(pool, work, alongside, database.ask)),
    prepare() {
      prepared ??= database
        .transaction(async query => {
          await migrate(query, place)
          return { result: undefined }
        })
        .catch(error => {
          prepared = undefined
          throw error
        })
      return prepared
    },
    async isPrepared() {
      const version = await versionOf(database.ask, schema)
      if (version === undefined) return false
      refuseNewer(shown, version)
      if (version < MIGRATIONS.length)
        throw new PlainError(
          `${shown}: its tables are of an older form; any command that writes brings them up to date`,
        )
      return true
    },
    async connect(purpose) {
      const client = await patiently(async () => {
        const made = new driver.Client(configOf(driver, place, purpose ?? 'sft-catalog'))
        // What it was used for fails with the same.
        made.on('error', () => {})
        try {
          await made.connect()
          await beginSession(made, schema)
          return made
        } catch (error) {
          await made.end()
          throw error
        }
      })
      return {
        query: async (sql, ...values) => {
          try {
            return await ask(client, sql, values)
          } catch (error) {
            throw databaseError(shown, error)
          }
        },
        onNotice: listener => {
          client.on('notification', ({ channel, payload = '' }) => listener(channel, payload))
        },
        onLost: listener => {
          client.on('end', listener)
        },
        [Symbol.asyncDispose]: async () => {
          client.removeAllListeners('end')
          await client.end()
        },
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
  try {
    await patienceFor(shown, OPENING_PATIENCE_MS)(() => refuseWrongServers(pool, shown))
  } catch (error) {
    await pool.end()
    throw error
  }
  return database
}

/** Connections of their own for an engine that keeps its tables beside ours, held to the same rules. */
export async function openPool(address: string, purpose: string, most: number): Promise<Pool> {
  return poolOf(await loadDriver(), parseAddress(address), purpose, { max: most })
}

function poolOf(
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

async function loadDriver() {
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

function configOf(
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
async function beginSession(client: ClientBase, schema: string): Promise<void> {
  const settings = Object.entries({ search_path: schema, ...SESSION })
  await client.query(settings.map(([name, value]) => `set ${name} = '${value}'`).join('; '))
}

const ask = async (
  client: Pool | ClientBase,
  sql: string,
  values: readonly Value[],
): Promise<readonly SqlRow[]> => {
  const name = preparedNames.get(sql)
  const config = { text: sql, values: [...values], ...(name !== undefined && { name }) }
  return (await client.query<SqlRow>(config)).rows
}

/** Does work again while the database is away or undid it, as long as somebody waits. */
function patienceFor(shown: string, patienceMs: number) {
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now()
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        return await work()
      } catch (error) {
        if (!isAway(error) && !isUndone(error)) throw databaseError(shown, error)
        if (performance.now() - began > patienceMs)
          throw isAway(error) ? away(shown, error) : heldUp(shown, error)
        await sleep(wait)
      }
    }
  }
}

const sessions = new WeakMap<PoolClient, string>()

/** The name of a connection, under which its marks stand. */
async function sessionOf(client: PoolClient): Promise<string> {
  const known = sessions.get(client)
  if (known !== undefined) return known
  const session = randomUUID()
  await ask(client, MARK.make, [session])
  sessions.set(client, session)
  return session
}

const BEGIN = 'begin'
const COMMIT = 'commit'

/** A lock that each transaction of a connection has which leaves a mark. */
const lockOf = (session: string): string => `session ${session}`

async function inTransaction<Result>(
  pool: Pool,
  work: Work<Result>,
  alongside: Alongside | undefined,
  later: Query,
): Promise<Result> {
  const client = await pool.connect()
  const query: Query = (sql, ...values) => {
    gatherWrites(client)
    return ask(client, sql, values)
  }
  let session = ''
  let unsure: { readonly result: Result; readonly mark: string } | undefined
  try {
    if (alongside !== undefined) session = await sessionOf(client)
    const [, { result, writes, apart = false }] = await Promise.all([
      query(BEGIN),
      work(query, lockOf(session)),
    ])
    if (writes?.length === 0) {
      query(COMMIT).then(
        () => client.release(),
        () => client.release(true),
      )
      return result
    }
    const statements = [...(writes ?? [])]
    if (writes !== undefined && alongside !== undefined) {
      unsure = { result, mark: randomUUID() }
      statements.push([markBy(alongside.column), session, unsure.mark])
    }
    const sent = (apart && statements.length > 0 ? [together(statements)] : statements).map(
      ([sql, ...values]) => query(sql, ...values),
    )
    const [answer] = await Promise.all([sent.at(-1), query(COMMIT), ...sent])
    client.release()
    if (unsure !== undefined) alongside?.told(textIn(answer?.[0], 'noted'))
    return result
  } catch (error) {
    await giveUp(client, error)
    // A commit that was sent and not answered: only the database knows. Numbers of transactions tell nothing, since
    // those that a crash lost are given again.
    if (unsure === undefined || !isAway(error)) throw error
    if ((await lastMarkOf(later, session)) !== unsure.mark) throw error
    return unsure.result
  }
}

/** The mark of the last transaction of a connection that was committed, once none of it is under way. */
async function lastMarkOf(later: Query, session: string): Promise<string> {
  await later(LOCK_NAMES, [lockOf(session)])
  const [found] = await later(MARK.read, session)
  if (found !== undefined) return textIn(found, 'mark')
  throw new PlainError(
    'whether the last change was committed is not known: the database was put back meanwhile',
  )
}

async function giveUp(client: PoolClient, error: unknown): Promise<void> {
  if (isAway(error)) return client.release(true)
  try {
    await client.query('rollback')
    client.release()
  } catch {
    // What went wrong first is what is told.
    client.release(true)
  }
}

const PROBE = 'sft_catalog.probe'

/** Throws where two connections share a session, and where the server cannot be used at all. */
async function refuseWrongServers(pool: Pool, shown: string): Promise<void> {
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

const MIGRATION_LOCK =
  "select pg_advisory_xact_lock(hashtextextended('sft-catalog tables of ' || $1, 0))"

/** How far the tables are; undefined where there are none. */
async function versionOf(query: Query, schema: string): Promise<number | undefined> {
  const [found] = await query('select to_regclass($1)::text as name', `${schema}.migrations`)
  if (textIn(found, 'name') === '') return undefined
  return numberIn((await query('select max(version) as version from migrations'))[0], 'version')
}

/** Makes the tables, or brings them up to date; nodes that start together do so one after another. */
async function migrate(query: Query, { shown, schema }: DatabaseAddress): Promise<void> {
  await query(MIGRATION_LOCK, schema)
  const version = await versionOf(query, schema)
  if (version === undefined) {
    await query(`create schema if not exists ${schema}`)
    await query(
      `create table ${schema}.migrations (version integer primary key, at timestamptz not null default clock_timestamp())`,
    )
  }
  refuseNewer(shown, version)
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < (version ?? 0)) continue
    await query(step)
    await query('insert into migrations (version) values ($1)', index + 1)
  }
}

function refuseNewer(shown: string, version = 0): void {
  if (version > MIGRATIONS.length)
    throw new PlainError(
      `${shown}: its tables were made by a newer sft-catalog (form ${version}, this one knows ${MIGRATIONS.length}); use that one`,
    )
}
