import { setMaxListeners } from 'node:events'
import { defined } from '../defined.ts'
import { thisProcess } from '../durable/owner.ts'
import { withKeysOf } from '../secrets/keys-in-force.ts'
import { SettingsError } from '../settings.ts'
import { validTraceparent } from '../telemetry/trace-context.ts'
import { normaliseIccid } from '../units.ts'
import type { EndpointRequest, Patience, Provisioner, ProvisionerOptions } from './api.ts'
import { cancelOrder } from './cancel-order.ts'
import type { Cancellation } from './cancel-report.ts'
import { changeEndpoint, findSold, removeInstance, withEndpoint } from './endpoint-care.ts'
import { reportEndpoints } from './endpoint-report.ts'
import {
  InvalidRequestError,
  OrderConflictError,
  OrderNotDeliveredError,
  ProvisionerClosedError,
  UnknownEndpointError,
} from './errors.ts'
import { explainError } from './explain.ts'
import {
  admitOrderId,
  findOrder,
  ordersThatFit,
  rowsOfOrder,
  type SoldRows,
} from './find-orders.ts'
import { recheckSetAside, releaseEsim } from './free-esims.ts'
import { type EndpointOperation, isUnfinished } from './ledger.ts'
import { applyLifecycle, makeLifecyclePlan } from './lifecycle.ts'
import { listEndpoints } from './list-endpoints.ts'
import { listOffers } from './offers.ts'
import { openContext } from './open-context.ts'
import { hashContent, type OrderContent } from './order.ts'
import { type OrderRuns, openOrderRuns, openSharedWork, type SharedWork } from './order-runs.ts'
import { type OrderView, viewOf, viewOrders } from './order-view.ts'
import { giveOutOrphans } from './orphans.ts'
import { closingSignal, signalOf } from './patience.ts'
import { readUsage, sweepUsage } from './refresh-usage.ts'
import { judge, judgeOptions, REQUESTS } from './requests.ts'
import { resumeOrders, resumeToTheEnd } from './resume-orders.ts'
import { saleOf, topUpOf } from './sale.ts'
import type { SellingContext } from './selling-context.ts'
import { settleByHand } from './settle-order.ts'
import { countStock, rateOf } from './stock.ts'
import type { RunOther } from './take-endpoint.ts'
import { usageOf } from './usage.ts'

/**
 * Opens the runtime entry. Reads the state and the ledger, sends nothing until an order comes, apart
 * from resuming. Throws a SettingsError, an InvalidRequestError for options of another form, and a
 * StorageError for a state or ledger that cannot be read.
 */
export async function openProvisioner(options: ProvisionerOptions = {}): Promise<Provisioner> {
  judgeOptions(options)
  try {
    return await withKeysOf(options.env ?? process.env, () => open(options))
  } catch (error) {
    throw error instanceof SettingsError ? error : explainError(undefined, error)
  }
}

/** What the calls of a provisioner work with. */
interface Parts {
  readonly context: SellingContext
  readonly runs: OrderRuns
  readonly cancels: SharedWork<Cancellation>
  /** Fires when the provisioner is closed. */
  readonly closing: AbortSignal
  readonly watchStock: () => void
}

async function open(options: ProvisionerOptions): Promise<Provisioner> {
  const { resumeAtOpen = true } = options
  const opened = await openContext(options)
  const { context, failedInBackground } = opened
  const runs = openOrderRuns(context)
  const cancels = openSharedWork<Cancellation>()
  const closing = new AbortController()
  // Every order that is resumed listens to it.
  setMaxListeners(0, closing.signal)
  const watchStock = stockWatch(context)
  const parts: Parts = { context, runs, cancels, closing: closing.signal, watchStock }
  const resuming = resumeAtOpen
    ? resumeToTheEnd(context, runs, closing.signal).catch((error: unknown) => {
        if (!closing.signal.aborted) failedInBackground('resuming orders')(error)
      })
    : Promise.resolve()
  const calls = {
    ...orderCalls(parts),
    ...endpointCalls(parts),
    ...stockCalls(parts),
    ...lifecycleCalls(parts),
  }
  return {
    ...explaining(calls, () => closing.signal.aborted),
    async [Symbol.asyncDispose]() {
      closing.abort(wasClosed())
      await runs.stopAll(wasClosed())
      await cancels.stopAll(wasClosed())
      await resuming
      await opened[Symbol.asyncDispose]()
    },
  }
}

