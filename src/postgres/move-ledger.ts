import type { SqlValue } from '../ledger/connection.ts'
import {
  COUNT_ROWS,
  countsIn,
  isEmpty,
  ledgerPages,
  MOVED_TABLES,
  movedValues,
} from '../ledger/move-rows.ts'
import { numberIn, ownerOf, textIn } from '../ledger/rows.ts'
import { RECOUNT, TABLES, type Table } from '../ledger/sql.ts'
import { PlainError } from '../plain-error.ts'
import { type Cipher, cipherOf, requireKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import {
  isFinished,
  type MovableThere,
  type MovedPlace,
  type MovedRow,
  type MoveMark,
  type Moves,
  mayReceive,
  readMark,
  requireToken,
} from '../stores/moving.ts'
import { parseAddress } from './address.ts'
import { type Database, openDatabase } from './database.ts'
import { placeOf, RELEASE, refuseHalted } from './place.ts'
import type { Query } from './query.ts'

/**
 * Whoever decides something reads `origin` first: it waits, and sees what was committed meanwhile. Whoever only
 * looks goes on.
 */
export const LOCK_DECISIONS = 'lock table origin in access exclusive mode'

/** How long a source is locked while the process that moves it does nothing: others wait for it. */
const PATIENCE = "set local idle_in_transaction_session_timeout = '60s'"

const SET_MARK = 'update place set halted = $1'
const SET_PLACE = `with place_now as (update place set lineage = $1, serial = $2, halted = $3, keys = $4)
  select setval('ledger_serial', greatest($2, last_value, 1)) from ledger_serial`
const EMPTY = `truncate ${[...MOVED_TABLES, 'stock'].join(', ')}`
const ANALYZE = `analyze ${[...MOVED_TABLES, 'stock'].join(', ')}`

/** Columns that are no text. */
const TYPES: Readonly<Record<string, string>> = { unfinished: 'integer', crc: 'bigint' }

/** Puts many rows in their places; values are arrays, a column each. Usage is there before its eSIMs. */
function putMany(table: Table): string {
  const { key, columns } = TABLES[table]
  const given = [...columns, 'crc', 'content']
  const arrays = given.map((name, index) => `$${index + 1}::${TYPES[name] ?? 'text'}[]`)
  const isEsims = table === 'esims'
  const into = isEsims ? [...given, 'refreshed_at'] : given
  const from = `unnest(${arrays.join(', ')}) as given (${given.join(', ')})`
  const rows = isEsims
    ? `select given.*, coalesce(usage.refreshed_at, '') from ${from} left join usage using (endpoint_id)`
    : `select * from ${from}`
  const changed = into.filter(name => !key.includes(name))
  return `insert into ${table} (${into.join(', ')}) ${rows} on conflict (${key.join(', ')})
    do update set ${changed.map(name => `${name} = excluded.${name}`).join(', ')}`
}

/** How the ledger of a database moves. */
export const postgresLedgerMoves: Moves = {
  where: async address => parseAddress(address).shown,

  async look(address) {
    await using database = await openDatabase(address)
    return (await database.isPrepared()) ? await look(database, database.ask) : undefined
  },

  async depart(address) {
    const keys = keysInForce()
    const database = await openDatabase(address)
    const open: AsyncDisposable[] = [database]
    const close = async (): Promise<void> => {
      for (const part of open.splice(0).reverse()) await part[Symbol.asyncDispose]()
    }
    try {
      const { shown } = database
      if (!(await database.isPrepared())) throw noLedger(shown)
      await refuseHalted(database)
      const session = await database.connect('sft-catalog store migrate')
      open.push(session)
      await session.query('begin')
      await session.query(PATIENCE)
      await session.query(LOCK_DECISIONS)
      const { lineage, serial, halted, keyIds } = await placeOf(session.query)
      if (halted !== undefined)
        throw new PlainError(`${shown}: the ledger changed just now; run again`)
      requireKeys(shown, keyIds, keys)
      const cipher = cipherOf(keys, shown, ownerOf(lineage))
      return {
        location: shown,
        lineage,
        serial,
        rows: () => ledgerPages(shown, session.query, cipher),
        async retire(mark) {
          await session.query(SET_MARK, JSON.stringify(mark))
          await session.query('commit')
        },
        // A connection that ends undoes what it has begun.
        [Symbol.asyncDispose]: close,
      }
    } catch (error) {
      await close()
      throw error
    }
  },

  async receive(address, mark) {
    const keys = keysInForce()
    const database = await openDatabase(address)
    const { shown } = database
    const cipher = cipherOf(keys, shown, ownerOf(mark.lineage))
    const marked = (work: (query: Query) => Promise<void>): Promise<void> =>
      inTransaction(database, async query => {
        requireToken(shown, readMark((await placeOf(query)).halted), mark)
        await work(query)
      })
    try {
      await database.prepare()
      await inTransaction(database, async query => {
        await query(LOCK_DECISIONS)
        const there = await look(database, query)
        // Done again, where nobody knows whether it was.
        if (there?.mark?.token !== mark.token) mayReceive('ledger', shown, there, mark)
        await query(EMPTY)
        const { lineage, serial } = mark
        await query(SET_PLACE, lineage, serial, JSON.stringify(mark), keys.first?.id ?? null)
      })
      return {
        location: shown,
        async put(rows) {
          for await (const page of rows) await marked(query => putPage(query, page, cipher))
        },
        rows: () => ledgerPages(shown, database.ask, cipher),
        async seal() {
          await marked(async query => {
            await query(RECOUNT)
            await query(SET_MARK, JSON.stringify({ ...mark, whole: true } satisfies MoveMark))
          })
          await database.ask(ANALYZE)
        },
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    } catch (error) {
      await database[Symbol.asyncDispose]()
      throw error
    }
  },

  async finish(address, at) {
    await using database = await openDatabase(address)
    await inTransaction(database, async query => {
      await query(LOCK_DECISIONS)
      const there = await look(database, query, 'told')
      if (!isFinished('ledger', database.shown, there, at)) await query(RELEASE)
    })
  },
}

const noLedger = (shown: string): PlainError =>
  new PlainError(`${shown}: there is no ledger; name it with --from`)

const inTransaction = (database: Database, work: (query: Query) => Promise<void>): Promise<void> =>
  database.transaction(async query => {
    await work(query)
    return { result: undefined }
  })

/** What is there; undefined: no row that would be lost, unless that is `told` too. */
async function look(
  { shown }: Database,
  query: Query,
  empty: 'nothing' | 'told' = 'nothing',
): Promise<MovableThere | undefined> {
  const [place] = await query(
    "select lineage, coalesce(halted, '') as halted, (select last_value from ledger_serial) as serial from place",
  )
  const rows = countsIn((await query(COUNT_ROWS))[0])
  const halted = textIn(place, 'halted')
  const mark = readMark(halted)
  if (mark !== undefined) return { location: shown, ...placeIn(mark), rows, mark }
  if (halted === '' && isEmpty(rows) && empty === 'nothing') return undefined
  return {
    location: shown,
    lineage: textIn(place, 'lineage'),
    serial: numberIn(place, 'serial'),
    rows,
  }
}

const placeIn = ({ lineage, serial }: MovedPlace): MovedPlace => ({ lineage, serial })

async function putPage(query: Query, page: readonly MovedRow[], cipher: Cipher): Promise<void> {
  const byTable = new Map<Table, (readonly SqlValue[])[]>()
  for (const row of page) {
    const { table, values } = movedValues(row, cipher)
    const rows = byTable.get(table) ?? []
    byTable.set(table, rows)
    rows.push(values)
  }
  for (const [table, rows] of byTable)
    await query(
      putMany(table),
      ...[...TABLES[table].columns, 'crc', 'content'].map((_, column) =>
        rows.map(row => row[column] ?? null),
      ),
    )
}
