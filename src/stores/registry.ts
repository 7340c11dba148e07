import { resolve } from 'node:path'
import { PlainError } from '../plain-error.ts'
import { SCHEME, withoutSecrets } from './addresses.ts'
import type { Store } from './store.ts'

/** Loads a store, and with it the library that it needs. */
export type LoadStore = () => Promise<Store>

const FILE = 'file:'

const postgres: LoadStore = async () => (await import('./postgres-store.ts')).postgresStore

/** The stores by the scheme of their addresses: a new one is a file beside this one and a line here. */
const STORES = new Map<string, LoadStore>([
  [FILE, async () => (await import('./file-store.ts')).fileStore],
  ['postgres:', postgres],
  ['postgresql:', postgres],
  ['memory:', async () => (await import('./memory-store.ts')).memoryStore],
])

/**
 * Makes a store known by the scheme of its addresses, for states, ledgers and call budgets alike. It is loaded
 * when an address of it is opened first. Throws a `TypeError` for a scheme that is none or is taken.
 *
 * @example
 * registerStore('redis:', async () => (await import('./redis-store.js')).redisStore)
 * await using store = await openState('redis://cache.example/sft')
 */
export function registerStore(scheme: string, load: LoadStore): void {
  if (SCHEME.exec(scheme)?.[0] !== scheme)
    throw new TypeError(`${scheme} is no scheme: give letters and a colon, such as redis:`)
  const known = scheme.toLowerCase()
  if (STORES.has(known)) throw new TypeError(`${known} has a store already`)
  STORES.set(known, load)
}

/** The scheme of an address, and the path of one that is a file's. */
function parse(address: string): { readonly scheme: string; readonly path?: string } {
  const given = SCHEME.exec(address)?.[0]
  const scheme = given?.toLowerCase() ?? FILE
  return scheme === FILE ? { scheme, path: address.slice(given?.length ?? 0) } : { scheme }
}

/** A store and the place in it that an address means. */
export interface Found<Kept> {
  readonly keeper: Kept
  readonly place: string
}

/** Whether one address can have a state and a ledger side by side. */
export async function holdsBoth(address: string): Promise<boolean> {
  const store = await STORES.get(parse(address).scheme)?.()
  return store?.holdsBoth ?? false
}

/** What is kept in a store. */
type PartName = Exclude<keyof Store, 'holdsBoth'>

/** What each part of a store is called. */
const PARTS = {
  state: 'a state',
  ledger: 'a ledger',
  budget: 'a call budget',
  work: 'the work of a fleet',
  fleet: 'an apply that workers carry out',
} as const satisfies Record<PartName, string>

/**
 * The part of a store that an address means; without a scheme it is a file's path. Throws a `PlainError` that
 * lists the known schemes where there is no such store, or it keeps something else.
 */
export async function findStore<Part extends PartName>(
  part: Part,
  address: string,
): Promise<Found<NonNullable<Store[Part]>>> {
  const { scheme, path } = parse(address)
  const keeper = (await STORES.get(scheme)?.())?.[part]
  if (keeper === undefined) throw new PlainError(await noPlace(part, scheme))
  return { keeper, place: path ?? address }
}

async function noPlace(part: PartName, scheme: string): Promise<string> {
  const able: string[] = []
  for (const [known, load] of STORES) if ((await load())[part] !== undefined) able.push(known)
  const [what, path] =
    scheme === FILE ? ['a file', ''] : [scheme, able.includes(FILE) ? "a file's path, or " : '']
  return `${what} is not a place for ${PARTS[part]}; give ${path}an address that begins with one of ${able.join(', ')}`
}

/** Whether the store of an address keeps something. */
export const keeps = async (part: PartName, address: string): Promise<boolean> =>
  (await STORES.get(parse(address).scheme)?.())?.[part] !== undefined

/** A store with an ability. */
type Able<Kept, Ability extends keyof Kept> = Kept & Required<Pick<Kept, Ability>>

const isAble = <Kept, Ability extends keyof Kept>(
  keeper: Kept,
  ability: Ability,
): keeper is Able<Kept, Ability> => keeper[ability] !== undefined

/** As `findStore`, where the store has an ability. Throws a `PlainError` where it `cannot`, in words. */
export async function findAble<
  Part extends PartName,
  Ability extends keyof NonNullable<Store[Part]>,
>(
  part: Part,
  address: string,
  ability: Ability,
  cannot: string,
): Promise<Found<Able<NonNullable<Store[Part]>, Ability>>> {
  const { keeper, place } = await findStore(part, address)
  if (isAble(keeper, ability)) return { keeper, place }
  throw new PlainError(
    `${withoutSecrets(address)}: ${PARTS[part]} there ${cannot}; use what its store offers for that, or keep it in a file`,
  )
}

/** Where an address leads, for messages: a file's whole path, or the address without secrets. */
export function shownPlace(address: string): string {
  const { path } = parse(address)
  return path === undefined ? withoutSecrets(address) : resolve(path)
}
