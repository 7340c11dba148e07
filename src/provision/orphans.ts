import { type GivenOut, isUnfinished, type OrderRow } from './ledger.ts'
import { orderPages } from './pages.ts'
import { isoNow, type SellingContext } from './selling-context.ts'

/** An order that somebody must go on with, and for which time it is given out. */
export interface Orphan {
  readonly orderId: string
  /** From 1. */
  readonly attempt: number
}

/** Between two attempts there are seconds at first, and an hour at last: each costs calls. */
const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 3_600_000

/** An order that so many attempts did not bring to its end is for people. */
const MOST_ATTEMPTS = 10

/** Whether an order is given out no more: it stays as it is until somebody resumes or settles it. */
export const isParked = (order: Pick<OrderRow, 'givenOut'>): boolean =>
  (order.givenOut?.count ?? 0) >= MOST_ATTEMPTS

/** When an order may be given out again (ms since the epoch). */
function nextAttemptAt({ count, at }: GivenOut): number {
  return Date.parse(at) + Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS)
}

/** Whether an order may be given out now, as far as its own attempts tell. */
const isDue = (order: OrderRow, { clock }: Pick<SellingContext, 'clock'>): boolean =>
  !isParked(order) && (order.givenOut === undefined || clock.now() >= nextAttemptAt(order.givenOut))

/**
 * Unfinished orders on which no living process works, each given out once: it is counted in the ledger, so that of
 * several who ask at once one gets it.
 */
export async function giveOutOrphans(
  context: SellingContext,
  limit: number,
): Promise<readonly Orphan[]> {
  const found: Orphan[] = []
  for await (const page of orderPages(context.ledger, { unfinished: true }))
    for (const order of page) {
      if (found.length >= limit) return found
      if (!isDue(order, context)) continue
      const attempt = await giveOut(context, order.orderId)
      if (attempt !== undefined) found.push({ orderId: order.orderId, attempt })
    }
  return found
}

async function giveOut(
  { ledger, lease, clock }: SellingContext,
  orderId: string,
): Promise<number | undefined> {
  return await ledger.transact({ orderIds: [orderId] }, rows => {
    const order = rows.order(orderId)
    if (order === undefined || !isUnfinished(order) || !isDue(order, { clock })) return NOTHING
    if (lease.isHeld(order, rows)) return NOTHING
    const count = (order.givenOut?.count ?? 0) + 1
    const row = { ...order, givenOut: { count, at: isoNow({ clock }) } }
    return { entries: [{ table: 'orders', row }], result: count }
  })
}

const NOTHING = { entries: [], result: undefined } as const
