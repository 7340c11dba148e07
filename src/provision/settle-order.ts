import { leaveEsim } from './activate-esim.ts'
import { NothingToSettleError, OrderConflictError, UnknownOrderError } from './errors.ts'
import type { AddonRow, EsimRow, LedgerEntry, OrderRow } from './ledger.ts'
import { claimOrder, type OrderContext, type OrderDecision, saveOrder } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed } from './take-endpoint.ts'
import { openTurns } from './turns.ts'

/** What a person found out about an order: the instance that is its own, or that there is none. */
export type HandVerdict = { readonly instance: string } | { readonly notSold: true }

/**
 * Ends the doubt about an order by what a person says; no call is made. With an instance the order is
 * delivered. Not sold: its add-on is known not to be there, so that it can be placed again or cancelled;
 * an eSIM of which it is not known whether it was activated is set aside. Throws NothingToSettleError,
 * OrderConflictError, UnknownOrderError.
 */
export async function settleByHand(
  context: SellingContext,
  orderId: string,
  verdict: HandVerdict,
  by: string,
  signal: AbortSignal,
): Promise<OrderRow> {
  using turns = openTurns(context)
  for (;;) {
    const claim = await claimOrder(context, orderId, { anyStatus: true })
    if (claim.kind === 'missing') throw new UnknownOrderError(orderId)
    if (claim.kind === 'finished') throw noDoubt(claim.order)
    if (claim.kind === 'mine') {
      try {
        return await saveVerdict(claim.context, claim.order, verdict, by)
      } catch (error) {
        await saveOrder(claim.context, orderId, [], () => ({ change: { owner: null } }))
        throw error
      } finally {
        claim.context.claim.end()
      }
    }
    await turns.next({ orderIds: [orderId] }, signal)
  }
}

const noDoubt = ({ orderId, status }: OrderRow): NothingToSettleError =>
  new NothingToSettleError(orderId, `is ${status}: there is no doubt about it`)

async function saveVerdict(
  context: OrderContext,
  order: OrderRow,
  verdict: HandVerdict,
  by: string,
): Promise<OrderRow> {
  const { orderId, status, endpointId } = order
  const isSame =
    status === 'delivered' && 'instance' in verdict && order.uniqueId === verdict.instance
  if (isSame) return await saveOrder(context, orderId, [], () => ({ change: { owner: null } }))
  if ((status !== 'reserved' && status !== 'activated') || endpointId === undefined)
    throw noDoubt(order)
  if (order.cancelling === true)
    throw new NothingToSettleError(orderId, 'is being cancelled: cancel it once more')
  if (order.intent === undefined && 'notSold' in verdict)
    throw new NothingToSettleError(orderId, 'has no write whose outcome is not known')
  const decide = 'instance' in verdict ? soldBy(verdict.instance) : notSold
  return await saveOrder(context, orderId, [endpointId], (rows, current) => {
    const esim = rows.esim(endpointId)
    if (esim === undefined) throw new NothingToSettleError(orderId, 'has no eSIM in the ledger')
    const addons = rows.addons(endpointId)
    return decide({ current, endpointId, esim, addons, by, at: isoNow(context) })
  })
}

interface Facts {
  readonly current: OrderRow
  readonly endpointId: string
  readonly esim: EsimRow
  readonly addons: readonly AddonRow[]
  readonly by: string
  readonly at: string
}

const soldBy =
  (uniqueId: string) =>
  ({ current, endpointId, esim, addons, by, at }: Facts): OrderDecision => {
    const { orderId, planId, terms } = current
    const there = addons.find(row => row.uniqueId === uniqueId)
    if (there?.orderId !== undefined && there.orderId !== orderId)
      throw new OrderConflictError(
        orderId,
        `cannot have instance ${uniqueId}: it is order ${there.orderId}'s`,
        'give the instance that no order has',
      )
    const detail = `uniqueId ${uniqueId}`
    const entries: LedgerEntry[] = [
      {
        table: 'addons',
        row: {
          planId,
          ...(terms !== undefined && { terms }),
          purchasedAt: at,
          status: 'waiting',
          ...there,
          uniqueId,
          endpointId,
          orderId,
        },
      },
      { table: 'esims', row: { ...freed(esim), status: 'delivered', at } },
    ]
    return {
      change: {
        status: 'delivered',
        uniqueId,
        intent: null,
        owner: null,
        failure: null,
        steps: [
          { step: 'settle', outcome: 'found', endpointId, detail, by },
          { step: 'deliver', outcome: 'done', endpointId },
        ],
      },
      entries,
    }
  }

function notSold({ current, endpointId, esim, by, at }: Facts): OrderDecision {
  const step = { step: 'settle', outcome: 'absent', endpointId, detail: 'not sold', by } as const
  const change = { intent: null, owner: null, steps: [step] } as const
  if (current.status === 'reserved') {
    const reason = `order ${current.orderId} was settled by hand as not sold`
    return {
      change: { ...change, status: 'failed', endpointId: null },
      entries: [{ table: 'esims', row: leaveEsim(esim, 'set aside', reason, at) }],
    }
  }
  return {
    change: { ...change, ...(current.kind === 'topUp' && { status: 'failed' as const }) },
    entries: [{ table: 'esims', row: freed(esim) }],
  }
}
