import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { LockedError, type LockHolder } from '../durable/lock.ts'
import { describeOwner, OWNER, thisProcess } from '../durable/owner.ts'
import type { SqlRow } from '../ledger/connection.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { findKind, kinds } from '../resources/kinds.ts'
import {
  type Cipher,
  type CipherPlace,
  DecryptError,
  type EncryptionKeys,
} from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { applyEntry, emptyState, type MutableState, storedEntries } from '../state/apply-entry.ts'
import { changedState } from '../state/changed-state.ts'
import { takeState } from '../state/decode-state.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import type { OpenStateOptions, Unlocking } from '../state/keeper.ts'
import type { State, StateEntry, StateStore } from '../state/state.ts'
import { StateDamagedError, StateEditError } from '../state/state-errors.ts'
import { headOf } from '../state/state-rows.ts'
import { MovedError, readMark } from '../stores/moving.ts'
import { END_SILENT, IS_SILENT, postgresApplyLog } from './apply-log.ts'
import { type Database, openDatabase, prepared, type Query, type Session } from './database.ts'
import { refuseElsewhere } from './place.ts'

/** All of a state in one question, which sees one moment: the head, then records in the order of their keys. */
const ALL = `select 'head' as source, lineage as kind, serial::text as key, crc, head as content
    from state_place
  union all select 'mark', '', '', 0, mark from state_place where mark is not null
  union all select 'pending', '', id, crc, content from state_pending
  union all select 'record', kind, key, crc, content from state_records
  order by source, kind, key`

/** The same without the records that were written before a serial, of a state from which none was taken out since. */
const SINCE = `select 'head' as source, lineage as kind, serial::text as key, crc, head as content
    from state_place where lineage = $1 and serial >= $2 and removed < $2 and mark is null
  union all select 'pending', '', id, crc, content from state_pending
  union all select 'record', kind, key, crc, content from state_records where serial >= $2
  order by source, kind, key`

const PLACE = prepared('select lineage, serial, mark from state_place')

export const PUT_RECORDS = `insert into state_records (kind, key, crc, content, serial)
  select given.*, state_place.serial from state_place,
    unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as given
  on conflict (kind, key) do update
    set crc = excluded.crc, content = excluded.content, serial = excluded.serial`
const NOTE_REMOVAL = 'update state_place set removed = serial'
const REMOVE_RECORDS = `delete from state_records using unnest($1::text[], $2::text[]) as old (kind, key)
  where state_records.kind = old.kind and state_records.key = old.key`
export const PUT_PENDING = `insert into state_pending (id, crc, content)
  select * from unnest($1::text[], $2::bigint[], $3::text[])
  on conflict (id) do update set crc = excluded.crc, content = excluded.content`
const REMOVE_PENDING = 'delete from state_pending where id = any($1)'
export const RECORD = 'record'
export const PENDING = 'pending'
export const HEAD = 'head'

const MAKE = 'insert into state_place (lineage, serial, head, crc) values ($1, 0, $2, $3)'
const MOVE_ON =
  'update state_place set serial = $2, head = $3, crc = $4 where serial = $1 and mark is null returning serial'

/** How often somebody who waits for the lock tries, in milliseconds. */
const TRY_MS = 250
/** A worker that is asked for the lock ends its calls first, which take minutes at most (ms). */
const YIELD_MS = 300_000

/**
 * Opens the state of a PostgreSQL database for writing. Its lock belongs to the connection that writes: where that
 * is lost nothing more is written. Throws `LockedError`, `StateDamagedError`, and a `PlainError` where the database
 * cannot be used.
 */
export async function openPostgresState(
  address: string,
  options: OpenStateOptions = {},
  keys: EncryptionKeys = keysInForce(),
): Promise<StateStore> {
  const { shown, session, close } = await openLocked(address, options)
  try {
    const state =
      (await readAll(shown, session.query, keys)) ?? (await make(session, options, shown, keys))
    const store = storeOf(shown, session, state, keys, close)
    const cipher = stateCipher(keys, shown, state.lineage)
    return { ...store, log: postgresApplyLog(session.query, state.lineage, cipher) }
  } catch (error) {
    await close()
    throw error
  }
}

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

