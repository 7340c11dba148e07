import type { Json, JsonObject } from '../model.ts'
import type { Answer } from './answer.ts'
import type { Fault } from './faults.ts'
import { isObject } from './fields.ts'
import { CODES } from './rejection.ts'
import type { SimulatedWire } from './settings.ts'
import {
  failureReply,
  htmlReply,
  leaveOut,
  type Reply,
  throttledReply,
  timedOutReply,
  unauthorisedReply,
} from './wire.ts'

/** Executes the call that a fault met, once; the reply has the form of the wire given. */
export type Execution = (wire: SimulatedWire) => { readonly reply: Reply; readonly answer?: Answer }

/** What the client gets to see. */
export type Played =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The first half of the reply, then the end of the connection. */
  | { readonly kind: 'half'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' }

/** What a fault may do besides executing the call. */
export interface Stage {
  readonly now: number
  readonly wire: SimulatedWire
  readonly operation: string
  readonly later: (delayMs: number, run: () => void) => void
  readonly expireTokens: () => void
}

const HUGE_BYTES = 40 * 1024 * 1024
const DEEP_LEVELS = 100_000

const PLACES = ['responseParam', 'rows', 'resultParam'] as const
let placed = 0

/** Plays a fault on a call; FaultKind tells what each kind does. */
export function playFault(fault: Fault, execution: Execution, stage: Stage): Played {
  const { now, wire } = stage
  const reply = (value: Reply): Played => ({ kind: 'reply', reply: value })
  const executed = () => execution(wire).reply
  const status = fault.status ?? 503
  switch (fault.kind) {
    case 'late':
      stage.later(fault.delayMs ?? 500, executed)
      return { kind: 'reset' }
    case 'late-after-answer':
      stage.later(fault.delayMs ?? 500, executed)
      return reply(timedOutReply(now, wire))
    case 'timeout-text':
      executed()
      return reply(timedOutReply(now, wire))
    case 'timeout-text-not-executed':
      return reply(timedOutReply(now, wire))
    case 'throttle-429':
      return reply(throttledReply('429', now, wire))
    case 'throttle-200-text':
      return reply(throttledReply('200-text', now, wire))
    case 'throttle-words':
      return reply(throttledReply('200-words', now, wire))
    case 'throttle-bare':
      return reply(throttledReply('429-bare', now, wire))
    case 'throttle-html':
      return reply(throttledReply('429-html', now, wire))
    case 'expired-token-inner':
      return reply(expired('inner', stage))
    case 'expired-token-outer':
      return reply(expired('outer', stage))
    case 'expired-token-words':
      return reply(expired('words', stage))
    case 'expired-token-http':
      return reply(expired('http', stage))
    case '5xx-before':
      return reply(htmlReply(status, 'Service Unavailable'))
    case '5xx-after':
      executed()
      return reply(htmlReply(status, 'Service Unavailable'))
    case 'non-json-before':
      return reply(htmlReply(200, 'Please wait'))
    case 'non-json-after':
      executed()
      return reply(htmlReply(200, 'Please wait'))
    case 'empty-body-after':
      executed()
      return reply({ status: 200, type: 'application/json', body: '' })
    case 'half-answer':
      return { kind: 'half', reply: executed() }
    case 'huge-body-after': {
      const done = executed()
      return reply({ ...done, body: ' '.repeat(HUGE_BYTES) + done.body, compressed: true })
    }
    case 'deep-body-after': {
      const done = executed()
      const deep = '['.repeat(DEEP_LEVELS) + ']'.repeat(DEEP_LEVELS)
      return reply({ ...done, body: done.body.replace(/}$/, `,"more":${deep}}`) })
    }
    case 'reset-before':
      return { kind: 'reset' }
    case 'reset-after':
      executed()
      return { kind: 'reset' }
    case 'no-answer':
      executed()
      return { kind: 'silence' }
    case 'field-missing': {
      const done = execution(wire)
      const field = fault.field ?? payloadField(done.answer)
      return reply(edited(done.reply, body => leaveOut(body, field)))
    }
    case 'numeric-ids':
      return reply(execution({ ...wire, numericIds: true }).reply)
    case 'ids-elsewhere': {
      const place = PLACES[placed % PLACES.length] ?? 'responseParam'
      placed += 1
      return reply(execution({ ...wire, createdIds: place }).reply)
    }
    case 'rows-missing':
      return reply(edited(executed(), body => editRows(body, rows => halfOf(rows))))
    case 'row-timeouts':
      return reply(edited(executed(), body => editRows(body, rows => rows.map(timedOutRow))))
    case 'no-data':
      return reply(failureReply(CODES.noData, 'No data available', now, wire))
    case 'lists-empty':
      return reply(edited(executed(), emptied))
    case 'gateway-words-after':
      executed()
      return reply(htmlReply(504, 'Gateway Timeout: slow down and try again'))
    case 'already-after':
      executed()
      return reply(failureReply(alreadyCode(stage.operation), 'It is so already', now, wire))
    case 'unauthorised-html-after':
      executed()
      return reply(htmlReply(fault.status ?? 401, 'Unauthorized: session expired, log in again'))
    case 'unauthorised-words-after':
      executed()
      return reply(failureReply(CODES.unexpected, 'Invalid session', now, wire))
    case 'throttle-html-after':
      executed()
      return reply(htmlReply(fault.status ?? 429, 'Too Many Requests: slow down'))
    case 'throttle-words-after':
      executed()
      return reply(throttledReply('200-words', now, wire))
    case 'rejected-after':
      executed()
      return reply(failureReply(CODES.unexpected, 'Unexpected error, please retry', now, wire))
    case 'rejected':
      return reply(failureReply(CODES.unexpected, 'Unexpected error, please retry', now, wire))
  }
}

