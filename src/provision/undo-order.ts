import { type Finding, notThere, seenIn } from '../finding.ts'
import { runSteps } from '../machine.ts'
import type { AddonInstance } from '../sft/api.ts'
import { settle } from '../sft/write-and-settle.ts'
import { type Cancellation, inUse, leftAs, reportOf } from './cancel-report.ts'
import {
  type AddonFate,
  CANCELLATION,
  type CancelEvidence,
  type CancelState,
  type CancelStep,
  cancellationOf,
  type EndpointFate,
} from './cancellation.ts'
import { changeEndpoint, type EndpointContext, removeInstance } from './endpoint-care.ts'
import { SubscriptionFailedError } from './errors.ts'
import { findInstance, findSubscribed } from './find-addon.ts'
import type { AddonRow, EsimRow, LedgerEntry, OrderIntent, OrderRow } from './ledger.ts'
import type { OrderChange } from './order.ts'
import { type OrderContext, OrderLostError, saveOrder } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed, type RunOther, takeEndpoint } from './take-endpoint.ts'
import { readInstance } from './usage.ts'

/** Undoes an order that is claimed; an error lets go of it. */
export async function undoOrder(
  context: OrderContext,
  order: OrderRow,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  try {
    return await undo(context, order, runOther, signal)
  } catch (error) {
    if (!(error instanceof OrderLostError)) await letGo(context, order)
    throw error
  }
}

async function letGo(context: OrderContext, { orderId, endpointId }: OrderRow): Promise<void> {
  const endpointIds = endpointId === undefined ? [] : [endpointId]
  await saveOrder(context, orderId, endpointIds, (rows, current) => {
    const esim = endpointId === undefined ? undefined : rows.esim(endpointId)
    // What is not settled keeps the endpoint, so that whatever comes next settles it first.
    const isOver = current.intent === undefined && current.cancelling !== true
    const row = esim?.busyWith === orderId && isOver ? freed(esim) : undefined
    return {
      change: { owner: null },
      entries: row === undefined ? [] : [{ table: 'esims', row }],
    }
  })
}

/** A cancellation, and what it works on. */
interface Undoing {
  readonly context: OrderContext
  readonly order: OrderRow
  readonly endpointId: string
  readonly runOther: RunOther
  readonly signal: AbortSignal
  /** Known once the endpoint is taken. */
  esim?: EsimRow
  /** The order's instance, which may only be found by looking for it. */
  uniqueId: string | undefined
}

async function undo(
  context: OrderContext,
  order: OrderRow,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  const { orderId, endpointId = '' } = order
  const { uniqueId } = order
  const undoing: Undoing = { context, order, endpointId, runOther, signal, uniqueId }
  const end = await runSteps(CANCELLATION, cancellationOf(order), (step, state) =>
    perform(undoing, step, state),
  )
  switch (end.is) {
    case 'cancelled':
      return { orderId, status: 'cancelled', ...reportOf(undoing, end) }
    case 'kept':
      return { orderId, status: 'delivered', undone: [], notUndone: [inUse(end.instance)] }
    case 'held':
      throw new SubscriptionFailedError(orderId, endpointId, false, end.why)
    default:
      throw new TypeError(`a cancellation cannot end as "${end.is}"`)
  }
}

