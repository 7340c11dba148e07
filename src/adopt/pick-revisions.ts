import type { KindName } from '../model.ts'
import { latestRevisions, parseRevision } from '../resources/revision.ts'
import { byText } from '../text-order.ts'
import type { LeftOut } from './proposal.ts'

/** A kind by its names. */
interface Titled {
  readonly kind: KindName
  readonly title: string
  readonly plural: string
}

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
  titled: Titled,
  objects: readonly Object_[],
): { readonly picked: readonly Picked<Object_>[]; readonly left: readonly LeftOut[] } {
  const left: LeftOut[] = []
  const leave = (object: Named, why: string) =>
    left.push({ kind: titled.kind, what: describeObject(titled, object), why })
  const sorted = objects.toSorted((a, b) => byText(a.name, b.name) || byText(a.id, b.id))
  for (const object of sorted)
    if (parseRevision(object.name) === undefined)
      leave(
        object,
        'its name has the form kept for revisions, such as NAME (r2): rename it in the portal',
      )
  const picked: Picked<Object_>[] = []
  const named = sorted.map(object => ({ object, naturalKey: object.name }))
  for (const [base, { revision, objects: latest, older }] of latestRevisions(named)) {
    const [first] = latest
    if (first === undefined) continue
    if (latest.length === 1)
      picked.push({ object: first.object, base, ...(revision > 1 && { revision }) })
    else
      for (const { object } of latest)
        leave(
          object,
          `the account has ${latest.length} ${titled.plural} of this name: rename all but one in the portal, then adopt again`,
        )
    for (const { object } of older)
      leave(
        object,
        `it counts as an older revision of "${first.object.name}" and stays as it is; if it is something else, rename one of the two in the portal before you adopt`,
      )
  }
  return { picked, left }
}

/** `add-on plan "Europe 5 GB" (885543)`. */
export const describeObject = ({ title }: Pick<Titled, 'title'>, { id, name }: Named): string =>
  `${title} "${name}" (${id})`
