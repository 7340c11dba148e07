import type { AddonRow, Ledger, OrderRow } from '../../src/provision/index.ts'
import { isUnfinished } from '../../src/provision/ledger.ts'
import type { AddonInstance, Simulator } from '../../src/simulator/index.ts'
import { allEsims, allOrders } from '../provision/rows.ts'

/** Near enough to nothing to be used up: a hundredth of what was granted. */
const NEAR_ZERO = 0.01

/** What truly became of an instance, whatever was answered. */
function truthOf(instance: AddonInstance, now: number): ReadonlySet<string> {
  const truths = new Set<string>()
  const { ended, expiresAt, leftBytes, grantedBytes } = instance
  if (ended !== undefined) truths.add(ended)
  if (expiresAt !== undefined && expiresAt <= now) truths.add('expired')
  if (leftBytes <= NEAR_ZERO * grantedBytes) truths.add('exhausted')
  return truths
}

const FINAL: readonly AddonRow['status'][] = ['exhausted', 'expired', 'removed']

/**
 * What a ledger and the account say against one another, in sentences; it shares no code with selling.
 * - no instance without its order, apart from one for each order that is known to be in doubt
 * - no instance and no eSIM with two orders, and none delivered that is not there
 * - no final word (exhausted, expired, removed, cancelled, failed) that the account contradicts
 */
export async function checkTruth(
  ledger: Ledger,
  { world }: Simulator,
  now: number,
  /** Endpoints with a suspension that nobody was told the end of. */
  unsure: ReadonlySet<string>,
): Promise<readonly string[]> {
  const problems: string[] = []
  const orders = await allOrders(ledger)
  const owners = new Map<string, OrderRow[]>()
  const buyers = new Map<string, OrderRow[]>()
  const put = (map: Map<string, OrderRow[]>, key: string, order: OrderRow) =>
    map.set(key, [...(map.get(key) ?? []), order])
  for (const order of orders) {
    if (order.uniqueId !== undefined) put(owners, order.uniqueId, order)
    const holds = order.status === 'delivered' || isUnfinished(order)
    if (order.kind === 'purchase' && order.endpointId !== undefined && holds)
      put(buyers, order.endpointId, order)
  }
  const names = (list: readonly OrderRow[]) => list.map(({ orderId }) => orderId).join(' and ')
  for (const [uniqueId, list] of owners)
    if (list.length > 1) problems.push(`${uniqueId} was given to ${names(list)}`)
  for (const [endpointId, list] of buyers)
    if (list.length > 1) problems.push(`${endpointId} was sold to ${names(list)}`)

  for (const { endPointId, instances, status } of world.endpoints.values()) {
    const rows = await ledger.transact({ endpointIds: [endPointId] }, found => ({
      entries: [],
      result: found.addons(endPointId),
    }))
    const unaccounted = instances.filter(
      ({ uniqueId, occurrence }) => occurrence === 1 && !owners.has(uniqueId),
    )
    // An order that is not finished may have one, and says so.
    const inDoubt = orders.filter(order => order.endpointId === endPointId && isUnfinished(order))
    if (unaccounted.length > inDoubt.length)
      problems.push(
        `${unaccounted.map(({ uniqueId }) => uniqueId)} on ${endPointId} has no order; in doubt: ${names(inDoubt) || 'none'}`,
      )
    for (const row of rows) {
      const instance = instances.find(({ uniqueId }) => uniqueId === row.uniqueId)
      if (instance === undefined) {
        problems.push(`${row.uniqueId} of the ledger was never on ${endPointId}`)
        continue
      }
      const truths = truthOf(instance, now)
      if (FINAL.includes(row.status) && !truths.has(row.status))
        problems.push(
          `${row.uniqueId} is called ${row.status}, and is ${[...truths].join(', ') || 'live'}`,
        )
    }
    for (const order of orders.filter(one => one.endpointId === endPointId)) {
      const instance = instances.find(({ uniqueId }) => uniqueId === order.uniqueId)
      if (order.status === 'delivered' && instance === undefined)
        problems.push(
          `${order.orderId} is delivered, and ${order.uniqueId} is not on ${endPointId}`,
        )
      if (order.status === 'delivered' && instance && instance.planId !== order.planId)
        problems.push(`${order.orderId} has an instance of another plan`)
      if (order.status === 'cancelled' && instance && truthOf(instance, now).size === 0)
        problems.push(`${order.orderId} is cancelled, and its ${order.uniqueId} is live`)
    }
    const holders = orders.filter(order => order.endpointId === endPointId)
    const isHeld = holders.some(order => order.status === 'delivered' || isUnfinished(order))
    const esim = (await allEsims(ledger)).find(row => row.endpointId === endPointId)
    // Somebody reactivated it after its sale was cancelled.
    const isBackInService = esim?.status === 'delivered' && esim.orderId === undefined
    const isInService = esim?.status === 'in service'
    if (isInService && holders.some(order => order.status === 'delivered'))
      problems.push(`${endPointId} was activated without a sale, and is sold as new`)
    if (isInService && esim.operation === undefined && !unsure.has(endPointId)) {
      const wanted = esim.suspended === true ? 'Suspended' : 'Active'
      if (status !== wanted)
        problems.push(`${endPointId} is in service, ${wanted}, and is ${status}`)
    }
    const isSomebodys = isHeld || isInService || isBackInService || esim?.status === 'set aside'
    if (status === 'Active' && !isSomebodys)
      problems.push(`${endPointId} is active and nobody has it`)
    // A cancellation that was cut short has its order say so until somebody ends it.
    const isSold = holders.some(
      order =>
        order.status === 'delivered' && order.kind === 'purchase' && order.cancelling !== true,
    )
    if (isSold && status !== 'Active' && esim?.suspended !== true && !unsure.has(endPointId))
      problems.push(`${endPointId} is sold, is ${status}, and the ledger does not say so`)
  }
  return problems
}
