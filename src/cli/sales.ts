import type { Sales } from '../plan/impact.ts'
import { readLedger } from '../provision/read-ledger.ts'
import { ledgerLocation } from '../settings.ts'
import type { Given } from './command.ts'
import type { World } from './world.ts'

export const LEDGER_FLAG = [
  '--ledger FILE',
  'order ledger, for what was sold (SFT_LEDGER; default orders.json, where there is one)',
] as const

/** What the order ledger of this machine knows of sales; undefined where there is none. */
export async function readSales(given: Given, world: World): Promise<Sales | undefined> {
  const ledger = await readLedger(ledgerLocation(world.env, given.text('ledger')))
  if (ledger === undefined) return undefined
  const { esims, orders } = ledger
  const endpoints = new Map<string, Set<string>>()
  for (const { planId, endpointId, status } of orders) {
    if (endpointId === undefined || status === 'cancelled' || status === 'failed') continue
    const holders = endpoints.get(planId) ?? new Set()
    endpoints.set(planId, holders.add(endpointId))
  }
  return {
    soldIccids: new Set(esims.filter(esim => esim.status !== 'released').map(esim => esim.iccid)),
    endpointsByPlan: new Map([...endpoints].map(([planId, holders]) => [planId, holders.size])),
  }
}
