import { startOfActivation } from './activation.ts'
import type { EsimRow, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { activationIntent } from './reserve-esim.ts'
import { type ActivationVerdict, runActivation } from './run-activation.ts'
import { type OrderContext, type OrderDecision, saveOrder } from './save-order.ts'
import { isoNow } from './selling-context.ts'
import { announceSubscription } from './subscribe-addon.ts'
import { freed } from './take-endpoint.ts'

/**
 * Activates the eSIM of a reserved order, and announces the subscription in the transaction that says so.
 * Where the eSIM is known not to be active by this order it lets go of it: the order is `new` again.
 * `kept`: its row, where this attempt kept it. `resumed`: the announced activation may have been sent before. Throws `SftError`s; the order then
 * stands where it stood.
 */
export async function activateEsim(
  context: OrderContext,
  order: OrderRow,
  kept: EsimRow | undefined,
  resumed: boolean,
  signal: AbortSignal,
): Promise<{ readonly order: OrderRow; readonly reason?: string }> {
  const { orderId, endpointId } = order
  if (endpointId === undefined) throw new Error(`order ${orderId} is reserved without an endpoint`)
  const esim =
    kept ??
    (await context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
      entries: [],
      result: rows.esim(endpointId),
    })))
  if (esim === undefined) throw new Error(`order ${orderId} is reserved without an eSIM`)
  if (order.intent === undefined) await announceActivation(context, order)
  const mayBeSent = resumed && order.intent !== undefined
  const verdict = await runActivation(context.sft, context.clock, {
    endpoint: esim,
    start: startOfActivation(mayBeSent),
    options: { lane: 'traveller', signal },
    async onUnclear(detail) {
      const step = { step: 'activate', outcome: 'unclear', endpointId, detail } as const
      await saveOrder(context, orderId, [], () => ({ change: { steps: [step] } }))
    },
    // An eSIM found active later is then not this order's.
    async onNotSent() {
      await saveOrder(context, orderId, [], () => ({ change: { intent: null } }))
    },
  })
  if (verdict.is !== 'left') context.pool.noteGone(endpointId)
  if (verdict.is === 'ours') return { order: await saveActive(context, order, esim, verdict) }

  const { is, why } = verdict
  const left = await saveOrder(context, orderId, [endpointId], (rows, current) =>
    leftBy(current, rows.esim(endpointId) ?? esim, verdict, isoNow(context)),
  )
  if (is === 'taken')
    context.tell({ type: 'esim set aside', ...context.about, endpointId, reason: why })
  else if (esim.activationCode !== undefined)
    context.pool.putBack({ ...esim, activationCode: esim.activationCode }, true)
  return { order: left, reason: why }
}

/** The endpoint is active by the order, whose subscription is announced in the same transaction. */
const saveActive = (
  context: OrderContext,
  { orderId }: OrderRow,
  esim: EsimRow,
  { how, detail }: Extract<ActivationVerdict, { readonly is: 'ours' }>,
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
  { is, why }: Extract<ActivationVerdict, { readonly is: 'left' | 'taken' }>,
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
