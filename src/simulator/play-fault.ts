import type { Json, JsonObject } from '../model.ts'
import type { Answer } from './answer.ts'
import type { Fault, FaultKind } from './faults.ts'
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

/** A call that a fault met. */
interface Met extends Stage {
  readonly fault: Fault
  readonly execution: Execution
}

/** Plays a fault on a call; FaultKind tells what each kind does. */
export const playFault = (fault: Fault, execution: Execution, stage: Stage): Played =>
  PLAYS[fault.kind]({ ...stage, fault, execution })

type Play = (met: Met) => Played

const reply = (value: Reply): Played => ({ kind: 'reply', reply: value })
const executed = ({ execution, wire }: Met): Reply => execution(wire).reply

/** Answered so, and not executed. */
const notExecuted =
  (answer: (met: Met) => Reply): Play =>
  met =>
    reply(answer(met))

/** Executed, and answered so all the same. */
const afterwards =
  (answer: (met: Met) => Reply): Play =>
  met => {
    executed(met)
    return reply(answer(met))
  }

/** Executed, and its answer edited. */
const answeredWith =
  (edit: (done: Reply) => Reply): Play =>
  met =>
    reply(edit(executed(met)))

const executeLater = (met: Met): void =>
  met.later(met.fault.delayMs ?? 500, () => void executed(met))

const timedOut = ({ now, wire }: Met): Reply => timedOutReply(now, wire)
const unavailable = ({ fault }: Met): Reply => htmlReply(fault.status ?? 503, 'Service Unavailable')
const notJson = (): Reply => htmlReply(200, 'Please wait')
const throttled =
  (form: Parameters<typeof throttledReply>[0]) =>
  ({ now, wire }: Met): Reply =>
    throttledReply(form, now, wire)
const failed =
  (code: string, description: string) =>
  ({ now, wire }: Met): Reply =>
    failureReply(code, description, now, wire)

const PLAYS: Readonly<Record<FaultKind, Play>> = {
  late: met => {
    executeLater(met)
    return { kind: 'reset' }
  },
  'late-after-answer': met => {
    executeLater(met)
    return reply(timedOut(met))
  },
  'timeout-text': afterwards(timedOut),
  'timeout-text-not-executed': notExecuted(timedOut),
  'throttle-429': notExecuted(throttled('429')),
  'throttle-200-text': notExecuted(throttled('200-text')),
  'throttle-words': notExecuted(throttled('200-words')),
  'throttle-bare': notExecuted(throttled('429-bare')),
  'throttle-html': notExecuted(throttled('429-html')),
  'expired-token-inner': notExecuted(met => expired('inner', met)),
  'expired-token-outer': notExecuted(met => expired('outer', met)),
  'expired-token-words': notExecuted(met => expired('words', met)),
  'expired-token-http': notExecuted(met => expired('http', met)),
  '5xx-before': notExecuted(unavailable),
  '5xx-after': afterwards(unavailable),
  'non-json-before': notExecuted(notJson),
  'non-json-after': afterwards(notJson),
  'empty-body-after': afterwards(() => ({ status: 200, type: 'application/json', body: '' })),
  'half-answer': met => ({ kind: 'half', reply: executed(met) }),
  'huge-body-after': answeredWith(done => ({
    ...done,
    body: ' '.repeat(HUGE_BYTES) + done.body,
    compressed: true,
  })),
  'deep-body-after': answeredWith(done => {
    const deep = '['.repeat(DEEP_LEVELS) + ']'.repeat(DEEP_LEVELS)
    return { ...done, body: done.body.replace(/}$/, `,"more":${deep}}`) }
  }),
  'reset-before': () => ({ kind: 'reset' }),
  'reset-after': met => {
    executed(met)
    return { kind: 'reset' }
  },
  'no-answer': met => {
    executed(met)
    return { kind: 'silence' }
  },
  'field-missing': ({ fault, execution, wire }) => {
    const done = execution(wire)
    const field = fault.field ?? payloadField(done.answer)
    return reply(edited(done.reply, body => leaveOut(body, field)))
  },
  'numeric-ids': ({ execution, wire }) => reply(execution({ ...wire, numericIds: true }).reply),
  'ids-elsewhere': ({ execution, wire }) => {
    const place = PLACES[placed % PLACES.length] ?? 'responseParam'
    placed += 1
    return reply(execution({ ...wire, createdIds: place }).reply)
  },
  'rows-missing': answeredWith(done => edited(done, body => editRows(body, halfOf))),
  'row-timeouts': answeredWith(done =>
    edited(done, body => editRows(body, rows => rows.map(timedOutRow))),
  ),
  'no-data': notExecuted(failed(CODES.noData, 'No data available')),
  'lists-empty': answeredWith(done => edited(done, emptied)),
  'gateway-words-after': afterwards(() =>
    htmlReply(504, 'Gateway Timeout: slow down and try again'),
  ),
  'already-after': afterwards(met => failed(alreadyCode(met.operation), 'It is so already')(met)),
  'unauthorised-html-after': afterwards(({ fault }) =>
    htmlReply(fault.status ?? 401, 'Unauthorized: session expired, log in again'),
  ),
  'unauthorised-words-after': afterwards(failed(CODES.unexpected, 'Invalid session')),
  'throttle-html-after': afterwards(({ fault }) =>
    htmlReply(fault.status ?? 429, 'Too Many Requests: slow down'),
  ),
  'throttle-words-after': afterwards(throttled('200-words')),
  'rejected-after': afterwards(failed(CODES.unexpected, 'Unexpected error, please retry')),
  rejected: notExecuted(failed(CODES.unexpected, 'Unexpected error, please retry')),
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
