import type { SqlRow } from '../ledger/connection.ts'
import type { HaltedLedger } from '../ledger/keeper.ts'
import { questionsOf } from '../ledger/questions.ts'
import { columnsOf, numberIn, ownerOf, readRow, textIn, valuesOf } from '../ledger/rows.ts'
import {
  FORGET_PROCESSES,
  NOTE_REFRESHED,
  selects,
  TABLES,
  type Table,
  upsert,
} from '../ledger/sql.ts'
import { PlainError } from '../plain-error.ts'
import type {
  Decision,
  EsimRow,
  Ledger,
  LedgerEntry,
  LedgerKeys,
  LedgerProcess,
  LedgerRows,
} from '../provision/ledger.ts'
import { type LedgerTables, openTables, rowsOf } from '../provision/tables.ts'
import {
  type Cipher,
  cipherOf,
  type EncryptionKeys,
  noteKey,
  requireKeys,
} from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { type Database, openDatabase } from './database.ts'
import { namesOf, openNotices } from './notices.ts'
import {
  halt,
  haltedError,
  haltedIn,
  NOTE_KEY,
  type Owner,
  type Place,
  placeOf,
  RELEASE,
  refuseHalted,
  refuseMoved,
} from './place.ts'
import { LOCK_NAMES, prepared, type Query, type Statement } from './query.ts'

const SELECT = selects('(select jsonb_array_elements_text($1::jsonb))')

/** The rows of some orders and endpoints, and the processes that own them: by the database's clock, how long silent. */
const ROWS = prepared(`with
    o as (select order_id, owner_id, crc, content from orders where order_id = any($1)),
    e as (select endpoint_id, owner_id, crc, content from esims where endpoint_id = any($2))
  select 'orders' as source, order_id as id, '' as place, crc, content, null::float8 as silent_ms from o
  union all select 'esims', endpoint_id, '', crc, content, null from e
  union all select 'addons', endpoint_id, unique_id, crc, content, null from addons where endpoint_id = any($2)
  union all select 'usage', endpoint_id, '', crc, content, null from usage where endpoint_id = any($2)
  union all select 'processes', id, '', crc, content, ${silent()} from processes
    where id in (select owner_id from o union all select owner_id from e)
  order by place`)

const PROCESSES = prepared(
  `select id, '' as place, crc, content, ${silent()} as silent_ms from processes where id = any($1)`,
)

function silent(): string {
  return '1000 * extract(epoch from clock_timestamp() - seen)::float8'
}

const PUT: Readonly<Record<Table, string>> = {
  orders: prepared(upsert('orders')),
  esims: prepared(upsert('esims')),
  addons: prepared(upsert('addons')),
  usage: prepared(upsert('usage')),
  processes: prepared(`${upsert('processes')}, seen = clock_timestamp()`),
}

const COUNT = prepared(`insert into stock (batch, tags, status, n)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) order by 1, 2, 3
  on conflict (batch, tags, status) do update set n = stock.n + excluded.n`)

/** A sign of life comes six times as often; what was announced is made anew after a third of it. */
const SILENCE_SECONDS = 6

/** After how long a sign of life that no row names is forgotten, in milliseconds. */
const FORGET_MS = 24 * 3600 * 1000

/**
 * The ledger of a PostgreSQL database, for any number of processes on any number of machines. Throws a
 * `PlainError` where it cannot be used, or nothing may be sold from it, and an `EncryptedError` where a key is missing.
 */
