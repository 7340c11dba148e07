import type { EsimStatus, Ledger, LedgerRows } from '../provision/ledger.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type { Connection, SqlRow, SqlValue } from './connection.ts'
import { numberIn, type RowOf, readRow, textIn } from './rows.ts'
import { SELECT, type Selects, type Table } from './sql.ts'

/** What a ledger is asked besides its decisions. */
type Questions = Omit<Ledger, 'location' | 'transact' | typeof Symbol.asyncDispose>

/** Asks the database; `path` is for messages. */
export type Ask = (sql: string, ...values: readonly SqlValue[]) => Promise<readonly SqlRow[]>

/** After every place: an ISO time is before it. */
const EVER = '9999'

/** The questions of the port, answered by a database in its own words. */
export function questionsOf(path: string, ask: Ask, sql: Selects, cipher: Cipher): Questions {
  const one = async (question: string, ...values: readonly SqlValue[]) =>
    (await ask(question, ...values))[0]
  return {
    async ordersAfter(after, limit, filter) {
      const page = filter?.unfinished === true ? sql.unfinishedAfter : sql.ordersAfter
      const found = await ask(page, after?.createdAt ?? '', after?.orderId ?? '', limit)
      return found.map(row => readRow(path, 'orders', row, cipher))
    },
    async esimsAmong(endpointIds) {
      const found = await ask(sql.esimsAmong, JSON.stringify(endpointIds))
      return found.map(row => ({ endpointId: textIn(row, 'endpoint_id'), ...stockOf(row) }))
    },
    async esimsOf(endpointIds) {
      const found = await ask(sql.esimsOf, JSON.stringify(endpointIds))
      return found.map(row => readRow(path, 'esims', row, cipher))
    },
    async takenIccidsAmong(iccids) {
      const found = await ask(sql.takenIccidsAmong, JSON.stringify(iccids))
      return found.map(row => textIn(row, 'iccid'))
    },
    async esimOfIccid(iccid) {
      const found = await one(sql.esimOfIccid, iccid)
      return found === undefined ? undefined : readRow(path, 'esims', found, cipher)
    },
    async esimsIn({ status, refreshedBefore = EVER, after, limit }) {
      const { refreshedAt = '', endpointId = '' } = after ?? {}
      const found = await ask(sql.esimsIn, status, refreshedBefore, refreshedAt, endpointId, limit)
      return found.map(each => {
        const row = readRow(path, 'esims', each, cipher)
        return {
          row,
          place: { refreshedAt: textIn(each, 'refreshed_at'), endpointId: row.endpointId },
        }
      })
    },
    async stock() {
      const found = await ask(sql.stock)
      return found.map(row => ({ ...stockOf(row), count: numberIn(row, 'n') }))
    },
    async salesSince(time) {
      const count = numberIn(await one(sql.salesSince, time), 'n')
      const first = textIn(await one(sql.firstSale), 'at')
      return { count, ...(first === '' ? {} : { first }) }
    },
    async holders() {
      const found = await ask(sql.holders)
      return new Map(found.map(row => [textIn(row, 'plan_id'), numberIn(row, 'n')]))
    },
  }
}

const stockOf = (row: SqlRow) => ({
  batch: textIn(row, 'batch'),
  tags: JSON.parse(textIn(row, 'tags')) as readonly string[],
  // Written by `valuesOf` from a row whose status was judged.
  status: textIn(row, 'status') as EsimStatus,
})

/** The rows that a decision may look at, as they are in the transaction of a connection. */
export function rowsIn(path: string, { all }: Connection, cipher: Cipher): LedgerRows {
  const read = <Name extends Table>(
    table: Name,
    sql: string,
    key: string,
  ): RowOf<Name> | undefined => {
    const [found] = all(sql, key)
    return found === undefined ? undefined : readRow(path, table, found, cipher)
  }
  return {
    order: orderId => read('orders', SELECT.order, String(orderId)),
    esim: endpointId => read('esims', SELECT.esim, endpointId),
    addons: endpointId =>
      all(SELECT.addons, endpointId).map(row => readRow(path, 'addons', row, cipher)),
    usage: endpointId => read('usage', SELECT.usage, endpointId),
    process: id => read('processes', SELECT.process, id),
  }
}