/** Tells once when few eSIMs are left, and again after there were more. */
function stockWatch({ pool, policies, tell }: SellingContext): () => void {
  let isTold = false
  return () => {
    const sellable = pool.sellable()
    const isLow = sellable <= policies.lowStock
    if (isLow && !isTold) tell({ type: 'stock low', sellable, threshold: policies.lowStock })
    isTold = isLow
  }
}

const nothing = (): void => {}

/** Runs an order until it is delivered, with the rows that its sale is made of. */
async function deliver(
  { context, runs, closing, watchStock }: Parts,
  content: OrderContent,
  orderId: string,
  patience: Patience,
): Promise<SoldRows> {
  await admitOrderId(context.ledger, orderId)
  const hash = hashContent(content)
  const signal = signalOf(patience)
  // Read while the ledger is asked for the order: of one that is there it tells nothing.
  const state = context.readState()
  state.catch(nothing)
  for (;;) {
    if (closing.aborted) throw new ProvisionerClosedError(orderId)
    const { order, sold } = await runs.run(orderId, { ...content, hash, state }, signal)
    if (order.content !== hash)
      throw new OrderConflictError(orderId, `is a ${order.kind} of ${order.sku} with other content`)
    watchStock()
    // A resumed run that this caller joined may have ended without a delivery: now it is placed.
    if (order.status === 'delivered') return sold ?? (await rowsOfOrder(context.ledger, order))
  }
}

type OrderCalls = Pick<
  Provisioner,
  | 'purchase'
  | 'topUp'
  | 'sale'
  | 'order'
  | 'orders'
  | 'cancel'
  | 'settle'
  | 'resume'
  | 'finish'
  | 'giveOut'
>

function orderCalls(parts: Parts): OrderCalls {
  const { context, runs, cancels, closing } = parts
  const { ledger, lease } = context
  return {
    async purchase(request) {
      judge(REQUESTS.purchase, request)
      const { orderId, sku, reference, traceparent, ...patience } = request
      const more = defined({ reference, traceparent: validTraceparent(traceparent) })
      const content = { kind: 'purchase', sku, ...more } as const
      const { order, esim, addon } = await deliver(parts, content, orderId, patience)
      return saleOf(order, esim, addon)
    },
    async topUp(request) {
      judge(REQUESTS.topUp, request)
      const { orderId, sku, endpointId, reference, allowSuspended, traceparent, ...patience } =
        request
      const more = defined({
        reference,
        allowSuspended,
        traceparent: validTraceparent(traceparent),
      })
      const content = { kind: 'topUp', sku, endpointId, ...more } as const
      const { order, esim, addon } = await deliver(parts, content, orderId, patience)
      return topUpOf(order, esim, addon)
    },
    async sale(orderId) {
      const order = await findOrder(ledger, orderId)
      if (order.kind === 'topUp')
        throw new OrderConflictError(
          orderId,
          `is a top-up of endpoint ${order.endpointId ?? 'of no name'}`,
          'ask for the order that sold the endpoint',
        )
      if (order.status !== 'delivered')
        throw new OrderNotDeliveredError(
          orderId,
          order.status,
          isUnfinished(order) ? 'place it again or resume() to go on' : 'use a new order ID',
        )
      const rows = await rowsOfOrder(ledger, order)
      return saleOf(rows.order, rows.esim, rows.addon)
    },
    order: async orderId => await viewOf(ledger, await findOrder(ledger, orderId)),
    async orders(filter = {}) {
      judge(REQUESTS.orders, filter)
      const views: OrderView[] = []
      for await (const page of ordersThatFit(ledger, filter))
        views.push(...(await viewOrders(ledger, page)))
      return views
    },
    async cancel(orderId, patience = {}) {
      judge(REQUESTS.patience, patience)
      await admitOrderId(ledger, orderId)
      await runs.stop(orderId, cancelBegan(orderId))
      const start = (own: AbortSignal) =>
        lease.during(() => cancelOrder(context, orderId, runOther(parts), own))
      return await cancels.join(orderId, { start }, closingSignal(closing, patience))
    },
    async settle(orderId, verdict) {
      judge(REQUESTS.settle, verdict)
      await admitOrderId(ledger, orderId)
      if ('instance' in verdict === 'notSold' in verdict)
        throw new InvalidRequestError('the request', 'must have either instance or notSold')
      await runs.stop(orderId, settlingBegan(orderId))
      const { user = 'somebody', host } = thisProcess()
      const { by = `${user}@${host}`, ...rest } = verdict
      const found = 'instance' in rest ? { instance: rest.instance } : { notSold: rest.notSold }
      const signal = closingSignal(closing, verdict)
      const settled = await lease.during(() => settleByHand(context, orderId, found, by, signal))
      return await viewOf(ledger, settled)
    },
    async resume(patience = {}) {
      judge(REQUESTS.patience, patience)
      return await resumeOrders(context, runs, closingSignal(closing, patience))
    },
    async finish(request) {
      judge(REQUESTS.finish, request)
      const { orderId, ...patience } = request
      await findOrder(ledger, orderId)
      const { order } = await runs.run(orderId, undefined, closingSignal(closing, patience))
      return await viewOf(ledger, order)
    },
    async giveOut(request = {}) {
      judge(REQUESTS.giveOut, request)
      return await giveOutOrphans(context, request.limit ?? DEFAULT_ORPHANS)
    },
  }
}

