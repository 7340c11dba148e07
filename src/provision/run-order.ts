import { defined } from '../defined.ts'
import { runSteps } from '../machine.ts'
import type { State } from '../state/state.ts'
import { activateEsim } from './activate-esim.ts'
import { isCancelledSale } from './endpoint-care.ts'
import {
  ActivationFailedError,
  EndpointSuspendedError,
  PlanOutOfSaleError,
  type ProvisionError,
  SubscriptionFailedError,
  UnknownEndpointError,
  UnknownOrderError,
  UnknownSkuError,
} from './errors.ts'
import { explainError, reasonOf } from './explain.ts'
import type { SoldRows } from './find-orders.ts'
import { type EsimRow, isUnfinished, type LedgerEntry, type OrderRow } from './ledger.ts'
import { changeOrder, newOrder, type OrderChange, type OrderContent } from './order.ts'
import { inOrderSpan, inStepSpan } from './order-span.ts'
import type { SoldPlan } from './plan-terms.ts'
import { reserveEsim } from './reserve-esim.ts'
import {
  type SaleEvidence,
  type SaleState,
  type SaleStep,
  saleOf,
  saleSteps,
} from './sale-steps.ts'
import {
  aboutOrder,
  type Claim,
  claimOrder,
  contextFor,
  isClaimed,
  type OrderContext,
  OrderLostError,
  saveOrder,
} from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { readSku } from './skus.ts'
import { subscribeAddon } from './subscribe-addon.ts'
import { freed, type RunOther, takeEndpoint } from './take-endpoint.ts'
import { openTurns } from './turns.ts'
import { undoOrder } from './undo-order.ts'

/** What is to be placed, and the state as it is now, which says what the SKU means. */
export type PlacedContent = OrderContent & {
  readonly hash: string
  readonly state: Promise<State>
}

/** An order to place, or only one to go on with. */
export interface OrderJob {
  readonly orderId: string
  readonly place?: PlacedContent
  /** Goes on with another order of the same endpoint first. */
  readonly runOther: RunOther
}

/** Where an order came to; `sold`: the rows of its sale, where this run delivered it. */
export interface OrderEnd {
  readonly order: OrderRow
  readonly sold?: SoldRows
}

/**
 * Takes an order from where it stands to its end and returns it: delivered, or for one that is not
 * placed again possibly failed or cancelled. While somebody else works on it, it waits, and takes over
 * where that one dies. Throws the errors of errors.ts; the order is then nobody's.
 */
export async function runOrder(
  context: SellingContext,
  job: OrderJob,
  signal: AbortSignal,
): Promise<OrderEnd> {
  const { orderId, place } = job
  using turns = openTurns(context)
  for (;;) {
    signal.throwIfAborted()
    const claim = await claimOrder(context, orderId, {
      ...(place === undefined ? {} : { content: place.hash, retryFailed: true }),
    })
    if (claim.kind === 'finished') return { order: claim.order }
    if (claim.kind === 'missing' && place === undefined) throw new UnknownOrderError(orderId)
    // Nothing is placed by a state that cannot be read.
    if (claim.kind === 'missing') await place?.state
    if (claim.kind === 'theirs') await turns.next({ orderIds: [orderId] }, signal)
    else {
      const ended = await runClaim(context, claim, job, signal)
      if (ended !== undefined) return ended
    }
  }
}

/** Works on an order under its claim, and ends that; undefined where the order is somebody else's by now. */
async function runClaim(
  context: SellingContext,
  claim: Extract<Claim, { readonly kind: 'mine' | 'missing' }>,
  job: OrderJob,
  signal: AbortSignal,
): Promise<OrderEnd | undefined> {
  const order = claim.kind === 'mine' ? claim.order : undefined
  const own = claim.kind === 'mine' ? claim.context : placingContext(context, job)
  return await inOrderSpan(own, job.place?.traceparent, async claimed => {
    const begun = claimed.clock.now()
    try {
      return await runClaimed(claimed, order, job, signal)
    } catch (error) {
      if (error instanceof OrderLostError) {
        claimed.tell({ type: 'order lost', ...claimed.about })
        return undefined
      }
      throw await stopOrder(claimed, job, explainError(job.orderId, error), begun)
    } finally {
      claimed.claim.end()
    }
  })
}

/** A context for an order that the ledger does not have. */
function placingContext(context: SellingContext, { orderId, place }: OrderJob): OrderContext {
  if (place === undefined) throw new UnknownOrderError(orderId)
  const about = aboutOrder({ orderId, ...place })
  return contextFor(context, about, context.lease.claim(), FIRST_FENCE)
}

/** The fence of an order that is being placed. */
const FIRST_FENCE = 1

