/** Transactions of PostgreSQL: what belongs together goes as one message, and how each ended is known. */
import { randomUUID } from 'node:crypto'
import { textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import type { Pool, PoolClient } from './connections.ts'
import { isAway } from './errors.ts'
import { gatherWrites } from './gather-writes.ts'
import { ask, LOCK_NAMES, prepared, type Query, type Statement, type Value } from './query.ts'

/** A column of the last question before a commit, and who is told its value once it is committed. */
export interface Alongside {
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
export type Work<Result> = (query: Query, own: string) => Promise<Done<Result>>

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

/** Does a transaction on a connection of the pool; `later` asks how it ended where nobody answered. */
export async function inTransaction<Result>(
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
