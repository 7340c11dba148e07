/**
 * The shop's own order book: who ordered what, and for which price. What became of an order on the platform stands in
 * the ledger of sft-catalog, under the same order ID.
 */
import { openDatabase } from './database.ts'

export interface BookedOrder {
  readonly orderId: string
  readonly customer: string
  readonly kind: 'purchase' | 'topUp'
  readonly sku: string
  /** The purchase whose eSIM is topped up. */
  readonly toppedUp?: string
  readonly price: string
  readonly currency: string
  /** ISO time. */
  readonly placedAt: string
  /** How it ended for the shop: `delivered`, `cancelled`, or the code of an error that no retry mends. */
  readonly ended?: string
}

export interface Book extends AsyncDisposable {
  /** Writes an order down once, and gives the one that stands there: a repeated request finds the first. */
  place(order: BookedOrder): Promise<BookedOrder>
  find(orderId: string): Promise<BookedOrder | undefined>
  /** The newest first. */
  ofCustomer(customer: string): Promise<readonly BookedOrder[]>
  /** The newest of all customers. */
  newest(limit: number): Promise<readonly BookedOrder[]>
  /** Those without an end that were placed before an ISO time. */
  unended(before: string): Promise<readonly BookedOrder[]>
  /** The first end stays, but for a cancellation after it. */
  end(orderId: string, how: string): Promise<void>
}

const TABLE = `
  create table if not exists portal_orders (
    order_id text primary key, customer text not null, kind text not null, sku text not null, topped_up text,
    price text not null, currency text not null, placed_at text not null, ended text);
  create index if not exists portal_orders_customer on portal_orders (customer, placed_at);
  create index if not exists portal_orders_placed on portal_orders (placed_at);
  create index if not exists portal_orders_unended on portal_orders (placed_at) where ended is null;`

const MOST_ROWS = 200

export async function openBook(address: string): Promise<Book> {
  const database = await openDatabase(address, TABLE)
  const select = async (rest: string, ...values: readonly string[]) => {
    const rows = await database.query(`select * from portal_orders ${rest}`, values)
    return rows.map(orderOf)
  }
  const find = async (orderId: string) => (await select('where order_id = $1', orderId))[0]
  return {
    async place(order) {
      await database.query(
        'insert into portal_orders values ($1, $2, $3, $4, $5, $6, $7, $8, null) on conflict do nothing',
        [
          order.orderId,
          order.customer,
          order.kind,
          order.sku,
          order.toppedUp ?? null,
          order.price,
          order.currency,
          order.placedAt,
        ],
      )
      return (await find(order.orderId)) ?? order
    },
    find,
    ofCustomer: customer =>
      select(`where customer = $1 order by placed_at desc limit ${MOST_ROWS}`, customer),
    newest: limit => select(`order by placed_at desc limit ${limit}`),
    unended: before =>
      select(
        `where ended is null and placed_at < $1 order by placed_at limit ${MOST_ROWS}`,
        before,
      ),
    async end(orderId, how) {
      await database.query(
        "update portal_orders set ended = $2 where order_id = $1 and (ended is null or $2 = 'cancelled')",
        [orderId, how],
      )
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

function orderOf(row: Readonly<Record<string, unknown>>): BookedOrder {
  const text = (column: string) => String(row[column])
  const { topped_up: toppedUp, ended } = row
  return {
    orderId: text('order_id'),
    customer: text('customer'),
    kind: row['kind'] === 'topUp' ? 'topUp' : 'purchase',
    sku: text('sku'),
    ...(typeof toppedUp === 'string' && { toppedUp }),
    price: text('price'),
    currency: text('currency'),
    placedAt: text('placed_at'),
    ...(typeof ended === 'string' && { ended }),
  }
}
