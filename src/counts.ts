/** Numbers as people read them. */

/** `1,207`. */
export const grouped = (n: number): string => n.toLocaleString('en-GB')

/** `1 call`, `2 calls`, `1,207 calls`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${grouped(n)} ${n === 1 ? one : many}`
