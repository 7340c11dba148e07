import { type Finding, notThere, seenIn } from '../finding.ts'
import type { AddonInstance } from '../sft/api.ts'
import { settle } from '../sft/once.ts'
import { leaveEsim } from './activate-esim.ts'
import { type Desk, isoNow } from './desk.ts'
import { changeEndpoint, removeInstance } from './endpoint-care.ts'
import { OrderConflictError, SubscriptionFailedError, UnknownOrderError } from './errors.ts'
import { explainError } from './explain.ts'
import { findInstance, findSubscribed, type SubscribeIntent } from './find-addon.ts'
import type { AddonRow, EsimRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import { requireKnown } from './require-known.ts'
import { claimOrder, saveOrder } from './save-order.ts'
import { readInstance } from './usage.ts'

/** What a cancellation did, in sentences for people. */
export interface Cancellation {
  readonly orderId: string
  /** `delivered`: the add-on was used already, so the order stays as it is. */
  readonly status: 'cancelled' | 'delivered'
  readonly undone: readonly string[]
  readonly notUndone: readonly string[]
}

/**
 * Undoes what can be undone of an order that nobody works on. A reserved eSIM is for sale again; an
 * add-on of which nothing was used is taken off; an endpoint that this order activated is suspended,
 * since the platform has no way back to Pre-Active. Throws what `runOrder` throws.
 */
export async function cancelOrder(
  desk: Desk,
  orderId: string,
  signal: AbortSignal,
): Promise<Cancellation> {
  const order = await claimForCancel(desk, orderId, signal)
  try {
    return await undoOrder(desk, order, signal)
  } catch (error) {
    await saveOrder(desk, orderId, [], () => ({ change: { owner: null } }))
    throw explainError(orderId, error)
  }
}

async function claimForCancel(desk: Desk, orderId: string, signal: AbortSignal): Promise<OrderRow> {
  for (;;) {
    const claim = await claimOrder(desk, orderId, { anyStatus: true })
    if (claim.kind === 'missing') throw new UnknownOrderError(orderId)
    if (claim.kind === 'theirs') await desk.clock.sleep(100, signal)
    else return claim.order
  }
}

async function undoOrder(desk: Desk, order: OrderRow, signal: AbortSignal): Promise<Cancellation> {
  const { orderId, endpointId, intent } = order
  const options = { lane: 'traveller', signal } as const
  if (order.status === 'cancelled' || endpointId === undefined)
    return await endOrder(desk, order, undefined, ['nothing was held for it'], [])
  const { esim, addons } = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: { esim: rows.esim(endpointId), addons: rows.addons(endpointId) },
  }))
  if (esim === undefined) throw new OrderConflictError(orderId, 'has no eSIM in the ledger')

  if (order.status === 'reserved') {
    const readStatus = async () =>
      seenIn(await desk.sft.read.sim(esim.iccid, options), 'the SIM is not Active', sim =>
        sim.status === 'Active' ? true : undefined,
      )
    const active =
      intent === undefined
        ? notThere('no activation was announced')
        : await settle(readStatus, deadlineOf(desk, intent), desk.clock, signal)
    if (active.kind === 'not known')
      throw new SubscriptionFailedError(
        orderId,
        endpointId,
        false,
        `whether its endpoint is active could not be read: ${active.reason}`,
      )
    if (active.kind === 'not there') {
      const row = leaveEsim(esim, 'released', `order ${orderId} was cancelled`, isoNow(desk))
      const report = await endOrder(desk, order, row, [`eSIM ${esim.iccid} is for sale again`], [])
      if (esim.activationCode !== undefined)
        desk.pool.putBack({ ...esim, activationCode: esim.activationCode })
      return report
    }
  }

  let instance =
    order.uniqueId === undefined
      ? undefined
      : requireKnown(await findInstance(desk, endpointId, order.uniqueId, options))
  if (order.uniqueId === undefined && intent?.write === 'subscribe') {
    const settled = await settleSubscription(desk, order, intent, addons, signal)
    if (settled.kind === 'not known')
      throw new SubscriptionFailedError(orderId, endpointId, false, settled.reason)
    instance = settled.kind === 'there' ? settled.value : undefined
    if (instance === undefined && intent.accepted === true)
      throw new SubscriptionFailedError(
        orderId,
        endpointId,
        false,
        'the platform said yes, but shows no add-on to take off yet',
      )
  }
  const uniqueId = order.uniqueId ?? instance?.uniqueId
  const undone: string[] = []
  const notUndone: string[] = []
  const entries: AddonRow[] = []
  if (instance !== undefined) {
    if (wasUsed(instance, desk))
      return await keepOrder(desk, order, [
        `add-on ${instance.uniqueId} is in use and stays; remove-addon takes it off all the same`,
      ])
    entries.push(removedRow(order, endpointId, instance, addons))
    await removeInstance(desk, endpointId, instance.uniqueId, signal)
    undone.push(`add-on ${instance.uniqueId} was taken off endpoint ${endpointId}`)
  } else if (order.status === 'delivered')
    notUndone.push(`add-on ${uniqueId} was used up, expired or removed before`)

  if (order.kind === 'topUp') return await endOrder(desk, order, esim, undone, notUndone, entries)
  const others = addons.some(row => row.orderId !== orderId && row.status !== 'removed')
  if (others) {
    notUndone.push(`endpoint ${endpointId} stays active: it has add-ons of other orders`)
    return await endOrder(desk, order, esim, undone, notUndone, entries)
  }
  await changeEndpoint(desk, endpointId, esim.iccid, 'S', 'support', signal)
  undone.push(`endpoint ${endpointId} was suspended`)
  notUndone.push(
    `endpoint ${endpointId} cannot go back to Pre-Active, and its activation may be charged`,
  )
  const reason = `order ${orderId} was cancelled after its activation`
  const row = { ...leaveEsim(esim, 'set aside', reason, isoNow(desk)), suspended: true }
  return await endOrder(desk, order, row, undone, notUndone, entries)
}

