import type { Clock } from '../clock.ts'
import { type Finding, type Listing, notKnown } from '../finding.ts'
import type { Json, JsonObject } from '../model.ts'
import type { CallOptions, ListOptions } from './api.ts'
import type { Query, Read, ReadResult } from './calls.ts'
import { meansNoData } from './codes.ts'
import { resultOf } from './envelope.ts'
import type { ReadName } from './operations.ts'
import { asList, asNumber, asObject, valuesUnder } from './values.ts'

/** The value of a read that has no other way on. */
export function answerOf<Value>(result: ReadResult<Value>): Value {
  if (result.kind === 'answered') return result.value
  throw result.error
}

/** The value of a list read; a rejection that says "no data" is the empty list. */
export function answerOrNone<Value>(result: ReadResult<Value>, none: Value): Value {
  return saysNone(result) ? none : answerOf(result)
}

/** Whether a read was refused with "no data": one such answer alone proves nothing. */
export const saysNone = (result: ReadResult<unknown>): boolean =>
  result.kind === 'rejected' && meansNoData(result.error.code, result.description)

/** The rows of one answer, and what it says besides. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** How many rows cannot be read: no objects, or without what makes them a row. */
  readonly unread: number
  /** "No data" by code or in words, which is less than an empty list: it came for full accounts too. */
  readonly saidNone: boolean
}

/**
 * The rows under one of the keys, directly in the payload or deeper. A success that has no such list is
 * not an empty one, unless it says so: undefined.
 */
export function pageOf<Row>(
  response: JsonObject,
  keys: readonly string[],
  rowOf: (row: JsonObject) => Row | undefined,
): Page<Row> | undefined {
  const payload = asObject(response['responseParam']) ?? response
  for (const key of keys) {
    const [value] = valuesUnder(payload, [key])
    const list = asList(value)
    if (list !== undefined) return readRows(list, rowOf)
  }
  const { inner, description } = resultOf({ Response: response })
  return meansNoData(inner, description) ? NONE : undefined
}

/** The rows of a list; whatever is no row counts as unread, never as nothing. */
function readRows<Row>(
  list: readonly Json[],
  rowOf: (row: JsonObject) => Row | undefined,
): Page<Row> {
  const rows = list.flatMap(item => {
    const object = asObject(item)
    const row = object && rowOf(object)
    return row === undefined ? [] : [row]
  })
  return { rows, unread: list.length - rows.length, saidNone: false }
}

const NONE: Page<never> = { rows: [], unread: 0, saidNone: true }

/** A page count beyond this is nonsense, and no list is followed further. */
const MOST_PAGES = 100_000

/** The number of pages as the platform tells it; undefined where it does not, or tells nonsense. */
export function totalPagesOf(response: JsonObject): number | undefined {
  const told = toldPages(response)
  return told !== undefined && told >= 1 && told <= MOST_PAGES ? Math.floor(told) : undefined
}

function toldPages(response: JsonObject): number | undefined {
  const payload = asObject(response['responseParam'])
  return asNumber(response['totalNoOfPages']) ?? asNumber(payload?.['totalNoOfPages'])
}

/** A page count that cannot be meant, in words. */
export function nonsenseOf(response: JsonObject): string | undefined {
  const told = toldPages(response)
  return told !== undefined && told > MOST_PAGES
    ? `tells of ${told} pages; it was read until a page brought nothing new`
    : undefined
}

/** Two readings that must agree are so far apart: silence is often short. */
export const APART_MS = 1000

/** What reading lists takes. */
export interface ListReader {
  readonly read: Read
  readonly clock: Pick<Clock, 'sleep'>
}

/** Which list is read, and how its answers are. */
export interface ListCall<Row> {
  readonly operation: ReadName
  readonly query: Query
  readonly pageOf: (response: JsonObject) => Page<Row> | undefined
  readonly idOf: (row: Row) => string
  /** An earlier reading said the same where this one has no data: it is not asked again. */
  readonly agreed?: boolean
}

/**
 * A list, page after page until one brings nothing new, and whether it is whole. An answer without data, a
 * page without a row, or rows that cannot be read are asked for once more after a pause, and count only
 * where both agree.
 * ASSUMED (contract 4.2, 4.5): lists other than fetchSIM take `page` from 1 where they come in pages.
 */
