import type { Json, JsonObject } from '../model.ts'
import { isObject } from './fields.ts'

/** One call as it arrived, in order of arrival. Holds no password, token or activation code. */
export interface LoggedCall {
  /** Arrival, in ms since 1970. */
  readonly at: number
  /** Name of the operation, such as `CreateRateZone`; `unknown` for a path that is none. */
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly body?: Json
  /** HTTP status; 0 where nothing was answered. */
  status: number
  /** `ok`, `rejected:CODE`, `throttled`, `unauthorised`, `unknown-operation`, `pending` or `fault:KIND`. */
  outcome: string
  /** Whether it took effect, by now. */
  executed: boolean
  durationMs: number
}

const MOST = 200_000
const DROPPED_AT_ONCE = 20_000

/** Appends a call; the oldest go once there are 200,000. */
export function logCall(calls: LoggedCall[], call: LoggedCall): void {
  if (calls.length >= MOST) calls.splice(0, DROPPED_AT_ONCE)
  calls.push(call)
}

/** A request body fit for the log. */
export function redact(body: Json | undefined): Json | undefined {
  if (!isObject(body) || !('password' in body)) return body
  const redacted: JsonObject = { ...body, password: '[redacted]' }
  return redacted
}
