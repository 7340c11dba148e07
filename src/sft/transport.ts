import type { Clock } from '../clock.ts'
import type { JsonObject } from '../model.ts'
import { untilAborted } from '../until-aborted.ts'
import type { CallOptions, OperationName } from './api.ts'
import type { CallBudget } from './budget.ts'
import type { Ticket } from './call-queue.ts'
import type { Outcome } from './envelope.ts'
import { type CallName, SftAbortedError, SftThrottledError, SftUnreachableError } from './errors.ts'
import type { Pass } from './pass.ts'
import type { Exchange, Wire } from './wire.ts'

/** An access token; tokens of one login share its generation. */
export interface Token {
  readonly access: string
  readonly generation: number
  readonly isUsable: () => boolean
}

/** A call to be delivered. */
export interface Call extends CallOptions {
  readonly operation: OperationName
  readonly query?: Readonly<Record<string, string>>
  readonly body?: JsonObject
  readonly isSuccess: (body: JsonObject) => boolean
  /** Asked before each sending; absent for logins. */
  readonly authorise?: () => Promise<Token>
  /**
   * Which unclear outcomes may be resent: `all` of reads and logins, none of a write, nor what it is answered
   * by which nothing was executed, unless the contract says so of that form; of what has a fallback only
   * `passing` ones, since a form that is not understood leads to the fallback.
   */
  readonly resendUnclear: 'all' | 'passing' | 'none'
  /** Whether the payload has what was asked for; a read whose answer has not is unclear. */
  readonly isComplete?: (response: JsonObject) => boolean
}

/** How a delivery ended, with the token it was sent with and the time (epoch ms). */
export type Delivery = Exclude<Outcome, { readonly kind: 'throttled' | 'unconnected' }> & {
  readonly token: Token | undefined
  readonly sentAt: number
}

/**
 * What happens to a call on its way, for whoever shows it: it begins to wait for its place, it `waits` so many
 * seconds before it is sent again, with the reason for people, and it ends, however it did.
 */
export type DeliveryEvent =
  | { readonly type: 'begins' | 'ends'; readonly operation: OperationName }
  | {
      readonly type: 'waits'
      readonly operation: OperationName
      readonly reason: string
      readonly seconds: number
    }

/** Delivers calls through the budget and resends what is known not to have been executed. */
export interface Transport {
  /** Throws `SftThrottledError`, `SftUnreachableError`, `SftAbortedError` and what `authorise` throws. */
  readonly deliver: (call: Call) => Promise<Delivery>
  readonly callName: (operation: OperationName) => CallName
}

export interface TransportOptions {
  readonly wire: Wire
  readonly budget: CallBudget
  readonly clock: Clock
  /** Waits between resends after a failure, in seconds; as many resends as waits. */
  readonly retryDelaysSeconds: readonly number[]
  /** A call throttled for longer gives up. */
  readonly throttlePatienceSeconds: number
  readonly onDelivery?: ((event: DeliveryEvent) => void) | undefined
}

/** Puts wire and budget together. */
export function createTransport(options: TransportOptions): Transport {
  const { wire, budget, clock, retryDelaysSeconds, onDelivery = () => {} } = options
  const patienceMs = options.throttlePatienceSeconds * 1000

  async function deliver(call: Call): Promise<Delivery> {
    const { operation } = call
    onDelivery({ type: 'begins', operation })
    try {
      return await send(call)
    } finally {
      onDelivery({ type: 'ends', operation })
    }
  }

  async function send(call: Call): Promise<Delivery> {
    const ticket = budget.ticket(call.lane, call.signal)
    const name = wire.callName(call.operation)
    let failures = 0
    let throttledSince: number | undefined
    for (let attempt = 1; ; ) {
      const token = await unlessGivenUp(call.authorise?.(), call.signal)
      await wire.warmUp()
      const entered = clock.now()
      let pass = await passFor(call, ticket, token)
      // Expired while it waited.
      if (pass === undefined) continue
      const waitedSeconds = (clock.now() - entered) / 1000
      let sentAt = clock.now()
      const exchange = exchangeOf(call, { attempt, waitedSeconds, token })
      const outcome = await wire.exchange(exchange, {
        mayGo: () => pass?.isGood() === true,
        async again() {
          pass?.giveBack()
          pass = await passFor(call, ticket, token)
          if (pass === undefined) throw new Error('its token expired while it waited')
          sentAt = clock.now()
        },
        sent: at => pass?.sent(at),
      })
      attempt++
      if (outcome.kind === 'throttled') {
        budget.throttled(sentAt, outcome.retryAfterMs)
        if (isInDoubt(call, outcome)) return { ...inDoubt(outcome), token, sentAt }
        throttledSince ??= sentAt
        bearThrottling(call, outcome.retryAfterMs, throttledSince)
        continue
      }
      const delivery = received(call, outcome, sentAt)
      const delay = retryDelaysSeconds[failures]
      if (delay === undefined || !isToResend(call, delivery))
        return ended(delivery, name, token, sentAt)
      failures++
      waits(call, reasonOf(delivery), delay)
      await pause(delay, call.signal)
    }
  }

  /** A time that may be used now, and the write announced; undefined where the token expired meanwhile. */
  async function passFor(
    call: Call,
    ticket: Ticket,
    token: Token | undefined,
  ): Promise<Pass | undefined> {
    for (;;) {
      const pass = await budget.enter(ticket)
      if (token !== undefined && !token.isUsable()) {
        pass.giveBack()
        return undefined
      }
      if (call.announcement?.isOld?.() === true) {
        pass.giveBack()
        await call.announcement.beforeSending()
        continue
      }
      await announce(call, pass)
      if (pass.take()) return pass
    }
  }

  function waits({ operation }: Call, reason: string, seconds: number): void {
    onDelivery({ type: 'waits', operation, reason, seconds })
  }

  /** Where it may not be sent, its place goes to somebody else. */
  async function announce({ announcement }: Call, pass: Pass): Promise<void> {
    try {
      await announcement?.beforeSending()
    } catch (error) {
      pass.giveBack()
      throw error
    }
  }

  /** Throws where it takes too long. */
  function bearThrottling(call: Call, waitMs: number | undefined, since: number): void {
    if (clock.now() + (waitMs ?? 0) - since > patienceMs)
      throw new SftThrottledError(throttledMessage(options, waitMs), wire.callName(call.operation))
    waits(call, 'the account says that it is asked too often', (waitMs ?? 1000) / 1000)
  }

  function received(call: Call, outcome: Received, sentAt: number): Received {
    if (outcome.kind === 'unconnected') return outcome
    budget.answered((clock.now() - sentAt) / 1000)
    return judge(call, outcome)
  }

  // An aborted pause ends at once; that the caller gave up is then said on entering the budget.
  async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await clock.sleep(seconds * 1000, signal)
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }

  return { deliver, callName: wire.callName }
}

