/** The customer's pages. */
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isProvisionError } from 'sft-catalog/provision'
import { Type } from 'typebox'
import type { BookedOrder } from './book.ts'
import type { FormTokens } from './form-tokens.ts'
import { type Assortment, type Product, readAssortment } from './offers.ts'
import { partOf } from './pages/layout.tsx'
import { type OrderNow, OrderPage, OrderPart } from './pages/order-page.tsx'
import {
  CheckoutPage,
  CountryPage,
  DestinationPage,
  HomePage,
  OrdersPage,
} from './pages/shop-pages.tsx'
import { type App, ForeignForm, NotFound, sendPage } from './server.ts'
import type { Settings } from './settings.ts'
import type { Shop } from './shop.ts'

const OrderParams = Type.Object({ orderId: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })
const Sku = Type.String({ minLength: 1, maxLength: 200 })
const OrderForm = Type.Object({ sku: Sku, form: Type.String({ minLength: 1, maxLength: 200 }) })

/** Orders that one address may place in a minute: fewer than pages that it may look at. */
const FEW = { rateLimit: { max: 30, timeWindow: '1 minute' } }

export function addShopRoutes(
  app: App,
  { shop, settings, forms }: { shop: Shop; settings: Settings; forms: FormTokens },
): void {
  const assortment = (): Promise<Assortment> => readAssortment(shop.provisioner, settings.currency)

  const productOf = async (sku: string): Promise<Product> => {
    const product = (await assortment()).product(sku)
    if (product === undefined) throw new NotFound()
    return product
  }

  app.get('/', async (_request, reply) => sendPage(reply, <HomePage {...(await assortment())} />))

  app.get(
    '/countries/:code',
    { schema: { params: Type.Object({ code: Type.String({ pattern: '^[A-Z]{2}$' }) }) } },
    async ({ params: { code } }, reply) => {
      const { destinations } = await assortment()
      const there = destinations.filter(({ countries }) => countries.includes(code))
      return sendPage(reply, <CountryPage code={code} destinations={there} />)
    },
  )

  app.get(
    '/destinations/:key',
    { schema: { params: Type.Object({ key: Type.String({ maxLength: 200 }) }) } },
    async ({ params: { key } }, reply) => {
      const destination = (await assortment()).destination(key)
      if (destination === undefined) throw new NotFound()
      return sendPage(reply, <DestinationPage {...destination} />)
    },
  )

  app.get(
    '/checkout/:sku',
    { schema: { params: Type.Object({ sku: Sku }) } },
    async (request, reply) => {
      const product = await productOf(request.params.sku)
      const customer = customerOf(request)
      const form = forms.issue({ customer, toppedUp: 'new' })
      return sendPage(
        reply,
        <CheckoutPage product={product} csrf={reply.generateCsrf()} form={form} />,
      )
    },
  )

  app.post('/orders', { schema: { body: OrderForm }, config: FEW }, async (request, reply) => {
    const orderId = await placeOrder(request, request.body)
    return reply.redirect(`/orders/${orderId}`, 303)
  })

  app.post(
    '/orders/:orderId/topups',
    { schema: { params: OrderParams, body: OrderForm }, config: FEW },
    async (request, reply) => {
      const { orderId } = await ownOrder(request, request.params.orderId)
      await placeOrder(request, request.body, orderId)
      return reply.redirect(`/orders/${orderId}`, 303)
    },
  )

  /** Places the order that the form was given out for, and gives its ID. */
  async function placeOrder(
    request: FastifyRequest,
    { sku, form }: { readonly sku: string; readonly form: string },
    toppedUp?: string,
  ): Promise<string> {
    const customer = customerOf(request)
    const orderId = forms.read(form, { customer, toppedUp: toppedUp ?? 'new' })
    if (orderId === undefined) throw new ForeignForm()
    const { price, currency } = await productOf(sku)
    // A shop that is paid takes the money here, for this order ID, before the order is placed.
    await shop.place({
      orderId,
      customer,
      kind: toppedUp === undefined ? 'purchase' : 'topUp',
      sku,
      ...(toppedUp !== undefined && { toppedUp }),
      price,
      currency,
      placedAt: new Date().toISOString(),
    })
    return orderId
  }

  app.post(
    '/orders/:orderId/again',
    { schema: { params: OrderParams }, config: FEW },
    async (request, reply) => {
      const order = await ownOrder(request, request.params.orderId)
      if (order.ended === undefined) shop.begin(order)
      return reply.redirect(`/orders/${order.orderId}`, 303)
    },
  )

  app.get('/orders', async (request, reply) => {
    const orders = await shop.book.ofCustomer(customerOf(request))
    const { product } = await assortment()
    return sendPage(reply, <OrdersPage orders={orders} nameOf={sku => product(sku)?.name ?? sku} />)
  })

  app.get('/orders/:orderId', { schema: { params: OrderParams } }, async (request, reply) => {
    const order = await ownOrder(request, request.params.orderId)
    const { destinations, product } = await assortment()
    const zone = product(order.sku)?.zone
    const offers = destinations
      .flatMap(({ products }) => products)
      .filter(one => one.zone === zone)
      .map(one => ({
        product: one,
        form: forms.issue({ customer: order.customer, toppedUp: order.orderId }),
      }))
    return sendPage(
      reply,
      <OrderPage now={await orderNow(order)} csrf={reply.generateCsrf()} offers={offers} />,
    )
  })

  app.get('/orders/:orderId/now', { schema: { params: OrderParams } }, async (request, reply) => {
    const order = await ownOrder(request, request.params.orderId)
    const part = partOf(<OrderPart {...(await orderNow(order))} />)
    return reply.type('text/html; charset=utf-8').send(part)
  })

  app.get(
    '/orders/:orderId/qr.svg',
    { schema: { params: OrderParams } },
    async (request, reply) => {
      const { orderId, kind } = await ownOrder(request, request.params.orderId)
      if (kind === 'topUp') throw new NotFound()
      const sale = await shop.provisioner.sale(orderId)
      return reply.type('image/svg+xml').send(await sale.qr.svg())
    },
  )

  /** An order of this visitor's; another customer's is as if it were not there. */
  async function ownOrder(request: FastifyRequest, orderId: string): Promise<BookedOrder> {
    const order = await shop.book.find(orderId)
    if (order === undefined || order.customer !== request.session.get('customer'))
      throw new NotFound()
    return order
  }

  async function orderNow(order: BookedOrder): Promise<OrderNow> {
    const { product } = await assortment()
    const nameOf = (sku: string): string => product(sku)?.name ?? sku
    const standing = await shop.standing(order)
    const base = { order, name: nameOf(order.sku), standing }
    if (standing.stage !== 'ready') return { ...base, topUps: [] }
    const usage = await usageOf(order.orderId)
    return {
      ...base,
      ...(usage !== undefined && { usage }),
      topUps: await pendingTopUps(order, nameOf),
    }
  }

  const pendingTopUps = async (order: BookedOrder, nameOf: (sku: string) => string) => {
    const all = await shop.book.ofCustomer(order.customer)
    const own = all.filter(({ toppedUp }) => toppedUp === order.orderId)
    const standings = await Promise.all(
      own.map(async one => ({ name: nameOf(one.sku), standing: await shop.standing(one) })),
    )
    return standings.filter(({ standing }) => standing.stage !== 'ready')
  }

  /** Undefined where the platform cannot be asked now: the rest of the page is shown all the same. */
  async function usageOf(orderId: string) {
    try {
      return await shop.provisioner.usage({
        orderId,
        maxAgeSeconds: settings.usageSeconds,
        signal: AbortSignal.timeout(8000),
      })
    } catch (error) {
      if (isProvisionError(error)) return undefined
      throw error
    }
  }
}

/** Who this visitor is: the cookie's customer, or a new one. A shop with accounts puts its log-in here. */
function customerOf({ session }: FastifyRequest): string {
  const known = session.get('customer')
  if (known !== undefined) return known
  const customer = randomUUID()
  session.set('customer', customer)
  return customer
}
