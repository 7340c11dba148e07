/** Messages of rules: text with expressions in it. */

/** A stretch of a message: text as it stands, or an expression and where it begins in the message. */
export type MessagePart =
  | { readonly text: string }
  | { readonly expression: string; readonly start: number }

const PLACE = /\$\$\{|\$\{([^}]*)(\}?)/g

/**
 * A message in its parts: `${EXPRESSION}` is put in, `$${` is a `${` that is meant. Undefined for one whose `}` is
 * missing, with its place.
 *
 * @example
 * parseMessage('${addonPlan.key} has no SKU') // [{ expression: 'addonPlan.key', start: 2 }, { text: ' has no SKU' }]
 */
export function parseMessage(
  message: string,
): readonly MessagePart[] | { readonly unclosed: number } {
  const parts: MessagePart[] = []
  let at = 0
  for (const place of message.matchAll(PLACE)) {
    const [whole, expression, end] = place
    if (place.index > at) parts.push({ text: message.slice(at, place.index) })
    if (expression === undefined) parts.push({ text: '${' })
    else if (end === '') return { unclosed: place.index }
    else parts.push({ expression, start: place.index + 2 })
    at = place.index + whole.length
  }
  return at < message.length ? [...parts, { text: message.slice(at) }] : parts
}
