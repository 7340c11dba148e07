import type { BookedOrder } from '../book.ts'
import type { Assortment, Destination, Product } from '../offers.ts'
import { countryName, money, time } from '../words.ts'
import { WorldMap } from '../world-map.tsx'
import { PostForm, ShopPage } from './layout.tsx'

export function HomePage({ destinations }: Pick<Assortment, 'destinations'>) {
  const sold = new Set(destinations.flatMap(({ countries }) => countries))
  return (
    <ShopPage title="Travel eSIMs">
      <h1>Mobile data for your trip</h1>
      <p class="lead">Pick a country, scan a code, be online when you land.</p>
      <section aria-labelledby="map-title" class="map-section">
        <h2 id="map-title">On the map</h2>
        <WorldMap sold={sold} />
      </section>
      <section aria-labelledby="list-title">
        <h2 id="list-title">All destinations</h2>
        {destinations.length === 0 && <p>Nothing is for sale just now. Please come back later.</p>}
        <DestinationList destinations={destinations} />
      </section>
    </ShopPage>
  )
}

const DestinationList = ({ destinations }: Pick<Assortment, 'destinations'>) => (
  <ul class="cards wide">
    {destinations.map(({ key, name, countries, products: [cheapest] }) => (
      <li>
        <a href={`/destinations/${key}`}>{name}</a>
        {cheapest !== undefined && (
          <span class="price">from {money(cheapest.price, cheapest.currency)}</span>
        )}
        <span class="quiet">{countries.map(countryName).join(', ')}</span>
      </li>
    ))}
  </ul>
)

export const CountryPage = ({
  code,
  destinations,
}: {
  readonly code: string
  readonly destinations: readonly Destination[]
}) => (
  <ShopPage title={countryName(code)}>
    <h1>{countryName(code)}</h1>
    {destinations.length === 0 ? (
      <p>
        Nothing is for sale there just now. <a href="/">All destinations</a>
      </p>
    ) : (
      destinations.map(destination => (
        <section>
          <h2>
            <a href={`/destinations/${destination.key}`}>{destination.name}</a>
          </h2>
          <ProductList products={destination.products} heading="h3" />
        </section>
      ))
    )}
  </ShopPage>
)

export const DestinationPage = ({ name, countries, products }: Destination) => (
  <ShopPage title={name}>
    <h1>{name}</h1>
    <p>Works in {countries.map(countryName).join(', ')}.</p>
    <ProductList products={products} heading="h2" />
  </ShopPage>
)

const ProductList = ({
  products,
  heading: Heading,
}: {
  readonly products: readonly Product[]
  readonly heading: 'h2' | 'h3'
}) => (
  <ul class="products">
    {products.map(product => (
      <li>
        <Heading>{product.name}</Heading>
        <p>
          {product.data} · {product.validity}
        </p>
        <p class="quiet">{product.activation}</p>
        <p class="price">{money(product.price, product.currency)}</p>
        <a
          class="button"
          href={`/checkout/${encodeURIComponent(product.sku)}`}
          aria-label={`Buy ${product.name}`}
        >
          Buy
        </a>
      </li>
    ))}
  </ul>
)

export const CheckoutPage = ({
  product,
  csrf,
  form,
}: {
  readonly product: Product
  readonly csrf: string
  readonly form: string
}) => (
  <ShopPage title="Your order">
    <h1>Your order</h1>
    <dl class="facts">
      <dt>eSIM</dt>
      <dd>{product.name}</dd>
      <dt>Data</dt>
      <dd>{product.data}</dd>
      <dt>Validity</dt>
      <dd>
        {product.validity}, {product.activation}
      </dd>
      <dt>Price</dt>
      <dd>{money(product.price, product.currency)}</dd>
    </dl>
    <PostForm action="/orders" csrf={csrf}>
      <input type="hidden" name="sku" value={product.sku} />
      <input type="hidden" name="form" value={form} />
      <button type="submit">Buy for {money(product.price, product.currency)}</button>
    </PostForm>
    <p class="quiet">Nothing is paid in this example. Pressing twice buys once.</p>
  </ShopPage>
)

export const OrdersPage = ({
  orders,
  nameOf,
}: {
  readonly orders: readonly BookedOrder[]
  readonly nameOf: (sku: string) => string
}) => (
  <ShopPage title="My eSIMs">
    <h1>My eSIMs</h1>
    {orders.length === 0 && (
      <p>
        You have none yet. <a href="/">Choose a destination</a>
      </p>
    )}
    <ul class="cards">
      {orders
        .filter(({ kind }) => kind === 'purchase')
        .map(({ orderId, sku, price, currency, placedAt }) => (
          <li>
            <a href={`/orders/${orderId}`}>{nameOf(sku)}</a>
            <span class="price">{money(price, currency)}</span>
            <span class="quiet">bought {time(placedAt)}</span>
          </li>
        ))}
    </ul>
  </ShopPage>
)
