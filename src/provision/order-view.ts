import {
  type CancelReport,
  type CreationCost,
  type GivenOut,
  isUnfinished,
  type OrderFailure,
  type OrderKind,
  type OrderReference,
  type OrderRow,
  type OrderStatus,
  type OrderStep,
} from './ledger.ts'
import { isParked } from './orphans.ts'

/** An order as its seller may see it; it holds no secret. */
export interface OrderView {
  readonly orderId: string
  readonly kind: OrderKind
  readonly sku: string
  /** What the portal bound it to; absent: nothing, or placed with a release that kept the hash only. */
  readonly reference?: OrderReference
  readonly planId: string
  readonly status: OrderStatus
  /** A write was announced and its end is not known yet. */
  readonly unsettled?: 'activate' | 'subscribe'
  readonly endpointId?: string
  readonly uniqueId?: string
  /** eSIMs that were tried and left. */
  readonly tried: number
  /** What making its endpoint on demand took, where stock was empty. */
  readonly creation?: CreationCost
  readonly steps: readonly OrderStep[]
  readonly failure?: OrderFailure
  /** Attempts of workers to go on with it, and the ISO time of the last one. */
  readonly givenOut?: GivenOut
  /** No worker tries any more: somebody must look at it. */
  readonly parked?: boolean
  /** A cancellation has begun to undo it. */
  readonly cancelling?: boolean
  readonly cancellation?: CancelReport
  readonly allowSuspended?: boolean
  /** The process that works on it: `host, process pid`. */
  readonly owner?: string
  /** ISO times. */
  readonly createdAt: string
  readonly updatedAt: string
}

/** The view of an order's row. */
export function viewOrder(order: OrderRow): OrderView {
  const { content: _content, intent, owner, fence: _fence, ...rest } = order
  return {
    ...rest,
    ...(isUnfinished(order) && isParked(order) && { parked: true }),
    ...(intent === undefined ? {} : { unsettled: intent.write }),
    ...(owner === undefined ? {} : { owner: `${owner.host}, process ${owner.pid}` }),
  }
}
