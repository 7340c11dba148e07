import { setTimeout as sleep } from 'node:timers/promises'
import { PlainError } from '../plain-error.ts'
import { parseAddress } from './address.ts'
import { beginSession, configOf, loadDriver, poolOf, refuseWrongServers } from './connections.ts'
import { away, databaseError, heldUp, isAway, isUndone } from './errors.ts'
import { ask, type Query } from './query.ts'
import { MIGRATIONS } from './schema.ts'
import { migrate, refuseNewer, versionOf } from './tables-form.ts'
import { type Alongside, inTransaction, type Work } from './transaction.ts'

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
/** At most so many transactions at once of one process. */
const CONNECTIONS = 8

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