/** Orders given out at once unless told otherwise. */
const DEFAULT_ORPHANS = 100

const runOther =
  ({ runs, closing }: Parts): RunOther =>
  other =>
    runs.run(other, undefined, closing)

type EndpointCalls = Pick<
  Provisioner,
  'usage' | 'refreshUsage' | 'suspend' | 'reactivate' | 'removeAddon'
>

function endpointCalls(parts: Parts): EndpointCalls {
  const { context, closing } = parts
  const { ledger, lease, clock } = context

  /** Something done to a sold endpoint, alone there and with signs of life. */
  const care = <Result>(
    { endpointId, signal }: { readonly endpointId: string; readonly signal?: AbortSignal },
    operation: EndpointOperation,
    work: Parameters<typeof withEndpoint<Result>>[4],
  ): Promise<Result> => {
    const own = closingSignal(closing, defined({ signal }))
    const standing = operation === 'reactivate' ? 'sold or cancelled' : 'sold'
    const task = { endpointId, operation, standing } as const
    return lease.during(() => withEndpoint(context, task, runOther(parts), own, work))
  }

  /** What the ledger has of an endpoint's usage, where it is young enough. */
  const keptUsage = async (endpointId: string, maxAgeSeconds: number) => {
    const kept = await ledger.transact({ endpointIds: [endpointId] }, rows => ({
      entries: [],
      result: { addons: rows.addons(endpointId), usage: rows.usage(endpointId) },
    }))
    const oldest = clock.now() - maxAgeSeconds * 1000
    return kept.usage !== undefined && Date.parse(kept.usage.refreshedAt) >= oldest
      ? usageOf(kept.addons, kept.usage)
      : undefined
  }

  return {
    async usage(of) {
      judge(REQUESTS.usage, of)
      const orderId = 'orderId' in of ? of.orderId : undefined
      const { endpointId } =
        'endpointId' in of && of.endpointId !== undefined
          ? of
          : await findOrder(ledger, orderId ?? '')
      if (endpointId === undefined)
        throw new UnknownEndpointError(orderId, 'the order has no endpoint yet')
      await findSold(context, endpointId)
      const { maxAgeSeconds, signal } = of
      const kept =
        maxAgeSeconds === undefined ? undefined : await keptUsage(endpointId, maxAgeSeconds)
      return kept ?? (await readUsage(context, endpointId, 'traveller', signal))
    },
    async refreshUsage(request = {}) {
      judge(REQUESTS.refreshUsage, request)
      const { olderThan = 3600, signal } = request
      return await sweepUsage(context, olderThan, closingSignal(closing, defined({ signal })))
    },
    async suspend(request) {
      judge(REQUESTS.suspend, request)
      const { endpointId, reason = 'support' } = request
      await care(request, 'suspend', (own, { iccid }, signal) =>
        changeEndpoint(
          own,
          { endpointId, iccid, lifecycle: 'S', reason, lane: 'traveller' },
          signal,
        ),
      )
    },
    async reactivate(request) {
      judge(REQUESTS.reactivate, request)
      const { endpointId } = request
      await care(request, 'reactivate', (own, { iccid }, signal) =>
        changeEndpoint(
          own,
          { endpointId, iccid, lifecycle: 'A', reason: 'system', lane: 'traveller' },
          signal,
        ),
      )
    },
    async removeAddon(request) {
      judge(REQUESTS.removeAddon, request)
      const { endpointId, uniqueId } = request
      const removed = await care(request, 'remove-addon', (own, _esim, signal) =>
        removeInstance(own, endpointId, uniqueId, signal),
      )
      return { removed }
    },
  }
}

