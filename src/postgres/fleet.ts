import { randomUUID } from 'node:crypto'
import { LockedError } from '../durable/lock.ts'
import { describeOwner, thisProcess } from '../durable/owner.ts'
import type {
  DetachedApply,
  FailedChange,
  Fleet,
  FleetKeeper,
  GivenApply,
  TakenApply,
} from '../fleet/fleet.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import type { Cipher, EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import type { ApplyCounts, LeftChange, LeftOperation } from '../state/apply-log.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import type { StateEntry } from '../state/state.ts'
import {
  APPLIED,
  appliedIn,
  changePlace,
  END_SILENT,
  endOf,
  framePlace,
  IS_SILENT,
  isoOf,
  SILENT_SECONDS,
  together,
  UNDER_WAY,
} from './apply-log.ts'
import { type Database, openDatabase, type Query } from './database.ts'
import { readAll } from './read-state.ts'
import { storeOf } from './state.ts'
import { HELD, lockName, openLocked } from './state-lock.ts'

/** How often a worker that carries out an apply gives a sign of life, and looks whether the state is wanted (ms). */
const SIGN_MS = 500
/** Whoever wants the state asks for it again and again; who asked last so long ago waits no more. */
const ASKED = "asked > clock_timestamp() - interval '3 seconds'"
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
    take: id => take(database, address, worker, id, keys),
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

/** Whoever gave the state to somebody who asked for it did not fail: it is taken up again as soon as it is free. */
const RELEASE = `update applies set pid = null, calls = calls + $2,
    given_at = case when $3::boolean then null else given_at end,
    attempts = case when $3::boolean then greatest(attempts - 1, 0) else attempts end
  where id = $1`

