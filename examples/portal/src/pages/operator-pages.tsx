import type { Cancellation, EndpointUsage, OrderView, Stock } from 'sft-catalog/provision'
import type { BookedOrder } from '../book.ts'
import { money, time } from '../words.ts'
import { OperatorPage, PostForm } from './layout.tsx'

const addressOf = (orderId: string): string => `/operator/order?id=${encodeURIComponent(orderId)}`

export const LoginPage = ({
  csrf,
  failed,
}: {
  readonly csrf: string
  readonly failed: boolean
}) => (
  <OperatorPage title="Log in">
    <h1>Log in</h1>
    {failed && (
      <p class="notice" role="alert">
        Name or password is wrong.
      </p>
    )}
    <PostForm action="/operator/login" csrf={csrf} class="stacked">
      <label>
        Name <input name="name" autocomplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <button type="submit">Log in</button>
    </PostForm>
  </OperatorPage>
)

export const OverviewPage = ({
  stock,
  unfinished,
  newest,
  csrf,
  operator,
}: {
  readonly stock: Stock
  readonly unfinished: readonly OrderView[]
  readonly newest: readonly BookedOrder[]
  readonly csrf: string
  readonly operator: string
}) => (
  <OperatorPage title="Stock and orders">
    <h1>Stock and orders</h1>
    <PostForm action="/operator/logout" csrf={csrf} class="inline">
      <span>Logged in as {operator}.</span>{' '}
      <button type="submit" class="second">
        Log out
      </button>
    </PostForm>
    <StockTable {...stock} />
    <section>
      <h2>Orders that are not finished</h2>
      {unfinished.length === 0 ? <p>None.</p> : <Orders orders={unfinished} />}
    </section>
    <section>
      <h2>Find an order</h2>
      <form method="get" action="/operator/order" class="inline">
        <label>
          Order ID <input name="id" required maxLength={200} />
        </label>
        <button type="submit">Show</button>
      </form>
    </section>
    <section>
      <h2>Newest orders</h2>
      {newest.length === 0 ? <p>None yet.</p> : <NewestOrders orders={newest} />}
    </section>
  </OperatorPage>
)

