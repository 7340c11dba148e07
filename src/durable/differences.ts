import { isJsonObject } from '../json.ts'

const LONGEST = 60

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/**
 * What differs between two JSON values, a line a field: `addonPlans.europe.planId: "1" → "2"`. Fields of a
 * name in `secret` are told without their values.
 */
export function differences(
  before: unknown,
  after: unknown,
  secret: ReadonlySet<string> = new Set(),
  path: readonly string[] = [],
): readonly string[] {
  if (isJsonObject(before) && isJsonObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap(key =>
      differences(
        Object.hasOwn(before, key) ? before[key] : undefined,
        Object.hasOwn(after, key) ? after[key] : undefined,
        secret,
        [...path, key],
      ),
    )
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const what = path.join('.')
  if (path.some(key => secret.has(key))) return [`${what}: changed, not shown`]
  if (isJsonObject(before) && after === undefined) return [`${what}: removed`]
  if (isJsonObject(after) && before === undefined) return [`${what}: added`]
  return [`${what}: ${shown(before)} → ${shown(after)}`]
}
