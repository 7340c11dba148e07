import type { Candidate } from './candidates.ts'
import type { EsimRow, OrderRow } from './ledger.ts'

/** How many eSIMs are in which state. */
export interface StockCount {
  /** Endpoints of the state that nobody has: what can be sold, as far as this ledger knows. */
  readonly sellable: number
  /** Kept for orders that are not finished. */
  readonly reserved: number
  readonly sold: number
  /** Not for sale; `setAside` lists them with the reasons. */
  readonly setAside: number
}

export interface BatchStock extends StockCount {
  readonly batch: string
  readonly tags: readonly string[]
}

export interface TagStock extends StockCount {
  readonly tag: string
}

/** What is in stock, from the state and the ledger alone: no call is made. */
export interface Stock extends StockCount {
  readonly batches: readonly BatchStock[]
  readonly tags: readonly TagStock[]
  /** eSIMs sold a day, over the last seven days or since the first sale. */
  readonly soldPerDay: number
  /** Days that `sellable` lasts at that rate; absent where nothing was sold lately. */
  readonly daysLeft?: number
  readonly setAsideEsims: readonly {
    readonly endpointId: string
    readonly iccid: string
    readonly reason: string
  }[]
}

const DAY = 24 * 3600 * 1000

/** Counts the stock. */
export function countStock(
  candidates: readonly Candidate[],
  esims: readonly EsimRow[],
  orders: readonly OrderRow[],
  now: number,
): Stock {
  const rows = new Map(esims.map(row => [row.endpointId, row]))
  const inState = new Set(candidates.map(one => one.endpointId))
  const all = new Map<string, Candidate>(candidates.map(one => [one.endpointId, one]))
  // What was sold from batches that are not in the state any more counts as well.
  for (const row of esims) if (!all.has(row.endpointId)) all.set(row.endpointId, row)
  const batches = new Map<string, BatchStock>()
  const tags = new Map<string, TagStock>()
  let total: StockCount = EMPTY
  for (const [endpointId, { batch, tags: own }] of all) {
    const kind = kindOf(rows.get(endpointId))
    // Left the state before it was sold: not for sale here any more.
    if (kind === 'sellable' && !inState.has(endpointId)) continue
    total = addOne(total, kind)
    batches.set(batch, { ...addOne(batches.get(batch) ?? { ...EMPTY, batch, tags: own }, kind) })
    for (const tag of own) tags.set(tag, addOne(tags.get(tag) ?? { ...EMPTY, tag }, kind))
  }
  const soldPerDay = rateOf(orders, now)
  return {
    ...total,
    batches: [...batches.values()],
    tags: [...tags.values()],
    soldPerDay,
    ...(soldPerDay > 0 ? { daysLeft: total.sellable / soldPerDay } : {}),
    setAsideEsims: esims
      .filter(row => row.status === 'set aside')
      .map(({ endpointId, iccid, reason = 'no reason given' }) => ({ endpointId, iccid, reason })),
  }
}

const EMPTY: StockCount = { sellable: 0, reserved: 0, sold: 0, setAside: 0 }

const addOne = <Count extends StockCount>(count: Count, kind: keyof StockCount): Count => ({
  ...count,
  [kind]: count[kind] + 1,
})

function kindOf(row: EsimRow | undefined): keyof StockCount {
  switch (row?.status) {
    case undefined:
    case 'released':
      return 'sellable'
    case 'selected':
    case 'activated':
      return 'reserved'
    case 'delivered':
      return 'sold'
    case 'set aside':
      return 'setAside'
  }
}

function rateOf(orders: readonly OrderRow[], now: number): number {
  const times = orders
    .filter(order => order.kind === 'purchase' && order.status === 'delivered')
    .map(order => Date.parse(order.createdAt))
  const first = times.reduce((earliest, time) => Math.min(earliest, time), now)
  const days = Math.min(7, Math.max(1, (now - first) / DAY))
  return times.filter(time => time >= now - days * DAY).length / days
}