/** Works on an order that is this claim's, or places it; undefined where somebody else placed it by now. */
async function runClaimed(
  context: OrderContext,
  claimed: OrderRow | undefined,
  job: OrderJob,
  signal: AbortSignal,
): Promise<OrderEnd | undefined> {
  const { orderId, runOther } = job
  const begun = context.clock.now()
  if (claimed?.cancelling === true) {
    await undoOrder(context, claimed, runOther, signal)
    const order = await readOrder(context, orderId)
    return order && { order }
  }
  const begins = await beginOf(context, claimed, job, signal)
  if (begins === undefined) return undefined
  const end = await advanceOrder(context, begins, job, signal)
  const { order: delivered } = end
  context.tell({
    type: 'order delivered',
    ...context.about,
    endpointId: delivered.endpointId ?? '',
    uniqueId: delivered.uniqueId ?? '',
    seconds: (context.clock.now() - begun) / 1000,
    ...(delivered.creation !== undefined && { creation: delivered.creation }),
  })
  return end
}

/** Where an order stands at first; undefined where it was to be placed, and somebody else did that. */
async function beginOf(
  context: OrderContext,
  claimed: OrderRow | undefined,
  { orderId, place }: OrderJob,
  signal: AbortSignal,
): Promise<SaleState | undefined> {
  if (claimed !== undefined) return saleOf(claimed, false)
  if (place === undefined) return undefined
  const placed = await placeOrder(context, orderId, place, signal)
  return placed && saleOf(placed.order, true, placed.esim)
}

/** Puts a new order into the ledger; undefined where it is there already. */
async function placeOrder(
  context: OrderContext,
  orderId: string,
  content: PlacedContent,
  signal: AbortSignal,
): Promise<{ readonly order: OrderRow; readonly esim?: EsimRow } | undefined> {
  const plan = findPlan(await content.state, orderId, content.sku)
  const { kind, sku, hash, endpointId, reference, allowSuspended } = content
  const { traceparent } = context.about
  context.tell({ type: 'order started', ...context.about })
  const { owner, fence } = context.claim
  const order = newOrder(
    {
      orderId,
      kind,
      sku,
      ...plan,
      content: hash,
      owner,
      fence,
      ...defined({ reference, traceparent }),
      ...(allowSuspended === true && { allowSuspended }),
    },
    isoNow(context),
  )
  if (kind === 'purchase') return await reserveEsim(context, order, plan, true, signal)
  if (endpointId === undefined) throw new UnknownEndpointError(orderId, 'no endpoint is given')
  const keys = { orderIds: [orderId], endpointIds: [endpointId] }
  const placed = await context.ledger.transact(keys, rows => {
    if (rows.order(orderId) !== undefined) return { entries: [], result: undefined }
    const row = changeOrder(order, { status: 'activated', endpointId }, order.createdAt)
    admitTopUp(context, row, allowSuspended === true, rows.esim(endpointId))
    return { entries: [{ table: 'orders', row }], result: row }
  })
  return placed && { order: placed }
}

/** Throws where an endpoint cannot be topped up: not sold from here, or it would carry no traffic. */
function admitTopUp(
  context: SellingContext,
  order: OrderRow,
  allowSuspended: boolean,
  esim: EsimRow | undefined,
): void {
  const { orderId, endpointId = '' } = order
  const isCancelled = esim !== undefined && isCancelledSale(esim)
  if (esim?.status !== 'delivered' && !isCancelled)
    throw new UnknownEndpointError(
      orderId,
      `endpoint ${endpointId} was not sold from ${context.ledger.location}`,
    )
  if (esim.suspended === true && !allowSuspended)
    throw new EndpointSuspendedError(orderId, endpointId, isCancelled ? 'cancelled' : 'suspended')
}

function findPlan(state: State, orderId: string, sku: string): SoldPlan {
  const meaning = readSku(state, sku)
  switch (meaning.kind) {
    case 'plan':
      return {
        planId: meaning.planId,
        ...(meaning.terms !== undefined && { terms: meaning.terms }),
      }
    case 'out of sale':
      throw new PlanOutOfSaleError(orderId, sku, meaning.planName)
    case 'unknown':
      throw new UnknownSkuError(orderId, sku, meaning.nearest)
  }
}

/** Takes a claimed order to its end; throws ActivationFailedError where no eSIM could be activated. */
async function advanceOrder(
  context: OrderContext,
  begins: SaleState,
  job: OrderJob,
  signal: AbortSignal,
): Promise<OrderEnd> {
  const steps = saleSteps(context.policies.esimsTried)
  const end = await runSteps(steps, begins, (step, state) => {
    signal.throwIfAborted()
    return inStepSpan(context, step, () => performStep(context, step, state, job, signal))
  })
  if (end.is === 'out of eSIMs')
    throw new ActivationFailedError(end.order.orderId, end.order.tried, end.why)
  return { order: end.order, ...('sold' in end && defined({ sold: end.sold })) }
}

