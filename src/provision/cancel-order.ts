import { type Cancellation, reportOfOld } from './cancel-report.ts'
import { UnknownOrderError } from './errors.ts'
import type { OrderRow } from './ledger.ts'
import { changeOrder, newOrder } from './order.ts'
import { claimOrder, OrderLostError } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import type { RunOther } from './take-endpoint.ts'
import { openTurns } from './turns.ts'
import { undoOrder } from './undo-order.ts'

/**
 * Undoes what can be undone of an order when nobody else works on it. A reserved eSIM is for sale again;
 * an add-on of which nothing was used is taken off; an endpoint that nobody has any more, its purchase being
 * cancelled, is suspended, since the platform has no way back to Pre-Active. An order ID that the ledger does not have is closed,
 * and a cancelled order tells once more what its cancellation did. Throws what `runOrder` throws.
 */
export async function cancelOrder(
  context: SellingContext,
  orderId: string,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  using turns = openTurns(context)
  for (;;) {
    const ended = await readCancelled(context, orderId)
    if (ended !== undefined) return ended
    const claim = await claimOrder(context, orderId, { anyStatus: true })
    if (claim.kind === 'mine') {
      try {
        return await undoOrder(claim.context, claim.order, runOther, signal)
      } catch (error) {
        if (!(error instanceof OrderLostError)) throw error
        context.tell({ type: 'order lost', ...claim.context.about })
      } finally {
        claim.context.claim.end()
      }
    } else if (claim.kind === 'theirs') await turns.next({ orderIds: [orderId] }, signal)
  }
}

/**
 * What became of an order that is cancelled already. One that the ledger never had gets a mark, so that an
 * order of that ID which comes late does not sell, and throws UnknownOrderError, every time.
 */
async function readCancelled(
  context: SellingContext,
  orderId: string,
): Promise<Cancellation | undefined> {
  const row = await context.ledger.transact({ orderIds: [orderId] }, rows => {
    const order = rows.order(orderId)
    if (order !== undefined) return { entries: [], result: order }
    const mark = closedOrder(orderId, isoNow(context))
    return { entries: [{ table: 'orders', row: mark }], result: mark }
  })
  if (row.status !== 'cancelled') return undefined
  if (row.content === '')
    throw new UnknownOrderError(
      orderId,
      'the ID is closed now: an order of that ID which comes late is refused; if it is mistyped, cancel the right one',
    )
  return { orderId, status: 'cancelled', ...(row.cancellation ?? reportOfOld(row)) }
}

/** The mark of an order that was cancelled before it came; nothing has its content. */
function closedOrder(orderId: string, at: string): OrderRow {
  const nothing = newOrder({ orderId, kind: 'purchase', content: '', sku: '', planId: '' }, at)
  const detail = 'cancelled before the ledger had it'
  const steps = [{ step: 'cancel', outcome: 'done', detail } as const]
  return changeOrder(nothing, { status: 'cancelled', steps }, at)
}
