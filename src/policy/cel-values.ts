/** Facts as CEL has them: whole numbers are of a type of their own, and what is not known is not there. */
import type { Fields } from './words.ts'

/** A value of a declared type. */
export function celValue(
  value: unknown,
  type: string,
  types: Readonly<Record<string, Fields>>,
): unknown {
  const fields = types[type]
  if (fields !== undefined) return celObject(value, fields, types)
  const items = /^list<(.*)>$/.exec(type)?.[1]
  if (items !== undefined && Array.isArray(value))
    return value.map(item => celValue(item, items, types))
  if (type === 'int') return typeof value === 'number' ? BigInt(Math.trunc(value)) : value
  if (type === 'dyn' || type === 'map<string, dyn>') return celDynamic(value)
  return value
}

function celObject(value: unknown, fields: Fields, types: Readonly<Record<string, Fields>>) {
  const known: Record<string, unknown> = {}
  if (typeof value !== 'object' || value === null) return known
  for (const [name, { type }] of Object.entries(fields)) {
    const given: unknown = Reflect.get(value, name)
    if (given !== undefined) known[name] = celValue(given, type, types)
  }
  return known
}

/** Of what has no declared type, a whole number is an int. */
function celDynamic(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(celDynamic)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      item === undefined ? [] : [[name, celDynamic(item)]],
    ),
  )
}

/** Characters of one value in a message. */
const LONGEST_VALUE = 200

/** A value as it stands in a message; undefined for one that has no words. */
export function wordsOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const shown = value.slice(0, 20).map(wordsOf)
    if (shown.includes(undefined)) return undefined
    return cut([...shown, ...(value.length > shown.length ? ['…'] : [])].join(', '))
  }
  switch (typeof value) {
    case 'string':
      return cut(value)
    case 'number':
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return undefined
  }
}

const cut = (text: string): string =>
  text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`