async function performStep(
  context: OrderContext,
  step: SaleStep,
  state: SaleState,
  job: OrderJob,
  signal: AbortSignal,
): Promise<SaleEvidence> {
  const { order } = state
  const isFresh = 'isFresh' in state && state.isFresh
  switch (step) {
    case 'reserve': {
      const plan = findPlan(await context.readState(), order.orderId, order.sku)
      const reserved = await reserveEsim(context, order, plan, false, signal)
      if (reserved === undefined) throw new OrderLostError(`order ${order.orderId} was taken over`)
      return { saw: 'reservation', ...reserved }
    }
    case 'activate': {
      const kept = 'esim' in state ? state.esim : undefined
      const { order: after, reason } = await activateEsim(context, order, kept, !isFresh, signal)
      return reason === undefined
        ? { saw: 'activation', order: after }
        : { saw: 'no activation', order: after, why: reason }
    }
    case 'renew plan':
      return { saw: 'plan', order: await renewPlan(context, order) }
    case 'take endpoint':
      await takeForTopUp(context, order, job, signal)
      return { saw: 'turn' }
    case 'subscribe': {
      const sent = await subscribeAddon(context, order, isFresh, signal, isAllowed(order, job))
      return { saw: 'delivery', ...sent }
    }
  }
}

/** Gives an order of which nothing was sent the plan that its SKU has now. */
async function renewPlan(context: OrderContext, order: OrderRow): Promise<OrderRow> {
  const state = await context.readState()
  const { planId, terms = null } = findPlan(state, order.orderId, order.sku)
  if (planId === order.planId) return order
  return await saveOrder(context, order.orderId, [], () => ({ change: { planId, terms } }))
}

/** Whether the buyer wants the top-up of a suspended eSIM too, then or now. */
const isAllowed = (order: OrderRow, { place }: OrderJob): boolean =>
  order.allowSuspended === true || place?.allowSuspended === true

/** Waits for the endpoint; of a top-up that may have been sent, its fitness is not asked any more. */
async function takeForTopUp(
  context: OrderContext,
  order: OrderRow,
  job: OrderJob,
  signal: AbortSignal,
): Promise<void> {
  const { orderId, endpointId = '' } = order
  const { owner } = context.claim
  const work = { endpointId, owner, by: { orderId }, runOther: job.runOther }
  const admit = (esim: EsimRow) => admitTopUp(context, order, isAllowed(order, job), esim)
  await takeEndpoint(context, order.intent === undefined ? { ...work, admit } : work, signal)
}

/** Writes down why an order stopped and lets go of it; returns the error. */
async function stopOrder(
  context: OrderContext,
  job: OrderJob,
  error: ProvisionError,
  begun: number,
): Promise<ProvisionError> {
  const { orderId, place } = job
  const { name, code, next } = error
  const message = reasonOf(error)
  const at = isoNow(context)
  const endpointIds = await endpointsOf(context, orderId)
  const stopped = await context.ledger.transact({ orderIds: [orderId], endpointIds }, rows => {
    const current = rows.order(orderId)
    if (current === undefined) {
      if (place?.kind !== 'purchase' || isRequestMistake(error))
        return { entries: [], result: undefined }
      const { kind, sku, hash, reference } = place
      const row = newOrder(
        {
          orderId,
          kind,
          sku,
          planId: '',
          content: hash,
          ...(reference !== undefined && { reference }),
        },
        at,
      )
      const failed = changeOrder(row, { status: 'failed', failure: { name, message, next } }, at)
      return { entries: [{ table: 'orders', row: failed }], result: failed }
    }
    if (!isClaimed(context, current)) return { entries: [], result: current }
    const isFinal =
      current.status === 'new' ||
      (current.kind === 'topUp' &&
        current.intent === undefined &&
        ((error instanceof SubscriptionFailedError && error.settled) || isRequestMistake(error)))
    const change: OrderChange = {
      owner: null,
      failure: { name, message, next },
      ...(isFinal && { status: 'failed' }),
    }
    const row = changeOrder(current, change, at)
    const entries: LedgerEntry[] = [{ table: 'orders', row }]
    const esim = endpointIds[0] === undefined ? undefined : rows.esim(endpointIds[0])
    if (current.kind === 'topUp' && current.intent === undefined && esim?.busyWith === orderId) {
      entries.push({ table: 'esims', row: freed(esim) })
    }
    return { entries, result: row }
  })
  const resumable = stopped !== undefined && isUnfinished(stopped)
  const seconds = (context.clock.now() - begun) / 1000
  context.tell({
    type: 'order stopped',
    ...context.about,
    error: name,
    code,
    message,
    resumable,
    seconds,
  })
  return error
}

/** An order that could never have been placed leaves nothing in the ledger. */
const isRequestMistake = (error: unknown): boolean =>
  error instanceof UnknownSkuError ||
  error instanceof PlanOutOfSaleError ||
  error instanceof EndpointSuspendedError ||
  error instanceof UnknownEndpointError

async function endpointsOf(context: SellingContext, orderId: string): Promise<readonly string[]> {
  const order = await readOrder(context, orderId)
  return order?.endpointId === undefined ? [] : [order.endpointId]
}

const readOrder = (context: SellingContext, orderId: string): Promise<OrderRow | undefined> =>
  context.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId),
  }))
