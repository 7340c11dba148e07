/** The name of the n-th platform object of an entry; the form `NAME (rN)` is reserved in catalogs. */
export const revisionName = (name: string, revision = 1): string =>
  revision <= 1 ? name : `${name} (r${revision})`

/** Whether a name has the reserved form. */
export const isRevisionName = (name: string): boolean => / \(r\d+\)$/.test(name)
