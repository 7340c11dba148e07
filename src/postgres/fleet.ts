import { randomUUID } from 'node:crypto'
import { describeOwner, thisProcess } from '../durable/owner.ts'
import type { DetachedApply, Fleet, FleetKeeper, GivenApply } from '../fleet/fleet.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import {
  APPLIED,
  appliedIn,
  END_SILENT,
  IS_SILENT,
  isoOf,
  SILENT_SECONDS,
  UNDER_WAY,
} from './apply-log.ts'
import { type Database, openDatabase } from './database.ts'
import type { Query } from './query.ts'
import { ASKED, HELD, lockName } from './state-lock.ts'
import { takeApply } from './taken-apply.ts'

/** A worker gives its signs with each look. */
const WORKER_SILENT_SECONDS = 10

/** Between two attempts without progress there are seconds at first, and an hour at last. */
const FIRST_PAUSE_SECONDS = 15
const LONGEST_PAUSE_SECONDS = 3600
/** An attempt that nobody took up is given again after so long. */
const GIVEN_SECONDS = 5
/** An apply that so many attempts brought no further is for people. */
const MOST_ATTEMPTS = 10
/** Failures that are told. */
const FAILURES = 20

/** What the workers of the state of a database share, in tables beside it. */
export const postgresFleet: FleetKeeper = {
  async open(address) {
    const database = await openDatabase(address)
    try {
      await database.prepare()
      return fleetOf(database, address)
    } catch (error) {
      await database[Symbol.asyncDispose]()
      throw error
    }
  },
  async look(address) {
    const database = await openDatabase(address)
    try {
      if (await database.isPrepared()) return fleetOf(database, address)
    } catch (error) {
      await database[Symbol.asyncDispose]()
      throw error
    }
    await database[Symbol.asyncDispose]()
    return undefined
  },
}

