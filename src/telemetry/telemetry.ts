/** Spans and metrics as they are asked for: what takes them stands in opentelemetry.ts. Nothing in it is a secret. */
import type { CountName, DurationName, LevelName, MetricAttributes } from './metrics.ts'

type Attributes = Readonly<Record<string, string | number | boolean>>

/** A span while it goes on. */
export interface Span {
  /** Its trace context, W3C. Undefined: nobody takes spans. */
  readonly traceparent: string | undefined
  set(attributes: Attributes): void
  /** It went wrong, by a word that is one of few. */
  fail(type: string): void
}

export interface SpanRequest {
  readonly name: string
  /** `client`: a request to somebody else. */
  readonly kind?: 'client'
  readonly attributes?: Attributes
  /** The trace that it belongs to, W3C; default: what goes on here. */
  readonly traceparent?: string | undefined
}

/** A value of a level, and what it is told apart by. */
export interface Level {
  readonly value: number
  readonly by?: MetricAttributes
}

/** Asked for when somebody reads the metrics. */
type ReadLevels = () => Promise<Partial<Readonly<Record<LevelName, readonly Level[]>>>>

export interface Telemetry {
  /** Does work in a span, which ends with it; what the work throws marks it as failed. */
  span<Result>(request: SpanRequest, work: (span: Span) => Promise<Result>): Promise<Result>
  duration(name: DurationName, seconds: number, by: MetricAttributes): void
  count(name: CountName, by?: MetricAttributes): void
  /** What `read` throws is nobody's concern but the reader's of the metrics. */
  levels(names: readonly LevelName[], read: ReadLevels): Disposable
}

const NO_SPAN: Span = { traceparent: undefined, set: () => {}, fail: () => {} }

/** Where nobody takes spans and metrics: it does the work. */
export const NO_TELEMETRY: Telemetry = {
  span: (_request, work) => work(NO_SPAN),
  duration: () => {},
  count: () => {},
  levels: () => ({ [Symbol.dispose]: () => {} }),
}
