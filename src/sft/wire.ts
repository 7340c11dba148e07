import type { Clock } from '../clock.ts'
import { defined } from '../defined.ts'
import type { Fetch } from '../fetch.ts'
import type { JsonObject } from '../model.ts'
import type { SpanRequest, Telemetry } from '../telemetry/telemetry.ts'
import type { Lane, OperationName } from './api.ts'
import { readBounded, TooLargeError } from './bounded-body.ts'
import { NO_DATA } from './codes.ts'
import { classifyAnswer, type Outcome } from './envelope.ts'
import type { CallName } from './errors.ts'
import { answerSeconds, OPERATIONS } from './operations.ts'
import type { WireForm } from './wire-form.ts'
import { heldUntilLeave, type Leave, SentError, UnsentError } from './written.ts'

/** One call as a trace may show it: no headers, bodies or query. */
export interface CallTrace {
  /** ISO time at which it was sent. */
  readonly at: string
  readonly operation: OperationName
  /** Who waited for it. */
  readonly lane: Lane
  /** How long it waited for its time in the account's rate, before it was sent. */
  readonly waitedSeconds: number
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined
  /** From sending to the answer. */
  readonly seconds: number
  /** From 1; resends count on. */
  readonly attempt: number
  readonly outcome: Outcome['kind']
  /** W3C trace context, where an OpenTelemetry SDK takes spans: that of the call's own. */
  readonly traceparent?: string
}

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
  const { baseUrl, paths, clock, form, fetch: send = fetch } = options
  const { host } = new URL(baseUrl)
  const callName = (operation: OperationName): CallName => ({
    operation,
    method: OPERATIONS[operation].method,
    path: paths[operation] ?? OPERATIONS[operation].path,
  })

  async function request(
    exchange: Exchange,
    leaving: Leaving,
  ): Promise<[Outcome, number | undefined]> {
    const { method, path } = callName(exchange.operation)
    const query = new URLSearchParams({
      ...exchange.query,
      ...form.queries[exchange.operation],
    }).toString()
    const seconds = options.timeoutSeconds ?? answerSeconds(exchange.operation)
    const timer = answerTimer(clock, seconds * 1000)
    let status: number | undefined
    const url = `${baseUrl}${path}${query && `?${query}`}`
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
    try {
      const answer = await heldUntilLeave(
        leave,
        async () =>
          await send(url, {
            method,
            headers: headersOf(exchange),
            // X-Authorization would follow a redirect to another origin.
            redirect: 'manual',
            signal: timer.over,
            ...(exchange.body !== undefined && { body: JSON.stringify(exchange.body) }),
          }),
      )
      status = answer.status
      if (REDIRECTS.has(status)) {
        await answer.body?.cancel()
        const reason = redirectOf(answer, baseUrl)
        return [{ kind: 'unclear', reason, status, body: '', passing: false }, status]
      }
      const retryAfter = answer.headers.get('retry-after')
      const body = await readBounded(answer)
      const outcome = classifyAnswer({ status, retryAfter, body }, exchange.isSuccess, clock.now())
      return [withOwnCodes(outcome, form.codes, status, body), status]
    } catch (error) {
      const reason = timer.over.aborted ? `no answer within ${seconds} s` : reasonOf(error)
      const unconnected =
        isHeldBack || (sentAt === undefined && !timer.over.aborted && isUnconnected(error))
      return [
        unconnected
          ? { kind: 'unconnected', reason: throughProxy(reason, options.proxy) }
          : {
              kind: 'unclear',
              reason,
              status,
              body: '',
              passing: !(error instanceof TooLargeError),
            },
        status,
      ]
    } finally {
      timer.stop()
      // Nobody told of it: it was sent at once.
      if (sentAt === undefined) leaving.sent(begun)
    }
  }

  let warm: Promise<void> | undefined

  return {
    callName,
    warmUp() {
      // Node loads its HTTP client at the first fetch, which takes longer than the budget's slack.
      warm ??=
        options.fetch === undefined ? fetch('data:,').then(() => undefined) : Promise.resolve()
      return warm
    },
    exchange: (exchange, leaving) =>
      options.telemetry.span(spanOf(exchange, callName(exchange.operation), host), async span => {
        let sentAt = clock.now()
        const [outcome, status] = await request(exchange, {
          ...leaving,
          sent(at) {
            sentAt = at
            leaving.sent(at)
          },
        })
        const { operation, lane, waitedSeconds, attempt } = exchange
        const call: CallTrace = {
          at: new Date(sentAt).toISOString(),
          operation,
          lane,
          waitedSeconds,
          status,
          seconds: (clock.now() - sentAt) / 1000,
          attempt,
          outcome: outcome.kind,
          ...defined({ traceparent: span.traceparent }),
        }
        measureCall(options.telemetry, call)
        span.set({ 'sft.outcome': outcome.kind, ...statusOf(call) })
        if (outcome.kind !== 'answered') span.fail(outcome.kind)
        options.onCall?.(call)
        return outcome
      }),
  }
}

