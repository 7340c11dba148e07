import type { Clock } from '../clock.ts'
import type { JsonObject } from '../model.ts'
import type { CallOptions, OperationName } from './api.ts'
import { contradictsFailure } from './codes.ts'
import { isEnvelopeSuccess } from './envelope.ts'
import {
  type CallName,
  SftNoAccessError,
  SftNotUnderstoodError,
  SftRejectedError,
  SftUnknownOutcomeError,
  SftUnreachableError,
} from './errors.ts'
import { fallbackOf, OPERATIONS, type ReadName, type WriteName } from './operations.ts'
import { excerptOf, type Redact } from './redact.ts'
import type { Session } from './session.ts'
import { type Call, type Delivery, type Token, type Transport, unlessGivenUp } from './transport.ts'

/** Query parameters of a read; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** What a read came to, where the caller has a use for it; everything else is thrown. */
export type ReadResult<Value> =
  | { readonly kind: 'answered'; readonly value: Value; readonly response: JsonObject }
  /** `description` is for decisions only: the error has it without secrets. */
  | { readonly kind: 'rejected'; readonly description: string; readonly error: SftRejectedError }
  /** HTTP 404: the account does not know the operation. */
  | { readonly kind: 'missing'; readonly error: SftNotUnderstoodError }
  /** Only of what has a fallback: an answer of another form than assumed, or no right to ask. */
  | { readonly kind: 'unclear'; readonly error: SftNotUnderstoodError | SftNoAccessError }

/**
 * Reads, with GET only. `extract` answers undefined where the answer lacks what was asked for; such an
 * answer is asked for again, and is an error in the end.
 */
export type Read = <Value>(
  operation: ReadName,
  query: Query,
  extract: (response: JsonObject) => Value | undefined,
  options?: CallOptions,
) => Promise<ReadResult<Value>>

/** Writes; resolves with what stands under `Response`. */
export type Write = (
  operation: WriteName,
  body: JsonObject,
  options?: CallOptions,
) => Promise<JsonObject>

/** Makes calls with a token, replays them once after a new login, and turns outcomes into errors. */
export function createCalls(
  transport: Transport,
  session: Session,
  redact: Redact,
  clock: Pick<Clock, 'now'>,
): { readonly read: Read; readonly write: Write } {
  const refusals = createRefusals(clock)

  async function deliver(call: Omit<Call, 'isSuccess' | 'authorise'>): Promise<Authorised> {
    for (;;) {
      const delivery = await transport.deliver({
        ...call,
        isSuccess: isEnvelopeSuccess,
        authorise: session.token,
      })
      if (delivery.kind !== 'unauthorised') {
        refusals.forget(call.operation)
        return delivery
      }
      if (delivery.token === undefined || !refusals.note(call.operation, delivery.token))
        throw new SftNoAccessError(
          `not authorised (${delivery.code}): ${excerptOf(delivery.description, redact)}; new logins did not help. ` +
            'Endpoint calls need an enterprise account: a reseller enters one with targetAccountId',
          transport.callName(call.operation),
        )
      await unlessGivenUp(session.replace(delivery.token), call.signal)
    }
  }

  return {
    async read<Value>(
      operation: ReadName,
      query: Query,
      extract: (response: JsonObject) => Value | undefined,
      options: CallOptions = {},
    ): Promise<ReadResult<Value>> {
      if (OPERATIONS[operation].method !== 'GET') throw new TypeError(`${operation} is no read`)
      let value: Value | undefined
      const hasFallback = fallbackOf(operation) !== undefined
      const delivery = await deliver({
        ...options,
        operation,
        query: withoutUndefined(query),
        resendUnclear: hasFallback ? 'passing' : 'all',
        isComplete: response => {
          value = extract(response)
          return value !== undefined
        },
      }).catch((error: unknown) => {
        if (hasFallback && error instanceof SftNoAccessError) return error
        throw error
      })
      if (delivery instanceof SftNoAccessError) return { kind: 'unclear', error: delivery }
      const name = transport.callName(operation)
      if (delivery.kind !== 'answered') return readFailure(delivery, hasFallback, name, redact)
      if (value !== undefined) return { kind: 'answered', value, response: delivery.response }
      throw new SftNotUnderstoodError(200, 'the answer lacks what was asked for', name)
    },
    async write(operation, body, options = {}) {
      const delivery = await deliver({ ...options, operation, body, resendUnclear: 'none' })
      if (delivery.kind === 'answered') return delivery.response
      throw writeFailure(delivery, operation, transport.callName(operation), redact)
    },
  }
}

