/** Every kind of fault that the simulator can play; FaultKind tells what each does. */
export const FAULT_KINDS = [
  'late',
  'late-after-answer',
  'timeout-text',
  'timeout-text-not-executed',
  'throttle-429',
  'throttle-200-text',
  'throttle-words',
  'throttle-bare',
  'throttle-html',
  'expired-token-inner',
  'expired-token-outer',
  'expired-token-http',
  'expired-token-words',
  '5xx-before',
  '5xx-after',
  'non-json-before',
  'non-json-after',
  'empty-body-after',
  'half-answer',
  'huge-body-after',
  'deep-body-after',
  'reset-before',
  'reset-after',
  'no-answer',
  'field-missing',
  'numeric-ids',
  'ids-elsewhere',
  'rows-missing',
  'row-timeouts',
  'rejected',
  'rejected-after',
  'gateway-words-after',
  'already-after',
  'unauthorised-html-after',
  'unauthorised-words-after',
  'throttle-html-after',
  'throttle-words-after',
  'no-data',
  'lists-empty',
] as const

/**
 * - `late`: the connection is reset now, the operation is executed `delayMs` later
 * - `late-after-answer`: the timeout text is answered now, the operation is executed `delayMs` later
 * - `timeout-text`: executed; answered with code 10240 and "has Time out"
 * - `timeout-text-not-executed`: the same answer, nothing happened
 * - `throttle-429`, `throttle-200-text`, `throttle-words`, `throttle-bare`, `throttle-html`: not executed, each form of contract 1.8
 * - `expired-token-inner`, `-outer`, `-http`, `-words`: not executed, and every access token is invalid from then on
 * - `5xx-before`, `5xx-after`: HTTP `status` (503) with HTML, not executed or executed
 * - `non-json-before`, `non-json-after`: HTTP 200 with HTML, not executed or executed
 * - `empty-body-after`: executed; HTTP 200 without a body
 * - `half-answer`: executed; the connection breaks in the middle of the answer
 * - `huge-body-after`: executed; 40 MB of blanks, compressed to some kilobytes, stand before the answer
 * - `deep-body-after`: executed; the answer has a field that is nested 100,000 levels deep
 * - `reset-before`, `reset-after`: the connection is reset, not executed or executed
 * - `no-answer`: executed; never answered
 * - `field-missing`: executed; `field` (the created ID, else the payload) is left out wherever it stands
 * - `numeric-ids`: executed; IDs and codes as numbers
 * - `ids-elsewhere`: executed; created IDs in `responseParam`, `rows[0]`, `resultParam`, in turn
 * - `rows-missing`: executed; half of the rows of a bulk are missing, or all if it is one
 * - `row-timeouts`: executed; every other row of a bulk, from the first, is answered 10239 or 10240 without ID
 * - `rejected`: not executed; outer "1", inner 10057
 * - `rejected-after`: executed; the same answer
 * - `gateway-words-after`: executed; HTTP 504 with HTML that says to slow down
 * - `already-after`: executed; outer "1", and the inner code that says that it is so already: 2507 of an activation,
 *   6420 of a de-linking, else 1254
 * - `unauthorised-html-after`: executed; HTTP `status` (401) with HTML that says that the session expired
 * - `unauthorised-words-after`: executed; outer "1", inner 10057, "Invalid session"
 * - `throttle-html-after`: executed; HTTP `status` (429) with HTML that says to slow down
 * - `throttle-words-after`: executed; HTTP 200, "Too many requests, please slow down"
 * - `no-data`: not executed; outer "1", inner 1359, though there may be data
 * - `lists-empty`: executed; every list of the answer is empty
 */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault to play; the oldest that matches a call is played. */
export interface Fault {
  /** Name of an operation, `*` for all, `writes` for all writes. */
  readonly operation: string
  readonly kind: FaultKind
  /** How many calls it meets. Default 1. */
  readonly count?: number
  /** How many matching calls pass before. Default 0. */
  readonly skip?: number
  /** For late execution. Default 500. */
  readonly delayMs?: number
  /** For `field-missing`. */
  readonly field?: string
  /** HTTP status of the kinds that have one, in place of the one that they have by default. */
  readonly status?: number
}

/** Faults that wait for their calls. */
export interface FaultQueue {
  add(fault: Fault): void
  clear(): void
  /** The fault to play on this call, if any; it is then used once. */
  take(operation: string, write: boolean): Fault | undefined
}

export function createFaultQueue(): FaultQueue {
  let waiting: { readonly fault: Fault; skip: number; count: number }[] = []
  return {
    add(fault) {
      waiting.push({ fault, skip: fault.skip ?? 0, count: fault.count ?? 1 })
    },
    clear() {
      waiting = []
    },
    take(operation, write) {
      for (const entry of waiting) {
        const { operation: wanted } = entry.fault
        if (wanted !== operation && wanted !== '*' && !(wanted === 'writes' && write)) continue
        if (entry.skip > 0) {
          entry.skip -= 1
          continue
        }
        entry.count -= 1
        if (entry.count <= 0) waiting = waiting.filter(other => other !== entry)
        return entry.fault
      }
      return undefined
    },
  }
}