/** The time that an answer has, anew from each start. */
function answerTimer(clock: Clock, ms: number) {
  const over = new AbortController()
  let ends: AbortController | undefined
  const timer = {
    over: over.signal,
    start(): void {
      timer.stop()
      const own = new AbortController()
      ends = own
      clock.sleep(ms, own.signal).then(
        () => over.abort(),
        () => undefined,
      )
    },
    stop: (): void => ends?.abort(),
  }
  timer.start()
  return timer
}

const spanOf = (
  { operation, lane, waitedSeconds, attempt }: Exchange,
  { method, path }: CallName,
  host: string,
): SpanRequest => ({
  name: `SFT ${operation}`,
  kind: 'client',
  attributes: {
    'sft.operation': operation,
    'sft.lane': lane,
    'sft.budget.wait': waitedSeconds,
    'http.request.method': method,
    'url.template': path,
    'server.address': host,
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
  },
})

const statusOf = ({ status }: CallTrace) =>
  status === undefined ? {} : { 'http.response.status_code': status }

function measureCall(telemetry: Telemetry, call: CallTrace): void {
  const { operation, lane, outcome, seconds, waitedSeconds } = call
  telemetry.duration('sft.budget.wait.duration', waitedSeconds, { 'sft.lane': lane })
  telemetry.duration('sft.call.duration', seconds, {
    'sft.operation': operation,
    'sft.outcome': outcome,
    'sft.lane': lane,
    ...statusOf(call),
  })
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

/** The code of an error of a proxy that ended the connection, or spoke no HTTP, where it was asked for a tunnel. */
export const NO_TUNNEL = 'SFT_NO_TUNNEL'

/** Codes of failures before the request was sent: no address, no route, no connection, no trust. */
const UNCONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  NO_TUNNEL,
])

/** What codes of failed connections mean; of a certificate the system's own message is plain. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'there is no way to this host from here',
  ENETUNREACH: 'there is no way to this host from here',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http, or another port',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no version of TLS that is safe',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'no TLS connection that both sides take',
}

const TUNNEL_REFUSED = /^Proxy response \((\d+)\) !== 200 when HTTP Tunneling/

const BAD_PORT = 'bad port'

function isUnconnected(error: unknown): boolean {
  const cause = causeOf(error)
  if (cause instanceof UnsentError) return true
  if (cause instanceof AggregateError) return cause.errors.every(isConnectFailure)
  return isConnectFailure(cause)
}

/** A reset, or a route lost, while connecting is harmless; the same later is not. */
function isConnectFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    ('code' in error && typeof error.code === 'string' && UNCONNECTED.has(error.code)) ||
    ('syscall' in error && error.syscall === 'connect') ||
    // The proxy made no tunnel, so nothing went through it; fetch uses no port that others are known for.
    TUNNEL_REFUSED.test(error.message) ||
    error.message === BAD_PORT
  )
}

function causeOf(error: unknown): unknown {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  // fetch wraps a second time what a dispatcher gave up.
  return cause instanceof DOMException && cause.cause instanceof Error ? cause.cause : cause
}

function reasonOf(error: unknown): string {
  const cause = causeOf(error)
  const first = cause instanceof AggregateError ? (cause.errors[0] ?? cause) : cause
  if (!(first instanceof Error)) return String(first)
  const refused = TUNNEL_REFUSED.exec(first.message)?.[1]
  if (refused !== undefined)
    return refused === '407' ? 'it wants other credentials (407)' : `it answered ${refused}`
  if (first.message === BAD_PORT) return 'this port is kept for something else than HTTP'
  const code = 'code' in first && typeof first.code === 'string' ? first.code : undefined
  if (code === undefined || code === NO_TUNNEL) return first.message
  const words = Object.hasOwn(IN_WORDS, code) ? IN_WORDS[code] : undefined
  if (words !== undefined) return `${words}, ${code}`
  return first.message.includes(code) ? first.message : `${first.message} (${code})`
}
