import { type Finding, seenIn } from '../finding.ts'
import { runSteps, type StateOf } from '../machine.ts'
import type { Sim } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle } from '../sft/write-and-settle.ts'
import {
  ACTIVATION,
  type ActivationCall,
  type ActivationEvidence,
  type ActivationState,
  type ActivationStep,
  type SimSight,
  startOfActivation,
} from './activation.ts'
import { isAbort, reasonOf } from './explain.ts'
import type { EsimRow, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { activationIntent } from './reserve-esim.ts'
import { type OrderContext, type OrderDecision, saveOrder } from './save-order.ts'
import { isoNow } from './selling-context.ts'
import { announceSubscription } from './subscribe-addon.ts'
import { freed } from './take-endpoint.ts'

/**
 * Activates the eSIM of a reserved order, and announces the subscription in the transaction that says so.
 * Where the eSIM is known not to be active by this order it lets go of it: the order is `new` again.
 * `resumed`: the announced activation may have been sent before. Throws `SftError`s; the order then
 * stands where it stood.
 */
export async function activateEsim(
  context: OrderContext,
  order: OrderRow,
  resumed: boolean,
  signal: AbortSignal,
): Promise<{ readonly order: OrderRow; readonly reason?: string }> {
  const { orderId, endpointId } = order
  if (endpointId === undefined) throw new Error(`order ${orderId} is reserved without an endpoint`)
  const esim = await context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId),
  }))
  if (esim === undefined) throw new Error(`order ${orderId} is reserved without an eSIM`)
  const announced = order.intent === undefined ? await announceActivation(context, order) : order
  const mayBeSent = resumed && order.intent !== undefined
  const verdict = await tryActivation(context, announced, esim, mayBeSent, signal)
  if (verdict.is !== 'left') context.pool.noteGone(endpointId)
  if (verdict.is === 'ours') return { order: await saveActive(context, order, esim, verdict) }

  const { is, why } = verdict
  const left = await saveOrder(context, orderId, [endpointId], (rows, current) =>
    leftBy(current, rows.esim(endpointId) ?? esim, verdict, isoNow(context)),
  )
  if (is === 'taken') context.tell({ type: 'esim set aside', endpointId, reason: why })
  else if (esim.activationCode !== undefined)
    context.pool.putBack({ ...esim, activationCode: esim.activationCode }, true)
  return { order: left, reason: why }
}

type Verdict = StateOf<ActivationState, 'ours' | 'left' | 'taken'>

/** The endpoint is active by the order, whose subscription is announced in the same transaction. */
const saveActive = (
  context: OrderContext,
  { orderId }: OrderRow,
  esim: EsimRow,
  { how, detail }: Extract<Verdict, { readonly is: 'ours' }>,
): Promise<OrderRow> =>
  saveOrder(context, orderId, [esim.endpointId], (rows, current) => {
    const { endpointId } = esim
    const announced = announceSubscription(context, current, endpointId, rows.addons(endpointId))
    const step = {
      step: 'activate',
      outcome: how,
      endpointId,
      ...(detail !== undefined && { detail }),
    } as const
    const change: OrderChange = {
      ...announced,
      status: 'activated',
      steps: [step, ...(announced.steps ?? [])],
    }
    const there = rows.esim(endpointId) ?? esim
    const row: EsimRow = { ...there, status: 'activated', busyWith: orderId, at: isoNow(context) }
    return { change, entries: [{ table: 'esims', row }] }
  })

/** The order lets go of an eSIM that is known not to be active by it, and is `new` again. */
function leftBy(
  order: OrderRow,
  esim: EsimRow,
  { is, why }: Extract<Verdict, { readonly is: 'left' | 'taken' }>,
  at: string,
): OrderDecision {
  const { endpointId } = esim
  return {
    change: {
      status: 'new',
      endpointId: null,
      intent: null,
      tried: order.tried + 1,
      steps: [{ step: 'activate', outcome: 'refused', endpointId, detail: why }],
    },
    entries: [
      {
        table: 'esims',
        row: leaveEsim(esim, is === 'taken' ? 'set aside' : 'released', why, at),
      },
    ],
  }
}

