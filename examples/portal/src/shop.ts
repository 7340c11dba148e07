/** Orders of the shop, carried out by the library. A request only writes an order down: the page shows what comes of it. */
import {
  type AnyProvisionError,
  isProvisionError,
  type Logger,
  type OrderView,
  type Provisioner,
  type Sale,
} from 'sft-catalog/provision'
import type { Book, BookedOrder } from './book.ts'

/** What a customer is told of an order. */
export type Standing =
  | { readonly stage: 'preparing' | 'delayed' | 'sold out' | 'refused' | 'cancelled' }
  | { readonly stage: 'ready'; readonly sale?: Sale; readonly view: OrderView }

export interface Shop extends AsyncDisposable {
  readonly provisioner: Provisioner
  readonly book: Book
  /** Writes an order down and begins it. Gives the order that stands there, which may be an earlier one of the same form. */
  place(order: BookedOrder): Promise<BookedOrder>
  /** Begins an order, or goes on with it: the same ID is the same sale, however often it is begun. */
  begin(order: BookedOrder): void
  standing(order: BookedOrder): Promise<Standing>
}

/** Errors after which the same order can never be delivered. */
const FINAL: readonly AnyProvisionError['code'][] = [
  'UNKNOWN_SKU',
  'PLAN_OUT_OF_SALE',
  'ORDER_CONFLICT',
  'INVALID_REQUEST',
  'ENDPOINT_SUSPENDED',
]

const LOOK_AGAIN_MS = 15_000

export function openShop(provisioner: Provisioner, book: Book, log: Logger): Shop {
  const running = new Map<string, Promise<void>>()

  const begin = (order: BookedOrder): void => {
    const { orderId } = order
    if (running.has(orderId)) return
    const work = carryOut(order)
      .catch((error: unknown) => log.error({ err: error, orderId }, 'an order stopped'))
      .finally(() => running.delete(orderId))
    running.set(orderId, work)
  }

  async function carryOut(order: BookedOrder): Promise<void> {
    try {
      await buy(provisioner, order)
      await book.end(order.orderId, 'delivered')
    } catch (error) {
      // What is resumable the library goes on with, here or on another node; it tells why in its own events.
      if (!isProvisionError(error)) throw error
      if (FINAL.includes(error.code)) await book.end(order.orderId, error.code)
    }
  }

  /** A node that died between writing an order down and giving it to the library leaves one that only the book knows. */
  async function lookAgain(): Promise<void> {
    const before = new Date(Date.now() - LOOK_AGAIN_MS).toISOString()
    for (const order of await book.unended(before)) {
      const view = await viewOf(provisioner, order.orderId)
      if (view === undefined) begin(order)
      else if (view.status === 'delivered' || view.status === 'cancelled')
        await book.end(order.orderId, view.status)
    }
  }
  const look = () =>
    lookAgain().catch((error: unknown) => log.error({ err: error }, 'the book cannot be read'))
  void look()
  const timer = setInterval(() => void look(), LOOK_AGAIN_MS)

  return {
    provisioner,
    book,
    begin,
    async place(order) {
      const placed = await book.place(order)
      if (placed.customer === order.customer && placed.ended === undefined) begin(placed)
      return placed
    },
    standing: order => standingOf(provisioner, order),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      // Running orders stop at a safe place, and go on where the shop is opened next.
      await provisioner[Symbol.asyncDispose]()
      await Promise.all(running.values())
      await book[Symbol.asyncDispose]()
    },
  }
}

async function buy(provisioner: Provisioner, order: BookedOrder): Promise<void> {
  const { orderId, sku, customer, toppedUp } = order
  const reference = { customer }
  if (toppedUp === undefined) {
    await provisioner.purchase({ orderId, sku, reference })
    return
  }
  const { endpointId = '' } = await provisioner.order(toppedUp)
  await provisioner.topUp({ orderId, sku, endpointId, reference })
}

/** An order as the ledger has it; undefined where it does not have it yet. */
export async function viewOf(
  provisioner: Provisioner,
  orderId: string,
): Promise<OrderView | undefined> {
  try {
    return await provisioner.order(orderId)
  } catch (error) {
    if (isProvisionError(error) && error.name === 'UnknownOrderError') return undefined
    throw error
  }
}

async function standingOf(
  provisioner: Provisioner,
  { orderId, kind, ended }: BookedOrder,
): Promise<Standing> {
  const view = await viewOf(provisioner, orderId)
  if (view?.status === 'delivered')
    return kind === 'topUp'
      ? { stage: 'ready', view }
      : { stage: 'ready', view, sale: await provisioner.sale(orderId) }
  if (view?.status === 'cancelled' || view?.cancelling || ended === 'cancelled')
    return { stage: 'cancelled' }
  if (ended !== undefined && ended !== 'delivered') return { stage: 'refused' }
  if (view?.status === 'failed')
    return { stage: view.failure?.code === 'NO_ESIM_AVAILABLE' ? 'sold out' : 'delayed' }
  return { stage: view?.failure === undefined ? 'preparing' : 'delayed' }
}
