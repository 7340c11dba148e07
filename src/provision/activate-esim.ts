import { type Finding, seenIn } from '../finding.ts'
import type { Sim } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle } from '../sft/once.ts'
import { isoNow } from './desk.ts'
import { isAbort, reasonOf } from './explain.ts'
import type { EsimRow, LedgerEntry, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { activationIntent } from './reserve-esim.ts'
import { type OrderDesk, saveOrder } from './save-order.ts'
import { announceSubscription } from './subscribe-addon.ts'
import { freed } from './take-endpoint.ts'

/** Times that an unclear activation is sent; a second success changes nothing (contract 1.11). */
const SENDS = 3

/**
 * What is known of the eSIM: `ours`: active by this order. `refused`: known not to be active by it, and
 * another order may try it. `taken`: not active by it, and never for sale here.
 */
type Verdict =
  | { readonly end: 'ours'; readonly how: 'done' | 'found'; readonly detail?: string }
  | { readonly end: 'refused' | 'taken'; readonly reason: string }

/**
 * Activates the eSIM of a reserved order, and announces the subscription in the transaction that says so.
 * Where the eSIM is known not to be active by this order it lets go of it: the order is `new` again.
 * `resumed`: the announced activation may have been sent before. Throws `SftError`s; the order then
 * stands where it stood.
 */
export async function activateEsim(
  desk: OrderDesk,
  order: OrderRow,
  resumed: boolean,
  signal: AbortSignal,
): Promise<{ readonly order: OrderRow; readonly reason?: string }> {
  const { orderId, endpointId } = order
  if (endpointId === undefined) throw new Error(`order ${orderId} is reserved without an endpoint`)
  const esim = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId),
  }))
  if (esim === undefined) throw new Error(`order ${orderId} is reserved without an eSIM`)
  const announced = order.intent === undefined ? await announceActivation(desk, order) : order
  const mayBeSent = resumed && order.intent !== undefined
  const verdict = await tryActivation(desk, announced, esim, mayBeSent, signal)

  if (verdict.end !== 'refused') desk.pool.noteGone(endpointId)
  if (verdict.end === 'ours') {
    const active = await saveOrder(desk, orderId, [endpointId], (rows, current) => {
      const announced = announceSubscription(desk, current, endpointId, rows.addons(endpointId))
      const change: OrderChange = {
        ...announced,
        status: 'activated',
        steps: [
          {
            step: 'activate',
            outcome: verdict.how,
            endpointId,
            ...(verdict.detail !== undefined && { detail: verdict.detail }),
          },
          ...(announced.steps ?? []),
        ],
      }
      const there = rows.esim(endpointId) ?? esim
      const row: EsimRow = { ...there, status: 'activated', busyWith: orderId, at: isoNow(desk) }
      return { change, entries: [{ table: 'esims', row }] }
    })
    return { order: active }
  }

  const { end, reason } = verdict
  const left = await saveOrder(desk, orderId, [endpointId], (rows, current) => {
    const there = rows.esim(endpointId) ?? esim
    const row = leaveEsim(there, end === 'taken' ? 'set aside' : 'released', reason, isoNow(desk))
    const entries: LedgerEntry[] = [{ table: 'esims', row }]
    return {
      change: {
        status: 'new',
        endpointId: null,
        intent: null,
        tried: current.tried + 1,
        steps: [{ step: 'activate', outcome: 'refused', endpointId, detail: reason }],
      },
      entries,
    }
  })
  if (end === 'taken') desk.tell({ type: 'esim set aside', endpointId, reason })
  else if (esim.activationCode !== undefined)
    desk.pool.putBack({ ...esim, activationCode: esim.activationCode }, true)
  return { order: left, reason }
}

const announceActivation = (desk: OrderDesk, { orderId, endpointId = '' }: OrderRow) =>
  saveOrder(desk, orderId, [], () => ({
    change: {
      intent: activationIntent(desk, endpointId),
      steps: [{ step: 'activate', outcome: 'announced', endpointId }],
    },
  }))

/** The row of an eSIM that no order has any more. */
export function leaveEsim(
  esim: EsimRow,
  status: 'set aside' | 'released',
  reason: string,
  at: string,
): EsimRow {
  const { orderId: _order, ...rest } = freed(esim)
  return { ...rest, status, reason, at }
}

/** What a SIM says of the activation of its endpoint. */
type Seen = 'active' | 'waits' | 'gone' | 'not known'

function seenOf(found: Finding<Sim>, endpointId: string): Seen {
  if (found.kind === 'not known') return 'not known'
  const sim = found.kind === 'there' ? found.value : undefined
  if (sim?.endpointId !== endpointId || sim.attached === false) return 'gone'
  return sim.status === 'Active' ? 'active' : 'waits'
}

