/** Where a part of a text stands in the YAML that says it. */

/**
 * The offset in `written`, the source of a scalar from where it begins, of the character at `at` of its value. Folds,
 * indentation and escapes are passed over; where the two do not fit, it is the beginning.
 *
 * @example
 * placeInScalar('|\n  a &&\n  b', 'a &&\nb\n', 5) // 11
 */
export function placeInScalar(written: string, value: string, at: number): number {
  const quote = /^["']/.exec(written)?.[0]
  const start = /^[|>][^\n]*\n/.exec(written)?.[0].length ?? (quote === undefined ? 0 : 1)
  const escaping = quote === '"' ? '\\' : quote
  let place = start
  const skip = (isSkipped: (character: string) => boolean): void => {
    while (place < written.length && isSkipped(written.charAt(place))) place += 1
  }
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charAt(index)
    if (isBlank(character)) continue
    skip(isBlank)
    if (written.charAt(place) !== character && written.charAt(place) === escaping) {
      place += 1
      skip(isBlank)
    }
    if (written.charAt(place) !== character) return 0
    if (index >= at) return place
    place += 1
  }
  return Math.max(start, place - 1)
}

const isBlank = (character: string): boolean => /\s/.test(character)
