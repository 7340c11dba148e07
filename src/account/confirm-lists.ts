/** Second readings: what the state has and a list lacks is not gone before another reading agrees. */
import type { Listing } from '../finding.ts'
import { networkWord } from '../networks.ts'
import type { ListOptions, Network, SftReader } from '../sft/api.ts'
import { sideBySide } from '../side-by-side.ts'
import type { ExpectedList, KindList } from './kind-list.ts'
import type { Expected } from './observation.ts'
import { MOST_LOOK_UPS, READS_AT_ONCE, type SimListing } from './read-sims.ts'

/** A list, and which of the expected IDs are gone, with what was read. */
export interface Confirmed<List> {
  readonly listing: List
  readonly gone: ReadonlyMap<string, string>
}

export const NONE: ReadonlyMap<string, string> = new Map()

/** Reads a list until all that is expected was found; to its end where absence matters anyway. */
function untilFound<Item>(
  expected: { readonly keys: () => Iterable<string> },
  idOf: (item: Item) => string,
  whole: boolean,
): ListOptions<Item> {
  if (whole) return {}
  return { enough: items => lacking(expected, items, idOf).length === 0 }
}

function lacking<Item>(
  expected: { readonly keys: () => Iterable<string> },
  items: readonly Item[],
  idOf: (item: Item) => string,
): readonly string[] {
  const have = new Set(items.map(idOf))
  return [...expected.keys()].filter(id => !have.has(id))
}

/** A list of a kind. What the state has and the list lacks is looked for again. */
export async function readList(
  read: SftReader,
  expected: ExpectedList,
  onFirst: (listing: Listing<unknown>) => void = () => undefined,
): Promise<Confirmed<Listing<unknown>>> {
  const { list, ids, whole } = expected
  const idOf = (item: unknown) => list.idOf(item)
  const first = await list.read(read, untilFound(ids, idOf, whole))
  onFirst(first)
  const missing = lacking(ids, first.items, idOf)
  if (missing.length === 0) return { listing: first, gone: NONE }
  if (missing.length > MOST_LOOK_UPS)
    return { listing: { ...first, doubt: tooMany(list.operation, missing.length) }, gone: NONE }
  return list.lookUp === undefined
    ? await readAgain(read, expected, first)
    : await lookUp(read, list, list.lookUp, first, missing)
}

async function readAgain(
  read: SftReader,
  { list, ids, whole }: ExpectedList,
  first: Listing<unknown>,
): Promise<Confirmed<Listing<unknown>>> {
  const idOf = (item: unknown) => list.idOf(item)
  const second = await list.read(read, { ...untilFound(ids, idOf, whole), again: true })
  const items = merge(first.items, second.items, idOf)
  const still = lacking(ids, items, idOf)
  const doubt = second.doubt ?? (still.length === 0 ? undefined : first.doubt)
  const { note, stopped } = second
  return {
    listing: {
      items,
      ...(doubt !== undefined && { doubt }),
      ...(stopped && { stopped }),
      ...(note !== undefined && { note }),
    },
    gone:
      doubt === undefined
        ? new Map(still.map(id => [id, `two readings of ${list.operation} do not have it`]))
        : NONE,
  }
}

async function lookUp(
  read: SftReader,
  list: KindList,
  { find, question }: NonNullable<KindList['lookUp']>,
  first: Listing<unknown>,
  missing: readonly string[],
): Promise<Confirmed<Listing<unknown>>> {
  const idOf = (item: unknown) => list.idOf(item)
  const found: unknown[] = []
  const gone = new Map<string, string>()
  await sideBySide(missing, READS_AT_ONCE, async id => {
    const finding = await find(read, id)
    if (finding.kind === 'there') found.push(finding.value)
    // Held against a list that may say less than there is, one reading is not two.
    if (finding.kind === 'not there' && first.doubt === undefined)
      gone.set(id, `neither the list nor ${question(id)} has it`)
  })
  const doubt =
    first.doubt ??
    (found.length === 0
      ? undefined
      : `${list.operation} lists less than there is: without ${found.map(idOf).join(', ')}`)
  return {
    listing: {
      ...first,
      items: merge(first.items, found, idOf),
      ...(doubt !== undefined && { doubt }),
    },
    gone,
  }
}

/**
 * The networks of the account; `reported` are those of zones, by ID. One that a zone of the state has and the list lacks has left coverage where
 * the zone lacks it too, since the platform takes it out by itself; else the list is read again.
 */
export async function confirmNetworks(
  read: SftReader,
  first: Listing<Network>,
  reported: ReadonlyMap<string, readonly string[] | undefined>,
  { networks }: Expected,
): Promise<Listing<Network>> {
  const open = lacking(networks, first.items, networkWord).filter(
    word => reported.get(networks.get(word) ?? '')?.includes(word) !== false,
  )
  if (open.length === 0) return first
  const second = await read.networks({ again: true })
  const items = merge(first.items, second.items, networkWord)
  const still = lacking(networks, items, networkWord).filter(word => open.includes(word))
  const seen = still.find(word => reported.get(networks.get(word) ?? '')?.includes(word))
  const doubt =
    second.doubt ??
    (seen === undefined
      ? undefined
      : `rate zone ${networks.get(seen)} has network ${seen}, which the list of networks lacks`)
  return { ...second, items, ...(doubt !== undefined && { doubt }) }
}

/** The whole stock; SIMs of the state's endpoints that it lacks are looked for by ICCID. */
export async function confirmEndpoints(
  read: SftReader,
  listing: SimListing,
  { iccids }: Expected,
): Promise<{ readonly sims: SimListing; readonly gone: ReadonlyMap<string, string> }> {
  const missing = [...iccids.keys()].filter(iccid => !listing.sims.has(iccid))
  if (missing.length === 0) return { sims: listing, gone: NONE }
  if (missing.length > MOST_LOOK_UPS)
    return { sims: { ...listing, doubt: tooMany('fetchSIM', missing.length) }, gone: NONE }
  const sims = new Map(listing.sims)
  const gone = new Map<string, string>()
  let doubt = listing.doubt
  await sideBySide(missing, READS_AT_ONCE, async iccid => {
    const finding = await read.sim(iccid)
    if (finding.kind === 'there') {
      sims.set(iccid, finding.value)
      doubt ??= `fetchSIM lists less than there is: without ${iccid}`
    } else if (finding.kind === 'not known') doubt ??= finding.reason
    else if (listing.doubt === undefined)
      gone.set(iccids.get(iccid) ?? '', `neither the stock nor fetchSIM has SIM ${iccid}`)
  })
  return { sims: { ...listing, sims, ...(doubt !== undefined && { doubt }) }, gone }
}

const tooMany = (operation: string, count: number): string =>
  `${operation} lacks ${count} that the state has: more than a list would lose by itself`

function merge<Item>(
  first: readonly Item[],
  second: readonly Item[],
  idOf: (item: Item) => string,
): readonly Item[] {
  return [...new Map([...first, ...second].map(item => [idOf(item), item])).values()]
}
