import { createRequire } from 'node:module'
import type * as Api from '@opentelemetry/api'
import { BUCKETS, type CountName, type DurationName, METRICS } from './metrics.ts'
import { NO_TELEMETRY, type Span, type SpanRequest, type Telemetry } from './telemetry.ts'
import { readTraceparent, writeTraceparent } from './trace-context.ts'

/** Under this name every copy of the API, of whichever version 1, finds the SDK that the process registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')
const LIBRARY = 'sft-catalog'

/**
 * Spans and metrics for the OpenTelemetry SDK that this process registered before. Without one nothing is loaded and
 * nothing is measured.
 */
export function openTelemetry(): Telemetry {
  if (!(REGISTERED in globalThis)) return NO_TELEMETRY
  const api = loadApi()
  return api === undefined ? NO_TELEMETRY : telemetryOf(api)
}

function loadApi(): typeof Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api')
  } catch {
    process.emitWarning(
      'an OpenTelemetry SDK is registered, but sft-catalog does not find the package @opentelemetry/api: nothing is measured; install it beside sft-catalog: npm install @opentelemetry/api',
    )
    return undefined
  }
}

function telemetryOf(api: typeof Api): Telemetry {
  const tracer = api.trace.getTracer(LIBRARY)
  const meter = api.metrics.getMeter(LIBRARY)
  const options = (name: keyof typeof METRICS) => ({
    unit: METRICS[name].unit,
    description: METRICS[name].help,
  })
  const histogram = once((name: DurationName) =>
    meter.createHistogram(name, {
      ...options(name),
      advice: { explicitBucketBoundaries: BUCKETS },
    }),
  )
  const counter = once((name: CountName) => meter.createCounter(name, options(name)))
  return {
    span: async (request, work) =>
      await tracer.startActiveSpan(
        request.name,
        {
          ...(request.kind === 'client' && { kind: api.SpanKind.CLIENT }),
          ...(request.attributes !== undefined && { attributes: { ...request.attributes } }),
        },
        parentOf(api, request),
        async span => {
          try {
            return await work(handleOf(api, span))
          } catch (error) {
            fail(api, span, typeOf(error))
            throw error
          } finally {
            span.end()
          }
        },
      ),
    duration: (name, seconds, by) => histogram(name).record(seconds, by),
    count: (name, by) => counter(name).add(1, by),
    levels(names, read) {
      const gauges = names.map(name => ({
        name,
        gauge: meter.createObservableGauge(name, options(name)),
      }))
      const callback = async (result: Api.BatchObservableResult) => {
        const levels = await read()
        for (const { name, gauge } of gauges)
          for (const { value, by = {} } of levels[name] ?? []) result.observe(gauge, value, by)
      }
      const observed = gauges.map(({ gauge }) => gauge)
      meter.addBatchObservableCallback(callback, observed)
      return {
        [Symbol.dispose]: () => meter.removeBatchObservableCallback(callback, observed),
      }
    },
  }
}

/** Makes a thing of a name when it is asked for first. */
function once<Name, Thing>(make: (name: Name) => Thing): (name: Name) => Thing {
  const made = new Map<Name, Thing>()
  return name => {
    const thing = made.get(name) ?? make(name)
    made.set(name, thing)
    return thing
  }
}

/** What goes on here, unless the request names another trace: then that one. */
function parentOf(api: typeof Api, { traceparent }: SpanRequest): Api.Context {
  const here = api.context.active()
  const given = traceparent === undefined ? undefined : readTraceparent(traceparent)
  if (given === undefined) return here
  const { traceId, spanId, flags } = given
  // The span that is under way knows more of the same trace.
  if (api.trace.getSpanContext(here)?.traceId === traceId) return here
  return api.trace.setSpanContext(here, { traceId, spanId, traceFlags: flags, isRemote: true })
}

function handleOf(api: typeof Api, span: Api.Span): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const isReal = api.isSpanContextValid(span.spanContext())
  return {
    traceparent: isReal ? writeTraceparent({ traceId, spanId, flags: traceFlags }) : undefined,
    set: attributes => span.setAttributes({ ...attributes }),
    fail: type => fail(api, span, type),
  }
}

/** Messages are for logs, where secrets are looked for: a span has the kind of the error only. */
function fail(api: typeof Api, span: Api.Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: api.SpanStatusCode.ERROR })
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