/** A delivery whose token was taken. */
type Authorised = Exclude<Delivery, { readonly kind: 'unauthorised' }>
type Failed = Exclude<Authorised, { readonly kind: 'answered' }>

/** So many tokens that an operation refuses, one after another, look like no access. */
const TOKENS_REFUSED = 3
/** From then on a new login is tried after 5, 10, 20 … seconds, at most a minute apart. */
const NEXT_LOGIN_MS = 5_000
const LAST_LOGIN_MS = 60_000

/** Tokens that an operation refused since it last took one. */
interface Refusals {
  readonly count: number
  /** Generation of the last one: a token that many calls had is refused once. */
  readonly generation: number
  /** When it was refused, in ms. */
  readonly at: number
}

function createRefusals(clock: Pick<Clock, 'now'>) {
  const refused = new Map<OperationName, Refusals>()
  return {
    /** Notes a refusal; whether a new login may help. */
    note(operation: OperationName, { generation }: Token): boolean {
      const now = clock.now()
      const before = refused.get(operation)
      const isNew = before === undefined || generation > before.generation
      const count = (before?.count ?? 0) + (isNew ? 1 : 0)
      const last = isNew ? { generation, at: now } : before
      refused.set(operation, { ...last, count })
      if (count < TOKENS_REFUSED) return true
      const wait = Math.min(LAST_LOGIN_MS, NEXT_LOGIN_MS * 2 ** (count - TOKENS_REFUSED))
      return !isNew && now - before.at >= wait
    },
    forget(operation: OperationName): void {
      refused.delete(operation)
    },
  }
}

/** What a read that failed came to, where the caller has a use for it. */
function readFailure(
  delivery: Failed,
  hasFallback: boolean,
  name: CallName,
  redact: Redact,
): Exclude<ReadResult<never>, { readonly kind: 'answered' }> {
  switch (delivery.kind) {
    case 'rejected':
      return {
        kind: 'rejected',
        description: delivery.description,
        error: rejection(delivery, name, redact),
      }
    case 'missing':
      return {
        kind: 'missing',
        error: new SftNotUnderstoodError(404, excerptOf(delivery.body, redact), name),
      }
    case 'unclear':
      return unclearRead(delivery, hasFallback, name, redact)
  }
}

function unclearRead(
  delivery: Extract<Failed, { readonly kind: 'unclear' }>,
  hasFallback: boolean,
  name: CallName,
  redact: Redact,
): { readonly kind: 'unclear'; readonly error: SftNotUnderstoodError } {
  const { status, body, reason, passing } = delivery
  if (status === undefined) throw new SftUnreachableError(`no answer: ${redact(reason)}`, name)
  const words = body === '' ? redact(reason) : excerptOf(body, redact)
  const error = new SftNotUnderstoodError(status, words, name)
  // A platform that fails says nothing of what it knows: its fallback would fail with it.
  if (!hasFallback || passing) throw error
  return { kind: 'unclear', error }
}

/** What a write that was not answered as done is for its caller: refused, or not known. */
function writeFailure(
  delivery: Failed,
  operation: WriteName,
  name: CallName,
  redact: Redact,
): SftRejectedError | SftUnknownOutcomeError {
  const { sentAt } = delivery
  const readBack = 'outcome unknown, read back whether it was executed'
  switch (delivery.kind) {
    case 'rejected':
      return contradictsFailure(operation, delivery.code, delivery.description)
        ? new SftUnknownOutcomeError(
            `${readBack}: a failure with the code or words of a success (${delivery.code})`,
            name,
            { sentAt },
          )
        : rejection(delivery, name, redact)
    case 'missing':
      return new SftRejectedError('404', excerptOf(delivery.body, redact), name)
    case 'unclear':
      return new SftUnknownOutcomeError(`${readBack}: ${reasonOf(delivery, redact)}`, name, {
        sentAt,
        saysNo: delivery.saysNo === true,
      })
  }
}

function rejection(
  delivery: Extract<Delivery, { readonly kind: 'rejected' }>,
  name: CallName,
  redact: Redact,
): SftRejectedError {
  const { code, description } = delivery
  return new SftRejectedError(code, description && excerptOf(description, redact), name)
}

function reasonOf(delivery: Extract<Delivery, { readonly kind: 'unclear' }>, redact: Redact) {
  const { status, body } = delivery
  const reason = redact(delivery.reason)
  const known = status === undefined || reason.includes(`HTTP ${status}`)
  const told = known ? reason : `HTTP ${status}, ${reason}`
  return body.trim() === '' ? told : `${told}: ${excerptOf(body, redact)}`
}

function withoutUndefined(query: Query): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
