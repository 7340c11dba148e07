/** What kinds make their entries with, once no fault was found in the drafts. */

import { isJsonObject, listOf, objectOf } from '../json.ts'
import type { Entry } from '../model.ts'
import { type Draft, positionAt } from './drafts.ts'
import { positionOf, type Source } from './source.ts'
import type { Path, Values } from './values.ts'

/** What every entry has. `unplaced` are lists so long that the places of their items are not kept. */
export function entryOf(
  draft: Draft,
  parsed: { key: string; lifecycle?: { preventRetire: boolean } | undefined },
  unplaced: readonly string[] = [],
): Entry {
  const { portal, sft } = draft.raw
  return {
    key: parsed.key,
    position: positionAt(draft),
    positions: positionsOf(draft, unplaced),
    lifecycle: { preventRetire: parsed.lifecycle?.preventRetire ?? false },
    ...(isJsonObject(portal) ? { portal } : {}),
    ...(isJsonObject(sft) ? { sft } : {}),
  }
}

/** Where the parts of a draft stand, by path. */
export function positionsOf(draft: Draft, unplaced: readonly string[] = []) {
  const { values, source } = draft.file
  return positionsBelow(values, source, draft.path, unplaced)
}

type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

/** Leaves out what is not given, so that "absent" has one form. */
export function defined<T extends object>(fields: T): Defined<T>
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** What validation let through and nobody can read. */
export function cannotBe(what: string): never {
  throw new TypeError(`${what} passed validation and cannot be read: please report this`)
}

/** Positions of the parts of an entry by path, such as `networks.0`; long lists have theirs only. */
function positionsBelow(
  values: Values,
  source: Source,
  path: Path,
  except: readonly string[],
): Readonly<Record<string, ReturnType<typeof positionOf>>> {
  const positions: Record<string, ReturnType<typeof positionOf>> = {}
  const add = (below: Path) => {
    positions[below.join('.')] = positionOf(source, values.placeOf([...path, ...below]).offset)
  }
  let entry = values.data
  for (const step of path) {
    entry =
      typeof step === 'number' ? (listOf(entry)[step] ?? null) : (objectOf(entry)[step] ?? null)
  }
  for (const [field, value] of Object.entries(objectOf(entry))) {
    add([field])
    if (except.includes(field)) continue
    if (isJsonObject(value)) for (const name of Object.keys(value)) add([field, name])
    else for (const index of listOf(value).keys()) add([field, index])
  }
  return positions
}