export async function openPostgresLedger(
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<Ledger> {
  return await opened(address, async database => {
    await database.prepare()
    const cipher = changingCipher(database.shown, keys, await refuseHalted(database))
    await database.ask(FORGET_PROCESSES, new Date(Date.now() - FORGET_MS).toISOString())
    await database.ask("delete from commits where at < clock_timestamp() - interval '1 day'")
    return ledgerIn(database, cipher)
  })
}

/** Opens it to be read; undefined where there is none. What would change it is refused. */
export async function lookAtPostgresLedger(
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<Ledger | undefined> {
  return await opened(address, async database => {
    const { shown } = database
    if (await database.isPrepared()) {
      const cipher = changingCipher(shown, keys, await refuseMoved(shown, database.ask))
      return readOnly(ledgerIn(database, cipher, { halted: true }))
    }
    await database[Symbol.asyncDispose]()
    return undefined
  })
}

/** Opens one from which nothing is sold, to look after it; undefined where it is a usual one. */
export async function openHaltedPostgresLedger(
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<HaltedLedger | undefined> {
  return await opened(address, async database => {
    await database.prepare()
    const cipher = changingCipher(
      database.shown,
      keys,
      await refuseMoved(database.shown, database.ask),
    )
    const why = haltedIn(await placeOf(database.ask))
    if (why === undefined) {
      await database[Symbol.asyncDispose]()
      return undefined
    }
    const ledger = ledgerIn(database, cipher, { halted: true })
    return {
      why,
      ledger,
      release: async () => {
        await database.ask(RELEASE)
      },
      [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
    }
  })
}

async function opened<Result>(
  address: string,
  use: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(address)
  try {
    return await use(database)
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}

/** A cipher that goes on when the place says another owner: a move may bring another ledger into an empty one. */
interface ChangingCipher extends Cipher {
  /** Throws where it is encrypted with a key that is not given. */
  see(owner: Owner): void
  /** The ID of the key that rows are encrypted with, unless it is noted already. */
  toNote(owner: Owner): string | undefined
}

function changingCipher(shown: string, keys: EncryptionKeys, first: Owner): ChangingCipher {
  let lineage: string
  let cipher: Cipher
  const see = (owner: Owner): void => {
    requireKeys(shown, owner.keyIds, keys)
    if (owner.lineage === lineage) return
    lineage = owner.lineage
    cipher = cipherOf(keys, shown, ownerOf(lineage))
  }
  see(first)
  return {
    see,
    toNote: ({ keyIds }) => (noteKey(keyIds, keys) === undefined ? undefined : keys.first?.id),
    encrypt: (place, text) => cipher.encrypt(place, text),
    decrypt: (place, kept) => cipher.decrypt(place, kept),
  }
}

/** `halted`: also one from which nothing may be sold, for those who look, or look after it. */
function ledgerIn(database: Database, cipher: ChangingCipher, { halted = false } = {}): Ledger {
  const { shown } = database
  const notices = openNotices(database)
  let known = 0
  let closed = false
  const refuseClosed = (): void => {
    if (closed) throw new Error(`${shown}: the ledger is closed`)
  }
  const note = (serial: string): void => {
    known = Math.max(known, Number(serial))
  }

  const decideOn = async <Result>(
    query: Query,
    own: string,
    keys: LedgerKeys,
    decide: (rows: LedgerRows) => Decision<Result>,
  ) => {
    const names = [own, ...namesOf(keys)].map(name => `${database.schema} ${name}`)
    // What others commit while it is asked for is not in the answer.
    const knownBefore = known
    // Asked together: whoever waits for a lock sees what was written before it had it.
    const [, place, found] = await Promise.all([
      query(LOCK_NAMES, names),
      placeOf(query),
      findRows(query, keys),
    ])
    cipher.see(place)
    if (!halted) {
      const why = haltedIn(place, knownBefore)
      if (why !== undefined) throw new HaltedNow(place, why)
    }
    const rows = readRows(query, shown, found, cipher)
    for (;;) {
      const decision = decided(() => decide(rowsOf(rows.tables.rows, keys)))
      if (await rows.complete()) continue
      const { entries } = decision
      const writes = [...puttingOf(entries, rows.tables.rows, cipher)]
      const keyId = entries.length > 0 ? cipher.toNote(place) : undefined
      if (keyId !== undefined) writes.push([NOTE_KEY, keyId])
      return { result: decision, writes, apart: areApart(entries) }
    }
  }

  return {
    location: shown,
    async transact(keys, decide) {
      refuseClosed()
      try {
        const { entries, result } = await database.transaction(
          (query, own) => decideOn(query, own, keys, decide),
          { column: "nextval('ledger_serial')", told: note },
        )
        notices.tell(changedBy(entries))
        return result
      } catch (error) {
        if (error instanceof DecisionError) throw error.cause
        if (!(error instanceof HaltedNow)) throw error
        await halt(database, error.place, error.why)
        throw haltedError(shown, error.why)
      }
    },
    ...questionsOf(
      shown,
      async (sql, ...values) => {
        refuseClosed()
        const [rows, owner] = await Promise.all([
          database.ask(sql, ...values),
          refuseMoved(shown, database.ask),
        ])
        cipher.see(owner)
        return rows
      },
      SELECT,
      cipher,
    ),
    silenceSeconds: SILENCE_SECONDS,
    watch: keys => notices.watch(keys),
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await notices[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** Found within a transaction, which must end before the ledger can be marked. */
class HaltedNow extends Error {
  readonly place: Place
  readonly why: string
  constructor(place: Place, why: string) {
    super(why)
    this.place = place
    this.why = why
  }
}

/** What a decision threw: nothing that the database said. */
class DecisionError extends Error {}

function decided<Result>(decide: () => Result): Result {
  try {
    return decide()
  } catch (cause) {
    throw new DecisionError('the decision threw', { cause })
  }
}

function readOnly(ledger: Ledger): Ledger {
  return {
    ...ledger,
    transact: async (keys, decide) =>
      await ledger.transact(keys, rows => {
        const decision = decide(rows)
        if (decision.entries.length === 0) return decision
        throw new PlainError(
          `${ledger.location}: it is opened to be read, and this would change it`,
        )
      }),
  }
}

/** The rows of keys, as they are in a transaction. */
interface ReadRows {
  readonly tables: LedgerTables
  /** Reads the processes that were asked for and not read; whether there were any. */
  complete(): Promise<boolean>
}

/** The rows of keys as the database has them. */
async function findRows(query: Query, keys: LedgerKeys): Promise<readonly SqlRow[]> {
  const { orderIds = [], endpointIds = [] } = keys
  if (orderIds.length + endpointIds.length === 0) return []
  return await query(ROWS, orderIds.map(String), endpointIds)
}

function readRows(query: Query, shown: string, found: readonly SqlRow[], cipher: Cipher): ReadRows {
  const tables = openTables()
  for (const row of found) tables.apply(entryOf(shown, textIn(row, 'source') as Table, row, cipher))
  const asked = new Set<string>()
  const read = new Set<string>()
  const { process: processOf } = tables.rows
  return {
    tables: {
      ...tables,
      rows: {
        ...tables.rows,
        process(id) {
          const found = processOf(id)
          if (found === undefined && !read.has(id)) asked.add(id)
          return found
        },
      },
    },
    async complete() {
      if (asked.size === 0) return false
      for (const id of asked) read.add(id)
      for (const row of await query(PROCESSES, [...asked]))
        tables.apply(entryOf(shown, 'processes', row, cipher))
      asked.clear()
      return true
    },
  }
}

function entryOf(shown: string, table: Table, answer: SqlRow, cipher: Cipher): LedgerEntry {
  const key = TABLES[table].key.map((column, at) => [column, answer[at === 0 ? 'id' : 'place']])
  const found = { ...answer, ...Object.fromEntries(key) }
  if (table !== 'processes')
    return { table, row: readRow(shown, table, found, cipher) } as LedgerEntry
  const row: LedgerProcess = readRow(shown, table, found, cipher)
  return { table, row: { ...row, silentMs: numberIn(found, 'silent_ms') } }
}

/** So many entries of whatever tables go as one statement: each form of it is prepared once. */
const MOST_TOGETHER = 6

/** Whether entries change different rows: a usage changes its eSIM too. */
const areApart = (entries: readonly LedgerEntry[]): boolean =>
  entries.length <= MOST_TOGETHER &&
  entries.every(({ table }) => table !== 'usage') &&
  new Set(entries.map(keyOf)).size === entries.length

const keyOf = (entry: LedgerEntry): string =>
  JSON.stringify([entry.table, ...columnsOf(entry).slice(0, TABLES[entry.table].key.length)])

/** What puts entries in their places, the counts at the end. */
function* puttingOf(
  entries: readonly LedgerEntry[],
  rows: LedgerRows,
  cipher: Cipher,
): Generator<Statement> {
  const counts = new Map<string, number>()
  const add = ({ batch, tags, status }: EsimRow, count: number): void => {
    const key = JSON.stringify([batch, JSON.stringify(tags), status])
    counts.set(key, (counts.get(key) ?? 0) + count)
  }
  const now = new Map<string, EsimRow | undefined>()
  for (const entry of entries) {
    yield [PUT[entry.table], ...valuesOf(entry, cipher)]
    switch (entry.table) {
      case 'esims': {
        const { endpointId } = entry.row
        const before = now.has(endpointId) ? now.get(endpointId) : rows.esim(endpointId)
        now.set(endpointId, entry.row)
        if (before !== undefined) add(before, -1)
        add(entry.row, 1)
        break
      }
      case 'usage':
        yield [NOTE_REFRESHED, entry.row.endpointId, entry.row.refreshedAt]
        break
      default:
    }
  }
  const changed = [...counts].filter(([, count]) => count !== 0)
  if (changed.length === 0) return
  const columns = changed.map(([key]) => JSON.parse(key) as readonly [string, string, string])
  yield [
    COUNT,
    columns.map(([batch]) => batch),
    columns.map(([, tags]) => tags),
    columns.map(([, , status]) => status),
    changed.map(([, count]) => count),
  ]
}

/** Orders and endpoints that entries change, for those who wait for them. */
const changedBy = (entries: readonly LedgerEntry[]): readonly string[] =>
  namesOf({
    orderIds: entries.flatMap(entry => (entry.table === 'orders' ? [entry.row.orderId] : [])),
    endpointIds: entries.flatMap(entry => (entry.table === 'esims' ? [entry.row.endpointId] : [])),
  })
