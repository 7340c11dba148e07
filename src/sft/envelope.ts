import type { Json, JsonObject } from '../model.ts'
import { isTooDeep } from './bounded-body.ts'
import { isTimeoutCode } from './codes.ts'
import { asList, asObject, asText, firstText } from './values.ts'

/** What one exchange with the platform came to. */
export type Outcome =
  /** Success; `response` is what stands under `Response`, or the whole body where there is none. */
  | { readonly kind: 'answered'; readonly response: JsonObject }
  /** The platform said no in its envelope. */
  | {
      readonly kind: 'rejected'
      readonly code: string
      readonly description: string
      readonly response: JsonObject
    }
  | (Told & {
      readonly kind: 'unauthorised'
      readonly code: string
      readonly description: string
    })
  | (Told & { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined })
  /** HTTP 404: there is no such operation. */
  | { readonly kind: 'missing'; readonly body: string }
  /** No connection, so nothing was sent. */
  | { readonly kind: 'unconnected'; readonly reason: string }
  /**
   * Anything else; of a write nobody knows whether it was executed. `status` undefined: no answer.
   * `passing`: the platform or the way to it failed, so that the next answer may be clear; otherwise the
   * answer has a form that is not understood, which asking again will not change.
   */
  | {
      readonly kind: 'unclear'
      readonly reason: string
      readonly status: number | undefined
      readonly body: string
      readonly passing: boolean
      /** The answer itself says that nothing was done, though in no documented form. */
      readonly saysNo?: boolean
    }

/** An answer by which nothing was executed. */
interface Told {
  /**
   * Whether it has a form of which the contract says so; of a write that is answered in another one, as by
   * something that stands before the platform, nobody knows.
   */
  readonly isSure: boolean
  readonly status: number
  readonly body: string
}

