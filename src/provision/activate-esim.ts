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
  | { readonly end: 'ours'; readonly how: 'done' | 'found' }
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
        steps: [{ step: 'activate', outcome: verdict.how, endpointId }, ...(announced.steps ?? [])],
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

  /** An eSIM that is active is ours only where a call of ours may have done that. */
  const judgeActive = (how: 'done' | 'found'): Verdict =>
    mayBeOurs
      ? { end: 'ours', how }
      : { end: 'taken', reason: 'it was active already, and not by an order of this ledger' }

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
    return active.kind === 'not there' ? { end: 'refused', reason } : judgeActive('found')
  }

  /** Undefined: nothing is decided, the endpoint waits for its activation as far as is known. */
  const judgeSim = (found: Finding<Sim>): Verdict | undefined => {
    if (found.kind === 'not known') return undefined
    const sim = found.kind === 'there' ? found.value : undefined
    if (sim?.status === 'Active') return judgeActive('found')
    if (sim === undefined || sim.attached === false || sim.endpointId !== endpointId)
      return { end: 'taken', reason: 'no SIM is attached to it, or another one' }
    return undefined
  }

  /** What the SIM says; a verdict against it takes a second look. */
  const lookAtSim = async (): Promise<Verdict | undefined> => {
    const seen = judgeSim(await read.sim(iccid, options))
    return seen?.end === 'taken' ? judgeSim(await read.sim(iccid, options)) : seen
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
      try {
        const { already } = await write.changeLifecycle(
          { endpointId, lifecycle: 'A', reason: '1' },
          options,
        )
        return already ? judgeActive('found') : { end: 'ours', how: 'done' }
      } catch (error) {
        if (error instanceof SftUnknownOutcomeError) {
          sentAt = error.sentAt
          await noteUnclear(error)
          const seen = judgeSim(await read.sim(iccid, options))
          if (seen?.end === 'ours') return seen
          if (send === SENDS) return await judgeRefusal(`activation was unclear ${SENDS} times`)
          continue
        }
        if (!(error instanceof SftRejectedError)) throw error
        const refused = await judgeAfterRefusal(error)
        if (refused !== 'unclear') return refused
        if (send === SENDS) return await judgeRefusal(`activation was unclear ${SENDS} times`)
      }
    }
  }

  /** ASSUMED (contract 4.9, U20): from Pre-Active a refused lifecycle call is followed by the other one. */
  async function judgeAfterRefusal(refusal: SftRejectedError): Promise<Verdict | 'unclear'> {
    const seen = await lookAtSim()
    if (seen?.end === 'taken' && mayBeOurs) return await judgeRefusal(seen.reason)
    if (seen !== undefined) return seen
    try {
      const { already } = await write.activateEndpoint(endpointId, options)
      return already ? judgeActive('found') : { end: 'ours', how: 'done' }
    } catch (error) {
      if (error instanceof SftUnknownOutcomeError) {
        sentAt = error.sentAt
        await noteUnclear(error)
        return 'unclear'
      }
      if (!(error instanceof SftRejectedError)) throw error
      return await judgeRefusal(`${reasonOf(refusal)}; ${reasonOf(error)}`)
    }
  }
}
