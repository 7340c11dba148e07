import { NoEsimAvailableError } from './errors.ts'
import type { EsimRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import { changeOrder, type OrderChange } from './order.ts'
import { isClaimed, type OrderContext, OrderLostError, tellSteps } from './save-order.ts'
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
const esimRowOf = (esim: Esim, orderId: string, at: string): EsimRow => ({
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
})

/**
 * Keeps the next eSIM for an order and announces its activation, in one transaction: before that the eSIM
 * is nobody's, after it nobody else's. `order` may not be in the ledger yet (`isNew`); undefined where
 * somebody placed it in the meantime. Throws NoEsimAvailableError and `SftError`s.
 */
export async function reserveEsim(
  context: OrderContext,
  order: OrderRow,
  planId: string,
  isNew: boolean,
  signal: AbortSignal,
): Promise<OrderRow | undefined> {
  const { orderId } = order
  for (;;) {
    const esim = await context.pool.take(signal)
    if (esim === undefined) {
      if (isNew && (await isPlaced(context, orderId))) return undefined
      const left = context.pool.sellable()
      const detail =
        left === 0
          ? 'every endpoint of the state is sold, reserved or set aside'
          : `${left} endpoints are left to look at; the next attempt goes on with them`
      throw new NoEsimAvailableError(orderId, detail)
    }
    const at = isoNow(context)
    const { endpointId } = esim
    const change: OrderChange = {
      status: 'reserved',
      endpointId,
      planId,
      intent: activationIntent(context, endpointId),
      steps: [
        { step: 'reserve', outcome: 'done', endpointId },
        { step: 'activate', outcome: 'announced', endpointId },
      ],
    }
    const keys = { orderIds: [orderId], endpointIds: [endpointId] }
    let outcome: OrderRow | 'exists' | 'taken' | undefined
    const announced = context.announcement.restart()
    try {
      outcome = await context.ledger.transact<OrderRow | 'exists' | 'taken'>(keys, rows => {
        const current = rows.order(orderId)
        if (isNew && current !== undefined) return { entries: [], result: 'exists' }
        if (!isNew && !isClaimed(context, current))
          throw new OrderLostError(`order ${orderId} was taken over`)
        const there = rows.esim(endpointId)
        if (there !== undefined && there.status !== 'released')
          return { entries: [], result: 'taken' }
        const row = changeOrder(current ?? order, change, at)
        const entries: LedgerEntry[] = [
          { table: 'orders', row },
          { table: 'esims', row: esimRowOf(esim, orderId, at) },
        ]
        return { entries, result: row }
      })
    } finally {
      if (outcome === undefined || outcome === 'exists') context.pool.putBack(esim)
      else context.pool.keep(endpointId)
    }
    if (outcome === 'taken') context.pool.noteGone(endpointId)
    if (outcome === 'taken') continue
    if (outcome === 'exists') return undefined
    announced()
    tellSteps(context, orderId, change)
    return outcome
  }
}

/** Whether another process placed the order: it may be the one that has the last eSIM. */
const isPlaced = (context: SellingContext, orderId: string): Promise<boolean> =>
  context.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId) !== undefined,
  }))
