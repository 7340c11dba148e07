import type { EndpointUsage, InstanceUsage, Sale } from 'sft-catalog/provision'
import type { BookedOrder } from '../book.ts'
import type { Product } from '../offers.ts'
import type { Standing } from '../shop.ts'
import { money, time, volume } from '../words.ts'
import { PostForm, Refreshed, ShopPage } from './layout.tsx'

/** What an order's page shows of the order as it is now. */
export interface OrderNow {
  readonly order: BookedOrder
  readonly name: string
  readonly standing: Standing
  /** Absent: the account could not be asked now. */
  readonly usage?: EndpointUsage
  /** Its top-ups that are not there yet. */
  readonly topUps: readonly { readonly name: string; readonly standing: Standing }[]
}

export interface TopUpOffer {
  readonly product: Product
  readonly form: string
}

export function OrderPage({
  now,
  csrf,
  offers,
}: {
  readonly now: OrderNow
  readonly csrf: string
  readonly offers: readonly TopUpOffer[]
}) {
  const { order, name, standing } = now
  const isReady = standing.stage === 'ready'
  return (
    <ShopPage title={name}>
      <h1>{name}</h1>
      <Refreshed page={`/orders/${order.orderId}`} seconds={isReady ? 5 : 2}>
        <OrderPart {...now} />
      </Refreshed>
      {(standing.stage === 'sold out' || standing.stage === 'delayed') && (
        <PostForm action={`/orders/${order.orderId}/again`} csrf={csrf}>
          <button type="submit">Try again</button>
        </PostForm>
      )}
      {isReady && offers.length > 0 && (
        <section aria-labelledby="topup-title">
          <h2 id="topup-title">Top up</h2>
          <ul class="products">
            {offers.map(({ product, form }) => (
              <li>
                <h3>{product.name}</h3>
                <p>
                  {product.data} · {product.validity}
                </p>
                <PostForm action={`/orders/${order.orderId}/topups`} csrf={csrf}>
                  <input type="hidden" name="sku" value={product.sku} />
                  <input type="hidden" name="form" value={form} />
                  <button
                    type="submit"
                    aria-label={`Top up for ${money(product.price, product.currency)}: ${product.name}`}
                  >
                    Top up for {money(product.price, product.currency)}
                  </button>
                </PostForm>
              </li>
            ))}
          </ul>
        </section>
      )}
    </ShopPage>
  )
}

const TOLD: Readonly<Record<Exclude<Standing['stage'], 'ready'>, string>> = {
  preparing: 'We are preparing your eSIM. This page shows the code as soon as it is there.',
  delayed: 'This takes longer than usual. You need not order again: we go on by ourselves.',
  'sold out': 'We have no eSIM left just now. Your order is kept; try again in a while.',
  refused: 'This order cannot be fulfilled. You pay nothing for it.',
  cancelled: 'This order was cancelled.',
}

/** The part that is fetched again while the page is open. */
export function OrderPart({ order, standing, usage, topUps }: OrderNow) {
  if (standing.stage !== 'ready')
    return (
      <p class="notice" role="status">
        {TOLD[standing.stage]}
      </p>
    )
  return (
    <>
      {standing.sale !== undefined && <Install sale={standing.sale} orderId={order.orderId} />}
      <section aria-labelledby="usage-title">
        <h2 id="usage-title">Usage</h2>
        {topUps.map(({ name, standing: { stage } }) => (
          <p class="notice" role="status">
            Top-up {name}: {stage === 'ready' ? 'done' : TOLD[stage]}
          </p>
        ))}
        {usage === undefined ? (
          <p>The usage cannot be read just now.</p>
        ) : (
          <>
            <ul class="usage">
              {usage.instances.map(one => (
                <Instance {...one} />
              ))}
            </ul>
            <p class="quiet">
              As of {time(usage.refreshedAt)}
              {usage.doubt === undefined
                ? '; the network may report later.'
                : '; the network could not tell all of it, so some figures may be older.'}
            </p>
          </>
        )}
      </section>
    </>
  )
}

const Install = ({ sale, orderId }: { readonly sale: Sale; readonly orderId: string }) => (
  <section aria-labelledby="install-title" class="install">
    <div>
      <h2 id="install-title">Install your eSIM</h2>
      <ol>
        <li>Connect to Wi-Fi.</li>
        <li>Open the settings for mobile data and choose to add an eSIM.</li>
        <li>Scan the code, and switch data roaming on when you arrive.</li>
      </ol>
      {sale.needsConfirmationCode && <p>Your phone asks for the code that we sent you.</p>}
      <dl class="facts">
        <dt>ICCID</dt>
        <dd>{sale.iccid}</dd>
        {sale.msisdn !== undefined && <dt>Number</dt>}
        {sale.msisdn !== undefined && <dd>{sale.msisdn}</dd>}
      </dl>
      <details>
        <summary>Enter it by hand instead</summary>
        <p>
          <code>{sale.activationCode}</code>
        </p>
      </details>
    </div>
    <img
      class="qr"
      src={`/orders/${orderId}/qr.svg`}
      width="240"
      height="240"
      alt="QR code that installs this eSIM"
    />
  </section>
)

const STATUS: Readonly<Record<InstanceUsage['status'], string>> = {
  waiting: 'not started',
  active: 'running',
  exhausted: 'used up',
  expired: 'expired',
  removed: 'taken off',
  'removed elsewhere': 'taken off',
  ended: 'ended',
  'not known': 'being checked',
}

function Instance(instance: InstanceUsage) {
  const { uniqueId, planName = 'Add-on', status, grantedBytes, usedBytes = 0, expiresAt } = instance
  const label = `used-${uniqueId}`
  return (
    <li>
      <h3 id={label}>{planName}</h3>
      <p>
        <span class="badge">{STATUS[status]}</span>
        {expiresAt !== undefined && <> until {time(expiresAt)}</>}
      </p>
      {instance.unlimitedData && (
        <p>Unlimited data{usedBytes > 0 && `, ${volume(usedBytes)} used`}</p>
      )}
      {!instance.unlimitedData && grantedBytes !== undefined && (
        <>
          <progress aria-labelledby={label} max={grantedBytes} value={usedBytes} />
          <p>
            {volume(usedBytes)} of {volume(grantedBytes)} used{instance.dailyData && ' today'}
          </p>
        </>
      )}
    </li>
  )
}
