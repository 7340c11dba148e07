/** The tables of the guide api-data-flow-provisioning, as the ledger has them, order by order. */
import { setImmediate } from 'node:timers/promises'
import { defined } from '../defined.ts'
import { type MissingIdentifier, missingIdentifier } from '../identifiers.ts'
import { textOf } from '../json.ts'
import type { State } from '../state/state.ts'
import type { ExportedAddon, ExportedOrder, ExportedUsage } from './exported-order.ts'
import { findOrder } from './find-orders.ts'
import {
  type AddonRow,
  type EsimRow,
  type Ledger,
  type OrderPlace,
  type OrderRow,
  type OrderStatus,
  PAGE,
  type UsageRow,
} from './ledger.ts'
import { compareUniqueIds, shownTerms } from './usage.ts'

export interface ExportOptions {
  /** The state whose keys and SKUs are told. */
  readonly state: Pick<State, 'addonPlans'>
  /** Begins after the order of this ID. */
  readonly after?: string
  /** Orders at most. */
  readonly limit?: number
  readonly activationCodes?: boolean
}

/** Orders, oldest first, and the ID after which the next page begins, where there is more. */
export interface ExportedPage {
  readonly orders: readonly ExportedOrder[]
  readonly next?: string
}

/**
 * The orders of a ledger with all that belongs to them, a page of at most 1,000 at a time: no more are in memory.
 * Throws an `UnknownOrderError` for an `after` that the ledger does not have.
 *
 * @example
 * for await (const { orders } of exportOrders(ledger, { state })) await warehouse.insert(orders)
 */
export async function* exportOrders(
  ledger: Ledger,
  { state, after, limit = Number.POSITIVE_INFINITY, activationCodes = false }: ExportOptions,
): AsyncGenerator<ExportedPage> {
  const plans = plansOf(state)
  let place: OrderPlace | undefined =
    after === undefined ? undefined : await findOrder(ledger, after)
  let left = limit
  for (;;) {
    // One more than are wanted tells whether there is more.
    const rows = await ledger.ordersAfter(place, Math.min(PAGE, left + 1))
    const page = rows.slice(0, left)
    const last = page.at(-1)
    if (last === undefined) return
    left -= page.length
    place = last
    const orders = await withRows(ledger, page, plans, activationCodes)
    const isLast = left === 0
    yield { orders, ...(isLast && rows.length > page.length && { next: last.orderId }) }
    if (isLast) return
    // A driver frees what a page took, and signals are heard, only between turns of the event loop.
    await setImmediate()
  }
}

interface PlanNames {
  readonly plan: string
  readonly sku?: string
}

/** Catalog key and SKU by plan ID, older revisions too: what was sold keeps its plan. */
function plansOf({ addonPlans }: ExportOptions['state']): ReadonlyMap<string, PlanNames> {
  return new Map(
    Object.entries(addonPlans).flatMap(([plan, { planId, portal, superseded = [] }]) => {
      const names = { plan, ...defined({ sku: textOf(portal?.['sku']) }) }
      return [planId, ...superseded.map(({ id }) => id)].map(id => [id, names] as const)
    }),
  )
}

/** What the ledger has of an endpoint. */
interface EndpointRows {
  readonly esim: EsimRow | undefined
  readonly addons: readonly AddonRow[]
  readonly usage: UsageRow | undefined
}

async function withRows(
  ledger: Ledger,
  page: readonly OrderRow[],
  plans: ReadonlyMap<string, PlanNames>,
  activationCodes: boolean,
): Promise<readonly ExportedOrder[]> {
  const endpointIds = [...new Set(page.flatMap(({ endpointId }) => endpointId ?? []))]
  const rows = await ledger.transact({ endpointIds }, found => ({
    entries: [],
    result: new Map(
      endpointIds.map((id): [string, EndpointRows] => [
        id,
        { esim: found.esim(id), addons: found.addons(id), usage: found.usage(id) },
      ]),
    ),
  }))
  return page.map(order =>
    exported(order, rows.get(order.endpointId ?? ''), plans, activationCodes),
  )
}

function exported(
  order: OrderRow,
  rows: EndpointRows | undefined,
  plans: ReadonlyMap<string, PlanNames>,
  activationCodes: boolean,
): ExportedOrder {
  const { orderId, kind, status, reference, sku, planId, uniqueId, endpointId } = order
  const esim = rows?.esim
  // An eSIM that went back into stock may be another buyer's by now.
  const has = esim !== undefined && (kind === 'topUp' || esim.orderId === orderId)
  const addons = (rows?.addons ?? []).filter(
    row => row.orderId === orderId || (row.orderId === undefined && has && kind === 'purchase'),
  )
  return {
    orderId,
    kind,
    status,
    ...defined({ reference }),
    sku,
    ...(planId !== '' && defined({ planId, plan: plans.get(planId)?.plan })),
    ...defined({ uniqueId, endpointId }),
    ...(esim !== undefined && { iccid: esim.iccid, batch: esim.batch, tags: esim.tags }),
    ...(has &&
      defined({
        msisdn: esim.msisdn,
        esimStatus: esim.status,
        suspended: esim.suspended,
        activationCode: activationCodes ? esim.activationCode : undefined,
      })),
    createdAt: order.createdAt,
    updatedAt: order.updatedAt,
    missing: missingOf(order, rows, activationCodes && has),
    addons: addons
      .toSorted((one, other) => compareUniqueIds(one.uniqueId, other.uniqueId))
      .map(row => exportedAddon(row, rows?.usage, plans)),
  }
}

function exportedAddon(
  row: AddonRow,
  usage: UsageRow | undefined,
  plans: ReadonlyMap<string, PlanNames>,
): ExportedAddon {
  const { uniqueId, endpointId, orderId, planId, planName, status } = row
  const { purchasedAt, startsAt, expiresAt, terms } = row
  return {
    uniqueId,
    endpointId,
    ...defined({ orderId, planId, planName }),
    ...plans.get(planId ?? ''),
    status,
    ...shownTerms(terms),
    ...defined({ purchasedAt, startsAt, expiresAt }),
    ...(usage !== undefined && { usage: usageOf(uniqueId, usage) }),
  }
}

function usageOf(
  uniqueId: string,
  { refreshedAt, balances, counters, doubt }: UsageRow,
): ExportedUsage {
  return {
    refreshedAt,
    ...balances[uniqueId],
    ...defined({
      counters: counters?.filter(counter => counter['uniqueId'] === uniqueId),
      doubt,
    }),
  }
}

/** Statuses of orders that hold something. */
const HOLDING: readonly OrderStatus[] = ['reserved', 'activated', 'delivered']

function missingOf(
  { orderId, status, planId, endpointId, uniqueId, intent, sku }: OrderRow,
  rows: EndpointRows | undefined,
  wantsCode: boolean,
): readonly MissingIdentifier[] {
  if (!HOLDING.includes(status)) return []
  const words = { ORDER: orderId, ENDPOINT: endpointId ?? 'ENDPOINT', KEY: sku }
  const subscribes = status === 'delivered' || intent?.write === 'subscribe'
  const isMissing = {
    planId: planId === '',
    endpointId: endpointId === undefined,
    iccid: endpointId !== undefined && rows?.esim === undefined,
    activationCode: wantsCode && rows?.esim?.activationCode === undefined,
    uniqueId: subscribes && uniqueId === undefined,
    balance: status === 'delivered' && endpointId !== undefined && rows?.usage === undefined,
  } as const
  return Object.entries(isMissing)
    .filter(([, is]) => is)
    .map(([name]) => missingIdentifier(name as keyof typeof isMissing, words))
}
