import { InvalidRequestError, StorageError, UnknownOrderError } from './errors.ts'
import type { AddonRow, EsimRow, Ledger, OrderRow } from './ledger.ts'
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
