import { activateEsim } from './activate-esim.ts'
import { type Desk, isoNow } from './desk.ts'
import {
  AccountUnreachableError,
  ActivationFailedError,
  PlanOutOfSaleError,
  SubscriptionFailedError,
  UnknownEndpointError,
  UnknownOrderError,
  UnknownSkuError,
} from './errors.ts'
import { explainError, reasonOf } from './explain.ts'
import { isUnfinished, type LedgerEntry, type OrderRow } from './ledger.ts'
import { changeOrder, newOrder, type OrderChange, type OrderContent } from './order.ts'
import { reserveEsim } from './reserve-esim.ts'
import { claimOrder, hasLivingOwner, OrderLostError, saveOrder } from './save-order.ts'
import { readSku } from './skus.ts'
import { subscribeAddon } from './subscribe-addon.ts'

/** An order to place, or only one to go on with. */
export interface OrderJob {
  readonly orderId: string
  readonly place?: OrderContent & { readonly hash: string }
  /** Goes on with another order of the same endpoint first. */
  readonly runOther: (orderId: string) => Promise<OrderRow>
}

/**
 * Takes an order from where it stands to its end and returns its row: delivered, or for one that is not
 * placed again possibly failed or cancelled. While another process works on it, it waits, and takes over
 * where that one dies. Throws the errors of errors.ts; the order is then nobody's.
 */
export async function runOrder(desk: Desk, job: OrderJob, signal: AbortSignal): Promise<OrderRow> {
  const { orderId, place } = job
  const begun = desk.clock.now()
  for (let wait = 20; ; wait = Math.min(wait * 1.5, 500)) {
    const claim = await claimOrder(desk, orderId, {
      ...(place === undefined ? {} : { content: place.hash, retryFailed: true }),
    })
    if (claim.kind === 'finished') return claim.order
    if (claim.kind === 'theirs') {
      await desk.clock.sleep(wait, signal)
      continue
    }
    try {
      let order = claim.kind === 'mine' ? claim.order : undefined
      const isNew = order === undefined
      if (order === undefined && place === undefined) throw new UnknownOrderError(orderId)
      if (order === undefined && place !== undefined)
        order = await placeOrder(desk, orderId, place, signal)
      if (order === undefined) continue
      const delivered = await advanceOrder(desk, order, isNew, job, signal)
      desk.tell({
        type: 'order delivered',
        orderId,
        endpointId: delivered.endpointId ?? '',
        uniqueId: delivered.uniqueId ?? '',
        seconds: (desk.clock.now() - begun) / 1000,
      })
      return delivered
    } catch (error) {
      if (error instanceof OrderLostError) continue
      throw await stopOrder(desk, job, explainError(orderId, error))
    }
  }
}

/** Puts a new order into the ledger; undefined where it is there already. */
async function placeOrder(
  desk: Desk,
  orderId: string,
  content: OrderContent & { readonly hash: string },
  signal: AbortSignal,
): Promise<OrderRow | undefined> {
  const planId = await findPlan(desk, orderId, content.sku)
  const { kind, sku, hash, endpointId } = content
  desk.tell({ type: 'order started', orderId, kind })
  const order = newOrder(
    { orderId, kind, sku, planId, content: hash, owner: desk.me },
    isoNow(desk),
  )
  if (kind === 'purchase') return await reserveEsim(desk, order, planId, true, signal)
  if (endpointId === undefined) throw new UnknownEndpointError(orderId, 'no endpoint is given')
  return await desk.ledger.transact({ orderIds: [orderId], endpointIds: [endpointId] }, rows => {
    if (rows.order(orderId) !== undefined) return { entries: [], result: undefined }
    if (rows.esim(endpointId)?.status !== 'delivered')
      throw new UnknownEndpointError(
        orderId,
        `endpoint ${endpointId} was not sold from ${desk.ledger.location}`,
      )
    const row = changeOrder(order, { status: 'activated', endpointId }, order.createdAt)
    return { entries: [{ table: 'orders', row }], result: row }
  })
}

async function findPlan(desk: Desk, orderId: string, sku: string): Promise<string> {
  const meaning = readSku(await desk.readState(), sku)
  switch (meaning.kind) {
    case 'plan':
      return meaning.planId
    case 'out of sale':
      throw new PlanOutOfSaleError(orderId, sku, meaning.planName)
    case 'unknown':
      throw new UnknownSkuError(orderId, sku, meaning.nearest)
  }
}

async function advanceOrder(
  desk: Desk,
  claimed: OrderRow,
  isNew: boolean,
  job: OrderJob,
  signal: AbortSignal,
): Promise<OrderRow> {
  let order = claimed
  /** Whether nothing of the announced write was sent yet. */
  let fresh = isNew
  for (let tried = 1; ; ) {
    signal.throwIfAborted()
    if (order.status === 'new') {
      const planId = await findPlan(desk, order.orderId, order.sku)
      const reserved = await reserveEsim(desk, order, planId, false, signal)
      if (reserved === undefined) throw new OrderLostError(`order ${order.orderId} was taken over`)
      order = reserved
      fresh = true
    } else if (order.status === 'reserved') {
      const activated = await activateEsim(desk, order, !fresh, signal)
      order = activated.order
      fresh = true
      if (activated.reason === undefined) continue
      if (tried >= desk.policies.esimsTried)
        throw new ActivationFailedError(order.orderId, order.tried, activated.reason)
      tried += 1
    } else if (order.status === 'activated') {
      if (order.kind === 'topUp') {
        if (order.intent === undefined) order = await renewPlan(desk, order)
        await takeEndpoint(desk, order, job, signal)
      }
      return await subscribeAddon(desk, order, fresh && order.intent !== undefined, signal)
    } else return order
  }
}

