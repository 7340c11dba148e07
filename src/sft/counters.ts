import type { Json, JsonObject } from '../model.ts'
import type { Counter } from './api.ts'
import { asList, asObject, asText } from './values.ts'

/** Whether what stands under a name holds counters. */
export const isCounterKey = (key: string): boolean => /counter/i.test(key)

/**
 * The counters of an answer; undefined where it has nothing of that name. ASSUMED (contract 4.11): rows under a name
 * with "counter", at any depth. Their fields are not public and are handed on as they are; a row within that of an
 * instance is that instance's.
 */
export function countersIn(response: JsonObject): readonly Counter[] | undefined {
  const found: Counter[] = []
  return collect(response, undefined, found) ? found : undefined
}

/** Adds the counters below a value; whether anything there is named so. */
function collect(value: Json, uniqueId: string | undefined, found: Counter[]): boolean {
  const object = asObject(value)
  if (object === undefined)
    return (asList(value) ?? []).map(item => collect(item, uniqueId, found)).includes(true)
  const owner = asText(object['uniqueId']) ?? uniqueId
  return Object.entries(object)
    .map(([key, child]) => {
      const isBlock = typeof child === 'object' && child !== null
      if (!isBlock) return false
      if (!isCounterKey(key)) return collect(child, owner, found)
      found.push(...rowsOf(child, owner))
      return true
    })
    .includes(true)
}

/** What has scalars is a row; what has none holds rows. */
function rowsOf(value: Json, uniqueId: string | undefined): readonly Counter[] {
  const object = asObject(value)
  if (object === undefined) return (asList(value) ?? []).flatMap(item => rowsOf(item, uniqueId))
  const fields = Object.entries(object).flatMap(([name, child]): [string, string][] => {
    const text = asText(child)
    return text === undefined ? [] : [[name, text]]
  })
  if (fields.length === 0) return Object.values(object).flatMap(child => rowsOf(child, uniqueId))
  return [{ ...(uniqueId !== undefined && { uniqueId }), ...Object.fromEntries(fields) }]
}