/** Reads a state as it is now; an empty one with a lineage of its own where there has never been one. */
export const readPostgresState = async (
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<State> => (await look(address, keys)) ?? emptyState()

/** Whether there is a state. */
export const isPostgresState = async (
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<boolean> => (await look(address, keys)) !== undefined

async function look(address: string, keys: EncryptionKeys): Promise<MutableState | undefined> {
  await using database = await openDatabase(address)
  return (await database.isPrepared())
    ? await readAll(database.shown, database.ask, keys)
    : undefined
}

/** A function that returns the state as it is now: it is read again where its serial has moved. */
export function watchPostgresState(address: string): () => Promise<State> {
  const keys = keysInForce()
  let database: Promise<Database> | undefined
  let last: State | undefined
  return async () => {
    database ??= openDatabase(address).catch(error => {
      database = undefined
      throw error
    })
    const { ask, shown, isPrepared } = await database
    if (last === undefined && !(await isPrepared())) return emptyState()
    const [place] = await ask(PLACE)
    refuseMark(shown, place, 'mark')
    const isSame =
      last !== undefined &&
      textIn(place, 'lineage') === last.lineage &&
      numberIn(place, 'serial') === last.serial
    if (!isSame || last === undefined)
      last =
        (last === undefined ? undefined : await readSince(shown, ask, last, keys)) ??
        (await readAll(shown, ask, keys)) ??
        emptyState()
    return last
  }
}

/**
 * The state as it is now, of an earlier one and what came since: an apply of thousands of endpoints writes it again and
 * again. Undefined where that does not tell, since records were taken out, or it is another one.
 */
async function readSince(
  shown: string,
  query: Query,
  last: State,
  keys: EncryptionKeys,
): Promise<State | undefined> {
  const [head, ...rows] = await query(SINCE, last.lineage, last.serial)
  if (textIn(head, 'source') !== 'head' || head === undefined) return undefined
  const cipher = stateCipher(keys, shown, last.lineage)
  const pending = bare()
  const changes = new Map<string, Record<string, unknown>>()
  for (const row of rows) {
    const key = textIn(row, 'key')
    if (textIn(row, 'source') === 'pending') pending[key] = contentOf(shown, row, cipher)
    else {
      const kind = findKind(textIn(row, 'kind'))
      if (kind === undefined) return undefined
      const records = changes.get(kind.section) ?? bare()
      changes.set(kind.section, records)
      records[key] = contentOf(shown, row, cipher)
    }
  }
  // Sections without a change stay the same objects, so that who has seen them need not look again.
  return changedState(last, changes, {
    ...(contentOf(shown, head, cipher) as object),
    serial: numberIn(head, 'key'),
    pending,
  })
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

async function make(
  { query }: Session,
  { create = true }: OpenStateOptions,
  shown: string,
  keys: EncryptionKeys,
): Promise<MutableState> {
  if (!create)
    throw new StateEditError(
      `there is no state at ${shown}; is that the right place (--state, SFT_STATE)?`,
    )
  const state = emptyState()
  const head = stateCipher(keys, shown, state.lineage).encrypt([HEAD], headOf(state))
  await query(MAKE, state.lineage, head, crc32(head))
  return state
}

function refuseMark(shown: string, row: SqlRow | undefined, column: string): void {
  const mark = readMark(textIn(row, column))
  if (mark !== undefined) throw new MovedError(shown, 'state', mark)
}

/** All of a state; undefined where there is none. One that is marked by a move is refused, unless it is `taken`. */
export async function readAll(
  shown: string,
  query: Query,
  keys: EncryptionKeys,
  marked: 'refused' | 'taken' = 'refused',
): Promise<MutableState | undefined> {
  const rows = await query(ALL)
  const [head, ...all] = rows
  if (head === undefined) return undefined
  const isMark = (row: SqlRow): boolean => textIn(row, 'source') === 'mark'
  if (marked === 'refused') refuseMark(shown, all.find(isMark), 'content')
  const rest = all.filter(row => !isMark(row))
  if (textIn(head, 'source') !== 'head') throw damaged(shown, 'it has records and no head')
  const cipher = stateCipher(keys, shown, textIn(head, 'kind'))
  const sections = new Map(kinds().map(kind => [kind.kind, bare()] as const))
  const pending = bare()
  for (const row of rest) {
    const kind = textIn(row, 'kind')
    const into = textIn(row, 'source') === 'pending' ? pending : sections.get(kind)
    if (into === undefined)
      throw damaged(shown, `it has records of ${kind}, which this sft-catalog does not know`)
    into[textIn(row, 'key')] = contentOf(shown, row, cipher)
  }
  const sectioned = [...sections].map(([kind, records]) => [
    findKind(kind)?.section ?? kind,
    records,
  ])
  try {
    return takeState({
      ...(contentOf(shown, head, cipher) as object),
      lineage: textIn(head, 'kind'),
      serial: numberIn(head, 'key'),
      ...Object.fromEntries(sectioned),
      pending,
    })
  } catch (error) {
    throw error instanceof StateDamagedError ? error : damaged(shown, `it ${reasonOf(error)}`)
  }
}

const bare = (): Record<string, unknown> => Object.create(null)

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

function contentOf(shown: string, row: SqlRow, cipher: Cipher): unknown {
  const content = textIn(row, 'content')
  const [source, kind, key] = [textIn(row, 'source'), textIn(row, 'kind'), textIn(row, 'key')]
  const name = source === RECORD ? `${kind}/${key}` : 'a part'
  if (crc32(content) !== numberIn(row, 'crc'))
    throw damaged(shown, `${name} does not match its checksum: it was changed by hand`)
  try {
    return JSON.parse(cipher.decrypt(placeOf(source, kind, key), content))
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error
    throw damaged(shown, `${name} ${error.message}`)
  }
}

/** Where a content stands, for its cipher. */
function placeOf(source: string, kind: string, key: string): CipherPlace {
  if (source === RECORD) return [RECORD, kind, key]
  return source === PENDING ? [PENDING, key] : [HEAD]
}

const damaged = (shown: string, what: string): StateDamagedError =>
  new StateDamagedError(
    shown,
    'damaged',
    `${shown}: ${what}. Nothing was changed; put the database back to a copy that is whole`,
  )

interface Append {
  readonly entries: readonly StateEntry[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Done with the entries in their transaction. */
type Beside = (query: Query, entries: readonly StateEntry[]) => Promise<void>

/** The store of a state whose lock `session` has. */
export function storeOf(
  shown: string,
  session: Session,
  state: MutableState,
  keys: EncryptionKeys,
  close: () => Promise<void>,
  beside: Beside = async () => {},
): StateStore {
  const cipher = stateCipher(keys, shown, state.lineage)
  let waiting: Append[] = []
  let working: Promise<void> | undefined
  let failure: unknown
  let disposed = false
  session.onLost(() => {
    failure ??= lost(shown)
  })

  const writeTogether = async (appends: readonly Append[]): Promise<void> => {
    const entries = appends.flatMap(append => append.entries)
    const next = { ...state }
    for (const entry of entries)
      if (entry.type === 'account' || entry.type === 'learn') applyEntry(next, entry)
    await session.query('begin')
    await writeEntries(session.query, entries, cipher)
    await beside(session.query, entries)
    const serial = state.serial + appends.length
    const head = cipher.encrypt([HEAD], headOf(next))
    const moved = await session.query(MOVE_ON, state.serial, serial, head, crc32(head))
    if (moved.length !== 1)
      throw new PlainError(`${shown}: the state was changed by somebody else; run again`)
    await session.query('commit')
    for (const entry of entries) applyEntry(state, entry)
    state.serial = serial
  }

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      try {
        if (failure !== undefined) throw failure
        await writeTogether(taken)
        for (const { resolve } of taken) resolve()
      } catch (error) {
        // Whether it was committed may not be known: nothing more is written, and the next run reads what is there.
        failure ??= error
        for (const { reject } of taken) reject(error)
      }
    }
    working = undefined
  }

  return {
    location: shown,
    state,
    async append(...entries) {
      if (disposed) throw new Error(`${shown}: the state was disposed of`)
      if (entries.length === 0) return
      await new Promise<void>((resolve, reject) => {
        waiting.push({ entries: storedEntries(entries), resolve, reject })
        // What is appended in the same turn is committed together.
        working ??= Promise.resolve().then(work)
      })
    },
    async fold() {
      if (disposed) throw new Error(`${shown}: the state was disposed of`)
      await working
    },
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      await working
      await close()
    },
  }
}

const lost = (shown: string): PlainError =>
  new PlainError(
    `${shown}: the connection that holds the state's lock was lost, so nothing more is written; run again`,
  )

async function writeEntries(
  query: Query,
  entries: readonly StateEntry[],
  cipher: Cipher,
): Promise<void> {
  const removed: StateEntry[] = []
  const put = new Map<string, Extract<StateEntry, { readonly type: 'put' }>>()
  const intents = new Map<string, unknown>()
  const concluded: string[] = []
  for (const entry of entries)
    switch (entry.type) {
      case 'put':
        put.set(`${entry.kind}/${entry.key}`, entry)
        break
      case 'remove':
        put.delete(`${entry.kind}/${entry.key}`)
        removed.push(entry)
        break
      case 'intent':
        intents.set(entry.intent.id, entry.intent)
        break
      case 'conclude':
        intents.delete(entry.id)
        concluded.push(entry.id)
        break
      default:
    }
  const gone = removed.flatMap(entry => (entry.type === 'remove' ? [entry] : []))
  if (gone.length > 0)
    await query(
      REMOVE_RECORDS,
      gone.map(one => one.kind),
      gone.map(one => one.key),
    )
  if (gone.length > 0) await query(NOTE_REMOVAL)
  const records = [...put.values()]
  const contents = records.map(one =>
    cipher.encrypt([RECORD, one.kind, one.key], JSON.stringify(one.record)),
  )
  if (records.length > 0)
    await query(
      PUT_RECORDS,
      records.map(one => one.kind),
      records.map(one => one.key),
      contents.map(content => crc32(content)),
      contents,
    )
  if (concluded.length > 0) await query(REMOVE_PENDING, concluded)
  const announced = [...intents].map(
    ([id, intent]) => [id, cipher.encrypt([PENDING, id], JSON.stringify(intent))] as const,
  )
  if (announced.length > 0)
    await query(
      PUT_PENDING,
      announced.map(([id]) => id),
      announced.map(([, content]) => crc32(content)),
      announced.map(([, content]) => content),
    )
}