type StockCalls = Pick<Provisioner, 'offers' | 'stock' | 'recheckSetAside' | 'releaseEsim'>

function stockCalls({ context, closing }: Parts): StockCalls {
  const { ledger, lease, clock } = context
  return {
    offers: async () => listOffers(await context.readState()),
    async stock() {
      return await countStock(ledger, await context.candidates(), clock.now())
    },
    async recheckSetAside(request = {}) {
      judge(REQUESTS.recheckSetAside, request)
      const own = closingSignal(closing, request)
      return await lease.during(() => recheckSetAside(context, own))
    },
    async releaseEsim(request) {
      judge(REQUESTS.releaseEsim, request)
      const own = closingSignal(closing, request)
      return await lease.during(() => releaseEsim(context, normaliseIccid(request.iccid), own))
    },
  }
}

type LifecycleCalls = Pick<
  Provisioner,
  'endpoints' | 'reportEndpoints' | 'planLifecycle' | 'applyLifecycle'
>

function lifecycleCalls(parts: Parts): LifecycleCalls {
  const { context, closing } = parts
  const { ledger, lease, clock, sft } = context
  const list = async (request: EndpointRequest) => {
    judge(REQUESTS.endpoints, request)
    const { account = true, ...choice } = request
    const state = await context.readState()
    return await listEndpoints({ state, ledger, ...(account && { sft }) }, choice)
  }
  return {
    endpoints: async (request = {}) => await list(request),
    async reportEndpoints(request = {}) {
      const views = await list(request)
      const now = clock.now()
      const all = await listEndpoints({ state: await context.readState(), ledger })
      return reportEndpoints({ views, all, soldPerDay: await rateOf(ledger, now), now })
    },
    async planLifecycle(request) {
      judge(REQUESTS.planLifecycle, request)
      return await makeLifecyclePlan(context, request)
    },
    async applyLifecycle(plan, options = {}) {
      const [error] = plan.plan.issues.filter(({ severity }) => severity === 'error')
      if (error !== undefined) throw new InvalidRequestError('the plan', `has ${error.message}`)
      return await lease.during(() =>
        applyLifecycle(context, plan, options, closing, runOther(parts)),
      )
    },
  }
}

/** What callers get who still wait when the provisioner is closed. */
const wasClosed = () => new ProvisionerClosedError()

const cancelBegan = (orderId: string) =>
  new OrderConflictError(orderId, 'is being cancelled', 'cancel() tells how that ended')
const settlingBegan = (orderId: string) =>
  new OrderConflictError(orderId, 'is being settled by hand', 'order() tells how that ended')

type Calls = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>

/** The same functions, which throw nothing but documented errors, whatever went wrong inside. */
function explaining<Shop extends Calls>(shop: Shop, isClosed: () => boolean): Shop {
  const guarded = Object.entries(shop).map(([name, call]) => [
    name,
    async (...args: never[]) => {
      try {
        if (isClosed()) throw new ProvisionerClosedError()
        return await call(...args)
      } catch (error) {
        throw explainError(undefined, error)
      }
    },
  ])
  return Object.fromEntries(guarded) as Shop
}
