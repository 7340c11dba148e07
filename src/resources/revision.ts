/** The name of the n-th platform object of an entry; the form `NAME (rN)` is reserved in catalogs. */
export const revisionName = (name: string, revision = 1): string =>
  revision <= 1 ? name : `${name} (r${revision})`

/** The end of a name of the reserved form. */
export const REVISION_SUFFIX = / \(r[0-9]+\)$/

/** Whether a name has the reserved form. */
export const isRevisionName = (name: string): boolean => REVISION_SUFFIX.test(name)
