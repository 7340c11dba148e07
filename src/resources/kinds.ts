import type { KindName } from '../model.ts'
import { addonPlan } from './addon-plan.ts'
import { endpoint } from './endpoint.ts'
import type { Kind } from './kind.ts'
import { rateZone } from './rate-zone.ts'

/** Every kind, in dependency order. A new kind is its file and its name here. */
let registered: readonly Kind[] = [rateZone, addonPlan, endpoint]
let byName = mapOf(registered)

function mapOf(list: readonly Kind[]): ReadonlyMap<KindName, Kind> {
  return new Map(list.map(kind => [kind.kind, kind]))
}

function use(list: readonly Kind[]): void {
  registered = list
  byName = mapOf(list)
}

/** Every kind, in dependency order. */
export const kinds = (): readonly Kind[] => registered

/** A kind by its name; undefined where there is none. */
export const findKind = (name: KindName): Kind | undefined => byName.get(name)

/** A kind by its name, which a change, a resource or a record has. */
export function kindOf(name: KindName): Kind {
  const kind = byName.get(name)
  if (kind === undefined) throw new TypeError(`there is no kind ${name}: please report this`)
  return kind
}

/**
 * Adds a kind behind those that are there, which it may refer to, until it is disposed of. For tests of
 * what is generic over kinds; a kind that ships stands in the list above.
 *
 * @example
 * using registration = registerKind(voucher)
 */
export function registerKind(kind: Kind): Disposable {
  const before = registered
  if (byName.has(kind.kind)) throw new TypeError(`there is a kind ${kind.kind} already`)
  use([...before, kind])
  return { [Symbol.dispose]: () => use(before) }
}

/** An object with a part for each kind, such as a state with its sections. */
export const byKind = <Part>(
  nameOf: (kind: Kind) => string,
  partOf: (kind: Kind) => Part,
): Readonly<Record<string, Part>> =>
  Object.fromEntries(registered.map(kind => [nameOf(kind), partOf(kind)]))

/** What is dear to make of all kinds, made once for those that there are. */
export function oncePerKinds<Value>(make: () => Value): () => Value {
  let made: { readonly of: readonly Kind[]; readonly value: Value } | undefined
  return () => {
    if (made?.of !== registered) made = { of: registered, value: make() }
    return made.value
  }
}