/** From now on: a dead process may have sent it just before it died. */
const deadlineOf = (desk: Desk, intent: OrderIntent): number =>
  desk.clock.now() + intent.settleSeconds * 1000

function settleSubscription(
  desk: Desk,
  order: OrderRow,
  intent: SubscribeIntent,
  rows: readonly AddonRow[],
  signal: AbortSignal,
): Promise<Finding<AddonInstance>> {
  const options = { lane: 'traveller', signal } as const
  const find = () => findSubscribed(desk, order, intent, rows, options)
  return settle(find, deadlineOf(desk, intent), desk.clock, signal)
}

function wasUsed(instance: AddonInstance, desk: Desk): boolean {
  const { usedBytes, status } = readInstance(instance, new Date(desk.clock.now()), desk.timeZone)
  return usedBytes === undefined ? status !== 'waiting' : usedBytes > 0
}

const removedRow = (
  order: OrderRow,
  endpointId: string,
  instance: AddonInstance,
  rows: readonly AddonRow[],
): AddonRow => ({
  ...(rows.find(row => row.uniqueId === instance.uniqueId) ?? {
    uniqueId: instance.uniqueId,
    endpointId,
    planId: order.planId,
    orderId: order.orderId,
  }),
  status: 'removed',
})

async function endOrder(
  desk: Desk,
  order: OrderRow,
  esim: EsimRow | undefined,
  undone: readonly string[],
  notUndone: readonly string[],
  addons: readonly AddonRow[] = [],
): Promise<Cancellation> {
  const endpointIds = order.endpointId === undefined ? [] : [order.endpointId]
  await saveOrder(desk, order.orderId, endpointIds, () => {
    const entries: LedgerEntry[] = addons.map(row => ({ table: 'addons', row }))
    if (esim !== undefined) {
      const { busyWith, ...rest } = esim
      const row = busyWith === undefined || busyWith === order.orderId ? rest : esim
      entries.push({ table: 'esims', row })
    }
    const detail = [...undone, ...notUndone].join('; ')
    const { endpointId } = order
    const step = { step: 'cancel', outcome: 'done', detail } as const
    return {
      change: {
        status: 'cancelled',
        intent: null,
        owner: null,
        steps: [{ ...step, ...(endpointId === undefined ? {} : { endpointId }) }],
      },
      entries,
    }
  })
  return { orderId: order.orderId, status: 'cancelled', undone, notUndone }
}

async function keepOrder(
  desk: Desk,
  order: OrderRow,
  notUndone: readonly string[],
): Promise<Cancellation> {
  await saveOrder(desk, order.orderId, [], () => ({
    change: {
      owner: null,
      steps: [{ step: 'cancel', outcome: 'refused', detail: notUndone.join('; ') }],
    },
  }))
  return { orderId: order.orderId, status: 'delivered', undone: [], notUndone }
}
