/** Numbers as people read them. */

/** `1,207`. By hand: asking the locale costs every command some 20 ms. */
export const grouped = (n: number): string => {
  const [whole = '', ...rest] = String(Math.round(n * 1000) / 1000).split('.')
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...rest].join('.')
}

/** `1 call`, `2 calls`, `1,207 calls`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${grouped(n)} ${n === 1 ? one : many}`
