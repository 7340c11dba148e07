import type { Candidate } from './candidates.ts'
import type { EsimStatus, EsimStock, Ledger } from './ledger.ts'
import { esimPages, inParts } from './pages.ts'

/** How many eSIMs are in which state. */
export interface StockCount {
  /** Endpoints of the state that nobody has: what can be sold, as far as this ledger knows. */
  readonly sellable: number
  /** Kept for orders that are not finished. */
  readonly reserved: number
  readonly sold: number
  /** Activated without a sale (`endpoints activate`), or about to be. */
  readonly inService: number
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

/**
 * Counts the stock: what the ledger has is counted by its index, and only the endpoints of the state are asked
 * for one by one.
 */
export async function countStock(
  ledger: Ledger,
  candidates: readonly Candidate[],
  now: number,
): Promise<Stock> {
  const count = openCount()
  // A batch is listed where the state has it, whatever it was called when its endpoints were sold.
  const known = new Map<string, EsimStock>()
  const ids = candidates.map(candidate => candidate.endpointId)
  for await (const row of inParts(ids, ledger.esimsAmong)) known.set(row.endpointId, row)
  for (const { endpointId, batch, tags } of candidates)
    count.add(batch, tags, kindOf(known.get(endpointId)?.status) ?? 'sellable', 1)
  // What was sold from batches that are not in the state any more counts as well.
  const inState = new Map<string, number>()
  for (const row of known.values()) inState.set(markOf(row), (inState.get(markOf(row)) ?? 0) + 1)
  for (const row of await ledger.stock()) {
    const kind = kindOf(row.status)
    // Left the state before it was sold: not for sale here any more.
    if (kind !== undefined && kind !== 'sellable')
      count.add(row.batch, row.tags, kind, Math.max(0, row.count - (inState.get(markOf(row)) ?? 0)))
  }
  const soldPerDay = await rateOf(ledger, now)
  const { total, batches, tags } = count
  return {
    ...total(),
    batches: [...batches.values()],
    tags: [...tags.values()],
    soldPerDay,
    ...(soldPerDay > 0 ? { daysLeft: total().sellable / soldPerDay } : {}),
    setAsideEsims: await listSetAside(ledger),
  }
}

async function listSetAside(ledger: Ledger): Promise<Stock['setAsideEsims']> {
  const listed: Stock['setAsideEsims'][number][] = []
  for await (const page of esimPages(ledger, { status: 'set aside' }))
    for (const { endpointId, iccid, reason = 'no reason given' } of page)
      listed.push({ endpointId, iccid, reason })
  return listed
}

const markOf = ({ batch, tags, status }: Omit<EsimStock, 'endpointId'>): string =>
  JSON.stringify([batch, tags, status])

/** Counts that grow: in all, by batch and by tag. */
export function openCount() {
  const batches = new Map<string, BatchStock>()
  const tags = new Map<string, TagStock>()
  let total: StockCount = EMPTY
  return {
    batches,
    tags,
    total: () => total,
    add(batch: string, own: readonly string[], kind: keyof StockCount, many: number): void {
      if (many === 0) return
      total = grown(total, kind, many)
      const there = batches.get(batch) ?? { ...EMPTY, batch, tags: own }
      batches.set(batch, grown(there, kind, many))
      for (const tag of own) tags.set(tag, grown(tags.get(tag) ?? { ...EMPTY, tag }, kind, many))
    },
  }
}

const EMPTY: StockCount = { sellable: 0, reserved: 0, sold: 0, inService: 0, setAside: 0 }

const grown = <Count extends StockCount>(
  count: Count,
  kind: keyof StockCount,
  many: number,
): Count => ({ ...count, [kind]: count[kind] + many })

/** Undefined: it is no eSIM. */
function kindOf(status: EsimStatus | undefined): keyof StockCount | undefined {
  switch (status) {
    case undefined:
    case 'released':
      return 'sellable'
    case 'selected':
    case 'activated':
      return 'reserved'
    case 'delivered':
      return 'sold'
    case 'being made':
    case 'made':
    case 'not made':
      return undefined
    case 'in service':
      return 'inService'
    case 'set aside':
      return 'setAside'
  }
}

/** Purchases a day, over the last seven days or since the first one. */
export async function rateOf(ledger: Ledger, now: number): Promise<number> {
  const { count, first } = await ledger.salesSince(weekBefore(now))
  return first === undefined ? 0 : count / daysOf(first, now)
}

/** The same of sales by their ISO times. */
export function paceOf(sales: readonly string[], now: number): number {
  const [first] = sales.toSorted()
  const since = weekBefore(now)
  return first === undefined ? 0 : sales.filter(at => at >= since).length / daysOf(first, now)
}

const weekBefore = (now: number): string => new Date(now - 7 * DAY).toISOString()

/** Days over which a pace is judged. */
const daysOf = (first: string, now: number): number =>
  Math.min(7, Math.max(1, (now - Date.parse(first)) / DAY))
