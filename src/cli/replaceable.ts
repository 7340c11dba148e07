import { exists, readTextOf } from '../durable/files.ts'
import { isJsonObject } from '../json.ts'
import { inPlainWords, PlainError } from '../plain-error.ts'

/** A kind of file that may be written anew. */
interface Replaceable {
  /** As people call it: `a saved plan`. */
  readonly what: string
  readonly is: (text: string) => boolean
}

/** Of any release. */
export const SAVED_PLAN: Replaceable = {
  what: 'a saved plan',
  is: text => {
    try {
      const value: unknown = JSON.parse(text)
      return isJsonObject(value) && 'planHash' in value
    } catch {
      return false
    }
  },
}

export const PAGE: Replaceable = {
  what: 'a page',
  is: text => /^\s*<!doctype html>/i.test(text),
}

/**
 * Refuses to write a file over one of another kind: a slip must not cost a catalog or a state. An empty one may be
 * replaced. Throws a `PlainError`.
 */
export async function checkReplaceable(file: string, { what, is }: Replaceable): Promise<void> {
  if (!(await exists(file))) return
  const text = await inPlainWords(file, () => readTextOf(file))
  if (text.trim() === '' || is(text)) return
  throw new PlainError(
    `${file}: it exists already and is not ${what}; name another file, or move it away`,
  )
}