export async function readList<Row>(
  reader: ListReader,
  call: ListCall<Row>,
  options: ListOptions<Row> = {},
): Promise<ReadResult<Listing<Row>>> {
  const { enough, again, ...callOptions } = options
  if (again) await reader.clock.sleep(APART_MS, callOptions.signal)
  const rows = new Map<string, Row>()
  let told: number | undefined
  let odd: string | undefined
  const isEnough = () => enough?.([...rows.values()]) === true
  const stop = (response: JsonObject): ReadResult<Listing<Row>> => ({
    kind: 'answered',
    value: {
      items: [...rows.values()],
      doubt: `${call.operation}: it was not read to its end`,
      stopped: true,
    },
    response,
  })
  const end = (response: JsonObject, doubt?: string): ReadResult<Listing<Row>> => {
    const items = [...rows.values()]
    const value: Listing<Row> = {
      items,
      ...(doubt !== undefined && { doubt: `${call.operation}: ${doubt}` }),
      ...(doubt === undefined && odd !== undefined && { note: `${call.operation} ${odd}` }),
    }
    return { kind: 'answered', value, response }
  }
  /** What of a page was not there before. */
  const take = (page: Page<Row>): number => {
    const before = rows.size
    for (const row of page.rows) rows.set(call.idOf(row), row)
    return rows.size - before
  }
  const ask = async (page: number): Promise<ReadResult<Page<Row>>> => {
    const query = page === 1 ? call.query : { ...call.query, page: String(page) }
    const result = await reader.read(call.operation, query, call.pageOf, callOptions)
    return saysNone(result) ? { kind: 'answered', value: NONE, response: {} } : result
  }
  const askUntilClear = async (page: number): Promise<ReadResult<Page<Row>>> => {
    const result = await ask(page)
    if (result.kind !== 'answered') return result
    const { saidNone, unread, rows: found } = result.value
    // That there is nothing, or nothing more, or that a row is none, is held against a second reading.
    const isNothing = saidNone || found.length === 0
    if (unread === 0 && (!isNothing || (page === 1 && call.agreed === true))) return result
    take(result.value)
    if (isEnough()) return result
    await reader.clock.sleep(APART_MS, callOptions.signal)
    return await ask(page)
  }

  /** What a page tells of their number: a list may grow while it is read. */
  const hear = (response: JsonObject): void => {
    told = Math.max(told ?? 0, totalPagesOf(response) ?? 0) || undefined
    odd ??= nonsenseOf(response)
  }

  const first = await askUntilClear(1)
  if (first.kind !== 'answered') return first
  take(first.value)
  hear(first.response)
  /** Whether nothing is left to ask for after a page. */
  const isEnd = (at: number, { rows: found }: Page<Row>): boolean =>
    told === undefined ? at === 1 && found.length === 0 : at >= told
  let page = first.value
  for (let at = 1; ; at++) {
    if (page.unread > 0) return end(first.response, `${page.unread} of its rows cannot be read`)
    if (isEnd(at, page)) return end(first.response)
    if (isEnough()) return stop(first.response)
    if (at >= MOST_PAGES) return end(first.response, `it has more than ${MOST_PAGES} pages`)
    const next = await askUntilClear(at + 1)
    page = answerOf(next)
    if (next.kind === 'answered') hear(next.response)
    if (take(page) + page.unread > 0) continue
    const isLast = at + 1 === told && page.rows.length === 0
    return told === undefined || isLast
      ? end(first.response)
      : end(first.response, `it tells of ${told} pages, and page ${at + 1} brings nothing new`)
  }
}

/**
 * Looks for one thing by its own ID. That there is none counts where two answers say so, by an empty list or by "no
 * data"; rows of other things mean that the platform did not look for this one.
 */
export async function readOne<Row>(
  reader: ListReader,
  call: Omit<ListCall<Row>, 'idOf'>,
  what: string,
  is: (row: Row) => boolean,
  { absent, ...options }: LookUpOptions = {},
): Promise<Finding<Row>> {
  for (let reading = 1; ; reading++) {
    const result = await reader.read(call.operation, call.query, call.pageOf, options)
    const none =
      saysNone(result) || (result.kind === 'rejected' && absent?.(result.description) === true)
    const page = none ? NONE : answerOf(result)
    const row = page.rows.find(is)
    if (row !== undefined) return { kind: 'there', value: row }
    const clear = page.unread === 0 && page.rows.length === 0
    if (clear && reading === 2)
      return { kind: 'not there', evidence: `${call.operation} has no ${what}` }
    if (reading === 2 || (page.unread === 0 && page.rows.length > 0))
      return notKnown(
        page.unread > 0
          ? `${call.operation}: what it answers for ${what} cannot be read`
          : `${call.operation}, asked for ${what}, answers with others`,
      )
    await reader.clock.sleep(APART_MS, options.signal)
  }
}

/** How one thing is looked for. */
interface LookUpOptions extends CallOptions {
  /** Whether a refusal says in words that there is no such thing. */
  readonly absent?: (description: string) => boolean
}

/** The rows with each ID once: a platform that ignores `page` repeats itself. */
export function uniqueBy<Row>(rows: readonly Row[], idOf: (row: Row) => string): readonly Row[] {
  return [...new Map(rows.map(row => [idOf(row), row])).values()]
}
