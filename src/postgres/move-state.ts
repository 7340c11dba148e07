import { crc32 } from 'node:zlib'
import { numberIn, textIn } from '../ledger/rows.ts'
import { kinds } from '../resources/kinds.ts'
import type { Cipher } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import { APPLIES_TABLE, historyIn, rowsOfHistory } from '../state/history-rows.ts'
import type { State } from '../state/state.ts'
import { StateEditError } from '../state/state-errors.ts'
import { HEAD_TABLE, PENDING_TABLE, rowsOfState } from '../state/state-rows.ts'
import {
  isFinished,
  type MovableThere,
  type MovedRow,
  type MoveMark,
  type Moves,
  mayReceive,
  readMark,
  requireToken,
} from '../stores/moving.ts'
import { parseAddress } from './address.ts'
import { appliesOf, putApplies, UNDER_WAY } from './apply-log.ts'
import { type Database, openDatabase } from './database.ts'
import type { Query } from './query.ts'
import { HEAD, PENDING, RECORD, readAll } from './read-state.ts'
import { openLocked } from './state-lock.ts'
import { PUT_PENDING, PUT_RECORDS } from './write-state.ts'

const EMPTY =
  'delete from state_records; delete from state_pending; delete from state_place; delete from applies'
const MAKE = `insert into state_place (lineage, serial, head, crc, mark, removed) values ($1, $2, '', 0, $3, $2)`
const PUT_HEAD = 'update state_place set head = $1, crc = $2'
const SET_MARK = 'update state_place set mark = $1'
const PLACE = "select lineage, serial, coalesce(mark, '') as mark from state_place"

const PURPOSE = { purpose: 'store migrate' } as const

/** How the state of a database moves. */
export const postgresStateMoves: Moves = {
  where: async address => parseAddress(address).shown,

  async look(address) {
    await using database = await openDatabase(address)
    return (await database.isPrepared()) ? await look(database, database.ask) : undefined
  },

  async depart(address) {
    const keys = keysInForce()
    const { shown, session, close } = await openLocked(address, PURPOSE)
    try {
      const state = await readAll(shown, session.query, keys)
      if (state === undefined)
        throw new StateEditError(`there is no state at ${shown}; name it with --from`)
      await refuseUnderWay(shown, session.query)
      return {
        location: shown,
        lineage: state.lineage,
        serial: state.serial,
        rows: () => allRows(state, session.query),
        async retire(mark) {
          await session.query(SET_MARK, JSON.stringify(mark))
        },
        [Symbol.asyncDispose]: close,
      }
    } catch (error) {
      await close()
      throw error
    }
  },

  async receive(address, mark) {
    const keys = keysInForce()
    const { shown, session, database, close } = await openLocked(address, PURPOSE)
    const { query } = session
    const cipher = stateCipher(keys, shown, mark.lineage)
    const marked = (work: () => Promise<void>): Promise<void> =>
      inTransaction(query, async () => {
        const [place] = await query(PLACE)
        requireToken(shown, readMark(textIn(place, 'mark')), mark)
        await work()
      })
    try {
      mayReceive('state', shown, await look(database, query), mark)
      await inTransaction(query, async () => {
        await query(EMPTY)
        await query(MAKE, mark.lineage, mark.serial, JSON.stringify(mark))
      })
      return {
        location: shown,
        async put(rows) {
          for await (const page of rows)
            await marked(async () => {
              await putPage(query, page, cipher)
              await putApplies(query, mark.lineage, historyIn(page))
            })
        },
        async *rows() {
          const state = await readAll(shown, query, keys, 'taken')
          if (state !== undefined) yield* allRows(state, query)
        },
        seal: () =>
          marked(async () => {
            await query(SET_MARK, JSON.stringify({ ...mark, whole: true } satisfies MoveMark))
          }),
        [Symbol.asyncDispose]: close,
      }
    } catch (error) {
      await close()
      throw error
    }
  },

  async finish(address, at) {
    const { shown, session, database, close } = await openLocked(address, PURPOSE)
    try {
      const there = await look(database, session.query)
      if (!isFinished('state', shown, there, at)) await session.query(SET_MARK, null)
    } finally {
      await close()
    }
  },
}

async function* allRows(state: State, query: Query): AsyncGenerator<readonly MovedRow[]> {
  yield* rowsOfState(state)
  yield* rowsOfHistory(await appliesOf(query, state.lineage))
}

/** What workers have to do stands beside the state, and they find it nowhere else. */
async function refuseUnderWay(shown: string, query: Query): Promise<void> {
  const [found] = await query(`select id from applies where ${UNDER_WAY}`)
  if (found === undefined) return
  throw new StateEditError(
    `${shown}: workers carry out apply ${numberIn(found, 'id')} of this state, and would not find it elsewhere: ` +
      'wait for its end (`sft-catalog apply --wait`), or run `sft-catalog apply`, whose plan takes its place; then move the state',
  )
}

async function inTransaction(query: Query, work: () => Promise<void>): Promise<void> {
  await query('begin')
  try {
    await work()
    await query('commit')
  } catch (error) {
    // Where the connection is gone, so is what was begun.
    await query('rollback').catch(() => undefined)
    throw error
  }
}

async function look({ shown }: Database, query: Query): Promise<MovableThere | undefined> {
  const [place] = await query(PLACE)
  if (place === undefined) return undefined
  const mark = readMark(textIn(place, 'mark'))
  if (mark !== undefined)
    return { location: shown, lineage: mark.lineage, serial: mark.serial, rows: {}, mark }
  const counted = await query('select kind, count(*) as n from state_records group by kind')
  const [pending] = await query('select count(*) as n from state_pending')
  const [applies] = await query(
    'select count(*) as n from applies where lineage = $1',
    textIn(place, 'lineage'),
  )
  return {
    location: shown,
    lineage: textIn(place, 'lineage'),
    serial: numberIn(place, 'serial'),
    rows: Object.fromEntries([
      ...kinds().map(({ kind }) => [kind, 0] as const),
      ...counted.map(row => [textIn(row, 'kind'), numberIn(row, 'n')] as const),
      [PENDING_TABLE, numberIn(pending, 'n')] as const,
      [APPLIES_TABLE, numberIn(applies, 'n')] as const,
    ]),
  }
}

/** Puts rows in their places, encrypted where there is a key. */
export async function putPage(
  query: Query,
  page: readonly MovedRow[],
  cipher: Cipher,
): Promise<void> {
  const head = page.find(row => row.table === HEAD_TABLE)
  if (head !== undefined) {
    const content = cipher.encrypt([HEAD], head.content)
    await query(PUT_HEAD, content, crc32(content))
  }
  const pending = page.filter(row => row.table === PENDING_TABLE)
  if (pending.length > 0) {
    const contents = pending.map(row => cipher.encrypt([PENDING, row.key], row.content))
    await query(
      PUT_PENDING,
      pending.map(row => row.key),
      contents.map(crcOf),
      contents,
    )
  }
  const records = page.filter(
    row => row !== head && row.table !== PENDING_TABLE && row.table !== APPLIES_TABLE,
  )
  if (records.length === 0) return
  const contents = records.map(row => cipher.encrypt([RECORD, row.table, row.key], row.content))
  await query(
    PUT_RECORDS,
    records.map(row => row.table),
    records.map(row => row.key),
    contents.map(crcOf),
    contents,
  )
}

const crcOf = (content: string): number => crc32(content)
