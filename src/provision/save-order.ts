import type { Clock } from '../clock.ts'
import { defined } from '../defined.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import { OrderConflictError } from './errors.ts'
import type { AboutOrder } from './events.ts'
import type { LeasedAnnouncement, OwnClaim } from './lease.ts'
import {
  type Decision,
  isUnfinished,
  type LedgerEntry,
  type LedgerRows,
  type OrderOwner,
  type OrderRow,
} from './ledger.ts'
import { changeOrder, type OrderChange } from './order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'

/** Somebody else took the order over: its owner here must stop at once. */
export class OrderLostError extends Error {
  override readonly name = 'OrderLostError'
}

/** A context that works on one order, of which it holds the claim. Its writes ask for the claim once more. */
export interface OrderContext extends SellingContext {
  readonly claim: OwnClaim & { readonly orderId: string; readonly fence: number }
  /** The announcement of the write that the order's intent names. */
  readonly announcement: LeasedAnnouncement
  /** What its events say of the order. */
  readonly about: AboutOrder
  /** Seconds since this was asked last, or since the order was claimed. */
  readonly lap: () => number
}

/** A context for an order that is claimed with a fence. */
export function contextFor(
  context: SellingContext,
  about: AboutOrder,
  own: OwnClaim,
  fence: number,
): OrderContext {
  const { orderId } = about
  const announcement = context.lease.announcement(async () => {
    await saveOrder(claimed, orderId, [], (_rows, { intent }) => ({
      change: intent === undefined ? {} : { intent: { ...intent, at: isoNow(context) } },
    }))
  })
  const claimed: OrderContext = {
    ...context,
    sft: withAnnouncement(context.sft, announcement),
    claim: { ...own, orderId, fence },
    announcement,
    about,
    lap: openLaps(context.clock),
  }
  return claimed
}

/** What events say of an order. */
export const aboutOrder = ({ orderId, kind, sku, traceparent }: AboutOrder): AboutOrder => ({
  orderId,
  kind,
  sku,
  ...defined({ traceparent }),
})

function openLaps({ now }: Pick<Clock, 'now'>): () => number {
  let last = now()
  return () => {
    const before = last
    last = now()
    return (last - before) / 1000
  }
}

/** What an order is held by: one claim, and the fence that it got; nobody else has both, before it or after it. */
const heldBy = ({ owner, fence = 0 }: Pick<OrderRow, 'owner' | 'fence'>): string | undefined =>
  owner && `${owner.claim}#${fence}`

/** Whether an order is still this claim's. */
export const isClaimed = (
  { claim }: OrderContext,
  order: OrderRow | undefined,
): order is OrderRow & { readonly owner: OrderOwner } =>
  order !== undefined && heldBy(order) === heldBy(claim)

/** What became of an attempt to take an order. */
export type Claim =
  | { readonly kind: 'missing' }
  | { readonly kind: 'finished'; readonly order: OrderRow }
  | { readonly kind: 'theirs'; readonly order: OrderRow }
  | { readonly kind: 'mine'; readonly order: OrderRow; readonly context: OrderContext }

type Taking =
  | Exclude<Claim, { readonly kind: 'mine' }>
  | { readonly kind: 'mine'; readonly order: OrderRow; readonly from: OrderOwner | undefined }

/**
 * Takes an order that nobody works on, in this process or another one. `content` binds the order ID:
 * another content or a cancelled order throws OrderConflictError. `retryFailed`: a failed order is begun
 * again. `anyStatus`: delivered and failed ones too. Whoever gets it ends the claim of its context.
 */
export async function claimOrder(
  context: SellingContext,
  orderId: string,
  options: {
    readonly content?: string
    readonly retryFailed?: boolean
    readonly anyStatus?: boolean
  } = {},
): Promise<Claim> {
  const at = isoNow(context)
  const own = context.lease.claim()
  let taking: Taking | undefined
  try {
    taking = await context.ledger.transact<Taking>({ orderIds: [orderId] }, rows => {
      const order = rows.order(orderId)
      if (order === undefined) return decided({ kind: 'missing' })
      if (options.content !== undefined) refuseOther(orderId, order, options.content)
      const again = order.status === 'failed' && options.retryFailed === true
      // One that was cancelled since somebody looked would be undone once more.
      const isOver = order.status === 'cancelled' || options.anyStatus !== true
      if (!isUnfinished(order) && !again && isOver) return decided({ kind: 'finished', order })
      if (context.lease.isHeld(order, rows)) return decided({ kind: 'theirs', order })
      const change: OrderChange = {
        owner: own.owner,
        fence: (order.fence ?? 0) + 1,
        failure: null,
        ...(again && { status: order.kind === 'topUp' ? 'activated' : 'new' }),
      }
      const mine = changeOrder(order, change, at)
      return {
        entries: [{ table: 'orders', row: mine }],
        result: { kind: 'mine', order: mine, from: order.owner },
      }
    })
  } finally {
    if (taking?.kind !== 'mine') own.end()
  }
  if (taking.kind !== 'mine') return taking
  const { order, from } = taking
  if (from !== undefined && from.id !== context.lease.id)
    context.tell({
      type: 'order taken over',
      ...aboutOrder(order),
      from: `${from.host}, process ${from.pid}`,
    })
  return {
    kind: 'mine',
    order,
    context: contextFor(context, aboutOrder(order), own, order.fence ?? 0),
  }
}

function refuseOther(orderId: string, order: OrderRow, content: string): void {
  if (order.status === 'cancelled') throw new OrderConflictError(orderId, 'was cancelled')
  if (order.cancelling === true)
    throw new OrderConflictError(orderId, 'is being cancelled; cancel() goes on with that')
  if (order.content !== content)
    throw new OrderConflictError(orderId, `is a ${order.kind} of ${order.sku} with other content`)
}

const decided = (result: Exclude<Taking, { readonly kind: 'mine' }>): Decision<Taking> => ({
  entries: [],
  result,
})

/** What a decision makes of an order that is ours, and of other rows with it. */
export interface OrderDecision {
  readonly change: OrderChange
  readonly entries?: readonly LedgerEntry[]
}

/**
 * Changes an order that this claim holds, with other rows in the same transaction, then tells its steps.
 * Every write is announced here, so that the fence is looked at in the transaction that announces it.
 * Throws OrderLostError where it is not ours any more.
 */
export async function saveOrder(
  context: OrderContext,
  orderId: string,
  endpointIds: readonly string[],
  decide: (rows: LedgerRows, order: OrderRow) => OrderDecision,
): Promise<OrderRow> {
  const at = isoNow(context)
  const announced = context.announcement.restart()
  const { row, change } = await context.ledger.transact(
    { orderIds: [orderId], endpointIds },
    rows => {
      const order = rows.order(orderId)
      if (!isClaimed(context, order)) throw new OrderLostError(`order ${orderId} was taken over`)
      const decision = decide(rows, order)
      const row = changeOrder(order, decision.change, at)
      return {
        entries: [{ table: 'orders', row }, ...(decision.entries ?? [])],
        result: { row, change: decision.change },
      }
    },
  )
  announced()
  tellSteps(context, change)
  return row
}

/** Tells the steps of a change that is durable. */
export function tellSteps(
  { tell, about, lap }: OrderContext,
  { steps = [] }: Pick<OrderChange, 'steps'>,
): void {
  for (const { step, outcome, endpointId, detail } of steps)
    tell({
      type: 'order step',
      ...about,
      step,
      outcome,
      seconds: lap(),
      ...defined({ endpointId, detail }),
    })
}
