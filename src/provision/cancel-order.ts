import { type Finding, notThere, seenIn } from '../finding.ts'
import type { AddonInstance } from '../sft/api.ts'
import { settle } from '../sft/write-and-settle.ts'
import { leaveEsim } from './activate-esim.ts'
import { type Desk, isoNow } from './desk.ts'
import { type CareDesk, changeEndpoint, removeInstance } from './endpoint-care.ts'
import { SubscriptionFailedError, UnknownOrderError } from './errors.ts'
import { findInstance, findSubscribed, type SubscribeIntent } from './find-addon.ts'
import type {
  AddonRow,
  CancelReport,
  EsimRow,
  LedgerEntry,
  OrderIntent,
  OrderRow,
} from './ledger.ts'
import { changeOrder, newOrder, type OrderChange } from './order.ts'
import { requireKnown } from './require-known.ts'
import { claimOrder, type OrderDesk, OrderLostError, saveOrder } from './save-order.ts'
import { freed, type RunOther, takeEndpoint } from './take-endpoint.ts'
import { readInstance } from './usage.ts'

/** What a cancellation did, in sentences for people. */
export interface Cancellation extends CancelReport {
  readonly orderId: string
  /** `delivered`: the add-on was used already, so the order stays as it is. */
  readonly status: 'cancelled' | 'delivered'
}

/**
 * Undoes what can be undone of an order when nobody else works on it. A reserved eSIM is for sale again;
 * an add-on of which nothing was used is taken off; an endpoint that nobody has any more, its purchase being
 * cancelled, is suspended, since the platform has no way back to Pre-Active. An order ID that the ledger does not have is closed,
 * and a cancelled order tells once more what its cancellation did. Throws what `runOrder` throws.
 */
export async function cancelOrder(
  desk: Desk,
  orderId: string,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  for (let wait = 20; ; wait = Math.min(wait * 1.5, 500)) {
    const ended = await readCancelled(desk, orderId)
    if (ended !== undefined) return ended
    const claim = await claimOrder(desk, orderId, { anyStatus: true })
    if (claim.kind === 'mine') {
      try {
        return await undoOrder(claim.desk, claim.order, runOther, signal)
      } catch (error) {
        if (!(error instanceof OrderLostError)) throw error
      } finally {
        claim.desk.claim.end()
      }
    } else if (claim.kind === 'theirs') await desk.clock.sleep(wait, signal)
  }
}

/**
 * What became of an order that is cancelled already. One that the ledger never had gets a mark, so that an
 * order of that ID which comes late does not sell, and throws UnknownOrderError, every time.
 */
async function readCancelled(desk: Desk, orderId: string): Promise<Cancellation | undefined> {
  const row = await desk.ledger.transact({ orderIds: [orderId] }, rows => {
    const order = rows.order(orderId)
    if (order !== undefined) return { entries: [], result: order }
    const mark = closedOrder(orderId, isoNow(desk))
    return { entries: [{ table: 'orders', row: mark }], result: mark }
  })
  if (row.status !== 'cancelled') return undefined
  if (row.content === '')
    throw new UnknownOrderError(
      orderId,
      'the ID is closed now: an order of that ID which comes late is refused; if it is mistyped, cancel the right one',
    )
  return { orderId, status: 'cancelled', ...(row.cancellation ?? reportOf(row)) }
}

/** The mark of an order that was cancelled before it came; nothing has its content. */
function closedOrder(orderId: string, at: string): OrderRow {
  const nothing = newOrder({ orderId, kind: 'purchase', content: '', sku: '', planId: '' }, at)
  const detail = 'cancelled before the ledger had it'
  const steps = [{ step: 'cancel', outcome: 'done', detail } as const]
  return changeOrder(nothing, { status: 'cancelled', steps }, at)
}

/** An order that release 0.1.0 cancelled has its report in the last step only. */
function reportOf(order: OrderRow): CancelReport {
  const step = order.steps.findLast(one => one.step === 'cancel')
  const said = step?.detail?.split('; ') ?? []
  const isNotUndone = (line: string) =>
    /stays active|cannot go back|expired or removed before/.test(line)
  return {
    undone: said.filter(line => !isNotUndone(line)),
    notUndone: said.filter(isNotUndone),
  }
}

