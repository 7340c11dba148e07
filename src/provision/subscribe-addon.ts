import { type Finding, type Listing, lookTwice, notKnown } from '../finding.ts'
import type { AddonInstance } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle, type WriteOutcome, writeAndSettle } from '../sft/write-and-settle.ts'
import { type Desk, isoNow } from './desk.ts'
import { EndpointSuspendedError, SubscriptionFailedError } from './errors.ts'
import { causeOf, explainError, isAbort, reasonOf } from './explain.ts'
import { findSubscribed, newInstances, type SubscribeIntent } from './find-addon.ts'
import type { AddonRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { type OrderDesk, saveOrder } from './save-order.ts'
import { freed } from './take-endpoint.ts'
import { readInstance } from './usage.ts'

/** The announcement of a subscription: which instances there were before it. */
export function announceSubscription(
  desk: Desk,
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
    at: isoNow(desk),
    settleSeconds: desk.sft.settleSeconds('SubscribeAddon'),
    known: [...new Set(ids)],
    ...(seen.doubt !== undefined && { doubt: seen.doubt }),
  }
  return { intent, steps: [{ step: 'subscribe', outcome: 'announced', endpointId }] }
}

/** Success without the instance's name, and the instance is not to be seen: nothing may be sent again. */
class UnnamedSuccessError extends Error {
  override readonly name = 'UnnamedSuccessError'
}

/**
 * Subscribes the add-on of an order whose endpoint is active and ends the order: `delivered`, with its
 * instance. An unclear outcome is settled by reading, never by sending again on a guess. `fresh`: its
 * intent was announced just now and nothing was sent yet. Throws EndpointSuspendedError where the read that
 * a top-up makes anyway tells so, unless that is allowed; SubscriptionFailedError, and what stands for an
 * account that refuses or cannot be reached: the order then keeps its endpoint.
 */