async function perform(
  undoing: Undoing,
  step: CancelStep,
  state: CancelState,
): Promise<CancelEvidence> {
  const { context, order, endpointId, signal } = undoing
  const care = careOf(undoing)
  switch (step) {
    case 'take endpoint':
      undoing.esim = await takeEndpoint(
        context,
        {
          endpointId,
          owner: context.claim.owner,
          by: { orderId: order.orderId },
          runOther: undoing.runOther,
        },
        signal,
      )
      return { saw: 'turn', order }
    case 'settle activation':
      return { saw: 'activation', finding: await settleActivation(undoing) }
    case 'find instance': {
      const options = { lane: 'traveller', signal } as const
      const { uniqueId = '' } = order
      return instanceSeen(
        context,
        order,
        await findInstance(context, endpointId, uniqueId, options),
      )
    }
    case 'settle subscription':
      return instanceSeen(context, order, await settleSubscription(undoing))
    case 'begin':
      return await begin(undoing, 'instance' in state ? state.instance : undefined)
    case 'remove add-on':
      if ('instance' in state && state.instance !== undefined)
        await removeInstance(care, endpointId, state.instance.uniqueId, signal)
      return { saw: 'removal' }
    case 'ask whose':
      return { saw: 'holder', holder: await holderOf(undoing) }
    case 'suspend':
      await changeEndpoint(
        care,
        {
          endpointId,
          iccid: undoing.esim?.iccid ?? '',
          lifecycle: 'S',
          reason: 'support',
          lane: 'traveller',
        },
        signal,
      )
      return { saw: 'suspension' }
    case 'keep':
      if ('instance' in state && state.instance !== undefined)
        await keepOrder(undoing, state.instance)
      return { saw: 'end' }
    case 'end':
      if (state.is === 'to end') await endOrder(undoing, state)
      return { saw: 'end' }
  }
}

/** What is done to the endpoint is done under the order's claim. */
const careOf = ({ context, order, endpointId }: Undoing): EndpointContext => ({
  ...context,
  async save(decide = () => []) {
    await saveOrder(context, order.orderId, [endpointId], rows => ({
      change: {},
      entries: decide(rows),
    }))
  },
})

const instanceSeen = (
  context: SellingContext,
  order: OrderRow,
  finding: Finding<AddonInstance>,
): CancelEvidence => ({
  saw: 'instance',
  finding,
  isUsed: finding.kind === 'there' && wasUsed(finding.value, order, context),
})

/** Writes down that the order is being undone. */
async function begin(
  undoing: Undoing,
  instance: AddonInstance | undefined,
): Promise<CancelEvidence> {
  const { context, order, endpointId } = undoing
  const addons = await addonsOf(context, endpointId)
  const begun = await saveOrder(context, order.orderId, [endpointId], (rows, current) => ({
    change: {
      cancelling: true,
      ...(instance !== undefined && { uniqueId: instance.uniqueId }),
      steps: [{ step: 'cancel', outcome: 'announced', endpointId }],
    },
    entries:
      instance === undefined
        ? []
        : [{ table: 'addons', row: ownRow(current, instance, rows.addons(endpointId)) }],
  }))
  undoing.uniqueId = begun.uniqueId
  // A cancellation that was cut short may have taken it off itself.
  const wasTaken =
    order.cancelling === true &&
    addons.some(row => row.uniqueId === begun.uniqueId && row.status === 'removed')
  if (wasTaken) return { saw: 'beginning', addon: 'taken off' }
  return { saw: 'beginning', addon: order.status === 'delivered' ? 'gone before' : 'never sold' }
}

/** Whose an endpoint is without the order. */
async function holderOf({
  context,
  order,
  endpointId,
  esim,
}: Undoing): Promise<"its buyer's" | 'others' | 'nobody'> {
  if (order.kind === 'topUp' && !(await isCancelled(context, esim?.orderId))) return "its buyer's"
  const addons = await addonsOf(context, endpointId)
  return (await isHeldByOthers(context, order.orderId, addons)) ? 'others' : 'nobody'
}

const addonsOf = (context: SellingContext, endpointId: string): Promise<readonly AddonRow[]> =>
  context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.addons(endpointId),
  }))

/** Whether an add-on is there that no cancelled order brought: its endpoint is somebody's. */
async function isHeldByOthers(
  context: SellingContext,
  orderId: string,
  addons: readonly AddonRow[],
): Promise<boolean> {
  const others = addons.filter(row => row.orderId !== orderId && row.status !== 'removed')
  for (const row of others) if (!(await isCancelled(context, row.orderId))) return true
  return false
}

async function isCancelled(context: SellingContext, orderId: string | undefined): Promise<boolean> {
  if (orderId === undefined) return false
  const order = await context.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId),
  }))
  return order?.status === 'cancelled'
}

/** From now on: a dead process may have sent it just before it died. */
const deadlineOf = (context: SellingContext, intent: OrderIntent): number =>
  context.clock.now() + intent.settleSeconds * 1000

