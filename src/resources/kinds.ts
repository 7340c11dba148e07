import type { KindName } from '../model.ts'
import { addonPlan } from './addon-plan.ts'
import { endpoint } from './endpoint.ts'
import type { Kind } from './kind.ts'
import { rateZone } from './rate-zone.ts'

/** The kinds by name, in dependency order. A new kind is its file and a line here. */
let registered: ReadonlyMap<KindName, Kind> = mapOf([rateZone, addonPlan, endpoint])

function mapOf(kinds: readonly Kind[]): ReadonlyMap<KindName, Kind> {
  return new Map(kinds.map(kind => [kind.kind, kind]))
}

/** Every kind, in dependency order. */
export const kinds = (): readonly Kind[] => [...registered.values()]

/** A kind by its name; undefined where there is none. */
export const findKind = (name: KindName): Kind | undefined => registered.get(name)

/** A kind by its name, which a change, a resource or a record has. */
export function kindOf(name: KindName): Kind {
  const kind = registered.get(name)
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
  if (before.has(kind.kind)) throw new TypeError(`there is a kind ${kind.kind} already`)
  registered = mapOf([...before.values(), kind])
  return {
    [Symbol.dispose]() {
      registered = before
    },
  }
}

/** An object with a part for each kind, such as a state with its sections. */
export function byKind<Part>(
  nameOf: (kind: Kind) => string,
  partOf: (kind: Kind) => Part,
): Readonly<Record<string, Part>> {
  return Object.fromEntries(kinds().map(kind => [nameOf(kind), partOf(kind)]))
}