/** A login is shared by all who wait for it: whoever gives up does not wait for its end. */
export async function unlessGivenUp<Value>(
  work: Promise<Value> | undefined,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  if (work === undefined) return undefined
  try {
    return await untilAborted(work, signal)
  } catch (error) {
    if (signal?.aborted && error === signal.reason)
      throw new SftAbortedError('given up before it was sent')
    throw error
  }
}

/** Why something is sent again, for people. */
function reasonOf(delivery: Received): string {
  if (delivery.kind === 'unconnected') return `no connection (${delivery.reason})`
  return delivery.kind === 'unclear' ? delivery.reason : 'the account did not answer clearly'
}

type Received = Exclude<Outcome, { readonly kind: 'throttled' }>
type Judged = Exclude<Outcome, { readonly kind: 'throttled' | 'unconnected' }>
type Told = Extract<Outcome, { readonly kind: 'throttled' | 'unauthorised' }>
type Unclear = Extract<Outcome, { readonly kind: 'unclear' }>

/** What could not be sent is sent again; of what is not understood, what may be. */
function isToResend({ resendUnclear }: Call, delivery: Received): boolean {
  if (delivery.kind === 'unconnected') return true
  if (delivery.kind !== 'unclear') return false
  return resendUnclear === 'all' || (resendUnclear === 'passing' && delivery.passing)
}

function ended(
  delivery: Received,
  name: CallName,
  token: Delivery['token'],
  sentAt: number,
): Delivery {
  if (delivery.kind !== 'unconnected') return { ...delivery, token, sentAt }
  throw new SftUnreachableError(
    `no connection (${delivery.reason}); check the base URL and the network`,
    name,
  )
}

const exchangeOf = (
  call: Call,
  sending: Pick<Exchange, 'attempt' | 'waitedSeconds'> & Pick<Delivery, 'token'>,
): Exchange => ({
  operation: call.operation,
  lane: call.lane ?? 'normal',
  attempt: sending.attempt,
  waitedSeconds: sending.waitedSeconds,
  isSuccess: call.isSuccess,
  ...(call.query !== undefined && { query: call.query }),
  ...(call.body !== undefined && { body: call.body }),
  ...(sending.token !== undefined && { token: sending.token.access }),
})

/** Whether a write may have been executed although its answer says that it was not. */
const isInDoubt = ({ resendUnclear }: Call, { isSure }: Told): boolean =>
  resendUnclear === 'none' && !isSure

function inDoubt({ kind, status, body }: Told): Unclear {
  const reason =
    kind === 'throttled'
      ? 'told to be throttled, in a form that does not say by whom'
      : 'told that the token is refused, in a form that is not documented'
  // A gateway that fails may pass on late what it was given.
  const saysNo = kind === 'throttled' && status < 500
  return { kind: 'unclear', reason, status, body, passing: true, saysNo }
}

function judge(call: Call, outcome: Judged): Judged {
  if (outcome.kind === 'unauthorised' && isInDoubt(call, outcome)) return inDoubt(outcome)
  if (outcome.kind !== 'answered' || call.isComplete?.(outcome.response) !== false) return outcome
  return {
    kind: 'unclear',
    reason: 'the answer lacks what was asked for',
    status: 200,
    body: JSON.stringify(outcome.response),
    passing: false,
  }
}

function throttledMessage(options: TransportOptions, retryAfterMs: number | undefined): string {
  const told =
    retryAfterMs === undefined
      ? `throttled for more than ${options.throttlePatienceSeconds} s`
      : `throttled, and told to wait ${Math.ceil(retryAfterMs / 1000)} s`
  return `${told}; it was not executed. Set the account's calls per second lower, or wait`
}
