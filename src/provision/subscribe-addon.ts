import { type Finding, type Listing, lookTwice, notKnown } from '../finding.ts'
import { runSteps } from '../machine.ts'
import type { AddonInstance } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle, type WriteOutcome, writeAndSettle } from '../sft/write-and-settle.ts'
import { EndpointSuspendedError, SubscriptionFailedError } from './errors.ts'
import { causeOf, explainError, isAbort, reasonOf } from './explain.ts'
import { findSubscribed, newInstances, type SubscribeIntent } from './find-addon.ts'
import type { SoldRows } from './find-orders.ts'
import type { AddonRow, EsimRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { type OrderContext, saveOrder, tellSteps } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import {
  type SubscriptionEvidence,
  type SubscriptionState,
  type SubscriptionStep,
  startOfSubscription,
  subscriptionSteps,
  UNNAMED,
} from './subscription.ts'
import { freed } from './take-endpoint.ts'
import { readInstance } from './usage.ts'

/** The announcement of a subscription: which instances there were before it. */
export function announceSubscription(
  context: SellingContext,
  order: OrderRow,
  endpointId: string,
  rows: readonly AddonRow[],
  seen: Listing<AddonInstance> = { items: [] },
): OrderChange {
  const ids = [...rows, ...seen.items].map(({ uniqueId }) => uniqueId)
  const intent: OrderIntent = {
    write: 'subscribe',
    endpointId,
    planId: order.planId,
    at: isoNow(context),
    settleSeconds: context.sft.settleSeconds('SubscribeAddon'),
    known: [...new Set(ids)],
    ...(seen.doubt !== undefined && { doubt: seen.doubt }),
  }
  return { intent, steps: [{ step: 'subscribe', outcome: 'announced', endpointId }] }
}

/** Success without the instance's name, and the instance is not to be seen: nothing may be sent again. */
class UnnamedSuccessError extends Error {
  override readonly name = 'UnnamedSuccessError'
}

/** One attempt at a subscription, and what it knows of the announcement. */
interface Attempt {
  readonly context: OrderContext
  readonly order: OrderRow
  readonly endpointId: string
  readonly allowSuspended: boolean
  readonly signal: AbortSignal
  intent: SubscribeIntent | undefined
  /** Announced, and nothing was sent yet. */
  isFresh: boolean
}

/**
 * Subscribes the add-on of an order whose endpoint is active and ends the order: `delivered`, with its
 * instance. An unclear outcome is settled by reading, never by sending again on a guess. `fresh`: its
 * intent was announced just now and nothing was sent yet. Throws EndpointSuspendedError where the read that
 * a top-up makes anyway tells so, unless that is allowed; SubscriptionFailedError, and what stands for an
 * account that refuses or cannot be reached: the order then keeps its endpoint.
 */
export async function subscribeAddon(
  context: OrderContext,
  order: OrderRow,
  fresh: boolean,
  signal: AbortSignal,
  allowSuspended = false,
): Promise<Subscribed> {
  const { orderId, endpointId } = order
  if (endpointId === undefined) throw new Error(`order ${orderId} is active without an endpoint`)
  const intent = order.intent?.write === 'subscribe' ? order.intent : undefined
  const attempt: Attempt = {
    context,
    order,
    endpointId,
    allowSuspended,
    signal,
    intent,
    isFresh: fresh && intent !== undefined,
  }
  const steps = subscriptionSteps(context.policies.subscribeRefusals)
  const end = await runSteps(steps, startOf(attempt), (step, state) =>
    perform(attempt, step, state),
  ).catch((error: unknown) => {
    throw explainOpen(attempt, error)
  })
  if (end.is === 'sold') return await finish(attempt, end.instance, end.how)
  if (end.is === 'failed' || end.is === 'held')
    throw failureOf(attempt, end.is === 'failed', end.error)
  throw new TypeError(`a subscription cannot end as "${end.is}"`)
}

function startOf({ intent, isFresh }: Attempt): SubscriptionState {
  if (intent === undefined) return startOfSubscription('no')
  if (isFresh) return startOfSubscription('just now')
  return startOfSubscription(intent.accepted === true ? 'before, accepted' : 'before')
}

async function perform(
  attempt: Attempt,
  step: SubscriptionStep,
  state: SubscriptionState,
): Promise<SubscriptionEvidence> {
  const { context, signal } = attempt
  switch (step) {
    case 'settle':
      return { saw: 'effect', finding: await settleEarlier(attempt) }
    case 'conclude': {
      const why = new SftUnknownOutcomeError('not there after the settle time')
      await conclude(attempt, 'absent', why)
      return { saw: 'conclusion' }
    }
    case 'send':
      return await writeIt(attempt)
    case 'pause':
      await context.clock.sleep(1000 * ('refusals' in state ? state.refusals : 1), signal)
      return { saw: 'time' }
  }
}

/** Announces it, sends it, and settles what is unclear. */
async function writeIt(attempt: Attempt): Promise<SubscriptionEvidence> {
  const { context, endpointId, signal } = attempt
  let outcome: WriteOutcome<AddonInstance>
  try {
    outcome = await writeAndSettle(
      {
        announce: () => announce(attempt),
        announcement: context.announcement,
        send: () => send(attempt),
        find: () => find(attempt),
        conclude: (_id, ending, error) => conclude(attempt, ending, error),
        settleSeconds: context.sft.settleSeconds('SubscribeAddon'),
        onSettling: () =>
          tellSteps(context, {
            steps: [{ step: 'subscribe', outcome: 'unclear', endpointId }],
          }),
      },
      context.clock,
      signal,
    )
  } catch (error) {
    if (error instanceof UnnamedSuccessError) return { saw: 'doubt', error }
    throw error
  }
  if (outcome.is === 'done')
    return {
      saw: 'instance',
      instance: outcome.result,
      how: outcome.how === 'answered' ? 'done' : 'found',
    }
  const { error } = outcome
  if (outcome.is === 'unsettled') return { saw: 'doubt', error }
  if (error instanceof SftUnknownOutcomeError) return { saw: 'absence', error }
  if (error instanceof SftRejectedError) return { saw: 'refusal', error }
  throw error
}

async function announce(attempt: Attempt): Promise<string> {
  const { context, order, endpointId, signal, allowSuspended } = attempt
  const { orderId } = order
  if (!attempt.isFresh || attempt.intent === undefined) {
    // An endpoint that only this ledger has used holds nothing but what the ledger knows; one that
    // a traveller uses may have renewed an add-on by itself.
    const seen =
      order.kind === 'topUp'
        ? await context.sft.read.addons(endpointId, { lane: 'traveller', signal, knownGood: true })
        : undefined
    if (seen?.endpointStatus === 'Suspended' && !allowSuspended)
      throw new EndpointSuspendedError(orderId, endpointId, 'elsewhere')
    const saved = await saveOrder(context, orderId, [endpointId], (rows, current) => ({
      change: announceSubscription(context, current, endpointId, rows.addons(endpointId), seen),
    }))
    attempt.intent = saved.intent?.write === 'subscribe' ? saved.intent : undefined
  }
  attempt.isFresh = false
  return orderId
}

async function send(attempt: Attempt): Promise<AddonInstance> {
  const { context, order, endpointId, intent, signal } = attempt
  const { orderId, planId } = order
  let answered: readonly AddonInstance[]
  try {
    const request = { endpointId, planId }
    answered = await context.sft.write.subscribeAddon(request, { lane: 'traveller', signal })
  } catch (error) {
    if (error instanceof SftRejectedError) return await judgeRefusal(attempt, error)
    throw error
  }
  // Of the instances of this endpoint that orders have, the intent knows all: they go one by one.
  const named = intent === undefined ? [] : newInstances(intent, orderId, answered, [])
  const newest = named.at(-1)
  const isSure = named.length === 1 || intent?.doubt === undefined
  if (newest !== undefined && isSure) return newest
  await saveOrder(context, orderId, [], (_rows, { intent: current }) => ({
    change: current?.write === 'subscribe' ? { intent: { ...current, accepted: true } } : {},
  }))
  const found = await findUnnamed(attempt)
  if (found.kind === 'there') return found.value
  throw new UnnamedSuccessError(UNNAMED)
}

/** A refusal is believed where the endpoint shows no add-on: nothing is sent again on its word alone. */
async function judgeRefusal(attempt: Attempt, refusal: SftRejectedError): Promise<AddonInstance> {
  const seen = await lookTwice(() => find(attempt)).catch((error: unknown) => {
    if (error instanceof SftError) return notKnown(reasonOf(error))
    throw error
  })
  if (seen.kind === 'there') return seen.value
  if (seen.kind === 'not there') throw refusal
  throw new SftUnknownOutcomeError(
    `${reasonOf(refusal)}; whether it is there all the same: ${seen.reason}`,
    undefined,
    { cause: refusal, sentAt: attempt.context.clock.now() },
  )
}

async function find({
  context,
  order,
  endpointId,
  intent,
  signal,
}: Attempt): Promise<Finding<AddonInstance>> {
  if (intent === undefined) return notKnown('nothing is announced')
  const rows = await context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.addons(endpointId),
  }))
  return await findSubscribed(context, order, intent, rows, { lane: 'traveller', signal })
}

