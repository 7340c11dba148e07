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
    const keys = levels.at(-1)?.keys
    switch (token) {
      case '\n':
        line += 1
        break
      case '{':
      case '[':
        levels.push({ keys: token === '{' ? new Set() : undefined, key: '' })
        isKey = token === '{'
        break
      case '}':
      case ']':
        levels.pop()
        isKey = false
        break
      case ':':
        isKey = false
        break
      case ',':
        isKey = keys !== undefined
        break
      default:
        if (isKey && isTaken(levels, String(JSON.parse(token))))
          return { key: levels.map(one => one.key).join('.'), line }
    }
  }
  return undefined
}

/** Opens a key of the innermost object; whether it had it already. */
function isTaken(levels: readonly Level[], key: string): boolean {
  const level = levels.at(-1)
  if (level?.keys === undefined) return false
  level.key = key
  const has = level.keys.has(key)
  level.keys.add(key)
  return has
}
