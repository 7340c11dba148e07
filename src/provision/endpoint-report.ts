import type { EndpointUse, EndpointView } from './endpoint-view.ts'
import { type BatchStock, openCount, paceOf, type StockCount, type TagStock } from './stock.ts'

/** Endpoints that are for sale, by how long the state has had them. */
export interface AgeCount {
  /** Days from which on, and up to which; both absent: not known since when. */
  readonly fromDays?: number
  readonly toDays?: number
  readonly count: number
}

/** How long a part of the stock lasts. */
export interface StockPace {
  /** Its eSIMs sold a day, over the last seven days or since its first sale. */
  readonly soldPerDay: number
  /** Days that those of it that are for sale last at that pace; absent where none was sold lately. */
  readonly daysLeft?: number
}

/** What there is of the endpoints that a choice means. */
export interface EndpointReport extends StockCount {
  readonly endpoints: number
  /** The pace of a batch or a tag is that of all its endpoints, whichever were chosen. */
  readonly batches: readonly (BatchStock & StockPace)[]
  readonly tags: readonly (TagStock & StockPace)[]
  /** By the states of their SIMs, as the platform writes them; absent where the account was not asked. */
  readonly lifecycles?: Readonly<Record<string, number>>
  /** Those that are for sale, youngest first; those of which the age is not known last. */
  readonly ages: readonly AgeCount[]
  /** ISO time since which the oldest one has been for sale. */
  readonly oldestSince?: string
  /** eSIMs sold a day, over the last seven days or since the first sale, from all of the stock. */
  readonly soldPerDay: number
  /** Days that those for sale last at that pace; absent where nothing was sold lately. */
  readonly daysLeft?: number
}

const STOCK_KIND: Readonly<Record<EndpointUse, keyof StockCount>> = {
  unused: 'sellable',
  reserved: 'reserved',
  sold: 'sold',
  'in service': 'inService',
  'set aside': 'setAside',
}

/** Where one age ends and the next begins, in days. */
const AGES = [30, 90, 365] as const

const DAY = 24 * 3600 * 1000

/** Endpoints that were chosen, and what tells the pace at which they are sold. */
export interface ReportInput {
  readonly views: readonly EndpointView[]
  /** All endpoints of which those have batches and tags. */
  readonly all: readonly EndpointView[]
  /** Sold a day, of all of the stock. */
  readonly soldPerDay: number
  /** The time in milliseconds. */
  readonly now: number
}

/** Counts endpoints. Pure. */
export function reportEndpoints({ views, all, soldPerDay, now }: ReportInput): EndpointReport {
  const count = openCount()
  for (const { batch, tags, use } of views) count.add(batch, tags, STOCK_KIND[use], 1)
  const unused = views.filter(({ use }) => use === 'unused')
  const [oldestSince] = unused.flatMap(({ since }) => since ?? []).toSorted()
  const total = count.total()
  const byBatch = salesBy(all, ({ batch }) => [batch])
  const byTag = salesBy(all, ({ tags }) => tags)
  const paced = <Count extends StockCount>(one: Count, sales: readonly string[] = []) => ({
    ...one,
    ...lasting(one, paceOf(sales, now)),
  })
  const lifecycles = lifecyclesOf(views)
  return {
    endpoints: views.length,
    ...total,
    batches: [...count.batches.values()].map(one => paced(one, byBatch.get(one.batch))),
    tags: [...count.tags.values()].map(one => paced(one, byTag.get(one.tag))),
    ...(lifecycles !== undefined && { lifecycles }),
    ages: agesOf(unused, now),
    ...(oldestSince !== undefined && { oldestSince }),
    ...lasting(total, soldPerDay),
  }
}

const lasting = ({ sellable }: StockCount, soldPerDay: number): StockPace => ({
  soldPerDay,
  ...(soldPerDay > 0 && { daysLeft: sellable / soldPerDay }),
})

/** ISO times of sales by the words of their endpoints. */
function salesBy(
  views: readonly EndpointView[],
  wordsOf: (view: EndpointView) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const sales = new Map<string, string[]>()
  for (const view of views)
    if (view.soldAt !== undefined)
      for (const word of wordsOf(view)) {
        const there = sales.get(word) ?? []
        there.push(view.soldAt)
        sales.set(word, there)
      }
  return sales
}

function lifecyclesOf(views: readonly EndpointView[]): Record<string, number> | undefined {
  const counts: Record<string, number> = {}
  let asked = false
  for (const { lifecycle, doubt } of views) {
    if (lifecycle === undefined && doubt === undefined) continue
    asked = true
    const word = lifecycle ?? 'not known'
    counts[word] = (counts[word] ?? 0) + 1
  }
  return asked ? counts : undefined
}

function agesOf(unused: readonly EndpointView[], now: number): readonly AgeCount[] {
  const counts = [...AGES, Number.POSITIVE_INFINITY].map(() => 0)
  let unknown = 0
  for (const { since } of unused) {
    const at = since === undefined ? Number.NaN : Date.parse(since)
    const days = (now - at) / DAY
    const place = AGES.findIndex(end => days < end)
    if (Number.isNaN(days)) unknown += 1
    else counts[place === -1 ? AGES.length : place] = (counts.at(place) ?? 0) + 1
  }
  const known = counts.map(
    (many, at): AgeCount => ({
      fromDays: AGES[at - 1] ?? 0,
      ...(AGES[at] !== undefined && { toDays: AGES[at] }),
      count: many,
    }),
  )
  return [...known, { count: unknown }].filter(({ count: many }) => many > 0)
}