/** Opens the state for a detached apply, and counts what it has by now as done. */
async function take(
  database: Database,
  address: string,
  worker: string,
  id: number,
  keys: EncryptionKeys,
): Promise<TakenApply | undefined> {
  const purpose = `worker, apply ${id}`
  const locked = await openLocked(address, { purpose, yields: true }).catch((error: unknown) => {
    if (error instanceof LockedError) return undefined
    throw error
  })
  if (locked === undefined) return undefined
  const { shown, session, close } = locked
  const { query } = session
  try {
    const state = await readAll(shown, query, keys)
    const [row] = await query(
      `update applies set worker = $2, pid = pg_backend_pid(), seen = clock_timestamp()
        where id = $1 and ${UNDER_WAY} returning frame, pid`,
      id,
      worker,
    )
    if (state === undefined || row === undefined) {
      await close()
      return undefined
    }
    await query(
      `update apply_changes set ending = 'done' from state_records
        where apply = $1 and ending is null
          and state_records.kind = apply_changes.kind and state_records.key = apply_changes.key`,
      id,
    )
    const signs = giveSigns(database, id, numberIn(row, 'pid'))
    const release = async () => {
      await signs.end()
      // Where the connection is lost, others see that nobody has the apply.
      await query(RELEASE, id, signs.unsaid(), String(signs.wanted.aborted)).catch(() => undefined)
      await close()
    }
    const cipher = stateCipher(keys, shown, state.lineage)
    const store = storeOf(shown, session, state, keys, release, (own, entries) =>
      follow(own, id, entries),
    )
    return {
      id,
      store,
      frame: cipher.decrypt(framePlace(id), textIn(row, 'frame')),
      left: () => leftOf(query, id, cipher),
      wanted: signs.wanted,
      failed: changes => noteFailed(query, id, changes),
      spent: signs.spent,
      end: () => endWhereNothingIsLeft(query, id),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Gives signs of life for an apply, and tells when somebody asks for its state. */
function giveSigns({ ask }: Database, id: number, pid: number) {
  const wanted = new AbortController()
  let calls = 0
  let giving: Promise<void> | undefined
  const give = async (): Promise<void> => {
    const said = calls
    calls = 0
    const [row] = await ask(
      `update applies set seen = clock_timestamp(), calls = calls + $2
        where id = $1 returning exists (select from state_lock where pid = $3 and ${ASKED}) as asked`,
      id,
      said,
      pid,
    )
    if (row?.['asked'] === true) wanted.abort()
  }
  const timer = setInterval(() => {
    // A database that is away ends the connection that holds the lock, and with it the attempt.
    giving ??= give()
      .catch(() => undefined)
      .finally(() => {
        giving = undefined
      })
  }, SIGN_MS)
  return {
    wanted: wanted.signal,
    spent: (more: number) => {
      calls += more
    },
    unsaid: () => calls,
    async end() {
      clearInterval(timer)
      await giving
    },
  }
}

/** What is recorded counts as done, and what is announced as under way, in the very transaction. */
async function follow(query: Query, id: number, entries: readonly StateEntry[]): Promise<void> {
  const put = entries.flatMap(entry => (entry.type === 'put' ? [entry] : []))
  const announced = entries.flatMap(entry =>
    entry.type === 'intent'
      ? entry.intent.drafts.map(({ kind, key }) => ({ kind, key, intent: entry.intent.id }))
      : [],
  )
  if (announced.length > 0)
    await query(
      `update apply_changes set intent = made.intent from unnest($2::text[], $3::text[], $4::text[]) as made (kind, key, intent)
        where apply = $1 and apply_changes.kind = made.kind and apply_changes.key = made.key`,
      id,
      announced.map(({ kind }) => kind),
      announced.map(({ key }) => key),
      announced.map(({ intent }) => intent),
    )
  if (put.length > 0)
    await query(
      `update apply_changes set ending = 'done' from unnest($2::text[], $3::text[]) as made (kind, key)
        where apply = $1 and apply_changes.kind = made.kind and apply_changes.key = made.key`,
      id,
      put.map(({ kind }) => kind),
      put.map(({ key }) => key),
    )
}

async function leftOf(query: Query, id: number, cipher: Cipher): Promise<readonly LeftOperation[]> {
  const rows = await query(
    `select operation, kind, key, calls, content from apply_changes
      where apply = $1 and ending is null order by operation, key`,
    id,
  )
  const operations = new Map<number, { changes: LeftChange[]; calls: number }>()
  for (const row of rows) {
    const number = numberIn(row, 'operation')
    const operation = operations.get(number) ?? { changes: [], calls: 0 }
    operations.set(number, operation)
    const change = { kind: textIn(row, 'kind'), key: textIn(row, 'key') }
    const content = cipher.decrypt(changePlace(id, change), textIn(row, 'content'))
    operation.changes.push({ ...change, content })
    operation.calls += numberIn(row, 'calls')
  }
  return [...operations.values()]
}

async function noteFailed(
  query: Query,
  id: number,
  changes: readonly FailedChange[],
): Promise<void> {
  await query(
    `update apply_changes set ending = 'failed', message = made.message
      from unnest($2::text[], $3::text[], $4::text[]) as made (kind, key, message)
      where apply = $1 and ending is null and apply_changes.kind = made.kind and apply_changes.key = made.key`,
    id,
    changes.map(({ kind }) => kind),
    changes.map(({ key }) => key),
    changes.map(({ message }) => message),
  )
}

async function endWhereNothingIsLeft(query: Query, id: number) {
  return await together(query, async () => {
    const [row] = await query(
      `select about from applies where id = $1
        and not exists (select from apply_changes where apply = $1 and ending is null)`,
      id,
    )
    if (row === undefined) return undefined
    const { blocked }: { readonly blocked: number } = JSON.parse(textIn(row, 'about'))
    const outcomeOf = ({ failed, skipped, deferred }: ApplyCounts): string =>
      failed + skipped + deferred > 0 ? 'failed' : blocked > 0 ? 'blocked' : 'ok'
    return (await endOf(query, id, outcomeOf)).end
  })
}
