import type { JsonObject } from '../model.ts'
import type { CallOptions, OperationName } from './api.ts'
import { isEnvelopeSuccess } from './envelope.ts'
import {
  type CallName,
  SftNoAccessError,
  SftNotUnderstoodError,
  SftRejectedError,
  SftUnknownOutcomeError,
  SftUnreachableError,
} from './errors.ts'
import type { Clock } from './once.ts'
import { OPERATIONS, type ReadName, type WriteName } from './operations.ts'
import { excerptOf, type Redact } from './redact.ts'
import type { Session } from './session.ts'
import type { Call, Delivery, Transport } from './transport.ts'

/** Query parameters of a read; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** What a read came to, where the caller has a use for it; everything else is thrown. */
export type ReadResult<Value> =
  | { readonly kind: 'answered'; readonly value: Value; readonly response: JsonObject }
  /** `description` is for decisions only: the error has it without secrets. */
  | { readonly kind: 'rejected'; readonly description: string; readonly error: SftRejectedError }
  /** HTTP 404: the account does not know the operation. */
  | { readonly kind: 'missing'; readonly error: SftNotUnderstoodError }

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

/** Two tokens that died one after the other look like no access: it is tried again after this time. */
const NO_ACCESS_MS = 60_000

/** Makes calls with a token, replays them once after a new login, and turns outcomes into errors. */
export function createCalls(
  transport: Transport,
  session: Session,
  redact: Redact,
  clock: Pick<Clock, 'now'>,
): { readonly read: Read; readonly write: Write } {
  /** Operations refused right after a new login, with the time: for a while a further login would not help. */
  const noAccess = new Map<OperationName, number>()

  async function deliver(
    call: Omit<Call, 'isSuccess' | 'authorise'>,
  ): Promise<Exclude<Delivery, { readonly kind: 'unauthorised' }>> {
    for (let replayed = false; ; replayed = true) {
      const delivery = await transport.deliver({
        ...call,
        isSuccess: isEnvelopeSuccess,
        authorise: session.token,
      })
      if (delivery.kind !== 'unauthorised') return delivery
      const now = clock.now()
      if (replayed) noAccess.set(call.operation, now)
      const refusedAt = noAccess.get(call.operation) ?? Number.NEGATIVE_INFINITY
      if (delivery.token === undefined || now - refusedAt < NO_ACCESS_MS)
        throw new SftNoAccessError(
          `not authorised (${delivery.code}): ${redact(delivery.description)}; a new login did not help. ` +
            'Endpoint calls need an enterprise account: a reseller enters one with targetAccountId',
          transport.callName(call.operation),
        )
      await session.replace(delivery.token)
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
      const delivery = await deliver({
        ...options,
        operation,
        query: withoutUndefined(query),
        resendUnclear: true,
        isComplete: response => {
          value = extract(response)
          return value !== undefined
        },
      })
      const name = transport.callName(operation)
      switch (delivery.kind) {
        case 'answered':
          if (value !== undefined) return { kind: 'answered', value, response: delivery.response }
          throw new SftNotUnderstoodError(200, 'the answer lacks what was asked for', name)
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
          if (delivery.status === undefined)
            throw new SftUnreachableError(`no answer: ${redact(delivery.reason)}`, name)
          throw new SftNotUnderstoodError(
            delivery.status,
            delivery.body === '' ? redact(delivery.reason) : excerptOf(delivery.body, redact),
            name,
          )
      }
    },
    async write(operation, body, options = {}) {
      const delivery = await deliver({ ...options, operation, body, resendUnclear: false })
      const name = transport.callName(operation)
      switch (delivery.kind) {
        case 'answered':
          return delivery.response
        case 'rejected':
          throw rejection(delivery, name, redact)
        case 'missing':
          throw new SftRejectedError('404', excerptOf(delivery.body, redact), name)
        case 'unclear':
          throw new SftUnknownOutcomeError(
            `outcome unknown, read back whether it was executed: ${reasonOf(delivery, redact)}`,
            name,
            { sentAt: delivery.sentAt },
          )
      }
    },
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