async function settleActivation({
  context,
  order: { intent },
  esim,
  signal,
}: Undoing): Promise<Finding<true>> {
  if (intent === undefined) return notThere('no activation was announced')
  const readStatus = async () =>
    seenIn(
      await context.sft.read.sim(esim?.iccid ?? '', { lane: 'traveller', signal }),
      'the SIM is not Active',
      sim => (sim.status === 'Active' ? true : undefined),
    )
  return await settle(readStatus, deadlineOf(context, intent), context.clock, signal)
}

async function settleSubscription({
  context,
  order,
  endpointId,
  signal,
}: Undoing): Promise<Finding<AddonInstance>> {
  const { intent } = order
  if (intent?.write !== 'subscribe') return notThere('no subscription was announced')
  const addons = await addonsOf(context, endpointId)
  const find = () => findSubscribed(context, order, intent, addons, { lane: 'traveller', signal })
  return await settle(find, deadlineOf(context, intent), context.clock, signal)
}

function wasUsed(
  instance: AddonInstance,
  { terms }: Pick<OrderRow, 'terms'>,
  context: SellingContext,
): boolean {
  const {
    usedBytes,
    benefits = [],
    status,
  } = readInstance(instance, new Date(context.clock.now()), context.timeZone, terms)
  if (benefits.some(({ granted = 0, left = granted }) => left < granted)) return true
  // What is left of a day, or of data without an end, says nothing of the days before.
  return usedBytes === undefined || terms?.daily ? status !== 'waiting' : usedBytes > 0
}

/** The ledger's row of the instance that an order made. */
const ownRow = (order: OrderRow, instance: AddonInstance, rows: readonly AddonRow[]): AddonRow => ({
  endpointId: order.endpointId ?? '',
  uniqueId: instance.uniqueId,
  planId: order.planId,
  status: 'waiting',
  ...rows.find(row => row.uniqueId === instance.uniqueId),
  orderId: order.orderId,
})

/** Ends a cancelled order and lets go of its endpoint, in one transaction. */
async function endOrder(
  undoing: Undoing,
  fate: { readonly addon: AddonFate; readonly endpoint: EndpointFate },
): Promise<void> {
  const { context, order } = undoing
  const { orderId, endpointId } = order
  const cancellation = reportOf(undoing, fate)
  await saveOrder(context, orderId, endpointId === undefined ? [] : [endpointId], rows => {
    const esim = endpointId === undefined ? undefined : rows.esim(endpointId)
    const entries: LedgerEntry[] =
      esim?.busyWith === orderId
        ? [{ table: 'esims', row: leftAs(esim, orderId, fate.endpoint, isoNow(context)) }]
        : []
    const detail = [...cancellation.undone, ...cancellation.notUndone].join('; ')
    const step = { step: 'cancel', outcome: 'done', detail } as const
    const change: OrderChange = {
      status: 'cancelled',
      cancellation,
      cancelling: null,
      intent: null,
      owner: null,
      steps: [{ ...step, ...(endpointId === undefined ? {} : { endpointId }) }],
    }
    return { change, entries }
  })
  const { esim } = undoing
  if (fate.endpoint === 'released' && esim?.activationCode !== undefined)
    context.pool.putBack({ ...esim, activationCode: esim.activationCode })
}

/** An add-on that is in use stays; the order that has it is delivered. */
async function keepOrder(
  { context, order: { orderId }, endpointId }: Undoing,
  instance: AddonInstance,
): Promise<void> {
  const { uniqueId } = instance
  await saveOrder(context, orderId, [endpointId], (rows, current) => {
    const esim = rows.esim(endpointId)
    const entries: LedgerEntry[] = []
    if (esim !== undefined)
      entries.push({ table: 'esims', row: { ...freed(esim), status: 'delivered' } })
    if (current.status !== 'delivered')
      entries.push({ table: 'addons', row: ownRow(current, instance, rows.addons(endpointId)) })
    return {
      change: {
        status: 'delivered',
        uniqueId,
        intent: null,
        cancelling: null,
        owner: null,
        steps: [{ step: 'cancel', outcome: 'refused', detail: inUse(instance) }],
      },
      entries,
    }
  })
}
