import { setTimeout as delay } from 'node:timers/promises'
import { sideBySide } from '../side-by-side.ts'
import type { ResumeReport } from './api.ts'
import { reasonOf } from './explain.ts'
import type { OrderRuns } from './order-runs.ts'
import { orderPages } from './pages.ts'
import type { SellingContext } from './selling-context.ts'

/** Goes on with every unfinished order that nobody else works on. */
export async function resumeOrders(
  { ledger, lease }: SellingContext,
  runs: OrderRuns,
  signal: AbortSignal,
): Promise<ResumeReport> {
  const delivered: string[] = []
  const stopped: { orderId: string; error: string; message: string }[] = []
  let inWork = 0
  const goOn = async (orderId: string): Promise<void> => {
    const isTheirs = await ledger.transact({ orderIds: [orderId] }, rows => {
      const order = rows.order(orderId)
      const isMine = order?.owner?.id === lease.id
      const living = order !== undefined && lease.isHeld(order, rows)
      return { entries: [], result: living && !isMine }
    })
    if (isTheirs) {
      inWork += 1
      return
    }
    try {
      const { order } = await runs.run(orderId, undefined, signal)
      if (order.status === 'delivered') delivered.push(orderId)
    } catch (error) {
      const name = error instanceof Error ? error.name : 'Error'
      stopped.push({ orderId, error: name, message: reasonOf(error) })
    }
  }
  for await (const page of orderPages(ledger, { unfinished: true }))
    await sideBySide(page, 16, order => goOn(order.orderId))
  return { delivered, stopped, inWork }
}

/** The same, and those of owners that cannot be seen from here until they end, or their owners are silent. */
export async function resumeToTheEnd(
  context: SellingContext,
  runs: OrderRuns,
  closing: AbortSignal,
): Promise<void> {
  let { inWork } = await resumeOrders(context, runs, closing)
  while (inWork > 0) {
    const silenceMs = context.policies.silenceSeconds * 1000
    await delay(silenceMs, undefined, { signal: closing, ref: false })
    inWork = (await resumeOrders(context, runs, closing)).inWork
  }
}
