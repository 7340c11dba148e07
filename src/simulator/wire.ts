import type { Json, JsonObject } from '../model.ts'
import type { Answer } from './answer.ts'
import { word } from './dialect.ts'
import { isObject } from './fields.ts'
import { CODES } from './rejection.ts'
import type { SimulatedWire } from './settings.ts'
import { formatDate } from './world.ts'

/** What goes out: an HTTP status and a body. */
export interface Reply {
  readonly status: number
  readonly type: 'application/json' | 'text/html'
  readonly body: string
  /** Sent with gzip, over HTTP. */
  readonly compressed?: boolean
}

/** Keys whose values are IDs or codes, for the mode that sends them as numbers. */
const NUMERIC_KEYS = new Set([
  'id',
  'endPointId',
  'planId',
  'uniqueId',
  'simId',
  'operatorId',
  'sponsorId',
  'categoryGroupId',
  'destGroupId',
  'roamingProfileId',
  'rateZone',
  'currencyId',
  'destinationGroup',
  'resultCode',
  'totalNoOfPages',
])

const THROTTLED_TEXT = 'API rate limit exceeded'

let responses = 0

function envelope(
  outer: string,
  inner: { readonly code: string; readonly description: string },
  now: number,
  rest: JsonObject = {},
): JsonObject {
  responses += 1
  return {
    resultCode: outer,
    responseId: String(responses).padStart(12, '0'),
    responseTimestamp: formatDate(now),
    ...rest,
    resultParam: {
      resultCode: inner.code,
      resultDescription: inner.description,
      ...(isObject(rest['resultParam']) ? rest['resultParam'] : {}),
    },
  }
}

/** An outer failure (contract 1.8): HTTP 200. */
export function failureReply(
  code: string,
  description: string,
  now: number,
  wire: SimulatedWire,
): Reply {
  return json({ Response: envelope('1', { code, description }, now) }, wire)
}

/** A success (contract 1.7), with every part where this account puts it. */
export function successReply(answer: Answer, now: number, wire: SimulatedWire): Reply {
  const { list } = answer
  if (list !== undefined && list.items.length === 0 && wire.emptyAs === 'failure') {
    return failureReply(CODES.noData, 'No data available', now, wire)
  }
  const parts: JsonObject = {
    ...placeCreated(answer.created, wire.createdIds ?? 'response'),
    ...placeInfo(answer.info, wire.createdIds ?? 'response'),
  }
  const responseParam: JsonObject = {
    ...answer.responseParam,
    ...(list === undefined ? {} : { [list.field]: list.items }),
    ...(isObject(parts['responseParam']) ? parts['responseParam'] : {}),
  }
  const rest: JsonObject = {
    ...parts,
    ...(list?.pages === undefined ? {} : { totalNoOfPages: String(list.pages) }),
    ...(Object.keys(responseParam).length === 0 ? {} : { responseParam }),
  }
  const response = envelope('0', answer, now, rest)
  return json({ Response: wire.singleAsObject === true ? unwrapSingles(response) : response }, wire)
}

/** Contract 1.7: four places where a created ID has been seen or suspected. */
function placeCreated(
  created: Answer['created'],
  place: NonNullable<SimulatedWire['createdIds']>,
): JsonObject {
  if (created === undefined) return {}
  const { field, id } = created
  // ASSUMED (contract U6): a rate zone's ID stands in rateZoneList, in whichever place that is.
  const zone = field === 'rateZoneList'
  const named: JsonObject = zone ? { rateZoneList: { id } } : { [field]: id }
  switch (place) {
    case 'response':
      return zone ? { responseParam: { rateZoneList: [{ id }] } } : named
    case 'responseParam':
      return { responseParam: named }
    case 'rows':
      return { responseParam: { rows: [named] } }
    case 'resultParam':
      return { resultParam: named }
  }
}

/** Contract U1: `info` under Response or under responseParam, or its blocks in responseParam. */
function placeInfo(
  info: JsonObject | undefined,
  place: NonNullable<SimulatedWire['createdIds']>,
): JsonObject {
  if (info === undefined) return {}
  if (place === 'responseParam') return { responseParam: { info } }
  if (place === 'rows') return { responseParam: info }
  return { info }
}

/** Authorisation failure in its forms (contract 1.8). */
export function unauthorisedReply(
  form: NonNullable<SimulatedWire['authFailure']>,
  description: string,
  now: number,
): Reply {
  const inner = { code: CODES.unauthorised, description }
  if (form === 'words') {
    const words = { code: CODES.unexpected, description: 'Token expired, please login again' }
    return json({ Response: envelope('1', words, now) }, {})
  }
  const outer = form === 'inner' ? '1' : CODES.unauthorised
  const reply = json({ Response: envelope(outer, inner, now) }, {})
  return form === 'http' ? { ...reply, status: 401 } : reply
}

/** A throttled answer in its forms (contract 1.8). */
export function throttledReply(
  form: NonNullable<SimulatedWire['throttle']>,
  now: number,
  wire: SimulatedWire,
): Reply {
  switch (form) {
    case '429':
      return { ...failureReply(CODES.throttled, THROTTLED_TEXT, now, wire), status: 429 }
    case '200-text':
      return failureReply(CODES.throttled, THROTTLED_TEXT, now, wire)
    case '200-words':
      return failureReply(CODES.unexpected, 'Too many requests, please slow down', now, wire)
    case '429-bare':
      return { ...json({ message: THROTTLED_TEXT }, {}), status: 429 }
    case '429-html':
      return htmlReply(429, 'Too Many Requests')
  }
}

/** The answer of a write that goes on working (contract 1.9). */
export function timedOutReply(now: number, wire: SimulatedWire): Reply {
  const text = 'Operation has Time out. Please verify its completion with the matching GET API'
  return failureReply(CODES.timedOut, text, now, wire)
}

export function htmlReply(status: number, title: string): Reply {
  const body = `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>\n`
  return { status, type: 'text/html', body }
}

/** A bare JSON body (login, refresh), or a whole one that is ready. */
export function json(value: JsonObject, wire: SimulatedWire): Reply {
  const worded = word(value, wire)
  const body = wire.numericIds === true ? JSON.stringify(worded, numericId) : JSON.stringify(worded)
  return { status: 200, type: 'application/json', body }
}

function numericId(key: string, value: Json): Json {
  const numeric =
    typeof value === 'string' && NUMERIC_KEYS.has(key) && /^(0|[1-9]\d{0,14})$/.test(value)
  return numeric ? Number(value) : value
}

function unwrapSingles(value: Json): Json {
  if (Array.isArray(value)) {
    const [first] = value
    if (value.length === 1 && isObject(first)) return unwrapSingles(first)
    return value.map((item: Json) => unwrapSingles(item))
  }
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrapSingles(item)]))
}

/** The value without any field of this name, at any depth. */
export function leaveOut(value: Json, field: string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => leaveOut(item, field))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== field)
      .map(([key, item]) => [key, leaveOut(item, field)]),
  )
}
