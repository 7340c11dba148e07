import type { JsonObject } from '../model.ts'
import type { CallOptions } from './api.ts'
import type { Query, Read, ReadResult } from './calls.ts'
import { meansNoData } from './codes.ts'
import { resultOf } from './envelope.ts'
import type { ReadName } from './operations.ts'
import { asNumber, asObject, asObjects, valuesUnder } from './values.ts'

/** The value of a read that has no other way on. */
export function answerOf<Value>(result: ReadResult<Value>): Value {
  if (result.kind === 'answered') return result.value
  throw result.error
}

/** The value of a list read; a rejection that says "no data" is the empty list. */
export function answerOrNone<Value>(result: ReadResult<Value>, none: Value): Value {
  if (result.kind === 'rejected' && meansNoData(result.error.code, result.description)) return none
  return answerOf(result)
}

/**
 * The rows under one of the keys, directly in the payload or deeper. A success that has no such list is
 * not an empty one, unless it says so: undefined.
 */
export function rowsOf(
  response: JsonObject,
  ...keys: readonly string[]
): readonly JsonObject[] | undefined {
  const payload = asObject(response['responseParam']) ?? response
  for (const key of keys) {
    const [list] = valuesUnder(payload, [key])
    const rows = asObjects(list)
    if (rows !== undefined) return rows
  }
  const { inner, description } = resultOf({ Response: response })
  return meansNoData(inner, description) ? [] : undefined
}

/** The number of pages as the platform tells it. */
export function totalPagesOf(response: JsonObject): number | undefined {
  const payload = asObject(response['responseParam'])
  return asNumber(response['totalNoOfPages']) ?? asNumber(payload?.['totalNoOfPages'])
}

/**
 * A whole list: one call, and one more for each further page that `totalNoOfPages` tells of.
 * ASSUMED (contract 4.2, 4.5): lists other than fetchSIM come in one page unless they say otherwise, and
 * then take `page` from 1.
 */
export async function readAll<Row>(
  read: Read,
  operation: ReadName,
  query: Query,
  extract: (response: JsonObject) => readonly Row[] | undefined,
  options: CallOptions | undefined,
): Promise<ReadResult<readonly Row[]>> {
  const first = await read(operation, query, extract, options)
  if (first.kind !== 'answered') return first
  const rows = [...first.value]
  const pages = totalPagesOf(first.response) ?? 1
  for (let page = 2; page <= pages; page++) {
    const next = await read(operation, { ...query, page: String(page) }, extract, options)
    rows.push(...answerOrNone(next, []))
  }
  return { kind: 'answered', value: rows, response: first.response }
}

/** The rows with each ID once: a platform that ignores `page` repeats itself. */
export function uniqueBy<Row>(rows: readonly Row[], idOf: (row: Row) => string): readonly Row[] {
  return [...new Map(rows.map(row => [idOf(row), row])).values()]
}

/** All values, or undefined where one of them is. */
export function allOrNothing<Value>(
  values: readonly (Value | undefined)[],
): readonly Value[] | undefined {
  const known = values.filter((value): value is Value => value !== undefined)
  return known.length === values.length ? known : undefined
}