function fleetOf(database: Database, address: string): Fleet {
  const { ask } = database
  // Now: an engine may call from elsewhere.
  const keys = keysInForce()
  const worker = `${describeOwner(thisProcess())} ${randomUUID().slice(0, 8)}`
  return {
    shown: database.shown,
    detached: id => detachedIn(database, id),
    async workers() {
      const rows = await ask(
        `select worker, since from workers
          where seen > clock_timestamp() - interval '${WORKER_SILENT_SECONDS} seconds' order by since, worker`,
      )
      return rows.map(row => ({ worker: textIn(row, 'worker'), since: isoOf(row['since']) }))
    },
    async sweeps() {
      const rows = await ask('select * from sweeps order by sweep')
      return rows.map(row => ({
        sweep: textIn(row, 'sweep'),
        at: isoOf(row['at']),
        seconds: numberIn(row, 'seconds'),
        result: textIn(row, 'result'),
      }))
    },
    async tellAlive(since) {
      if (since === undefined) await ask('delete from workers where worker = $1', worker)
      else
        await ask(
          `insert into workers values ($1, $2, clock_timestamp())
            on conflict (worker) do update set seen = excluded.seen`,
          worker,
          since.toISOString(),
        )
    },
    giveOut: () => giveOut(database),
    take: id => takeApply(database, address, worker, id, keys),
    async noteProblem(id, problem) {
      // One that another worker has by now has no problem.
      await ask(
        `update applies set problem = $2
          where id = $1 and ended is null and (pid is null or worker = $3)`,
        id,
        problem,
        worker,
      )
    },
    async noteSweep({ sweep, at, seconds, result }) {
      await ask(
        `insert into sweeps values ($1, $2, $3, $4) on conflict (sweep)
          do update set at = excluded.at, seconds = excluded.seconds, result = excluded.result`,
        sweep,
        at,
        seconds,
        result,
      )
    },
    async forget(before) {
      const time = before.toISOString()
      await ask(
        'delete from apply_changes using applies where apply = id and applies.ended < $1',
        time,
      )
      await ask('delete from workers where seen < $1', time)
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

const isParked = (attempts: number): boolean => attempts >= MOST_ATTEMPTS

async function detachedIn(
  { ask, schema }: Database,
  wanted: number | undefined,
): Promise<DetachedApply | undefined> {
  const [row] = await ask(
    `select ${APPLIED}, rate, attempts, problem, worker,
        pid in (select pid from pg_locks where ${HELD}) as held,
        (select count(*) from apply_changes where apply = id) as total,
        (select count(*) from apply_changes where apply = id and ending = 'done') as done,
        (select count(*) from apply_changes where apply = id and ending = 'failed') as failed,
        (select coalesce(sum(calls), 0) from apply_changes where apply = id and ending is null) as calls_left
      from applies where left_at is not null and coalesce(id = $2::integer, true) order by id desc limit 1`,
    lockName({ schema }),
    wanted ?? null,
  )
  if (row === undefined) return undefined
  const applied = appliedIn(row)
  const [total, done, failed] = ['total', 'done', 'failed'].map(name => numberIn(row, name))
  const isOver = applied.endedAt !== undefined
  const running = isOver ? 0 : await countRunning(ask, applied.id)
  const attempts = numberIn(row, 'attempts')
  const [rate, problem] = [row['rate'], textIn(row, 'problem')]
  const isHeld = row['held'] === true
  return {
    ...applied,
    leftAt: applied.leftAt ?? '',
    endpoints: {
      total: total ?? 0,
      done: done ?? 0,
      failed: failed ?? 0,
      running,
      queued: isOver ? 0 : (total ?? 0) - (done ?? 0) - (failed ?? 0) - running,
    },
    callsLeft: isOver ? 0 : Math.ceil(numberIn(row, 'calls_left') - 1e-6),
    ...(typeof rate === 'number' && { callsPerSecond: rate }),
    ...(isHeld && !isOver && { worker: textIn(row, 'worker') }),
    attempts,
    parked: !isOver && !isHeld && isParked(attempts),
    ...(problem !== '' && !isOver && { problem }),
    failures: await failuresOf(ask, applied.id),
  }
}

/** Changes that stand in an announcement whose end is not known. */
async function countRunning(ask: Query, id: number): Promise<number> {
  const [row] = await ask(
    `select count(*) as n from apply_changes join state_pending on state_pending.id = intent
      where apply = $1 and ending is null`,
    id,
  )
  return numberIn(row, 'n')
}

async function failuresOf(ask: Query, id: number): Promise<DetachedApply['failures']> {
  const rows = await ask(
    `select kind, key, message from apply_changes where apply = $1 and ending = 'failed'
      order by operation, key limit ${FAILURES}`,
    id,
  )
  return rows.map(row => ({
    address: `${textIn(row, 'kind')}/${textIn(row, 'key')}`,
    message: textIn(row, 'message'),
  }))
}

/**
 * Gives a detached apply to whoever takes it, where nobody works on its state: also where its worker is silent, whose
 * connection is ended. It is counted, so that of several who look at once one gives it.
 */
async function giveOut({ transaction, schema }: Database): Promise<readonly GivenApply[]> {
  return await transaction(async query => {
    const nothing = { result: [] }
    const [row] = await query(
      `select id, given, attempts, ended_then, pid, seen < clock_timestamp() - interval '${SILENT_SECONDS} seconds' as silent,
          extract(epoch from clock_timestamp() - given_at)::float8 as since,
          (select count(*) from apply_changes where apply = id and ending is not null) as ended_now
        from applies where ${UNDER_WAY} for update skip locked`,
    )
    if (row === undefined) return nothing
    const id = numberIn(row, 'id')
    const hasMoved = numberIn(row, 'ended_now') > numberIn(row, 'ended_then')
    const attempts = hasMoved ? 0 : numberIn(row, 'attempts')
    if (isParked(attempts) || !(await isFree(query, schema, id, row['silent'] === true)))
      return nothing
    const since = row['since']
    if (typeof since === 'number' && since < pauseAfter(attempts)) return nothing
    const time = numberIn(row, 'given') + 1
    await query(
      `update applies set given = $2, given_at = clock_timestamp(), attempts = $3, ended_then = $4 where id = $1`,
      id,
      time,
      attempts + 1,
      numberIn(row, 'ended_now'),
    )
    return { result: [{ id, time }] }
  })
}

/** Seconds from one attempt to the next. */
const pauseAfter = (attempts: number): number =>
  attempts === 0
    ? GIVEN_SECONDS
    : Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_SECONDS)

/** Whether nobody works on the state, and nobody waits for it either. */
async function isFree(
  query: Query,
  schema: string,
  id: number,
  isSilent: boolean,
): Promise<boolean> {
  const [held] = await query(`select pid from pg_locks where ${HELD}`, lockName({ schema }))
  if (held !== undefined) {
    if (isSilent)
      await query(
        `select ${END_SILENT} from applies where id = $1 and pid = $2 and ${IS_SILENT}`,
        id,
        numberIn(held, 'pid'),
      )
    return false
  }
  const [asked] = await query(`select from state_lock where ${ASKED}`)
  return asked === undefined
}
