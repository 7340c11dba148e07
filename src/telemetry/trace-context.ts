/** W3C Trace Context: the trace that something belongs to, as text. */

/** The parts of a `traceparent`. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** Bit 1: somebody records it. */
  readonly flags: number
}

const FORM = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/**
 * Reads a `traceparent`; undefined for what is none.
 *
 * @example readTraceparent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
 */
export function readTraceparent(text: string): TraceContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = FORM.exec(text) ?? []
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

/** The text, where it is a `traceparent`. */
export const validTraceparent = (text: string | undefined): string | undefined =>
  text === undefined || readTraceparent(text) === undefined ? undefined : text

export const writeTraceparent = ({ traceId, spanId, flags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