const announceActivation = (context: OrderContext, { orderId, endpointId = '' }: OrderRow) =>
  saveOrder(context, orderId, [], () => ({
    change: {
      intent: activationIntent(context, endpointId),
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

function seenOf(found: Finding<Sim>, endpointId: string): SimSight {
  if (found.kind === 'not known') return 'not known'
  const sim = found.kind === 'there' ? found.value : undefined
  if (sim?.endpointId !== endpointId || sim.attached === false) return 'gone'
  return sim.status === 'Active' ? 'active' : 'waits'
}

/** Runs the activation to a verdict; where none is known, throws `SftUnknownOutcomeError`. */
async function tryActivation(
  context: OrderContext,
  { orderId }: OrderRow,
  { endpointId, iccid }: EsimRow,
  sentBefore: boolean,
  signal: AbortSignal,
): Promise<Verdict> {
  const { read, write } = context.sft
  const options = { lane: 'traveller', signal } as const
  let mayBeOurs = sentBefore
  // An earlier process may have waited long for its place in the budget and sent it just now.
  let sentAt = context.clock.now()

  const send = async (call: ActivationCall): Promise<ActivationEvidence> => {
    try {
      const { already } =
        call === 'ActivateEndPoint'
          ? await write.activateEndpoint(endpointId, options)
          : await write.changeLifecycle({ endpointId, lifecycle: 'A', reason: '1' }, options)
      return { saw: already ? 'already' : 'done' }
    } catch (error) {
      if (error instanceof SftRejectedError) return { saw: 'refusal', why: reasonOf(error) }
      if (!(error instanceof SftUnknownOutcomeError)) throw error
      mayBeOurs = true
      sentAt = error.sentAt
      const step = { step: 'activate', outcome: 'unclear', endpointId } as const
      await saveOrder(context, orderId, [], () => ({
        change: { steps: [{ ...step, detail: reasonOf(error) }] },
      }))
      return { saw: 'unclear' }
    }
  }

  /** That it is gone takes a second look. */
  const look = async (): Promise<SimSight> => {
    const seen = seenOf(await read.sim(iccid, options), endpointId)
    return seen === 'gone' ? seenOf(await read.sim(iccid, options), endpointId) : seen
  }

  const settleIt = async (): Promise<ActivationEvidence> => {
    const deadline = sentAt + context.sft.settleSeconds('EndPointLifeCycleChange') * 1000
    const find = async () =>
      seenIn(await read.sim(iccid, options), 'the SIM is not Active', sim =>
        sim.status === 'Active' ? true : undefined,
      )
    const active = await settle(find, deadline, context.clock, signal)
    const why = active.kind === 'not known' ? active.reason : ''
    const sim = { there: 'active', 'not there': 'not active', 'not known': 'not known' } as const
    return { saw: 'settled', sim: sim[active.kind], why }
  }

  const readAddons = async (): Promise<ActivationEvidence> => {
    const { items, doubt } = await read.addons(endpointId, { ...options, knownGood: true })
    const ids = items.map(({ uniqueId }) => uniqueId)
    return { saw: 'add-ons', ids, ...(doubt !== undefined && { doubt }) }
  }

  const perform = async (step: ActivationStep): Promise<ActivationEvidence> => {
    switch (step.do) {
      case 'send':
        return await send(step.call)
      case 'look':
        return { saw: 'sim', sim: await look() }
      case 'settle':
        return await settleIt()
      case 'read add-ons':
        return await readAddons()
    }
  }

  try {
    const end = await runSteps(ACTIVATION, startOfActivation(sentBefore), perform)
    if (end.is === 'ours' || end.is === 'left' || end.is === 'taken') return end
    throw new SftUnknownOutcomeError('why' in end ? end.why : end.is)
  } catch (error) {
    // Known not to have been sent: an eSIM found active later is then not this order's.
    if (!mayBeOurs && (error instanceof SftError || isAbort(error)))
      await saveOrder(context, orderId, [], () => ({ change: { intent: null } }))
    throw error
  }
}