/** From now on: it may have waited long for its place in the budget and been sent just now. */
function settleEarlier(attempt: Attempt): Promise<Finding<AddonInstance>> {
  const { context, intent, signal } = attempt
  if (intent?.accepted === true) return findUnnamed(attempt)
  const seconds = intent?.settleSeconds ?? context.sft.settleSeconds('SubscribeAddon')
  return settle(() => find(attempt), context.clock.now() + seconds * 1000, context.clock, signal)
}

/** Looks for what the platform said yes to without naming it. */
async function findUnnamed(attempt: Attempt): Promise<Finding<AddonInstance>> {
  const { context, signal } = attempt
  const deadline = context.clock.now() + context.sft.settleSeconds('SubscribeAddon') * 1000
  try {
    return await settle(() => find(attempt), deadline, context.clock, signal)
  } catch (error) {
    // An SftError here is of a read, and must not be taken for the end of the write.
    if (error instanceof SftError) throw new UnnamedSuccessError(reasonOf(error))
    throw error
  }
}

async function conclude(
  attempt: Attempt,
  ending: 'failed' | 'absent',
  error: SftError,
): Promise<void> {
  const { context, order, endpointId } = attempt
  const step = {
    step: 'subscribe',
    outcome: ending === 'absent' ? 'absent' : 'refused',
    endpointId,
    detail: reasonOf(error),
  } as const
  await saveOrder(context, order.orderId, [], () => ({ change: { intent: null, steps: [step] } }))
  attempt.intent = undefined
}

