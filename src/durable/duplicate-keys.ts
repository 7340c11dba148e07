/** A key of a JSON text that one object has twice, and the line of the second one. */
export interface DuplicateKey {
  /** With the keys that lead to it: `addonPlans.europe`. */
  readonly key: string
  readonly line: number
}

/** An object or list that is open where the scan stands. */
interface Level {
  /** Keys so far; undefined for a list. */
  readonly keys: Set<string> | undefined
  /** The key whose value comes or stands open. */
  key: string
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|\n/g

/** The first key that stands twice in an object, which JSON.parse does not tell. The text is valid JSON. */
export function keyThatStandsTwice(text: string): DuplicateKey | undefined {
  const levels: Level[] = []
  let line = 1
  let isKey = false
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1)
    if (token === '\n') line += 1
    else if (token === '{' || token === '[') {
      levels.push({ keys: token === '{' ? new Set() : undefined, key: '' })
      isKey = token === '{'
    } else if (token === '}' || token === ']') {
      levels.pop()
      isKey = false
    } else if (token === ':') isKey = false
    else if (token === ',') isKey = level?.keys !== undefined
    else if (isKey && level?.keys !== undefined) {
      level.key = String(JSON.parse(token))
      if (level.keys.has(level.key)) return { key: levels.map(one => one.key).join('.'), line }
      level.keys.add(level.key)
    }
  }
  return undefined
}
