import type { EsimRow, EsimStatus, Ledger, OrderRow, UsageRow } from '../../src/provision/index.ts'
import { esimPages, orderPages } from '../../src/provision/pages.ts'

const STATUSES: readonly EsimStatus[] = [
  'selected',
  'activated',
  'delivered',
  'set aside',
  'released',
  'in service',
  'being made',
]

/** Every order of a ledger, oldest first. */
export const allOrders = async (
  ledger: Ledger,
  filter: { readonly unfinished?: boolean } = {},
): Promise<readonly OrderRow[]> => {
  const all: OrderRow[] = []
  for await (const page of orderPages(ledger, filter)) all.push(...page)
  return all
}

/** Every eSIM of a ledger. */
export async function allEsims(ledger: Ledger): Promise<readonly EsimRow[]> {
  const all: EsimRow[] = []
  for (const status of STATUSES)
    for await (const page of esimPages(ledger, { status })) all.push(...page)
  return all
}

/** Every usage of a ledger. */
export async function allUsages(ledger: Ledger): Promise<readonly UsageRow[]> {
  const endpointIds = (await allEsims(ledger)).map(esim => esim.endpointId)
  return await ledger.transact({ endpointIds }, rows => ({
    entries: [],
    result: endpointIds.flatMap(endpointId => rows.usage(endpointId) ?? []),
  }))
}
