import type { Ledger } from '../../src/provision/index.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { allEsims, allOrders } from './rows.ts'

/**
 * What is wrong between a ledger and the account, in sentences; nothing where each order has exactly one
 * instance or a reported failure, no eSIM has two buyers, and no active eSIM is unaccounted for.
 */
export async function checkAccount(
  ledger: Ledger,
  simulator: Simulator,
): Promise<readonly string[]> {
  const problems: string[] = []
  const orders = await allOrders(ledger)
  const esims = new Map((await allEsims(ledger)).map(row => [row.endpointId, row]))
  const buyers = new Map<string, string>()
  const wanted = new Map<string, Set<string>>()
  const undone = new Set<string>()
  for (const order of orders) {
    const { orderId, kind, status, endpointId, uniqueId } = order
    // What it was undone of is in its report: the add-on may stay on a suspended endpoint.
    if (status === 'cancelled') {
      if (uniqueId !== undefined) undone.add(uniqueId)
      continue
    }
    if (status !== 'delivered') {
      if (order.failure === undefined) problems.push(`${orderId} is ${status} without a reason`)
      continue
    }
    if (endpointId === undefined || uniqueId === undefined) {
      problems.push(`${orderId} is delivered without endpoint or add-on`)
      continue
    }
    if (kind === 'purchase') {
      const other = buyers.get(endpointId)
      if (other !== undefined) problems.push(`${endpointId} was sold to ${other} and ${orderId}`)
      buyers.set(endpointId, orderId)
    }
    const ids = wanted.get(endpointId) ?? new Set()
    if (ids.has(uniqueId)) problems.push(`${uniqueId} was given to two orders`)
    wanted.set(endpointId, ids.add(uniqueId))
  }
  for (const endpoint of simulator.world.endpoints.values()) {
    const { endPointId, status, instances } = endpoint
    const ids = wanted.get(endPointId) ?? new Set()
    for (const { uniqueId } of instances)
      if (!ids.has(uniqueId) && !undone.has(uniqueId))
        problems.push(`${uniqueId} on ${endPointId} has no order`)
    if (ids.size > instances.length) problems.push(`${endPointId} lacks add-ons of its orders`)
    const row = esims.get(endPointId)
    const accounted =
      row !== undefined &&
      (row.orderId !== undefined || row.status === 'set aside' || row.status === 'in service')
    if (status === 'Active' && !accounted)
      problems.push(`${endPointId} is active and nobody has it`)
    if (ids.size > 0 && status !== 'Active') problems.push(`${endPointId} is sold, but ${status}`)
  }
  return problems
}
