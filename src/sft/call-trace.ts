/** Calls as spans, metrics and traces show them. */
import type { Clock } from '../clock.ts'
import { defined } from '../defined.ts'
import type { SpanRequest, Telemetry } from '../telemetry/telemetry.ts'
import type { Lane, OperationName } from './api.ts'
import type { Outcome } from './envelope.ts'
import type { CallName } from './errors.ts'

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

/** What is known of a call before it is sent. */
type CallToCome = Pick<CallTrace, 'operation' | 'lane' | 'waitedSeconds' | 'attempt'>

/** What came back of one request. */
export interface Received {
  readonly outcome: Outcome
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined
}

/** Who is told of calls. */
interface Watchers {
  readonly clock: Pick<Clock, 'now'>
  readonly telemetry: Telemetry
  readonly onCall: ((call: CallTrace) => void) | undefined
}

/** Makes a call in a span of its own, and tells what came of it; `send` says when it really left. */
export async function traced(
  { clock, telemetry, onCall }: Watchers,
  call: CallToCome,
  to: CallName & { readonly host: string },
  send: (noteSent: (at: number) => void) => Promise<Received>,
): Promise<Outcome> {
  return await telemetry.span(spanOf(call, to), async span => {
    let sentAt = clock.now()
    const { outcome, status } = await send(at => {
      sentAt = at
    })
    const { operation, lane, waitedSeconds, attempt } = call
    const trace: CallTrace = {
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
    measure(telemetry, trace)
    span.set({ 'sft.outcome': outcome.kind, ...statusOf(trace) })
    if (outcome.kind !== 'answered') span.fail(outcome.kind)
    onCall?.(trace)
    return outcome
  })
}

const spanOf = (
  { operation, lane, waitedSeconds, attempt }: CallToCome,
  { method, path, host }: CallName & { readonly host: string },
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

function measure(telemetry: Telemetry, call: CallTrace): void {
  const { operation, lane, outcome, seconds, waitedSeconds } = call
  telemetry.duration('sft.budget.wait.duration', waitedSeconds, { 'sft.lane': lane })
  telemetry.duration('sft.call.duration', seconds, {
    'sft.operation': operation,
    'sft.outcome': outcome,
    'sft.lane': lane,
    ...statusOf(call),
  })
}
