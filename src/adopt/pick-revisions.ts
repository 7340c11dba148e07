import type { KindName } from '../model.ts'
import { kindOf } from '../resources/kinds.ts'
import { parseRevision } from '../resources/revision.ts'
import { byText } from '../text-order.ts'
import type { LeftOut } from './proposal.ts'

interface Named {
  readonly id: string
  readonly name: string
}

/** An object of the account under the name that the catalog will have. */
export interface Picked<Object_ extends Named> {
  readonly object: Object_
  /** The name without `(r2)`. */
  readonly base: string
  readonly revision?: number
}

/**
 * Which objects can become entries, by name. `NAME (r2)` becomes revision 2 of an entry NAME, whether NAME
 * exists or not: the name that the next plan wants is then the one that the account has. Of several
 * revisions the highest is taken; the older ones stay unmanaged, so that nothing ever retires them. Two
 * objects of one name are never picked from.
 */
export function pickRevisions<Object_ extends Named>(
  kind: KindName,
  objects: readonly Object_[],
): { readonly picked: readonly Picked<Object_>[]; readonly left: readonly LeftOut[] } {
  const left: LeftOut[] = []
  const leave = (object: Named, why: string) =>
    left.push({ kind, what: describeObject(kind, object), why })
  const groups = new Map<string, Picked<Object_>[]>()
  for (const object of [...objects].sort((a, b) => byText(a.name, b.name) || byText(a.id, b.id))) {
    const parsed = parseRevision(object.name)
    if (parsed === undefined) {
      leave(
        object,
        'its name has the form kept for revisions, such as NAME (r2): rename it in the portal',
      )
      continue
    }
    const group = groups.get(parsed.base)
    const pick = { object, ...parsed }
    if (group === undefined) groups.set(parsed.base, [pick])
    else group.push(pick)
  }
  const picked: Picked<Object_>[] = []
  for (const group of groups.values()) {
    const highest = Math.max(...group.map(pick => pick.revision ?? 1))
    const top = group.filter(pick => (pick.revision ?? 1) === highest)
    const [first] = top
    if (first === undefined) continue
    if (top.length === 1) picked.push(first)
    else
      for (const pick of top)
        leave(
          pick.object,
          `the account has ${top.length} ${kindOf(kind).plural} of this name: rename all but one in the portal, then adopt again`,
        )
    for (const pick of group)
      if ((pick.revision ?? 1) !== highest)
        leave(
          pick.object,
          `it counts as an older revision of "${first.object.name}" and stays as it is; if it is something else, rename one of the two in the portal before you adopt`,
        )
  }
  return { picked, left }
}

/** `add-on plan "Europe 5 GB" (885543)`. */
export const describeObject = (kind: KindName, { id, name }: Named): string =>
  `${kindOf(kind).title} "${name}" (${id})`
