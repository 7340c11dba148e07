import { isJsonObject, listOf } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'

/** What `sft:` of one kind may not touch, since this program sends it itself. */
export interface OwnedFields {
  /** The object of the request body that `sft:` is merged into. */
  readonly into: string
  /** Paths below it, `.` between steps. */
  readonly paths: readonly string[]
  /** Lists that `sft:` adds to, but for items like these. */
  readonly items: readonly {
    readonly list: string
    readonly field: string
    readonly value: string
  }[]
}

/** An `sft:` field that cannot stand, by its path, and why. */
export interface OwnedField {
  readonly path: readonly (string | number)[]
  readonly reason: string
}

const ENVELOPE = new Set(['Request', 'requestParam', 'ratezoneDetails', 'plan'])

/** The fields of an `sft:` value that would override what this program sends. */
export function findOwnedFields(sft: JsonObject, owned: OwnedFields): readonly OwnedField[] {
  const found: OwnedField[] = []
  for (const field of Object.keys(sft)) {
    if (ENVELOPE.has(field)) {
      found.push({ path: [field], reason: `sft: is merged into ${owned.into}; leave ${field} out` })
    }
  }
  for (const path of owned.paths) {
    const steps = path.split('.')
    const reached = follow(sft, steps)
    if (reached !== undefined) {
      const reason = `${reached.join('.')} is set from the fields of this entry`
      if (!found.some(field => field.path.join('.') === reached.join('.'))) {
        found.push({ path: reached, reason })
      }
    }
  }
  for (const { list, field, value } of owned.items) {
    const given = sft[list]
    if (given !== undefined && !Array.isArray(given)) {
      found.push({ path: [list], reason: `${list} is a list; what you list is added to it` })
    }
    for (const [index, item] of listOf(given).entries()) {
      if (isJsonObject(item) && String(item[field]) !== value && item[field] !== undefined) continue
      const reason = `${list} with ${field} ${value} is set from the fields of this entry`
      found.push({ path: [list, index], reason })
    }
  }
  return found
}

/** The steps to an owned field; fewer where something that is no mapping stands in its way. */
function follow(sft: JsonObject, steps: readonly string[]): readonly string[] | undefined {
  let at: Json | undefined = sft
  for (const [index, step] of steps.entries()) {
    if (!isJsonObject(at)) return steps.slice(0, index)
    if (!Object.hasOwn(at, step)) return undefined
    at = at[step]
  }
  return steps
}
