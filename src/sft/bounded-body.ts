/**
 * Bounds on what an answer may make this process hold and do. The largest honest one, a page of SIMs with
 * everything in it, has a few hundred kilobytes and six levels.
 */
const MOST_BYTES = 32 * 1024 * 1024
const MOST_LEVELS = 100

/** An answer that is larger than any honest one; what was read of it is thrown away. */
export class TooLargeError extends Error {}

/** The text of an answer, of at most 32 MB after decompression. Throws `TooLargeError`. */
export async function readBounded(answer: Response): Promise<string> {
  if (answer.body === null) return ''
  const reader = answer.body.getReader()
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return parts.concat(decoder.decode()).join('')
    bytes += value.byteLength
    if (bytes > MOST_BYTES) {
      await reader.cancel()
      throw new TooLargeError(`the answer has more than ${MOST_BYTES / 1024 / 1024} MB`)
    }
    parts.push(decoder.decode(value, { stream: true }))
  }
}

/** Whether JSON is nested deeper than any honest answer: whoever walks it would run out of stack. */
export function isTooDeep(json: string): boolean {
  let level = 0
  let inText = false
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at]
    if (inText) {
      if (sign === '\\') at += 1
      else if (sign === '"') inText = false
    } else if (sign === '"') inText = true
    else if (sign === '[' || sign === '{') level += 1
    else if (sign === ']' || sign === '}') level -= 1
    if (level > MOST_LEVELS) return true
  }
  return false
}
