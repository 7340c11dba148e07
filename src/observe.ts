import type { Observation } from './plan/observation.ts'
import type { CallOptions, SftReader, Sim } from './sft/api.ts'

/** How much of the SIM stock a run wants to know. */
export type StockQuestion =
  | { readonly ask: 'nothing' }
  | { readonly ask: 'skip' }
  | { readonly ask: 'iccids'; readonly iccids: readonly string[] }
  | { readonly ask: 'all' }

/** What was read, for progress. */
export type ObserveEvent = { readonly type: 'read'; readonly what: string; readonly count: number }

export interface ObserveOptions {
  readonly stock: StockQuestion
  /** SIMs asked for in one page; the platform may grant fewer. */
  readonly pageSize: number
  /** The catalog names the destination group: the customer profile, whose place is assumed, is not asked for. */
  readonly destGroupId?: string | undefined
  readonly onEvent?: (event: ObserveEvent) => void
  /** Told how many pages the whole stock has, before all but the first of them are read. */
  readonly onStock?: (pages: number) => void
}

/** Reads the account: profile, networks, zones and plans once each, and the SIM stock as far as asked. */
export async function observeAccount(
  read: SftReader,
  options: ObserveOptions,
): Promise<Observation> {
  const report =
    <List extends { readonly length: number }>(what: string) =>
    (list: List): List => {
      options.onEvent?.({ type: 'read', what, count: list.length })
      return list
    }
  const [profile, networks, rateZones, addonPlans] = await Promise.all([
    options.destGroupId === undefined ? read.customerProfile() : { destGroupIds: [] },
    read.networks().then(report('networks')),
    read.rateZones().then(report('rate zones')),
    read.addonPlans().then(report('add-on plans')),
  ])
  const { stock } = options
  const known = { destGroupIds: profile.destGroupIds, networks, rateZones, addonPlans }
  if (stock.ask === 'nothing' || (stock.ask === 'iccids' && stock.iccids.length === 0))
    return { ...known, sims: new Map(), simsRead: 'none' }
  if (stock.ask === 'skip') return { ...known, sims: new Map(), simsRead: 'skipped' }
  const sims =
    stock.ask === 'all'
      ? await readAllSims(
          read,
          options.pageSize,
          {},
          sims => options.onEvent?.({ type: 'read', what: 'SIMs', count: sims }),
          options.onStock,
        )
      : await readSims(read, stock.iccids, options.pageSize, sims =>
          options.onEvent?.({ type: 'read', what: 'SIMs', count: sims }),
        )
  return { ...known, sims, simsRead: stock.ask === 'all' ? 'all' : 'asked' }
}

/** Every SIM of the account, by ICCID. Pages run side by side; the budget spaces them. */
export async function readAllSims(
  read: SftReader,
  pageSize: number,
  options: CallOptions = {},
  onCount?: (sims: number) => void,
  onPages?: (pages: number) => void,
): Promise<Map<string, Sim>> {
  const sims = new Map<string, Sim>()
  const take = (page: readonly Sim[]) => {
    for (const sim of page) sims.set(sim.iccid, sim)
    onCount?.(sims.size)
  }
  const first = await read.sims({ page: 1, perPage: pageSize }, options)
  onPages?.(first.totalPages)
  take(first.sims)
  await readPages(read, pageSize, first.totalPages, options, take)
  return sims
}

/** SIMs of these ICCIDs, by whichever takes fewer calls: single look-ups or pages of all SIMs. */
export async function readSims(
  read: SftReader,
  iccids: readonly string[],
  pageSize: number,
  onCount?: (sims: number) => void,
): Promise<Map<string, Sim>> {
  const wanted = new Set(iccids)
  const sims = new Map<string, Sim>()
  const take = (page: readonly Sim[]) => {
    for (const sim of page) if (wanted.delete(sim.iccid)) sims.set(sim.iccid, sim)
    onCount?.(sims.size)
  }
  if (wanted.size > 1) {
    const first = await read.sims({ page: 1, perPage: pageSize })
    take(first.sims)
    if (first.totalPages - 1 <= wanted.size) {
      await readPages(read, pageSize, first.totalPages, {}, take)
      return sims
    }
  }
  const missing = [...wanted]
  await inBlocks(missing, async iccid => {
    const sim = await read.sim(iccid)
    if (sim !== undefined) take([sim])
  })
  return sims
}

async function readPages(
  read: SftReader,
  pageSize: number,
  totalPages: number,
  options: CallOptions,
  take: (sims: readonly Sim[]) => void,
): Promise<void> {
  const pages = Array.from({ length: Math.max(0, totalPages - 1) }, (_, at) => at + 2)
  await inBlocks(pages, async page =>
    take((await read.sims({ page, perPage: pageSize }, options)).sims),
  )
}

/** Enough side by side to fill any rate, few enough to bound memory. */
const BLOCK = 64

async function inBlocks<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(BLOCK, items.length) }, worker))
}
