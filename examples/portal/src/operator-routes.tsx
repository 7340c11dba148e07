/** The operator's pages: behind a log-in of their own, and in a role that no customer's cookie gives. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isProvisionError, type Json } from 'sft-catalog/provision'
import { Type } from 'typebox'
import {
  LoginPage,
  type OrderDetail,
  OrderDetailPage,
  OverviewPage,
} from './pages/operator-pages.tsx'
import { type App, sendPage } from './server.ts'
import type { Settings } from './settings.ts'
import { type Shop, viewOf } from './shop.ts'

const LOGIN = '/operator/login'
const WAIT_SECONDS = 20
const LATELY_MS = 90 * 24 * 3600 * 1000

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const OrderChoice = Type.Object({ id: Text(200) })
const Credentials = Type.Object({ name: Text(100), password: Text(200) })
const Act = Type.Object({
  act: Type.Enum(['go-on', 'cancel', 'not-sold', 'suspend', 'reactivate']),
})

export function addOperatorRoutes(
  app: App,
  { shop, settings }: { shop: Shop; settings: Settings },
): void {
  const { provisioner, book } = shop

  // For the routes below, whatever their addresses: they have a scope of their own.
  app.addHook('onRequest', async (request, reply) => {
    const isLogin = request.routeOptions.url === LOGIN
    if (!isLogin && request.operator.get('name') === undefined) return reply.redirect(LOGIN, 303)
  })

  app.get(LOGIN, async (_request, reply) =>
    sendPage(reply, <LoginPage csrf={reply.generateCsrf()} failed={false} />),
  )

  app.post(
    LOGIN,
    {
      schema: { body: Credentials },
      config: { rateLimit: { max: 10, timeWindow: '1 minute' } },
    },
    async (request, reply) => {
      const { name, password } = request.body
      // Both are compared, each in constant time: neither tells by how long it takes.
      const isName = sameText(name, settings.operator.name)
      const isPassword = sameText(password, settings.operator.password)
      if (!isName || !isPassword) {
        request.log.warn('a log-in of the operator failed')
        reply.code(401)
        return sendPage(reply, <LoginPage csrf={reply.generateCsrf()} failed />)
      }
      request.operator.set('name', settings.operator.name)
      return reply.redirect('/operator', 303)
    },
  )

  app.post('/operator/logout', async (request, reply) => {
    request.operator.delete()
    return reply.redirect(LOGIN, 303)
  })

  app.get('/operator', async (request, reply) => {
    const [stock, unfinished, newest] = await Promise.all([
      provisioner.stock(),
      provisioner.orders({ unfinished: true }),
      book.newest(50),
    ])
    return sendPage(
      reply,
      <OverviewPage
        stock={stock}
        unfinished={unfinished}
        newest={newest}
        csrf={reply.generateCsrf()}
        operator={nameOf(request)}
      />,
    )
  })

  app.get('/operator/order', { schema: { querystring: OrderChoice } }, (request, reply) =>
    showOrder(reply, request.query.id),
  )

  app.post(
    '/operator/order/settle',
    {
      schema: {
        body: Type.Object({
          id: Text(200),
          instance: Type.String({ pattern: '^[0-9A-Za-z-]{1,100}$' }),
        }),
      },
    },
    (request, reply) => {
      const { id, instance } = request.body
      const by = nameOf(request)
      return act(reply, id, async () => {
        await provisioner.settle(id, { instance, by })
        return { done: `Instance ${instance} is this order's.` }
      })
    },
  )

  app.post(
    '/operator/order/:act',
    { schema: { params: Act, body: OrderChoice } },
    (request, reply) => {
      const { id } = request.body
      const by = nameOf(request)
      request.log.info({ orderId: id, act: request.params.act, by }, 'the operator acts')
      switch (request.params.act) {
        case 'go-on':
          return act(reply, id, () => goOn(id))
        case 'cancel':
          return act(reply, id, async () => {
            const cancellation = await provisioner.cancel(id, { timeoutSeconds: WAIT_SECONDS })
            if (cancellation.status === 'cancelled') await book.end(id, 'cancelled')
            return { cancellation }
          })
        case 'not-sold':
          return act(reply, id, async () => {
            await provisioner.settle(id, { notSold: true, by })
            return { done: 'The doubt is ended: it was not sold. Go on with it, or cancel it.' }
          })
        case 'suspend':
          return act(reply, id, async () => {
            await provisioner.suspend({ endpointId: await endpointOf(id), reason: 'support' })
            return { done: 'The eSIM is suspended.' }
          })
        case 'reactivate':
          return act(reply, id, async () => {
            await provisioner.reactivate({ endpointId: await endpointOf(id) })
            return { done: 'The eSIM is in service again.' }
          })
      }
    },
  )

  /** What the shop booked is placed again, which also begins what failed; another order is only finished. */
  async function goOn(orderId: string): Promise<Partial<OrderDetail>> {
    const booked = await book.find(orderId)
    if (booked !== undefined && booked.ended === undefined) {
      shop.begin(booked)
      return { done: 'It is gone on with. Open this page again in a moment.' }
    }
    const { status } = await provisioner.finish({ orderId, timeoutSeconds: WAIT_SECONDS })
    return { done: `The order is ${status}.` }
  }

  const endpointOf = async (orderId: string): Promise<string> =>
    (await provisioner.order(orderId)).endpointId ?? ''

  /** Does something with an order, then shows it; what the library refuses is told in its own words. */
  async function act(
    reply: FastifyReply,
    orderId: string,
    work: () => Promise<Partial<OrderDetail>>,
  ): Promise<FastifyReply> {
    try {
      return await showOrder(reply, orderId, await work())
    } catch (error) {
      if (!isProvisionError(error)) throw error
      reply.code(409)
      return await showOrder(reply, orderId, { done: error.message })
    }
  }

  async function showOrder(
    reply: FastifyReply,
    orderId: string,
    more: Partial<OrderDetail> = {},
  ): Promise<FastifyReply> {
    const [view, booked] = await Promise.all([viewOf(provisioner, orderId), book.find(orderId)])
    const detail: OrderDetail = {
      orderId,
      ...(view !== undefined && { view }),
      ...(booked !== undefined && { booked }),
      ...(view?.endpointId !== undefined &&
        view.unsettled !== undefined && { usage: await usageOf(view.endpointId) }),
      ...(view?.reference !== undefined && {
        siblings: await siblingsOf(view.orderId, view.reference),
      }),
      ...more,
    }
    return sendPage(reply, <OrderDetailPage {...detail} csrf={reply.generateCsrf()} />)
  }

  /** What the same customer ordered lately: the shop binds its orders to who placed them. */
  async function siblingsOf(orderId: string, reference: Json) {
    const since = new Date(Date.now() - LATELY_MS).toISOString()
    const all = await provisioner.orders({ references: [reference], since })
    return all.filter(one => one.orderId !== orderId)
  }

  async function usageOf(endpointId: string) {
    try {
      return await provisioner.usage({ endpointId, signal: AbortSignal.timeout(8000) })
    } catch (error) {
      if (isProvisionError(error)) return undefined
      throw error
    }
  }
}

const nameOf = ({ operator }: FastifyRequest): string => operator.get('name') ?? 'operator'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const sameText = (one: string, other: string): boolean =>
  timingSafeEqual(digest(one), digest(other))