/** Undoes an order that is claimed; an error lets go of it. */
export async function undoOrder(
  desk: OrderDesk,
  order: OrderRow,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  try {
    return await undo(desk, order, runOther, signal)
  } catch (error) {
    if (!(error instanceof OrderLostError)) await letGo(desk, order)
    throw error
  }
}

async function letGo(desk: OrderDesk, { orderId, endpointId }: OrderRow): Promise<void> {
  const endpointIds = endpointId === undefined ? [] : [endpointId]
  await saveOrder(desk, orderId, endpointIds, (rows, current) => {
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

async function undo(
  desk: OrderDesk,
  order: OrderRow,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<Cancellation> {
  const { orderId, endpointId, intent } = order
  const options = { lane: 'traveller', signal } as const
  const nothingSent = order.kind === 'topUp' && intent === undefined && order.uniqueId === undefined
  if (endpointId === undefined || nothingSent)
    return await endOrder(desk, order, freed, ['nothing was held for it'], [])
  const { owner } = desk.claim
  const esim = await takeEndpoint(desk, { endpointId, owner, by: { orderId }, runOther }, signal)
  const addons = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.addons(endpointId),
  }))

  if (order.status === 'reserved') {
    const readStatus = async () =>
      seenIn(await desk.sft.read.sim(esim.iccid, options), 'the SIM is not Active', sim =>
        sim.status === 'Active' ? true : undefined,
      )
    const active =
      intent === undefined
        ? notThere('no activation was announced')
        : await settle(readStatus, deadlineOf(desk, intent), desk.clock, signal)
    if (active.kind === 'not known')
      throw new SubscriptionFailedError(
        orderId,
        endpointId,
        false,
        `whether its endpoint is active could not be read: ${active.reason}`,
      )
    if (active.kind === 'not there') {
      const release = (row: EsimRow) =>
        leaveEsim(row, 'released', `order ${orderId} was cancelled`, isoNow(desk))
      const undone = [`eSIM ${esim.iccid} is for sale again`]
      const report = await endOrder(desk, order, release, undone, [])
      if (esim.activationCode !== undefined)
        desk.pool.putBack({ ...esim, activationCode: esim.activationCode })
      return report
    }
  }

  let instance =
    order.uniqueId === undefined
      ? undefined
      : requireKnown(await findInstance(desk, endpointId, order.uniqueId, options))
  if (order.uniqueId === undefined && intent?.write === 'subscribe') {
    const settled = await settleSubscription(desk, order, intent, addons, signal)
    if (settled.kind === 'not known')
      throw new SubscriptionFailedError(orderId, endpointId, false, settled.reason)
    instance = settled.kind === 'there' ? settled.value : undefined
    if (instance === undefined && intent.accepted === true)
      throw new SubscriptionFailedError(
        orderId,
        endpointId,
        false,
        'the platform said yes, but shows no add-on to take off yet',
      )
  }
  if (instance !== undefined && wasUsed(instance, desk))
    return await keepOrder(desk, order, instance)
  return await takeBack(desk, order, esim, instance, addons, signal)
}

/** Takes off what the order put on its endpoint; from here on nothing but the cancellation's end may follow. */
async function takeBack(
  desk: OrderDesk,
  order: OrderRow,
  esim: EsimRow,
  instance: AddonInstance | undefined,
  addons: readonly AddonRow[],
  signal: AbortSignal,
): Promise<Cancellation> {
  const { orderId } = order
  const { endpointId } = esim
  const begun = await saveOrder(desk, orderId, [endpointId], (rows, current) => ({
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
  const care: CareDesk = {
    ...desk,
    async save(decide = () => []) {
      await saveOrder(desk, orderId, [endpointId], rows => ({ change: {}, entries: decide(rows) }))
    },
  }
  const undone: string[] = []
  const notUndone: string[] = []
  const { uniqueId } = begun
  // A cancellation that was cut short may have taken it off itself.
  const wasTaken =
    order.cancelling === true &&
    addons.some(row => row.uniqueId === uniqueId && row.status === 'removed')
  if (instance !== undefined) await removeInstance(care, endpointId, instance.uniqueId, signal)
  if (instance !== undefined || wasTaken)
    undone.push(`add-on ${uniqueId} was taken off endpoint ${endpointId}`)
  else if (order.status === 'delivered')
    notUndone.push(`add-on ${uniqueId} was used up, expired or removed before`)

  if (order.kind === 'topUp' && !(await isCancelled(desk, esim.orderId)))
    return await endOrder(desk, order, freed, undone, notUndone)
  if (await isHeldByOthers(desk, orderId, addons)) {
    notUndone.push(`endpoint ${endpointId} stays active: it has add-ons of other orders`)
    const keep = (row: EsimRow): EsimRow => ({ ...freed(row), status: 'delivered' })
    return await endOrder(desk, order, keep, undone, notUndone)
  }
  await changeEndpoint(care, endpointId, esim.iccid, 'S', 'support', signal)
  undone.push(`endpoint ${endpointId} was suspended`)
  notUndone.push(
    `endpoint ${endpointId} cannot go back to Pre-Active, and its activation may be charged`,
  )
  const reason = `order ${orderId} was cancelled after its activation`
  const setAside = (row: EsimRow): EsimRow => ({
    ...leaveEsim(row, 'set aside', reason, isoNow(desk)),
    suspended: true,
  })
  return await endOrder(desk, order, setAside, undone, notUndone)
}

/** Whether an add-on is there that no cancelled order brought: its endpoint is somebody's. */
async function isHeldByOthers(
  desk: Desk,
  orderId: string,
  addons: readonly AddonRow[],
): Promise<boolean> {
  const others = addons.filter(row => row.orderId !== orderId && row.status !== 'removed')
  for (const row of others) if (!(await isCancelled(desk, row.orderId))) return true
  return false
}

async function isCancelled(desk: Desk, orderId: string | undefined): Promise<boolean> {
  if (orderId === undefined) return false
  const order = await desk.ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: [],
    result: rows.order(orderId),
  }))
  return order?.status === 'cancelled'
}

/** From now on: a dead process may have sent it just before it died. */
const deadlineOf = (desk: Desk, intent: OrderIntent): number =>
  desk.clock.now() + intent.settleSeconds * 1000

function settleSubscription(
  desk: Desk,
  order: OrderRow,
  intent: SubscribeIntent,
  rows: readonly AddonRow[],
  signal: AbortSignal,
): Promise<Finding<AddonInstance>> {
  const options = { lane: 'traveller', signal } as const
  const find = () => findSubscribed(desk, order, intent, rows, options)
  return settle(find, deadlineOf(desk, intent), desk.clock, signal)
}

function wasUsed(instance: AddonInstance, desk: Desk): boolean {
  const { usedBytes, status } = readInstance(instance, new Date(desk.clock.now()), desk.timeZone)
  return usedBytes === undefined ? status !== 'waiting' : usedBytes > 0
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

/** Ends a cancelled order; `leave` makes of its eSIM's row, as it is then, what it is from now on. */
async function endOrder(
  desk: OrderDesk,
  order: OrderRow,
  leave: (esim: EsimRow) => EsimRow,
  undone: readonly string[],
  notUndone: readonly string[],
): Promise<Cancellation> {
  const { orderId, endpointId } = order
  const cancellation: CancelReport = { undone, notUndone }
  await saveOrder(desk, orderId, endpointId === undefined ? [] : [endpointId], rows => {
    const esim = endpointId === undefined ? undefined : rows.esim(endpointId)
    const entries: LedgerEntry[] =
      esim?.busyWith === orderId ? [{ table: 'esims', row: leave(esim) }] : []
    const detail = [...undone, ...notUndone].join('; ')
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
  return { orderId, status: 'cancelled', undone, notUndone }
}

/** An add-on that is in use stays; the order that has it is delivered. */
async function keepOrder(
  desk: OrderDesk,
  order: OrderRow,
  instance: AddonInstance,
): Promise<Cancellation> {
  const { orderId, endpointId = '' } = order
  const { uniqueId } = instance
  const line = `add-on ${uniqueId} is in use and stays; remove-addon takes it off all the same`
  await saveOrder(desk, orderId, [endpointId], (rows, current) => {
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
        steps: [{ step: 'cancel', outcome: 'refused', detail: line }],
      },
      entries,
    }
  })
  return { orderId, status: 'delivered', undone: [], notUndone: [line] }
}