/** An HTTP answer as it came. */
export interface RawAnswer {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

/**
 * Classifies an answer by code, then text, then status (contract 1.7 to 1.9). `isSuccess` judges the body
 * of an HTTP 2xx answer: the outer code for most calls, a token for logins.
 */
export function classifyAnswer(
  answer: RawAnswer,
  isSuccess: (body: JsonObject) => boolean,
  now: number,
): Outcome {
  const { status, body } = answer
  if (status === 429) return throttled(answer, now, isPlainThrottling(body, isSuccess))
  // Without a body the reason is what people are told.
  if (isTooDeep(body)) {
    const reason = 'the answer is nested deeper than 100 levels'
    return { kind: 'unclear', reason, status, body: '', passing: false }
  }
  const parsed = parseObject(body)
  if (parsed === undefined) return classifyText(answer, now)
  if (status < 300 && isSuccess(parsed)) return { kind: 'answered', response: responseOf(parsed) }
  return classifyFailure(answer, parsed, now)
}

const throttled = (
  { status, body, retryAfter }: RawAnswer,
  now: number,
  isSure: boolean,
): Outcome => ({
  kind: 'throttled',
  retryAfterMs: parseRetryAfter(retryAfter, now),
  isSure,
  status,
  body,
})

const unclear = (
  { status, body }: RawAnswer,
  reason: string,
  passing = status >= 500,
): Outcome => ({ kind: 'unclear', reason, status, body, passing })

/** An answer that is no JSON object: a page, or nothing. */
function classifyText(answer: RawAnswer, now: number): Outcome {
  const { status, body } = answer
  if (saysThrottled(body) && !mayHaveRun(status)) return throttled(answer, now, false)
  if (status === 401 || saysTokenEnded(body)) {
    const description = `HTTP ${status}`
    return { kind: 'unauthorised', code: '401', description, isSure: false, status, body }
  }
  if (status === 404) return { kind: 'missing', body }
  const isEmpty = body.trim() === ''
  return unclear(answer, isEmpty ? 'the body is empty' : 'the body is not a JSON object')
}

/** A JSON object that is no success. */
function classifyFailure(answer: RawAnswer, parsed: JsonObject, now: number): Outcome {
  const { status, body } = answer
  const result = resultOf(parsed)
  const { outer, inner, description } = result
  const code = inner ?? outer ?? ''
  const toldThrottled = saysThrottled(description) || (outer === undefined && saysThrottled(body))
  if (toldThrottled && !mayHaveRun(status)) return throttled(answer, now, false)
  if (status === 401 || isCode401(result) || saysTokenEnded(description))
    return {
      kind: 'unauthorised',
      code: code || '401',
      description: description || 'HTTP 401',
      isSure: isDocumentedRefusal(status, result),
      status,
      body,
    }
  if (status === 404) return { kind: 'missing', body }
  if (isTimeoutCode(inner) || isTimeoutCode(outer) || /has time[d -]*out/i.test(description))
    return unclear(answer, `the platform timed out (${code || 'no code'})`, true)
  if (status >= 500) return unclear(answer, `HTTP ${status}`)
  if (outer !== undefined && outer !== '0')
    return { kind: 'rejected', code, description, response: responseOf(parsed) }
  return unclear(answer, 'the answer has no result code')
}

const isCode401 = ({ outer, inner }: ReturnType<typeof resultOf>): boolean =>
  outer === '401' || inner === '401'

/** The platform's own envelope saying that the token is refused (contract 1.8). */
function isDocumentedRefusal(status: number, result: ReturnType<typeof resultOf>): boolean {
  const { outer, description } = result
  const isFailure = status < 500 && outer !== undefined && outer !== '0'
  return isFailure && (isCode401(result) || DOCUMENTED_REFUSAL.test(description))
}

/**
 * ASSUMED (contract 1.8, 1.10): what is answered HTTP 429 in JSON, or without a body, was not executed. A page
 * of HTML is of something before the platform, and a success in it contradicts the status.
 */
function isPlainThrottling(body: string, isSuccess: (body: JsonObject) => boolean): boolean {
  if (body.trim() === '') return true
  const parsed = isTooDeep(body) ? undefined : parseObject(body)
  if (parsed === undefined || isSuccess(parsed)) return false
  const { outer, inner } = resultOf(parsed)
  return outer !== '0' && !isTimeoutCode(inner) && !isTimeoutCode(outer)
}

/** The words of a refused token that were seen in the platform's envelope (contract 1.8). */
const DOCUMENTED_REFUSAL =
  /authori[sz]ation fail|\btoken\b.{0,10}\bexpired\b.{0,10}\blog ?in again/i

/** ASSUMED (contract 1.8, U8): a failure in these words was throttled, whatever its code. */
function saysThrottled(text: string): boolean {
  return /rate limit|too many requests|slow down|throttl/i.test(text)
}

/** A server or a gateway that failed, whatever its words: what was sent may have been executed. */
function mayHaveRun(status: number): boolean {
  return status >= 500 && status !== 503
}

/** ASSUMED (contract 1.8): a failure in these words is one of the token, whatever its code. */
function saysTokenEnded(text: string): boolean {
  return /authori[sz]ation fail|\b(token|session)\b.{0,20}\b(expired|invalid|revoked)|\b(expired|invalid|revoked)\b.{0,20}\b(token|session)\b|log ?in again/i.test(
    text,
  )
}

/** Outer code `0` (contract 1.7). */
export function isEnvelopeSuccess(body: JsonObject): boolean {
  return asText(asObject(body['Response'])?.['resultCode']) === '0'
}

/** What stands under `Response`, or the whole of a bare body. */
export function responseOf(body: JsonObject): JsonObject {
  return asObject(body['Response']) ?? body
}

/**
 * A created ID, wherever the answer has it: `Response.X`, `responseParam.X`, `responseParam.rows[0].X`,
 * `resultParam.X`. ASSUMED (contract 1.7): the last three; only the first was seen everywhere.
 * @param isOther whether a row says of itself that it is something else: a list may be of what was there.
 */
export function createdId(
  response: JsonObject,
  key: string,
  isOther: (row: JsonObject) => boolean = () => false,
): string | undefined {
  const param = asObject(response['responseParam'])
  const row = onlyOf(asList(param?.['rows']))
  const places = [
    response,
    param,
    row !== undefined && !isOther(row) ? row : undefined,
    asObject(response['resultParam']),
  ]
  for (const place of places) {
    const id = place && firstText(place, key)
    if (id !== undefined) return id
  }
  return undefined
}

/** The element of a list of one: of several, nobody knows which one was created. */
const onlyOf = (list: readonly Json[] | undefined): JsonObject | undefined =>
  list?.length === 1 ? asObject(list[0]) : undefined

/** The inner result code and the platform's own words. */
export function resultOf(body: JsonObject): {
  readonly outer: string | undefined
  readonly inner: string | undefined
  readonly description: string
} {
  const response = responseOf(body)
  const result = asObject(response['resultParam']) ?? {}
  return {
    outer: asText(response['resultCode']),
    inner: asText(result['resultCode']),
    description:
      firstText(result, 'resultDescription') ??
      firstText(response, 'resultDescription', 'message', 'error') ??
      '',
  }
}

function parseObject(body: string): JsonObject | undefined {
  let value: Json
  try {
    value = JSON.parse(body.replace(/^\uFEFF/, '')) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  return asObject(value)
}

function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