const StockTable = (stock: Stock) => (
  <section>
    <h2>Stock</h2>
    <section class="scroll" aria-label="Stock by batch" tabindex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Batch</th>
            <th scope="col">For sale</th>
            <th scope="col">Reserved</th>
            <th scope="col">Sold</th>
            <th scope="col">Set aside</th>
          </tr>
        </thead>
        <tbody>
          {[...stock.batches, { ...stock, batch: 'All' }].map(one => (
            <tr>
              <th scope="row">{one.batch}</th>
              <td>{one.sellable}</td>
              <td>{one.reserved}</td>
              <td>{one.sold}</td>
              <td>{one.setAside}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
    <p>
      {stock.soldPerDay.toFixed(1)} sold a day
      {stock.daysLeft !== undefined && `; enough for ${Math.floor(stock.daysLeft)} days`}
    </p>
    {stock.setAsideEsims.length > 0 && (
      <details>
        <summary>eSIMs that were set aside, and why</summary>
        <ul>
          {stock.setAsideEsims.map(({ iccid, reason }) => (
            <li>
              {iccid}: {reason}
            </li>
          ))}
        </ul>
      </details>
    )}
  </section>
)

const Orders = ({ orders }: { readonly orders: readonly OrderView[] }) => (
  <ul class="cards">
    {orders.map(order => (
      <li>
        <a href={addressOf(order.orderId)}>{order.orderId}</a>
        <span class="badge">{order.status}</span>
        <span>{isOver(order) ? order.sku : whyStuck(order)}</span>
        <span class="quiet">since {time(order.updatedAt)}</span>
      </li>
    ))}
  </ul>
)

const isOver = ({ status }: OrderView): boolean => status === 'delivered' || status === 'cancelled'

/** Why an order is where it is, in one sentence. */
function whyStuck({ unsettled, failure, owner, parked, cancelling }: OrderView): string {
  if (failure !== undefined)
    return `${failure.message}${parked ? ' No worker tries it any more.' : ''}`
  if (cancelling) return 'A cancellation of it was cut short.'
  if (owner !== undefined) return `${owner} works on it.`
  return unsettled === undefined
    ? 'It waits to be gone on with.'
    : `Whether "${unsettled}" happened is not known yet.`
}

const NewestOrders = ({ orders }: { readonly orders: readonly BookedOrder[] }) => (
  <section class="scroll" aria-label="Newest orders" tabindex={0}>
    <table>
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">SKU</th>
          <th scope="col">Price</th>
          <th scope="col">Placed</th>
          <th scope="col">End</th>
        </tr>
      </thead>
      <tbody>
        {orders.map(({ orderId, sku, price, currency, placedAt, ended = 'not yet' }) => (
          <tr>
            <th scope="row">
              <a href={addressOf(orderId)}>{orderId.slice(0, 8)}</a>
            </th>
            <td>{sku}</td>
            <td>{money(price, currency)}</td>
            <td>{time(placedAt)}</td>
            <td>{ended}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

/** An order as the operator sees it. */
export interface OrderDetail {
  readonly orderId: string
  /** Absent: the ledger does not have it (yet). */
  readonly view?: OrderView
  readonly booked?: BookedOrder
  /** Read where a doubt is to be ended: which instances there are; undefined where the account cannot be asked. */
  readonly usage?: EndpointUsage | undefined
  /** Further orders of the same customer. */
  readonly siblings?: readonly OrderView[]
  /** What was just done. */
  readonly done?: string
  readonly cancellation?: Cancellation
}

export function OrderDetailPage({ csrf, ...detail }: OrderDetail & { readonly csrf: string }) {
  const { orderId, view, booked, done, cancellation, siblings = [] } = detail
  const earlier = view?.cancellation
  const report = cancellation ?? (earlier && { ...earlier, status: 'cancelled' as const })
  return (
    <OperatorPage title={`Order ${orderId}`}>
      <h1>
        Order <code>{orderId}</code>
      </h1>
      {done !== undefined && (
        <p class="notice" role="status">
          {done}
        </p>
      )}
      {report !== undefined && <CancellationReport {...report} />}
      {view === undefined ? (
        <p>
          The ledger does not have this order
          {booked !== undefined && ' yet; the shop begins it soon'}.
        </p>
      ) : (
        <>
          <Facts {...view} />
          <Actions {...detail} view={view} csrf={csrf} />
          <History {...view} />
          {siblings.length > 0 && (
            <section>
              <h2>Further orders of this customer</h2>
              <Orders orders={siblings} />
            </section>
          )}
        </>
      )}
    </OperatorPage>
  )
}

const CancellationReport = ({
  status,
  undone,
  notUndone,
}: Pick<Cancellation, 'status' | 'undone' | 'notUndone'>) => (
  <section class="notice" role="status">
    <h2>{status === 'cancelled' ? 'Cancelled' : 'Not cancelled: it stays delivered'}</h2>
    {undone.length > 0 && <h3>Undone</h3>}
    <Lines lines={undone} />
    {notUndone.length > 0 && <h3>Not undone</h3>}
    <Lines lines={notUndone} />
  </section>
)

const Lines = ({ lines }: { readonly lines: readonly string[] }) =>
  lines.length === 0 ? null : (
    <ul>
      {lines.map(line => (
        <li>{line}</li>
      ))}
    </ul>
  )

const Facts = (view: OrderView) => (
  <dl class="facts">
    <dt>What</dt>
    <dd>
      {view.kind === 'topUp' ? 'top-up' : 'purchase'} of {view.sku}
    </dd>
    <dt>Status</dt>
    <dd>
      <span class="badge">{view.status}</span>
      {view.suspended && <span class="badge">suspended</span>}
    </dd>
    {!isOver(view) && <dt>Why</dt>}
    {!isOver(view) && <dd>{whyStuck(view)}</dd>}
    {view.endpointId !== undefined && <dt>Endpoint</dt>}
    {view.endpointId !== undefined && <dd>{view.endpointId}</dd>}
    {view.iccid !== undefined && <dt>ICCID</dt>}
    {view.iccid !== undefined && <dd>{view.iccid}</dd>}
  </dl>
)

function Actions({
  orderId,
  view,
  usage,
  csrf,
}: OrderDetail & { readonly view: OrderView; readonly csrf: string }) {
  return (
    <section>
      <h2>What can be done</h2>
      <div class="actions">
        {!isOver(view) && <Act orderId={orderId} act="go-on" label="Go on with it" csrf={csrf} />}
        {view.status === 'delivered' && view.suspended !== true && (
          <Act orderId={orderId} act="suspend" label="Suspend the eSIM" csrf={csrf} />
        )}
        {isOver(view) && view.suspended === true && (
          <Act orderId={orderId} act="reactivate" label="Reactivate the eSIM" csrf={csrf} />
        )}
        {view.status !== 'cancelled' && (
          <Act orderId={orderId} act="cancel" label="Cancel the order" csrf={csrf} />
        )}
      </div>
      {view.unsettled !== undefined && (
        <>
          <h3 class="apart">End the doubt</h3>
          <p>
            Look in the platform's portal whether the{' '}
            {view.unsettled === 'subscribe' ? 'add-on' : 'activation'} is there.
          </p>
          {usage !== undefined && (
            <p>
              Instances on the endpoint:{' '}
              {usage.instances.map(({ uniqueId }) => uniqueId).join(', ') || 'none'}
            </p>
          )}
          <div class="actions">
            {view.unsettled === 'subscribe' && (
              <PostForm action="/operator/order/settle" csrf={csrf} class="inline">
                <input type="hidden" name="id" value={orderId} />
                <label>
                  Instance <input name="instance" required maxLength={100} />
                </label>
                <button type="submit">It is there</button>
              </PostForm>
            )}
            <Act orderId={orderId} act="not-sold" label="It is not there" csrf={csrf} />
          </div>
        </>
      )}
    </section>
  )
}

const Act = ({
  orderId,
  act,
  label,
  csrf,
}: {
  readonly orderId: string
  readonly act: string
  readonly label: string
  readonly csrf: string
}) => (
  <PostForm action={`/operator/order/${act}`} csrf={csrf}>
    <input type="hidden" name="id" value={orderId} />
    <button type="submit" class="second">
      {label}
    </button>
  </PostForm>
)

const History = ({ steps }: OrderView) => (
  <section>
    <h2>What happened</h2>
    <ol class="history">
      {steps.map(({ step, outcome, at, detail, by }) => (
        <li>
          <span class="quiet">{time(at)}</span> {step}, {outcome}
          {detail !== undefined && `: ${detail}`}
          {by !== undefined && ` (by ${by})`}
        </li>
      ))}
    </ol>
  </section>
)