export async function subscribeAddon(
  desk: OrderDesk,
  order: OrderRow,
  fresh: boolean,
  signal: AbortSignal,
  allowSuspended = false,
): Promise<OrderRow> {
  const { orderId, endpointId, planId } = order
  if (endpointId === undefined) throw new Error(`order ${orderId} is active without an endpoint`)
  const options = { lane: 'traveller', signal } as const
  let intent: SubscribeIntent | undefined =
    order.intent?.write === 'subscribe' ? order.intent : undefined
  let announced = fresh

  const rowsNow = () =>
    desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
      entries: [],
      result: rows.addons(endpointId),
    }))

  const announce = async (): Promise<string> => {
    if (!announced || intent === undefined) {
      // An endpoint that only this ledger has used holds nothing but what the ledger knows; one that
      // a traveller uses may have renewed an add-on by itself.
      const seen =
        order.kind === 'topUp'
          ? await desk.sft.read.addons(endpointId, { ...options, knownGood: true })
          : undefined
      if (seen?.endpointStatus === 'Suspended' && !allowSuspended)
        throw new EndpointSuspendedError(orderId, endpointId, 'elsewhere')
      const saved = await saveOrder(desk, orderId, [endpointId], (rows, current) => ({
        change: announceSubscription(desk, current, endpointId, rows.addons(endpointId), seen),
      }))
      intent = saved.intent?.write === 'subscribe' ? saved.intent : undefined
    }
    announced = false
    return orderId
  }

  const find = async (): Promise<Finding<AddonInstance>> =>
    intent === undefined
      ? notKnown('nothing is announced')
      : await findSubscribed(desk, order, intent, await rowsNow(), options)

  const findUnnamed = async (): Promise<AddonInstance> => {
    const deadline = desk.clock.now() + desk.sft.settleSeconds('SubscribeAddon') * 1000
    try {
      const found = await settle(find, deadline, desk.clock, signal)
      if (found.kind === 'there') return found.value
    } catch (error) {
      // An SftError here is of a read, and must not be taken for the end of the write.
      if (error instanceof SftError) throw new UnnamedSuccessError(reasonOf(error))
      throw error
    }
    throw new UnnamedSuccessError('the platform said yes, but shows no new add-on yet')
  }

  /** A refusal is believed where the endpoint shows no add-on: nothing is sent again on its word alone. */
  const judgeRefusal = async (refusal: SftRejectedError): Promise<AddonInstance> => {
    const seen = await lookTwice(find).catch((error: unknown) => {
      if (error instanceof SftError) return notKnown(reasonOf(error))
      throw error
    })
    if (seen.kind === 'there') return seen.value
    if (seen.kind === 'not there') throw refusal
    throw new SftUnknownOutcomeError(
      `${reasonOf(refusal)}; whether it is there all the same: ${seen.reason}`,
      undefined,
      { cause: refusal, sentAt: desk.clock.now() },
    )
  }

  const send = async (): Promise<AddonInstance> => {
    let answered: readonly AddonInstance[]
    try {
      answered = await desk.sft.write.subscribeAddon({ endpointId, planId }, options)
    } catch (error) {
      if (error instanceof SftRejectedError) return await judgeRefusal(error)
      throw error
    }
    // Of the instances of this endpoint that orders have, the intent knows all: they go one by one.
    const named = intent === undefined ? [] : newInstances(intent, orderId, answered, [])
    const newest = named.at(-1)
    const isSure = named.length === 1 || intent?.doubt === undefined
    if (newest !== undefined && isSure) return newest
    await saveOrder(desk, orderId, [], (_rows, { intent: current }) => ({
      change: current?.write === 'subscribe' ? { intent: { ...current, accepted: true } } : {},
    }))
    return await findUnnamed()
  }

  const conclude = async (_id: string, outcome: 'failed' | 'absent', error: SftError) => {
    const detail = reasonOf(error)
    const step = {
      step: 'subscribe',
      outcome: outcome === 'absent' ? 'absent' : 'refused',
      endpointId,
      detail,
    } as const
    await saveOrder(desk, orderId, [], () => ({ change: { intent: null, steps: [step] } }))
    intent = undefined
  }

  const finish = (instance: AddonInstance, how: 'done' | 'found'): Promise<OrderRow> =>
    saveOrder(desk, orderId, [endpointId], rows => {
      const at = isoNow(desk)
      const entries: LedgerEntry[] = [
        { table: 'addons', row: soldAddon(desk, order, endpointId, instance, at) },
      ]
      const esim = rows.esim(endpointId)
      if (esim !== undefined) {
        const since = esim.status === 'delivered' ? esim.at : at
        entries.push({ table: 'esims', row: { ...freed(esim), status: 'delivered', at: since } })
      }
      return {
        change: {
          status: 'delivered',
          uniqueId: instance.uniqueId,
          intent: null,
          owner: null,
          failure: null,
          steps: [
            {
              step: 'subscribe',
              outcome: how,
              endpointId,
              detail: `uniqueId ${instance.uniqueId}`,
            },
            { step: 'deliver', outcome: 'done', endpointId },
          ],
        },
        entries,
      }
    })

  const fail = (settled: boolean, error: unknown): SubscriptionFailedError =>
    new SubscriptionFailedError(orderId, endpointId, settled, reasonOf(error), {
      cause: causeOf(error),
      ...(settled &&
        order.kind === 'topUp' && {
          next: 'nothing is held: place the same order again to try once more',
        }),
    })

  /** What an earlier process announced, or this one before an error. */
  const settleEarlier = async (earlier: SubscribeIntent): Promise<AddonInstance | undefined> => {
    if (earlier.accepted === true) return await findUnnamed()
    // It may have waited long for its place in the budget and been sent just now.
    const deadline = desk.clock.now() + earlier.settleSeconds * 1000
    const found = await settle(find, deadline, desk.clock, signal)
    if (found.kind === 'there') return found.value
    if (found.kind === 'not known') throw fail(false, new SftUnknownOutcomeError(found.reason))
    await conclude(orderId, 'absent', new SftUnknownOutcomeError('not there after the settle time'))
    return undefined
  }

  try {
    if (intent !== undefined && !fresh) {
      const found = await settleEarlier(intent)
      if (found !== undefined) return await finish(found, 'found')
    }
    for (let refusals = 1; ; refusals++) {
      const outcome: WriteOutcome<AddonInstance> = await writeAndSettle(
        {
          announce,
          announcement: desk.announcement,
          send,
          find,
          conclude,
          settleSeconds: desk.sft.settleSeconds('SubscribeAddon'),
          onSettling: () =>
            desk.tell({
              type: 'order step',
              orderId,
              step: 'subscribe',
              outcome: 'unclear',
              endpointId,
            }),
        },
        desk.clock,
        signal,
      )
      if (outcome.is === 'done')
        return await finish(outcome.result, outcome.how === 'answered' ? 'done' : 'found')
      if (outcome.is === 'unsettled') throw fail(false, outcome.error)
      if (outcome.error instanceof SftUnknownOutcomeError) throw fail(true, outcome.error)
      if (!(outcome.error instanceof SftRejectedError)) throw outcome.error
      if (refusals >= desk.policies.subscribeRefusals) throw fail(true, outcome.error)
      await desk.clock.sleep(1000 * refusals, signal)
    }
  } catch (error) {
    if (error instanceof UnnamedSuccessError) throw fail(false, error)
    // Reading failed while an announcement stands: whether the add-on exists is not known.
    const open = intent !== undefined && !announced
    if (open && error instanceof SftError && !isAbort(error)) {
      const explained = explainError(orderId, error)
      throw explained instanceof Error && explained.name === 'AccountUnreachableError'
        ? fail(false, error)
        : explained
    }
    throw error
  }
}

function soldAddon(
  desk: Desk,
  order: OrderRow,
  endpointId: string,
  instance: AddonInstance,
  at: string,
): AddonRow {
  const { status, startsAt, expiresAt } = readInstance(instance, new Date(at), desk.timeZone)
  return {
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
