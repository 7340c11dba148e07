import { createOnDemand, takeUpMade } from './create-on-demand.ts'
import { NoEsimAvailableError } from './errors.ts'
import type { CreationCost, EsimRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import { changeOrder, type OrderChange } from './order.ts'
import type { SoldPlan } from './plan-terms.ts'
import { isClaimed, type OrderContext, OrderLostError, saveOrder, tellSteps } from './save-order.ts'
import type { Esim } from './sellable.ts'
import { isoNow, type SellingContext } from './selling-context.ts'

/** The announcement of an activation. */
export const activationIntent = (context: SellingContext, endpointId: string): OrderIntent => ({
  write: 'activate',
  endpointId,
  at: isoNow(context),
  settleSeconds: context.sft.settleSeconds('EndPointLifeCycleChange'),
})

/** The ledger row of an eSIM as the pool has it. */
const esimRowOf = (
  esim: Esim,
  there: EsimRow | undefined,
  orderId: string,
  at: string,
): EsimRow => ({
  endpointId: esim.endpointId,
  iccid: esim.iccid,
  ...(esim.msisdn === undefined ? {} : { msisdn: esim.msisdn }),
  activationCode: esim.activationCode,
  batch: esim.batch,
  tags: esim.tags,
  orderId,
  busyWith: orderId,
  status: 'selected',
  at,
  // Whoever had it before it came up for sale again finds that it has moved on.
  ...(there?.fence !== undefined && { fence: there.fence + 1 }),
  ...(there?.onDemand === true && { onDemand: true as const }),
})

/**
 * Keeps the next eSIM for an order and announces its activation, in one transaction: before that the eSIM
 * is nobody's, after it nobody else's. `order` may not be in the ledger yet (`isNew`); undefined where
 * somebody placed it in the meantime. Throws NoEsimAvailableError and `SftError`s.
 */
export async function reserveEsim(
  context: OrderContext,
  order: OrderRow,
  plan: SoldPlan,
  isNew: boolean,
  signal: AbortSignal,
): Promise<Reserved | undefined> {
  let placing: Placing = { order, isNew }
  for (;;) {
    const esim = await context.pool.take(signal)
    if (esim === undefined) {
      const next = await restock(context, placing, signal)
      if (next === 'exists') return undefined
      placing = next
      continue
    }
    const outcome = await keepEsim(context, placing.order, plan, placing.isNew, esim)
    if (outcome === 'exists') return undefined
    if (outcome !== 'taken') return outcome
  }
}

/** An order, and the eSIM that is kept for it. */
export interface Reserved {
  readonly order: OrderRow
  readonly esim: EsimRow
}

/** An order that has no eSIM yet; `isNew`: the ledger does not have it either. */
interface Placing {
  readonly order: OrderRow
  readonly isNew: boolean
}

/**
 * Brings an eSIM into the pool that has none, where the policies say so; `exists`: somebody placed the order in
 * the meantime. Throws NoEsimAvailableError.
 */
async function restock(
  context: OrderContext,
  placing: Placing,
  signal: AbortSignal,
): Promise<Placing | 'exists'> {
  const { order, isNew } = placing
  const { orderId } = order
  if (isNew && (await isPlaced(context, orderId))) return 'exists'
  const { onDemand, pool } = context
  if (onDemand === undefined || pool.sellable() > 0) throw noneLeft(context, order)
  const batch = await onDemand()
  if (await takeUpMade(context, batch.key)) return placing
  // From here on others see the order: the same one makes no second endpoint.
  if (isNew && !(await placeFirst(context, order))) return 'exists'
  const made = await createOnDemand(context, batch, context.about, signal)
  if (made.is === 'none') throw noneLeft(context, order, made.why)
  const creation = sumOf(order.creation, made.cost)
  const saved = await saveOrder(context, orderId, [], () => ({ change: { creation } }))
  return { order: saved, isNew: false }
}

const sumOf = (before: CreationCost | undefined, { calls, seconds }: CreationCost) => ({
  calls: (before?.calls ?? 0) + calls,
  seconds: Math.round(((before?.seconds ?? 0) + seconds) * 1000) / 1000,
})

function noneLeft({ pool }: SellingContext, { orderId }: OrderRow, why?: string) {
  const left = pool.sellable()
  const detail =
    left === 0
      ? 'every endpoint of the state is sold, reserved or set aside'
      : `${left} endpoints are left to look at; the next attempt goes on with them`
  return new NoEsimAvailableError(
    orderId,
    why === undefined ? detail : `${detail}; none could be made on demand: ${why}`,
  )
}

/** Puts a new order into the ledger before it has an eSIM; false where somebody else did. */
const placeFirst = (context: OrderContext, order: OrderRow): Promise<boolean> =>
  context.ledger.transact({ orderIds: [order.orderId] }, rows =>
    rows.order(order.orderId) === undefined
      ? { entries: [{ table: 'orders', row: order }], result: true }
      : { entries: [], result: false },
  )

/** Keeps an eSIM of the pool for the order; `exists`: somebody placed it in the meantime. */
async function keepEsim(
  context: OrderContext,
  order: OrderRow,
  plan: SoldPlan,
  isNew: boolean,
  esim: Esim,
): Promise<Reserved | 'exists' | 'taken'> {
  const { orderId } = order
  const at = isoNow(context)
  const { endpointId } = esim
  const change = reservation(context, order, plan, endpointId)
  const keys = { orderIds: [orderId], endpointIds: [endpointId] }
  let outcome: Reserved | 'exists' | 'taken' | undefined
  const announced = context.announcement.restart()
  try {
    outcome = await context.ledger.transact<Reserved | 'exists' | 'taken'>(keys, rows => {
      const current = rows.order(orderId)
      if (isNew && current !== undefined) return { entries: [], result: 'exists' }
      if (!isNew && !isClaimed(context, current))
        throw new OrderLostError(`order ${orderId} was taken over`)
      const there = rows.esim(endpointId)
      if (there !== undefined && there.status !== 'released')
        return { entries: [], result: 'taken' }
      const reserved: Reserved = {
        order: changeOrder(current ?? order, change, at),
        esim: esimRowOf(esim, there, orderId, at),
      }
      const entries: LedgerEntry[] = [
        { table: 'orders', row: reserved.order },
        { table: 'esims', row: reserved.esim },
      ]
      return { entries, result: reserved }
    })
  } finally {
    if (outcome === undefined || outcome === 'exists') context.pool.putBack(esim)
    else context.pool.keep(endpointId)
  }
  if (outcome === 'taken') context.pool.noteGone(endpointId)
  if (outcome === 'taken' || outcome === 'exists') return outcome
  announced()
  tellSteps(context, change)
  return outcome
}

const reservation = (
  context: SellingContext,
  { creation }: OrderRow,
  plan: SoldPlan,
  endpointId: string,
): OrderChange => ({
  status: 'reserved',
  endpointId,
  planId: plan.planId,
  terms: plan.terms ?? null,
  intent: activationIntent(context, endpointId),
  steps: [
    {
      step: 'reserve',
      outcome: 'done',
      endpointId,
      ...(creation !== undefined && {
        detail: `stock was empty: ${creation.calls} calls and ${creation.seconds} s to make an endpoint`,
      }),
    },
    { step: 'activate', outcome: 'announced', endpointId },
  ],
})

/** Whether another process placed the order: it may be the one that has the last eSIM. */
const isPlaced = (context: SellingContext, orderId: string): Promise<boolean> =>
  context.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId) !== undefined,
  }))
