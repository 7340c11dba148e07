/**
 * Tolerant readers of wire values (contract 1.6, 1.7): IDs as strings or numbers, `"-"`, null and the
 * empty text for none, an object where a list has one element.
 */
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'

/** The value as an object, if it is one. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

/** The value as text; undefined for none (`"-"`, null, empty) and for what is no scalar. */
export function asText(value: Json | undefined): string | undefined {
  // A whole number beyond 2^53 has lost digits on its way: it is not the ID that was sent.
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text === '' || text === '-' ? undefined : text
}

/** The value as a number; undefined for none and for what is no number. */
export function asNumber(value: Json | undefined): number | undefined {
  const text = asText(value)
  const number = text === undefined ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

/** The value as a list; an object is a list of one; undefined where nothing was reported. */
export function asList(value: Json | undefined): readonly Json[] | undefined {
  if (isArray(value)) return value
  return isJsonObject(value) ? [value] : undefined
}

/** The objects of a list, undefined where the list itself was not reported. */
export function asObjects(value: Json | undefined): readonly JsonObject[] | undefined {
  return asList(value)?.filter(isJsonObject)
}

/** The first of the keys that holds text. */
export function firstText(object: JsonObject, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = asText(object[key])
    if (text !== undefined) return text
  }
  return undefined
}

/** A name in the form in which names are compared. */
export function nameIn(object: JsonObject, ...keys: readonly string[]): string | undefined {
  const name = firstText(object, ...keys)
  return name === undefined ? undefined : normaliseName(name)
}

/** Every value under one of the keys, at any depth, in document order. */
export function valuesUnder(value: Json | undefined, keys: readonly string[]): readonly Json[] {
  if (isArray(value)) return value.flatMap(item => valuesUnder(item, keys))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) =>
    keys.includes(key) ? [item] : valuesUnder(item, keys),
  )
}

/** An object without the fields that are undefined. */
export function compact<Fields extends object>(fields: Fields): Compact<Fields> {
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) known[name] = value
  return known as Compact<Fields>
}

type Compact<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> }

/** Adds to `ours` what `extra` has besides; lists are appended, nothing of `ours` is overridden. */
export function mergeUnder(ours: JsonObject, extra: JsonObject | undefined): JsonObject {
  if (extra === undefined) return ours
  const added = Object.entries(extra).filter(([key]) => !Object.hasOwn(ours, key))
  const kept = Object.entries(ours).map(([key, value]): [string, Json] => {
    const more = Object.hasOwn(extra, key) ? extra[key] : undefined
    if (isArray(value) && isArray(more)) return [key, [...value, ...more]]
    return [key, isJsonObject(value) && isJsonObject(more) ? mergeUnder(value, more) : value]
  })
  return Object.fromEntries([...kept, ...added])
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
