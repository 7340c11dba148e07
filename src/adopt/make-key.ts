/** Longest key that the catalog language takes. */
const LONGEST = 100

/** Letters that are no base letter with an accent. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

/** A name as a catalog key: kebab-case, without accents; `fallback` where no letter or digit is left. */
export function kebabCase(name: string, fallback: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, letter => LETTERS[letter] ?? '')
    .replace(/['’`]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST - 8)
    .replace(/-+$/, '')
  // Object.prototype has a constructor, so the language does not take it as a key.
  return words === '' || words === 'constructor' ? fallback : words
}

/** Makes keys that no other has: a second `europe` is `europe-2`. */
export function createKeyMaker(
  taken: Iterable<string>,
): (name: string, fallback: string) => string {
  const used = new Set(taken)
  return (name, fallback) => {
    const base = kebabCase(name, kebabCase(fallback, 'entry'))
    let key = base
    for (let n = 2; used.has(key); n += 1) key = `${base}-${n}`
    used.add(key)
    return key
  }
}
