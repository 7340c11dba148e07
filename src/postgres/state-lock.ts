/** The lock of a state in PostgreSQL: who has it, who waits for it, and who ends it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError, type LockHolder } from '../durable/lock.ts'
import { describeOwner, OWNER, thisProcess } from '../durable/owner.ts'
import type { SqlRow } from '../ledger/connection.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import type { OpenStateOptions, Unlocking } from '../state/keeper.ts'
import { END_SILENT, IS_SILENT } from './apply-log.ts'
import { type Database, openDatabase, type Session } from './database.ts'
import { refuseElsewhere } from './place.ts'

/** How often somebody who waits for the lock tries, in milliseconds. */
const TRY_MS = 250
/** A worker that is asked for the lock ends its calls first, which take minutes at most (ms). */
const YIELD_MS = 300_000

/** A state whose lock this process has. */
export interface LockedState {
  readonly shown: string
  readonly database: Database
  /** The connection that has the lock: where it is lost nothing more is written. */
  readonly session: Session
  readonly close: () => Promise<void>
}

/** How the lock of a state is taken. */
export interface LockOptions extends OpenStateOptions {
  /** It is given to whoever else asks for it. */
  readonly yields?: boolean
}

export async function openLocked(address: string, options: LockOptions): Promise<LockedState> {
  const database = await openDatabase(address)
  const open: AsyncDisposable[] = [database]
  const close = async (): Promise<void> => {
    for (const part of open.splice(0).reverse()) await part[Symbol.asyncDispose]()
  }
  try {
    await database.prepare()
    await refuseElsewhere(database)
    const session = await database.connect(`sft-catalog ${options.purpose ?? ''}`.trim())
    open.push(session)
    await lock(database, session, options)
    return { shown: database.shown, database, session, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Ends the connection that holds the lock, once `confirm` has seen whose it is; undefined where nobody has it. */
export async function unlockPostgresState(
  address: string,
  confirm: (holder: LockHolder) => boolean | Promise<boolean>,
): Promise<Unlocking | undefined> {
  await using database = await openDatabase(address)
  if (!(await database.isPrepared())) return undefined
  const holder = await holderOf(database)
  if (holder === undefined) return undefined
  if (!(await confirm(holder))) return { holder, removed: false }
  const [ended] = await database.ask('select pg_terminate_backend($1) as ended', holder.token)
  return { holder, removed: ended?.['ended'] === true }
}

export const lockName = ({ schema }: Pick<Database, 'schema'>): string =>
  `sft-catalog state of ${schema}`

/** Rows of pg_locks that are the lock of a state, by its name as the first parameter. */
export const HELD = `locktype = 'advisory' and granted
  and ((classid::bigint << 32) | objid::bigint) = hashtextextended($1, 0)
  and database = (select oid from pg_database where datname = current_database())`

async function lock(
  database: Database,
  { query }: Session,
  { purpose, waitMs = 0, signal, yields = false, onNotice }: LockOptions,
): Promise<void> {
  const began = performance.now()
  let isAsked = false
  for (;;) {
    const [tried] = await query(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as got, pg_backend_pid() as pid',
      lockName(database),
    )
    if (tried?.['got'] === true) {
      await query('delete from state_lock')
      await query(
        'insert into state_lock (owner, since, pid, yields) values ($1, clock_timestamp(), $2, $3)',
        JSON.stringify(thisProcess(purpose)),
        numberIn(tried, 'pid'),
        String(yields),
      )
      return
    }
    const holder = await holderOf(database)
    // It has gone since.
    if (holder === undefined) continue
    const willYield = !yields && (await askFor(database, holder))
    if (willYield && !isAsked)
      onNotice?.(
        `waiting for ${holder.owner === undefined ? 'a worker' : describeOwner(holder.owner)} to end its calls and let go of the state`,
      )
    isAsked ||= willYield
    if (performance.now() - began >= (isAsked ? Math.max(waitMs, YIELD_MS) : waitMs))
      throw new LockedError(
        database.shown,
        holder,
        `run \`sft-catalog state unlock --state ${database.shown}\`, which ends its connection`,
      )
    await sleep(TRY_MS, undefined, { ...(signal !== undefined && { signal }) })
  }
}

/** Asks whoever has the lock for it: whether it is one who gives it. */
async function askFor({ ask }: Database, { token }: LockHolder): Promise<boolean> {
  const [found] = await ask(
    `update state_lock set asked = clock_timestamp() where yields and pid = $1
      returning (select ${END_SILENT} from applies where applies.pid = state_lock.pid and ${IS_SILENT})`,
    token,
  )
  return found !== undefined
}

/** Who has the lock, as far as the database tells: nobody, where no connection holds it. */
async function holderOf(database: Database): Promise<LockHolder | undefined> {
  const [found] = await database.ask(
    `select pg_locks.pid, owner, since, clock_timestamp() as now
      from pg_locks left join state_lock on state_lock.pid = pg_locks.pid where ${HELD}`,
    lockName(database),
  )
  if (found === undefined) return undefined
  const owner = textIn(found, 'owner')
  return {
    owner: owner === '' ? undefined : OWNER.parse(JSON.parse(owner)),
    since: dateIn(found, 'since'),
    touched: dateIn(found, 'now'),
    beats: true,
    token: textIn(found, 'pid'),
  }
}

const dateIn = (row: SqlRow, column: string): Date => {
  const value = row[column]
  return value instanceof Date ? value : new Date(0)
}

/**
 * Rows of state_lock whose holder is asked for it: whoever wants the state asks again and again, and who asked last so
 * long ago waits no more.
 */
export const ASKED = "asked > clock_timestamp() - interval '3 seconds'"