/** Gives an order of which nothing was sent the plan that its SKU has now. */
async function renewPlan(desk: Desk, order: OrderRow): Promise<OrderRow> {
  const planId = await findPlan(desk, order.orderId, order.sku)
  if (planId === order.planId) return order
  return await saveOrder(desk, order.orderId, [], () => ({ change: { planId } }))
}

/** Waits until no other subscription of the endpoint is under way, and keeps others from beginning one. */
async function takeEndpoint(
  desk: Desk,
  order: OrderRow,
  job: OrderJob,
  signal: AbortSignal,
): Promise<void> {
  const { orderId, endpointId = '' } = order
  let other: string | undefined
  for (;;) {
    const orderIds = other === undefined ? [] : [other]
    const now = desk.clock.now()
    const turn = await desk.ledger.transact<'mine' | 'wait' | 'settle' | { other: string }>(
      { orderIds, endpointIds: [endpointId] },
      rows => {
        const esim = rows.esim(endpointId)
        if (esim === undefined)
          throw new UnknownEndpointError(orderId, `endpoint ${endpointId} is not in the ledger`)
        const { busyWith } = esim
        if (busyWith === orderId) return { entries: [], result: 'mine' }
        if (busyWith !== undefined && busyWith !== other)
          return { entries: [], result: { other: busyWith } }
        const holder = busyWith === undefined ? undefined : rows.order(busyWith)
        if (holder !== undefined && isUnfinished(holder))
          return { entries: [], result: hasLivingOwner(holder, rows, now) ? 'wait' : 'settle' }
        return {
          entries: [{ table: 'esims', row: { ...esim, busyWith: orderId } }],
          result: 'mine',
        }
      },
    )
    if (turn === 'mine') return
    if (turn === 'wait') await desk.clock.sleep(50, signal)
    else if (typeof turn === 'object') other = turn.other
    else if (other !== undefined) await settleOther(job, orderId, other)
  }
}

async function settleOther(job: OrderJob, orderId: string, other: string): Promise<void> {
  try {
    await job.runOther(other)
  } catch (error) {
    // Known not to have happened, so that it is not in the way any more.
    if (error instanceof SubscriptionFailedError && error.settled) return
    throw new AccountUnreachableError(
      orderId,
      `order ${other} of the same endpoint comes first and is not settled: ${reasonOf(error)}`,
    )
  }
}

/** Writes down why an order stopped and lets go of it; returns the error. */
async function stopOrder(desk: Desk, job: OrderJob, error: unknown): Promise<unknown> {
  const { orderId, place } = job
  if (error instanceof UnknownOrderError) return error
  const name = error instanceof Error ? error.name : 'Error'
  const message = reasonOf(error)
  const at = isoNow(desk)
  const endpointIds = await endpointsOf(desk, orderId)
  const stopped = await desk.ledger.transact({ orderIds: [orderId], endpointIds }, rows => {
    const current = rows.order(orderId)
    if (current === undefined) {
      if (place?.kind !== 'purchase' || isRequestMistake(error))
        return { entries: [], result: undefined }
      const { kind, sku, hash } = place
      const row = newOrder({ orderId, kind, sku, planId: '', content: hash }, at)
      const failed = changeOrder(row, { status: 'failed', failure: { name, message } }, at)
      return { entries: [{ table: 'orders', row: failed }], result: failed }
    }
    if (current.owner?.id !== desk.me.id) return { entries: [], result: current }
    const isFinal =
      current.status === 'new' ||
      (current.kind === 'topUp' &&
        current.intent === undefined &&
        ((error instanceof SubscriptionFailedError && error.settled) || isRequestMistake(error)))
    const change: OrderChange = {
      owner: null,
      failure: { name, message },
      ...(isFinal && { status: 'failed' }),
    }
    const row = changeOrder(current, change, at)
    const entries: LedgerEntry[] = [{ table: 'orders', row }]
    const esim = endpointIds[0] === undefined ? undefined : rows.esim(endpointIds[0])
    if (current.kind === 'topUp' && current.intent === undefined && esim?.busyWith === orderId) {
      const { busyWith: _busy, ...free } = esim
      entries.push({ table: 'esims', row: free })
    }
    return { entries, result: row }
  })
  const resumable = stopped !== undefined && isUnfinished(stopped)
  desk.tell({ type: 'order stopped', orderId, error: name, message, resumable })
  return error
}

/** An order that could never have been placed leaves nothing in the ledger. */
const isRequestMistake = (error: unknown): boolean =>
  error instanceof UnknownSkuError ||
  error instanceof PlanOutOfSaleError ||
  error instanceof UnknownEndpointError

async function endpointsOf(desk: Desk, orderId: string): Promise<readonly string[]> {
  const order = await desk.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId),
  }))
  return order?.endpointId === undefined ? [] : [order.endpointId]
}
