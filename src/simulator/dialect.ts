import type { Json, JsonObject } from '../model.ts'
import type { Answer } from './answer.ts'
import { isObject } from './fields.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedDialect } from './settings.ts'

/**
 * How a simulated account writes what the contract only assumes. The rules speak the contract's values
 * throughout; requests are understood on their way in, and answers worded on their way out.
 */

const MEGABYTE = 1024 * 1024
const BYTES = { bytes: 1, KB: 1024, MB: MEGABYTE, GB: 1024 * MEGABYTE } as const
const BALANCES = new Set(['balance', 'actualBalance'])
const VOLUMES = new Set(['uplink', 'downlink', 'totalVolume'])
const DATES = new Set([
  'planStartDate',
  'planExpiryDate',
  'startDate',
  'expiryDate',
  'date',
  'responseTimestamp',
])
/** Names that occur in several places have their values changed in one only. */
const PLACE_OF: Readonly<Record<string, string>> = { status: 'ratezoneDetails' }

/** A word that this account does not have for anything: what is made of it is refused by the rules. */
const NO_WORD = '?'

/** A request's body in the contract's terms. */
export function understand(
  operation: string,
  body: Json | undefined,
  dialect: SimulatedDialect,
): Json | undefined {
  if (body === undefined) return undefined
  const names = dialect.fieldNames?.[operation]
  const named = names === undefined ? body : renamed(body, name => contractName(name, names))
  return heard(named, dialect, '')
}

/** An answer's parts with the names that this account has for their fields. */
export function nameFields(operation: string, answer: Answer, dialect: SimulatedDialect): Answer {
  const names = dialect.fieldNames?.[operation]
  if (names === undefined) return answer
  const { info, list } = answer
  const own = (value: JsonObject): JsonObject => {
    const worded = renamed(value, name => names[name] ?? name)
    return isObject(worded) ? worded : value
  }
  return {
    ...answer,
    ...(info !== undefined && { info: own(info) }),
    ...(list !== undefined && {
      list: { ...list, items: list.items.map(item => (isObject(item) ? own(item) : item)) },
    }),
  }
}

function renamed(value: Json, nameOf: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => renamed(item, nameOf))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [nameOf(name), renamed(item, nameOf)]),
  )
}

/** Query parameters in the contract's terms; rejected where one that this account wants is missing. */
export function understandQuery(
  operation: string,
  query: URLSearchParams,
  dialect: SimulatedDialect,
): URLSearchParams {
  for (const [name, value] of Object.entries(dialect.requiredQuery?.[operation] ?? {}))
    if (query.get(name) !== value)
      throw new Rejection(CODES.badRequest, `Mandatory parameter ${name} is missing`)
  return new URLSearchParams(
    [...query].map(([name, value]): [string, string] => [name, contractOf(name, value, dialect)]),
  )
}

function heard(value: Json, dialect: SimulatedDialect, parent: string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => heard(item, dialect, parent))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, item]): [string, Json] => {
    if (isObject(item) || Array.isArray(item)) return [name, heard(item, dialect, name)]
    if (parent === 'benefit' && name === 'value')
      return [name, inMegabytes(item, dialect.planUnit ?? 'MB')]
    if (typeof item !== 'string' && typeof item !== 'number') return [name, item]
    const place = PLACE_OF[name]
    if (place !== undefined && place !== parent) return [name, item]
    return [name, contractOf(name, String(item), dialect)]
  })
  return Object.fromEntries(entries)
}

/** A field of another name than this account's is one that it does not know. */
function contractName(name: string, names: Readonly<Record<string, string>>): string {
  const found = Object.keys(names).find(contract => names[contract] === name)
  if (found !== undefined) return found
  return Object.hasOwn(names, name) ? `${NO_WORD}${name}` : name
}

function contractOf(name: string, word: string, { values }: SimulatedDialect): string {
  const table = values?.[name]
  if (table === undefined) return word
  const found = Object.keys(table).find(contract => table[contract] === word)
  if (found !== undefined) return found
  return Object.hasOwn(table, word) ? NO_WORD + word : word
}

function inMegabytes(value: Json, unit: keyof typeof BYTES): Json {
  const number = Number(value)
  return unit === 'MB' || !Number.isFinite(number)
    ? value
    : String((number * BYTES[unit]) / MEGABYTE)
}

/** An answer as this account words it: an account without words of its own says what the contract says. */
export function word(value: JsonObject, dialect: SimulatedDialect): JsonObject {
  if (Object.keys(dialect).length === 0) return value
  const worded = said(value, dialect, '')
  return isObject(worded) ? worded : value
}

function said(value: Json, dialect: SimulatedDialect, parent: string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => said(item, dialect, parent))
  if (!isObject(value)) return value
  // Messages are counted, whatever the unit of data.
  const isCount = value['name'] === 'SMS'
  return Object.fromEntries(
    Object.entries(value).map(([name, item]): [string, Json] => [
      name,
      isObject(item) || Array.isArray(item)
        ? said(item, dialect, name)
        : isCount && BALANCES.has(name)
          ? item
          : scalar(name, item, dialect, parent),
    ]),
  )
}

function scalar(name: string, item: Json, dialect: SimulatedDialect, parent: string): Json {
  if (typeof item !== 'string') return item
  const table = dialect.values?.[name]
  const place = PLACE_OF[name]
  if (table !== undefined && (place === undefined || place === parent)) return table[item] ?? item
  if (BALANCES.has(name))
    return inUnit(item, (dialect.megabyte ?? MEGABYTE) / MEGABYTE, dialect.balanceUnit ?? 'bytes')
  if (VOLUMES.has(name)) return inUnit(item, MEGABYTE, dialect.statisticsUnit ?? 'MB')
  if (parent === 'benefit' && name === 'value')
    return inUnit(item, MEGABYTE, dialect.planUnit ?? 'MB')
  return DATES.has(name) ? dateOf(item, dialect) : item
}

function inUnit(text: string, from: number, unit: keyof typeof BYTES): string {
  return from === BYTES[unit] || !Number.isFinite(Number(text))
    ? text
    : String((Number(text) * from) / BYTES[unit])
}

/** A date of the contract's form, `dd/mm/yyyy` with or without a time, in this account's form and zone. */
function dateOf(text: string, { dates = 'day-first', utcOffsetMinutes = 0 }: SimulatedDialect) {
  const match = /^(\d\d)\/(\d\d)\/(\d{4})( \d\d:\d\d:\d\d)?$/.exec(text)
  if (match === null) return text
  const [, day, month, year, time] = match
  const utc = Date.parse(`${year}-${month}-${day}T${(time ?? ' 00:00:00').trim()}Z`)
  const shift = time === undefined ? 0 : utcOffsetMinutes * 60_000
  const iso = new Date(utc + shift).toISOString()
  const [y, m, d] = iso.slice(0, 10).split('-')
  const clock = time === undefined ? '' : iso.slice(11, 19)
  switch (dates) {
    case 'day-first':
      return `${d}/${m}/${y} ${clock}`.trim()
    case 'month-first':
      return `${m}/${d}/${y} ${clock}`.trim()
    case 'dashes':
      return `${d}-${m}-${y} ${clock}`.trim()
    case 'iso':
      return clock === '' ? `${y}-${m}-${d}` : `${y}-${m}-${d}T${clock}`
    case 'day-only':
      return `${d}/${m}/${y}`
    case 'words':
      return `${new Date(utc + shift).toUTCString().slice(5, 16)} ${clock}`.trim()
  }
}