async function tryActivation(
  desk: OrderDesk,
  order: OrderRow,
  esim: EsimRow,
  resumed: boolean,
  signal: AbortSignal,
): Promise<Verdict> {
  const { endpointId, iccid } = esim
  const { read, write } = desk.sft
  const options = { lane: 'traveller', signal } as const
  /** Whether a call of ours may have made, or may still make, the endpoint active. */
  let mayBeOurs = resumed
  // An earlier process may have waited long for its place in the budget and sent it just now.
  let sentAt = desk.clock.now()

  /**
   * An eSIM that is active is ours where a call of ours may have done that: also one that was refused, or
   * told that it is so already, where nobody has anything on it.
   */
  const judgeActive = async (): Promise<Verdict> => {
    if (mayBeOurs) return { end: 'ours', how: 'found' }
    const { items, doubt } = await read.addons(endpointId, { ...options, knownGood: true })
    if (items.length === 0 && doubt === undefined)
      return {
        end: 'ours',
        how: 'found',
        detail: 'refused, and active all the same: nobody else has an add-on on it',
      }
    const why =
      items.length > 0 ? `it has add-ons: ${items.map(item => item.uniqueId).join()}` : doubt
    return {
      end: 'taken',
      reason: `it was active already, and not by an order of this ledger: ${why}`,
    }
  }

  const noteUnclear = async (error: SftUnknownOutcomeError): Promise<void> => {
    mayBeOurs = true
    await saveOrder(desk, order.orderId, [], () => ({
      change: {
        steps: [{ step: 'activate', outcome: 'unclear', endpointId, detail: reasonOf(error) }],
      },
    }))
  }

  /** Known not to be active by us: at once, or when the calls that may still run are over. */
  const judgeRefusal = async (reason: string): Promise<Verdict> => {
    if (!mayBeOurs) return (await lookAtSim()) ?? { end: 'refused', reason }
    const deadline = sentAt + desk.sft.settleSeconds('EndPointLifeCycleChange') * 1000
    const find = async () =>
      seenIn(await read.sim(iccid, options), 'the SIM is not Active', sim =>
        sim.status === 'Active' ? true : undefined,
      )
    const active = await settle(find, deadline, desk.clock, signal)
    if (active.kind === 'not known') throw new SftUnknownOutcomeError(active.reason)
    return active.kind === 'not there' ? { end: 'refused', reason } : await judgeActive()
  }

  /** What the SIM says; that it is gone takes a second look. */
  const seeSim = async (): Promise<Seen> => {
    const seen = seenOf(await read.sim(iccid, options), endpointId)
    return seen === 'gone' ? seenOf(await read.sim(iccid, options), endpointId) : seen
  }

  /** Undefined: nothing is decided, the endpoint waits for its activation as far as is known. */
  const lookAtSim = async (): Promise<Verdict | undefined> => {
    const seen = await seeSim()
    if (seen === 'active') return await judgeActive()
    return seen === 'gone'
      ? { end: 'taken', reason: 'no SIM is attached to it, or another one' }
      : undefined
  }

  /**
   * The platform says that it is active already: by a call of ours, or by somebody else. Words of an answer
   * alone make nothing sold: the SIM must say so too.
   */
  const judgeAlready = async (): Promise<Verdict | 'unclear'> => {
    const seen = await seeSim()
    if (seen === 'waits' && mayBeOurs) return 'unclear'
    if (seen === 'not known') throw new SftUnknownOutcomeError('the SIM cannot be read')
    if (seen === 'active') return await judgeActive()
    return seen === 'gone'
      ? { end: 'taken', reason: 'no SIM is attached to it, or another one' }
      : { end: 'refused', reason: 'it is said to be active already, and its SIM is not' }
  }

  try {
    return await sendUntilClear()
  } catch (error) {
    // Known not to have been sent: an eSIM found active later is then not this order's.
    if (!mayBeOurs && (error instanceof SftError || isAbort(error)))
      await saveOrder(desk, order.orderId, [], () => ({ change: { intent: null } }))
    throw error
  }

  async function sendUntilClear(): Promise<Verdict> {
    for (let send = 1; ; send++) {
      const first = await sendOne(() =>
        write.changeLifecycle({ endpointId, lifecycle: 'A', reason: '1' }, options),
      )
      if (first === 'unclear') {
        if (seenOf(await read.sim(iccid, options), endpointId) === 'active')
          return { end: 'ours', how: 'found' }
      } else if (first instanceof SftRejectedError) {
        const refused = await judgeAfterRefusal(first)
        if (refused !== 'unclear') return refused
      } else {
        const done = await judgeDone(first)
        if (done !== 'unclear') return done
      }
      if (send === SENDS) return await judgeRefusal(`activation was unclear ${SENDS} times`)
    }
  }

  /** Sends one call; an unclear outcome is written down. */
  async function sendOne(
    send: () => Promise<{ readonly already: boolean }>,
  ): Promise<'done' | 'already' | 'unclear' | SftRejectedError> {
    try {
      return (await send()).already ? 'already' : 'done'
    } catch (error) {
      if (error instanceof SftRejectedError) return error
      if (!(error instanceof SftUnknownOutcomeError)) throw error
      sentAt = error.sentAt
      await noteUnclear(error)
      return 'unclear'
    }
  }

  async function judgeDone(how: 'done' | 'already'): Promise<Verdict | 'unclear'> {
    return how === 'already' ? await judgeAlready() : { end: 'ours', how }
  }

  /** ASSUMED (contract 4.9, U20): from Pre-Active a refused lifecycle call is followed by the other one. */
  async function judgeAfterRefusal(refusal: SftRejectedError): Promise<Verdict | 'unclear'> {
    const seen = await lookAtSim()
    if (seen?.end === 'taken' && mayBeOurs) return await judgeRefusal(seen.reason)
    if (seen !== undefined) return seen
    const second = await sendOne(() => write.activateEndpoint(endpointId, options))
    if (second === 'unclear') return second
    return second instanceof SftRejectedError
      ? await judgeRefusal(`${reasonOf(refusal)}; ${reasonOf(second)}`)
      : await judgeDone(second)
  }
}
