import { ownerState, thisProcess } from '../durable/owner.ts'
import { type Desk, isoNow } from './desk.ts'
import { OrderConflictError } from './errors.ts'
import {
  type Decision,
  isUnfinished,
  type LedgerEntry,
  type LedgerRows,
  type OrderOwner,
  type OrderRow,
} from './ledger.ts'
import { changeOrder, type OrderChange } from './order.ts'

/** Another process took the order over: its owner here must stop at once. */
export class OrderLostError extends Error {
  override readonly name = 'OrderLostError'
}

/** Provisioners that are open in this process, by owner ID. */
const openHere = new Set<string>()

/** Makes an owner known as alive in this process, until the returned function is called. */
export function enlistOwner(id: string): () => void {
  openHere.add(id)
  return () => openHere.delete(id)
}

/** Milliseconds without a sign of life after which an owner that cannot be seen counts as dead. */
export const SILENCE_MS = 60_000

/** Whether somebody still works on an order. */
export function hasLivingOwner(order: OrderRow, rows: LedgerRows, now: number): boolean {
  const { owner } = order
  if (owner === undefined) return false
  const self = thisProcess()
  if (owner.host === self.host && owner.pid === self.pid && owner.started === self.started)
    return openHere.has(owner.id)
  const state = ownerState(owner)
  if (state === 'alive' || state === 'dead') return state === 'alive'
  const sign = rows.process(owner.id)?.heartbeat ?? order.updatedAt
  return now - Date.parse(sign) < SILENCE_MS
}

/** What became of an attempt to take an order. */
export type Claim =
  | { readonly kind: 'missing' }
  | { readonly kind: 'finished'; readonly order: OrderRow }
  | { readonly kind: 'theirs'; readonly order: OrderRow }
  | { readonly kind: 'mine'; readonly order: OrderRow }

/**
 * Takes an order that nobody works on. `content` binds the order ID: another content or a cancelled order
 * throws OrderConflictError. `retryFailed`: a failed order is begun again. `anyStatus`: finished ones too.
 */
export async function claimOrder(
  desk: Desk,
  orderId: string,
  options: {
    readonly content?: string
    readonly retryFailed?: boolean
    readonly anyStatus?: boolean
  } = {},
): Promise<Claim> {
  const at = isoNow(desk)
  const { claim, from } = await desk.ledger.transact<Taking>({ orderIds: [orderId] }, rows => {
    const order = rows.order(orderId)
    if (order === undefined) return decided({ kind: 'missing' })
    if (options.content !== undefined && order.content !== options.content)
      throw new OrderConflictError(orderId, `is a ${order.kind} of ${order.sku} with other content`)
    if (options.content !== undefined && order.status === 'cancelled')
      throw new OrderConflictError(orderId, 'was cancelled')
    const again = order.status === 'failed' && options.retryFailed === true
    if (!isUnfinished(order) && !again && options.anyStatus !== true)
      return decided({ kind: 'finished', order })
    if (order.owner?.id !== desk.me.id && hasLivingOwner(order, rows, Date.parse(at)))
      return decided({ kind: 'theirs', order })
    const begin = order.kind === 'topUp' ? 'activated' : 'new'
    const change: OrderChange = {
      owner: desk.me,
      failure: null,
      ...(again && { status: begin }),
    }
    const mine = changeOrder(order, change, at)
    return {
      entries: [{ table: 'orders', row: mine }],
      result: { claim: { kind: 'mine', order: mine }, from: order.owner },
    }
  })
  if (from !== undefined && from.id !== desk.me.id)
    desk.tell({ type: 'order taken over', orderId, from: `${from.host}, process ${from.pid}` })
  return claim
}

interface Taking {
  readonly claim: Claim
  readonly from: OrderOwner | undefined
}

const decided = (claim: Claim): Decision<Taking> => ({
  entries: [],
  result: { claim, from: undefined },
})

/** What a decision makes of an order that is ours, and of other rows with it. */
export interface OrderDecision {
  readonly change: OrderChange
  readonly entries?: readonly LedgerEntry[]
}

/**
 * Changes an order that this process owns, with other rows in the same transaction, then tells its steps.
 * Throws OrderLostError where it is not ours any more.
 */
export async function saveOrder(
  desk: Desk,
  orderId: string,
  endpointIds: readonly string[],
  decide: (rows: LedgerRows, order: OrderRow) => OrderDecision,
): Promise<OrderRow> {
  const at = isoNow(desk)
  const { row, change } = await desk.ledger.transact({ orderIds: [orderId], endpointIds }, rows => {
    const order = rows.order(orderId)
    if (order?.owner?.id !== desk.me.id) throw new OrderLostError(`order ${orderId} was taken over`)
    const decision = decide(rows, order)
    const row = changeOrder(order, decision.change, at)
    return {
      entries: [{ table: 'orders', row }, ...(decision.entries ?? [])],
      result: { row, change: decision.change },
    }
  })
  tellSteps(desk, orderId, change)
  return row
}

/** Tells the steps of a change that is durable. */
export function tellSteps(desk: Desk, orderId: string, change: OrderChange): void {
  for (const { step, outcome, endpointId, detail } of change.steps ?? [])
    desk.tell({
      type: 'order step',
      orderId,
      step,
      outcome,
      ...(endpointId === undefined ? {} : { endpointId }),
      ...(detail === undefined ? {} : { detail }),
    })
}
