/** The name of the n-th platform object of an entry; the form `NAME (rN)` is reserved in catalogs. */
export const revisionName = (name: string, revision = 1): string =>
  revision <= 1 ? name : `${name} (r${revision})`

/** The end of a name of the reserved form. */
export const REVISION_SUFFIX = / \(r[0-9]+\)$/

/** Whether a name has the reserved form. */
const isRevisionName = (name: string): boolean => REVISION_SUFFIX.test(name)

/** A name without its revision; undefined where it has the reserved form and is none of ours: `NAME (r1)`. */
export function parseRevision(
  name: string,
): { readonly base: string; readonly revision?: number } | undefined {
  if (!isRevisionName(name)) return { base: name }
  const match = /^(.+) \(r([1-9]\d{0,5})\)$/.exec(name)
  const base = match?.[1] ?? ''
  const revision = Number(match?.[2] ?? 0)
  return revision < 2 || isRevisionName(base) ? undefined : { base, revision }
}

/** The objects of the highest revision of a name. */
export interface LatestRevision<Object_> {
  readonly revision: number
  /** More than one: two objects have the very same name. */
  readonly objects: readonly Object_[]
  /** Objects of lower revisions. */
  readonly older: readonly Object_[]
}

/** By the name without its revision, what an account has of it. */
export function latestRevisions<Object_ extends { readonly naturalKey: string }>(
  objects: Iterable<Object_>,
): ReadonlyMap<string, LatestRevision<Object_>> {
  const latest = new Map<string, LatestRevision<Object_>>()
  for (const object of objects) {
    const parsed = parseRevision(object.naturalKey)
    if (parsed === undefined) continue
    const { base, revision = 1 } = parsed
    const known = latest.get(base)
    if (known === undefined || revision > known.revision)
      latest.set(base, {
        revision,
        objects: [object],
        older: known === undefined ? [] : [...known.older, ...known.objects],
      })
    else if (revision === known.revision)
      latest.set(base, { ...known, objects: [...known.objects, object] })
    else latest.set(base, { ...known, older: [...known.older, object] })
  }
  return latest
}