function expired(
  form: NonNullable<SimulatedWire['authFailure']>,
  { now, expireTokens }: Stage,
): Reply {
  expireTokens()
  return unauthorisedReply(form, 'Authorization Failed', now)
}

/** Codes of contract 3 with which an operation says that it is so already. */
function alreadyCode(operation: string): string {
  if (operation === 'EndPointActivation') return CODES.alreadyActive
  return operation === 'DeLinkSim' ? CODES.noSim : CODES.alreadyInState
}

function payloadField(answer: Answer | undefined): string {
  if (answer?.created !== undefined) return answer.created.field
  return answer?.info === undefined ? 'responseParam' : 'uniqueId'
}

function edited(reply: Reply, edit: (body: Json) => Json): Reply {
  return { ...reply, body: JSON.stringify(edit(JSON.parse(reply.body))) }
}

function editRows(body: Json, edit: (rows: readonly Json[]) => readonly Json[]): Json {
  const response = isObject(body) ? body['Response'] : undefined
  const param = isObject(response) ? response['responseParam'] : undefined
  if (!isObject(response) || !isObject(param) || !Array.isArray(param['rows'])) return body
  const rows = edit(param['rows'])
  const { responseParam: _all, ...rest } = response
  return { Response: rows.length === 0 ? rest : { ...rest, responseParam: { ...param, rows } } }
}

/** The value with every list in it empty. */
function emptied(value: Json): Json {
  if (Array.isArray(value)) return []
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, emptied(item)]))
}

function halfOf(rows: readonly Json[]): readonly Json[] {
  return rows.slice(0, Math.floor(rows.length / 2))
}

function timedOutRow(row: Json, index: number): Json {
  if (index % 2 === 1 || !isObject(row)) return row
  const timedOut: JsonObject = {
    ...row,
    endPointId: '-',
    resultCode: index % 4 === 0 ? CODES.timedOut : CODES.failedVerify,
    resultDescription: 'Operation has Time out, please verify',
  }
  return timedOut
}
