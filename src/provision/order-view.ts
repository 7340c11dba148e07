import { PROVISION_ERROR_WORDS } from './error-words.ts'
import { type AnyProvisionError, ERROR_CODES } from './errors.ts'
import {
  type CancelReport,
  type CreationCost,
  type EsimRow,
  type GivenOut,
  isUnfinished,
  type Ledger,
  type OrderFailure,
  type OrderKind,
  type OrderReference,
  type OrderRow,
  type OrderStatus,
  type OrderStep,
} from './ledger.ts'
import { isParked } from './orphans.ts'
import { inParts } from './pages.ts'

/**
 * Why an order stopped, as a value: `code` (or `name`) tells which error of the library ended its last attempt, and
 * a `switch` on it narrows. `message` is the whole sentence for people, `next` the step that helps.
 *
 * @example
 * const { failure } = await shop.order('A-1001')
 * switch (failure?.code) {
 *   case 'NO_ESIM_AVAILABLE': return tellSoldOut()
 *   case 'SUBSCRIPTION_FAILED': return tellDelayed()
 *   case undefined: return
 *   default: console.error(failure.message, failure.next)
 * }
 */
export type OrderProblem = {
  readonly [Name in AnyProvisionError['name']]: {
    readonly name: Name
    readonly code: Extract<AnyProvisionError, { name: Name }>['code']
    /** What went wrong with which order, and what to do next. It holds no secret. */
    readonly message: string
    /** What to do next, alone. */
    readonly next: string
  }
}[AnyProvisionError['name']]

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
  /** ICCID of the eSIM of its endpoint. Absent: it has none yet. */
  readonly iccid?: string
  /**
   * Whether that eSIM is suspended, as the ledger has it (`suspend()`, `reactivate()`, a cancellation); what is done in
   * the platform's own portal shows in `endpoints()`. Absent: it has no eSIM yet, or another order has it now.
   */
  readonly suspended?: boolean
  readonly uniqueId?: string
  /** eSIMs that were tried and left. */
  readonly tried: number
  /** What making its endpoint on demand took, where stock was empty. */
  readonly creation?: CreationCost
  readonly steps: readonly OrderStep[]
  /** Why its last attempt ended; absent once it is delivered. */
  readonly failure?: OrderProblem
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

/** The view of an order's row, with the eSIM of its endpoint where the ledger has it. */
function viewOrder(order: OrderRow, esim: EsimRow | undefined): OrderView {
  const { content: _content, intent, owner, fence: _fence, failure, ...rest } = order
  return {
    ...rest,
    ...(esim && { iccid: esim.iccid }),
    ...(esim && isIts(order, esim) && { suspended: esim.suspended === true }),
    ...(failure && { failure: problemOf(failure) }),
    ...(isUnfinished(order) && isParked(order) && { parked: true }),
    ...(intent === undefined ? {} : { unsettled: intent.write }),
    ...(owner === undefined ? {} : { owner: `${owner.host}, process ${owner.pid}` }),
  }
}

/** What was sold once and taken back may be another buyer's by now. */
const isIts = (order: OrderRow, esim: EsimRow): boolean =>
  order.kind === 'topUp' || esim.orderId === undefined || esim.orderId === order.orderId

/** A failure that a newer release kept is told as what was not foreseen, in its own words. */
function problemOf({ name, message, next }: OrderFailure): OrderProblem {
  const known = isKnown(name) ? name : 'UnexpectedError'
  const problem = {
    name: known,
    code: ERROR_CODES[known],
    message,
    next: next ?? PROVISION_ERROR_WORDS[known].todo,
  }
  // One of the union: the compiler loses that name and code are of one error.
  return problem as OrderProblem
}

const isKnown = (name: string): name is AnyProvisionError['name'] =>
  Object.hasOwn(ERROR_CODES, name)

/** Views of rows, in their order. */
export async function viewOrders(
  ledger: Ledger,
  orders: readonly OrderRow[],
): Promise<readonly OrderView[]> {
  const endpointIds = new Set(orders.flatMap(({ endpointId }) => endpointId ?? []))
  const esims = new Map<string, EsimRow>()
  for await (const esim of inParts([...endpointIds], ledger.esimsOf))
    esims.set(esim.endpointId, esim)
  return orders.map(order => viewOrder(order, esims.get(order.endpointId ?? '')))
}

/** The view of one row. */
export async function viewOf(ledger: Ledger, order: OrderRow): Promise<OrderView> {
  const { endpointId } = order
  const [esim] = endpointId === undefined ? [] : await ledger.esimsOf([endpointId])
  return viewOrder(order, esim)
}