/** A delivered order, with the rows that its sale is made of unless the ledger has lost its eSIM. */
export interface Subscribed {
  readonly order: OrderRow
  readonly sold: SoldRows | undefined
}

async function finish(
  { context, order, endpointId }: Attempt,
  instance: AddonInstance,
  how: 'done' | 'found',
): Promise<Subscribed> {
  const { uniqueId } = instance
  let addon: AddonRow | undefined
  let esim: EsimRow | undefined
  const delivered = await saveOrder(context, order.orderId, [endpointId], rows => {
    const at = isoNow(context)
    addon = soldAddon(context, order, endpointId, instance, at)
    const entries: LedgerEntry[] = [{ table: 'addons', row: addon }]
    const there = rows.esim(endpointId)
    if (there !== undefined) {
      const since = there.status === 'delivered' ? there.at : at
      esim = { ...freed(there), status: 'delivered', at: since }
      entries.push({ table: 'esims', row: esim })
    }
    return {
      change: {
        status: 'delivered',
        uniqueId,
        intent: null,
        owner: null,
        failure: null,
        steps: [
          { step: 'subscribe', outcome: how, endpointId, detail: `uniqueId ${uniqueId}` },
          { step: 'deliver', outcome: 'done', endpointId },
        ],
      },
      entries,
    }
  })
  return { order: delivered, sold: esim && { order: delivered, esim, addon } }
}

const failureOf = (
  { order, endpointId }: Attempt,
  settled: boolean,
  error: unknown,
): SubscriptionFailedError =>
  new SubscriptionFailedError(order.orderId, endpointId, settled, reasonOf(error), {
    cause: causeOf(error),
    ...(settled &&
      order.kind === 'topUp' && {
        next: 'nothing is held: place the same order again to try once more',
      }),
  })

/** An attempt that an error ended: while an announcement stands, whether the add-on exists is not known. */
function explainOpen(attempt: Attempt, error: unknown): unknown {
  if (error instanceof UnnamedSuccessError) return failureOf(attempt, false, error)
  const isOpen = attempt.intent !== undefined && !attempt.isFresh
  if (!isOpen || !(error instanceof SftError) || isAbort(error)) return error
  const explained = explainError(attempt.order.orderId, error)
  return explained.name === 'AccountUnreachableError' ? failureOf(attempt, false, error) : explained
}

function soldAddon(
  context: SellingContext,
  order: OrderRow,
  endpointId: string,
  instance: AddonInstance,
  at: string,
): AddonRow {
  const { terms } = order
  const { status, startsAt, expiresAt } = readInstance(
    instance,
    new Date(at),
    context.timeZone,
    terms,
  )
  return {
    ...(terms !== undefined && { terms }),
    uniqueId: instance.uniqueId,
    endpointId,
    planId: order.planId,
    ...(instance.planName === undefined ? {} : { planName: instance.planName }),
    orderId: order.orderId,
    purchasedAt: at,
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    status,
  }
}
