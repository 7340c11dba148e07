import { InvalidRequestError, StorageError, UnknownOrderError } from './errors.ts'
import {
  type AddonRow,
  type EsimRow,
  isUnfinished,
  type Ledger,
  type OrderReference,
  type OrderRow,
} from './ledger.ts'
import { canonical, hashContent } from './order.ts'
import { inParts, orderPages } from './pages.ts'
import { problemOfOrderId } from './requests.ts'

/** The order of an ID, whatever its form. */
const lookUpOrder = (ledger: Ledger, orderId: string): Promise<OrderRow | undefined> =>
  ledger.transact({ orderIds: [orderId] }, rows => ({ entries: [], result: rows.order(orderId) }))

/** An ID of a form that is not taken any more stays good for the order that has it. Throws InvalidRequestError. */
export async function admitOrderId(ledger: Ledger, orderId: unknown): Promise<void> {
  const problem = problemOfOrderId(orderId)
  if (problem === undefined) return
  const isId = typeof orderId === 'string' || typeof orderId === 'number'
  const order = isId ? await lookUpOrder(ledger, orderId as string) : undefined
  if (order?.orderId !== orderId || order === undefined)
    throw new InvalidRequestError('orderId', problem)
}

/** Throws UnknownOrderError, and InvalidRequestError for what is no order ID. */
export async function findOrder(ledger: Ledger, orderId: string): Promise<OrderRow> {
  await admitOrderId(ledger, orderId)
  const order = await lookUpOrder(ledger, orderId)
  if (order === undefined) throw new UnknownOrderError(orderId)
  return order
}

/** A delivered order with the rows that its sale is made of. */
export interface SoldRows {
  readonly order: OrderRow
  readonly esim: EsimRow
  readonly addon: AddonRow | undefined
}

/** Throws StorageError where the ledger has lost the eSIM. */
export async function rowsOfOrder(ledger: Ledger, order: OrderRow): Promise<SoldRows> {
  const { orderId, endpointId = '', uniqueId } = order
  const { esim, addon } = await ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: {
      esim: rows.esim(endpointId),
      addon: rows.addons(endpointId).find(row => row.uniqueId === uniqueId),
    },
  }))
  if (esim === undefined)
    throw new StorageError(
      orderId,
      `the order has no eSIM in ${ledger.location}: the ledger is damaged`,
    )
  return { order, esim, addon }
}

/** Which orders are asked for; everything that is given must fit, of a list one of its members. */
export interface OrderFilter {
  /** True: only those that still need work. */
  readonly unfinished?: boolean
  /** Those that the ledger has of these IDs. */
  readonly orderIds?: readonly string[]
  /** Those that were bound to one of these, with which `purchase` and `topUp` were called. */
  readonly references?: readonly OrderReference[]
  /** Those that were placed at or after this ISO time: older ones are not read. */
  readonly since?: string
}

/** Pages of orders that fit, the oldest first. Only those of IDs, of a time on, or unfinished ones are read. */
export async function* ordersThatFit(
  ledger: Ledger,
  { unfinished = false, orderIds, references, since }: OrderFilter,
): AsyncGenerator<readonly OrderRow[]> {
  const from = since === undefined ? undefined : new Date(since).toISOString()
  const isBound = references === undefined ? () => true : boundToOneOf(references)
  const fits = (order: OrderRow): boolean =>
    (!unfinished || isUnfinished(order)) &&
    (from === undefined || order.createdAt >= from) &&
    isBound(order)
  if (orderIds !== undefined) {
    const found: OrderRow[] = []
    for await (const order of inParts([...new Set(orderIds)], ids => ordersOf(ledger, ids)))
      if (fits(order)) found.push(order)
    yield found.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    return
  }
  for await (const page of orderPages(ledger, { unfinished }, from)) yield page.filter(fits)
}

const placeOf = ({ createdAt, orderId }: OrderRow): string => `${createdAt} ${orderId}`

const ordersOf = (ledger: Ledger, orderIds: readonly string[]): Promise<readonly OrderRow[]> =>
  ledger.transact({ orderIds }, rows => ({
    entries: [],
    result: orderIds.flatMap(id => rows.order(id) ?? []),
  }))

/** Whether an order was placed with one of these references; of release 0.1.0 there is the hash of it alone. */
function boundToOneOf(references: readonly OrderReference[]): (order: OrderRow) => boolean {
  const texts = new Set(references.map(canonical))
  return ({ reference, kind, sku, endpointId, content }) =>
    reference === undefined
      ? references.some(one => {
          const target = kind === 'topUp' && endpointId !== undefined ? { endpointId } : {}
          return hashContent({ kind, sku, ...target, reference: one }) === content
        })
      : texts.has(canonical(reference))
}
