import { type Clock, later } from '../clock.ts'
import type { Fetch } from '../fetch.ts'
import type { JsonObject } from '../model.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Lane, OperationName } from './api.ts'
import { readBounded, TooLargeError } from './bounded-body.ts'
import { type CallTrace, type Received, traced } from './call-trace.ts'
import { NO_DATA } from './codes.ts'
import { failureInWords, isUnconnected } from './connect-failures.ts'
import { classifyAnswer, type Outcome } from './envelope.ts'
import type { CallName } from './errors.ts'
import { answerSeconds, OPERATIONS } from './operations.ts'
import type { WireForm } from './wire-form.ts'
import { heldUntilLeave, type Leave, SentError } from './written.ts'

/** What is sent in one exchange. */
export interface Exchange {
  readonly operation: OperationName
  readonly query?: Readonly<Record<string, string>>
  readonly body?: JsonObject
  readonly token?: string
  readonly attempt: number
  readonly lane: Lane
  readonly waitedSeconds: number
  readonly isSuccess: (body: JsonObject) => boolean
}

/** Whether a call may leave, and who is told that it did. */
interface Leaving extends Leave {
  /** Told once, with the time (ms). */
  sent(at: number): void
}

/** Sends single HTTP requests; knows no budget, no session and no retry. */
export interface Wire {
  /** Makes the HTTP client ready, so that the first call leaves at its time in the budget. */
  readonly warmUp: () => Promise<void>
  /** `leaving` is asked when a connection was made for it. */
  readonly exchange: (exchange: Exchange, leaving: Leaving) => Promise<Outcome>
  readonly callName: (operation: OperationName) => CallName
}

export interface WireOptions {
  /** Origin and prefix, without a slash at the end. */
  readonly baseUrl: string
  readonly paths: Partial<Readonly<Record<OperationName, string>>>
  /** Override of all answer timeouts. */
  readonly timeoutSeconds: number | undefined
  readonly clock: Clock
  /** What sends requests; `fetch` of Node where undefined. */
  readonly fetch: Fetch | undefined
  /** The proxy that `fetch` goes through, for people. */
  readonly proxy: string | undefined
  readonly onCall: ((call: CallTrace) => void) | undefined
  readonly telemetry: Telemetry
  /** Result codes and query parameters of this account. */
  readonly form: Pick<WireForm, 'codes' | 'queries'>
}

/** HTTP over `fetch`: one request, its timeout, and the classification of what came back. */
export function createWire(options: WireOptions): Wire {
  const { host } = new URL(options.baseUrl)
  const callName = (operation: OperationName): CallName => ({
    operation,
    method: OPERATIONS[operation].method,
    path: options.paths[operation] ?? OPERATIONS[operation].path,
  })
  let warm: Promise<void> | undefined

  return {
    callName,
    warmUp() {
      // Node loads its HTTP client at the first fetch, which takes longer than the budget's slack.
      warm ??=
        options.fetch === undefined ? fetch('data:,').then(() => undefined) : Promise.resolve()
      return warm
    },
    async exchange(exchange, leaving) {
      const to = { ...callName(exchange.operation), host }
      return await traced(options, exchange, to, noteSent =>
        sendOnce(options, exchange, to, {
          ...leaving,
          sent(at) {
            noteSent(at)
            leaving.sent(at)
          },
        }),
      )
    },
  }
}

/** One request, when it may leave, and what came back in its time. */
async function sendOnce(
  options: WireOptions,
  exchange: Exchange,
  to: CallName,
  leaving: Leaving,
): Promise<Received> {
  const seconds = options.timeoutSeconds ?? answerSeconds(exchange.operation)
  const timer = answerTimer(options.clock, seconds * 1000)
  const departure = departureOf(options.clock, timer, leaving)
  let status: number | undefined
  try {
    const answer = await heldUntilLeave(departure.leave, () =>
      request(options, exchange, to, timer.over),
    )
    status = answer.status
    return { outcome: await outcomeOf(answer, exchange, options), status }
  } catch (error) {
    const isOver = timer.over.aborted
    const reason = isOver ? `no answer within ${seconds} s` : failureInWords(error)
    const isUnsent =
      departure.isHeldBack() || (departure.isOpen() && !isOver && isUnconnected(error))
    const outcome: Outcome = isUnsent
      ? {
          kind: 'unconnected',
          reason: `${new URL(options.baseUrl).host}: ${throughProxy(reason, options.proxy)}`,
        }
      : { kind: 'unclear', reason, status, body: '', passing: !(error instanceof TooLargeError) }
    return { outcome, status }
  } finally {
    timer.stop()
    departure.end()
  }
}

