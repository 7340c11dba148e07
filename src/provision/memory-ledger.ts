import {
  type EsimCount,
  type EsimPlace,
  type EsimStatus,
  keyOfSim,
  type Ledger,
  type LedgerEntry,
  type LedgerKeys,
  type OrderRow,
} from './ledger.ts'
import { type LedgerTables, openTables, rowsOf } from './tables.ts'
import { makeWatch, type Watcher } from './watches.ts'

/** A ledger that lives as long as the process: for tests and demos. Nothing of it survives. */
export function memoryLedger(): Ledger {
  return ledgerOver(openTables())
}

/** Statuses of what nobody has. */
const FREE: ReadonlySet<EsimStatus> = new Set(['released', 'made', 'not made'])

/** A ledger over tables in memory. */
export function ledgerOver(tables: LedgerTables): Ledger {
  const esims = () => tables.esims()
  const placeOf = (endpointId: string): EsimPlace => ({
    refreshedAt: tables.rows.usage(endpointId)?.refreshedAt ?? '',
    endpointId,
  })
  const watchers = new Set<Watcher>()
  const sales = () =>
    tables.orders(false).filter(order => order.kind === 'purchase' && order.status === 'delivered')
  return {
    location: 'memory',
    async transact(keys, decide) {
      const { entries, result } = decide(rowsOf(tables.rows, keys))
      for (const entry of entries) tables.apply(entry)
      for (const watcher of watchers) if (isAmong(watcher.keys, entries)) watcher.tell()
      return result
    },
    async ordersAfter(after, limit, filter) {
      const isLater = (order: OrderRow) =>
        after === undefined || orderMark(order) > orderMark(after)
      const found = tables.orders(filter?.unfinished === true).filter(isLater)
      return found.sort(by(orderMark)).slice(0, limit)
    },
    async esimsAmong(endpointIds) {
      return endpointIds.flatMap(id => tables.rows.esim(id) ?? [])
    },
    async esimsOf(endpointIds) {
      return endpointIds.flatMap(id => tables.rows.esim(id) ?? [])
    },
    async takenIccidsAmong(iccids) {
      const asked = new Set(iccids)
      return esims().flatMap(({ iccid, status }) =>
        asked.has(iccid) && !FREE.has(status) ? [iccid] : [],
      )
    },
    esimOfIccid: async iccid =>
      esims().find(esim => esim.iccid === iccid && esim.endpointId !== keyOfSim(iccid)),
    async esimsIn({ status, refreshedBefore, after, limit }) {
      return esims()
        .filter(esim => esim.status === status)
        .map(row => ({ row, place: placeOf(row.endpointId) }))
        .filter(
          ({ place }) => refreshedBefore === undefined || place.refreshedAt <= refreshedBefore,
        )
        .filter(({ place }) => after === undefined || esimMark(place) > esimMark(after))
        .sort(by(({ place }) => esimMark(place)))
        .slice(0, limit)
    },
    async stock() {
      const counts = new Map<string, EsimCount>()
      for (const { batch, tags, status } of esims()) {
        const key = JSON.stringify([batch, tags, status])
        counts.set(key, { batch, tags, status, count: (counts.get(key)?.count ?? 0) + 1 })
      }
      return [...counts.values()]
    },
    async salesSince(time) {
      const times = sales().map(order => order.createdAt)
      const [first] = times.toSorted()
      const count = times.filter(at => at >= time).length
      return { count, ...(first === undefined ? {} : { first }) }
    },
    async holders() {
      const holders = new Map<string, Set<string>>()
      for (const { planId, endpointId, status } of tables.orders(false)) {
        if (endpointId === undefined || status === 'failed' || status === 'cancelled') continue
        holders.set(planId, (holders.get(planId) ?? new Set()).add(endpointId))
      }
      return new Map([...holders].map(([planId, endpoints]) => [planId, endpoints.size]))
    },
    watch(keys) {
      const { watch, watcher } = makeWatch(keys, () => watchers.delete(watcher))
      watchers.add(watcher)
      return watch
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Whether entries change a watched row. */
const isAmong = (
  { orderIds = [], endpointIds = [] }: LedgerKeys,
  entries: readonly LedgerEntry[],
): boolean =>
  entries.some(
    ({ table, row }) =>
      (table === 'orders' && orderIds.includes(row.orderId)) ||
      (table === 'esims' && endpointIds.includes(row.endpointId)),
  )

/** Texts that sort as the places of the port do: no time holds the mark between. */
const orderMark = ({ createdAt, orderId }: Pick<OrderRow, 'createdAt' | 'orderId'>): string =>
  `${createdAt}\u0000${orderId}`
const esimMark = ({ refreshedAt, endpointId }: EsimPlace): string =>
  `${refreshedAt}\u0000${endpointId}`

const by =
  <Item>(mark: (item: Item) => string) =>
  (one: Item, other: Item): number =>
    mark(one) < mark(other) ? -1 : Number(mark(one) > mark(other))
