import type { Listing } from '../finding.ts'
import type { SftReader } from '../sft/api.ts'
import {
  type Confirmed,
  confirmEndpoints,
  confirmNetworks,
  NONE,
  readList,
} from './confirm-lists.ts'
import type { ExpectedList } from './kind-list.ts'
import type { Expected, Observation } from './observation.ts'
import { readAllSims, readSims, type SimListing } from './read-sims.ts'

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
  /** What the run relies upon. What the lists lack of it is read a second time. */
  readonly expected: Expected
  /** SIMs asked for in one page; the platform may grant fewer. */
  readonly pageSize: number
  /** The catalog names the destination group: the customer profile, whose place is assumed, is not asked for. */
  readonly destGroupId?: string | undefined
  readonly onEvent?: (event: ObserveEvent) => void
  /** Told how many pages the whole stock has, before all but the first of them are read. */
  readonly onStock?: (pages: number) => void
}

/**
 * Reads the account: profile, networks, zones and plans, and the SIM stock as far as asked. That something
 * is gone which the state has takes two readings that agree (contract 3: "no data" came for full accounts).
 */
export async function observeAccount(
  read: SftReader,
  options: ObserveOptions,
): Promise<Observation> {
  const { expected, stock } = options
  const told = <List extends Listing<unknown>>(what: string, list: List): List => {
    options.onEvent?.({ type: 'read', what, count: list.items.length })
    return list
  }
  const asked = options.destGroupId === undefined && expected.account === undefined
  const [profile, networks, ...lists] = await Promise.all([
    asked ? read.customerProfile() : undefined,
    // To its end in any case: a zone has all networks of its countries, also those that came since.
    read.networks().then(list => told('networks', list)),
    ...expected.lists.map(
      async (list): Promise<ReadList> => ({
        ...list,
        ...(await readList(read, list, first => told(list.plural, first))),
      }),
    ),
  ])
  const listed = await confirmNetworks(read, networks, networksByObject(lists), expected)
  const sims = await readStock(read, options)
  const stockRead =
    stock.ask === 'all' ? await confirmEndpoints(read, sims, expected) : { sims, gone: NONE }
  const observation: ObservedFields = {
    destGroupIds: profile?.destGroupIds ?? (await groupsOf(read, options, lists)),
    networks: listed,
    ...Object.fromEntries(lists.map(({ list, listing }) => [list.section, listing])),
    sims: stockRead.sims.sims,
    ...(stockRead.sims.doubt !== undefined && { simsDoubt: stockRead.sims.doubt }),
    simsRead: readOf(stock),
    gone: Object.fromEntries([
      ...lists.map(({ kind, gone }) => [kind, gone] as const),
      ...expected.bySim.map(kind => [kind, stockRead.gone] as const),
    ]),
    notes: [listed, ...lists.map(({ listing }) => listing), stockRead.sims].flatMap(notesOf),
  }
  // The lists are those that the kinds' files declare.
  return observation as Observation
}

/** What an observation has whatever the kinds. */
type ObservedFields = Pick<
  Observation,
  'destGroupIds' | 'networks' | 'sims' | 'simsDoubt' | 'simsRead' | 'gone' | 'notes'
>

type ReadList = ExpectedList & Confirmed<Listing<unknown>>

/** Networks that the account's objects are reported to have, by ID. */
const networksByObject = (
  lists: readonly ReadList[],
): ReadonlyMap<string, readonly string[] | undefined> =>
  new Map(
    lists.flatMap(({ list, listing }) =>
      list.networksOf === undefined
        ? []
        : listing.items.map(item => [list.idOf(item), list.networksOf?.(item)] as const),
    ),
  )

/** An observation with these lists read to their ends, where what they lack matters after all. */
export async function readToTheEnd(
  read: SftReader,
  seen: Observation,
  lists: readonly ExpectedList[],
): Promise<Observation> {
  const again = await Promise.all(
    lists.map(
      async (list): Promise<ReadList> => ({
        ...list,
        ...(await readList(read, { ...list, whole: true })),
      }),
    ),
  )
  return {
    ...seen,
    ...Object.fromEntries(again.map(({ list, listing }) => [list.section, listing])),
    gone: { ...seen.gone, ...Object.fromEntries(again.map(({ kind, gone }) => [kind, gone])) },
    notes: [...new Set([...seen.notes, ...again.flatMap(({ listing }) => notesOf(listing))])],
  }
}

/**
 * Destination groups where the profile was not asked for at once. Platform IDs are given once (contract 4.3,
 * 4.4), so that one object of the state, under its ID and its name, shows that this is the state's account;
 * without one the profile tells.
 */
async function groupsOf(
  read: SftReader,
  { destGroupId, expected: { account } }: ObserveOptions,
  lists: readonly ReadList[],
): Promise<readonly string[]> {
  if (destGroupId !== undefined || account === undefined) return []
  const isOurs = lists.some(({ kind, list, listing }) =>
    listing.items.some(
      item => account.names.get(`${kind} ${list.idOf(item)}`) === list.nameOf(item),
    ),
  )
  return isOurs ? [account.destGroupId] : (await read.customerProfile()).destGroupIds
}

function readOf(stock: StockQuestion): Observation['simsRead'] {
  switch (stock.ask) {
    case 'nothing':
      return 'none'
    case 'skip':
      return 'skipped'
    case 'iccids':
      return stock.iccids.length === 0 ? 'none' : 'asked'
    case 'all':
      return 'all'
  }
}

/** What people should hear of a list: not that it was enough before its end. */
export function notesOf(list: Omit<Listing<unknown>, 'items'>): readonly string[] {
  const { doubt, stopped, note } = list
  return [...(doubt === undefined || stopped ? [] : [doubt]), ...(note === undefined ? [] : [note])]
}

function readStock(
  read: SftReader,
  { stock, pageSize, onEvent, onStock }: ObserveOptions,
): Promise<SimListing> | SimListing {
  const onCount = (sims: number) => onEvent?.({ type: 'read', what: 'SIMs', count: sims })
  if (stock.ask === 'all') return readAllSims(read, pageSize, {}, onCount, onStock)
  if (stock.ask === 'iccids' && stock.iccids.length > 0)
    return readSims(read, stock.iccids, { pageSize, onCount })
  return { sims: new Map() }
}