/** How a request leaves: once, when it may, and its answer has its time from then on. */
function departureOf(clock: Clock, timer: AnswerTimer, leaving: Leaving) {
  const begun = clock.now()
  let sentAt: number | undefined
  let isHeldBack = false
  const leave: Leave = {
    mayGo() {
      if (sentAt !== undefined) throw new SentError()
      isHeldBack = !leaving.mayGo()
      if (isHeldBack) return false
      timer.start()
      sentAt = clock.now()
      leaving.sent(sentAt)
      return true
    },
    async again() {
      timer.stop()
      await leaving.again()
    },
  }
  return {
    leave,
    isHeldBack: () => isHeldBack,
    /** Whether nobody told of its leaving: it may have been sent all the same. */
    isOpen: () => sentAt === undefined,
    /** What nobody told of was sent at once. */
    end(): void {
      if (sentAt === undefined) leaving.sent(begun)
    },
  }
}

async function request(
  { baseUrl, form, fetch: send = fetch }: WireOptions,
  exchange: Exchange,
  { method, path }: CallName,
  signal: AbortSignal,
): Promise<Response> {
  const { operation, body } = exchange
  const query = new URLSearchParams({ ...exchange.query, ...form.queries[operation] }).toString()
  return await send(`${baseUrl}${path}${query && `?${query}`}`, {
    method,
    headers: headersOf(exchange),
    // X-Authorization would follow a redirect to another origin.
    redirect: 'manual',
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function outcomeOf(
  answer: Response,
  { isSuccess }: Exchange,
  { baseUrl, form, clock }: WireOptions,
): Promise<Outcome> {
  const { status } = answer
  if (REDIRECTS.has(status)) {
    await answer.body?.cancel()
    const reason = redirectOf(answer, baseUrl)
    return { kind: 'unclear', reason, status, body: '', passing: false }
  }
  const retryAfter = answer.headers.get('retry-after')
  const body = await readBounded(answer)
  const outcome = classifyAnswer({ status, retryAfter, body }, isSuccess, clock.now())
  return withOwnCodes(outcome, form.codes, status, body)
}

interface AnswerTimer {
  /** Aborted when it is over. */
  readonly over: AbortSignal
  start(): void
  stop(): void
}

/** The time that an answer has, anew from each start. */
function answerTimer(clock: Clock, ms: number): AnswerTimer {
  const over = new AbortController()
  let end: (() => void) | undefined
  const timer = {
    over: over.signal,
    start(): void {
      timer.stop()
      end = later(clock, ms, () => over.abort())
    },
    stop: (): void => end?.(),
  }
  timer.start()
  return timer
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Where an answer leads, without what may be a secret in its query. */
function redirectOf(answer: Response, baseUrl: string): string {
  const { origin } = new URL(baseUrl)
  const to = answer.headers.get('location') ?? ''
  const place = URL.canParse(to, answer.url || baseUrl) && new URL(to, answer.url || baseUrl)
  const where = place ? `${place.origin}${place.pathname}`.slice(0, 200) : 'another place'
  return `${origin} redirects to ${where}, which is not followed: the credentials are for this origin only`
}

/** A refusal whose code means something else on this account than a refusal (contract 1.8, 1.9, 3). */
function withOwnCodes(
  outcome: Outcome,
  codes: WireForm['codes'],
  status: number,
  body: string,
): Outcome {
  if (outcome.kind !== 'rejected') return outcome
  const { code } = outcome
  if (codes.timeout.includes(code))
    return {
      kind: 'unclear',
      reason: `the platform timed out (${code})`,
      status,
      body,
      passing: true,
    }
  if (codes.throttled.includes(code))
    return { kind: 'throttled', retryAfterMs: undefined, isSure: true, status, body }
  return codes.emptyList.includes(code) ? { ...outcome, code: NO_DATA } : outcome
}

const throughProxy = (reason: string, proxy: string | undefined): string =>
  proxy === undefined ? reason : `through the proxy ${proxy}: ${reason}`

function headersOf(exchange: Exchange): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    'X-Requested-With': 'XMLHttpRequest',
    ...(exchange.token !== undefined && { 'X-Authorization': `Bearer ${exchange.token}` }),
  }
}
