import { defined } from '../defined.ts'
import { mergeInstances } from '../sft/addon-instances.ts'
import type { CallOptions, InstanceListing, Lane } from '../sft/api.ts'
import { sideBySide } from '../side-by-side.ts'
import { type EndsByTraffic, endsByTraffic } from './ends-by-traffic.ts'
import { explainError, reasonOf } from './explain.ts'
import type { EsimRow } from './ledger.ts'
import { isUsedUp, mergeUsage, missingBeforeTheirEnd } from './merge-usage.ts'
import { esimPages } from './pages.ts'
import type { SellingContext } from './selling-context.ts'
import { skuOfPlan } from './skus.ts'
import { type EndpointUsage, usageOf } from './usage.ts'

/** Reads an endpoint's instances, keeps them in the ledger, and tells what has come to pass. */
export async function readUsage(
  context: SellingContext,
  endpointId: string,
  lane: Lane,
  signal: AbortSignal | undefined,
): Promise<EndpointUsage> {
  const now = new Date(context.clock.now())
  const options = { lane, ...(signal === undefined ? {} : { signal }) }
  const { reported, ends } = await readInFull(context, endpointId, now, options).catch(
    (error: unknown) => {
      throw explainError(undefined, error)
    },
  )
  const { usage, events, merged } = await context.ledger.transact(
    { endpointIds: [endpointId] },
    rows => {
      const before = rows.addons(endpointId)
      const update = mergeUsage(
        endpointId,
        reported,
        before,
        rows.usage(endpointId),
        now,
        context.timeZone,
        ends,
      )
      const merged = new Map(before.map(row => [row.uniqueId, row]))
      for (const row of update.addons) merged.set(row.uniqueId, row)
      return {
        entries: [
          ...update.addons.map(row => ({ table: 'addons' as const, row })),
          { table: 'usage', row: update.usage },
        ],
        result: {
          usage: usageOf([...merged.values()], update.usage),
          events: update.events,
          merged,
        },
      }
    },
  )
  const state = events.length === 0 ? undefined : await context.readState()
  for (const event of events) {
    const sku = state && skuOfPlan(state, merged.get(event.uniqueId)?.planId)
    context.tell({ ...event, ...defined({ sku }) })
  }
  return usage
}

/** Between two readings of one sort: a platform that stumbles is given time to stand up. */
const PAUSE_MS = 1000

/**
 * The instances, by two readings that agree where the first lacks some that should be there, and how those
 * that are gone ended, as far as the endpoint's traffic tells.
 */
async function readInFull(
  context: SellingContext,
  endpointId: string,
  now: Date,
  options: CallOptions,
): Promise<{
  readonly reported: InstanceListing
  readonly ends: EndsByTraffic
}> {
  const first = await context.sft.read.addons(endpointId, options)
  const { rows, before } = await context.ledger.transact({ endpointIds: [endpointId] }, all => ({
    entries: [],
    result: { rows: all.addons(endpointId), before: all.usage(endpointId) },
  }))
  if (missingBeforeTheirEnd(first, rows, now).length === 0)
    return { reported: first, ends: new Map() }
  if (first.by === 'profile') await context.clock.sleep(PAUSE_MS, options.signal)
  const second = await context.sft.read.addons(endpointId, { ...options, knownGood: true })
  const reported = mergeInstances(first, second)
  const gone = missingBeforeTheirEnd(reported, rows, now).filter(
    ({ uniqueId, terms }) => terms?.goesOn === true || !isUsedUp(before?.balances[uniqueId] ?? {}),
  )
  const known = { rows, before, reported: reported.items }
  return { reported, ends: await endsByTraffic(context, endpointId, gone, known, now, options) }
}

/** What a sweep did. */
export interface UsageSweep {
  readonly refreshed: number
  /** Endpoints whose figures were young enough. */
  readonly fresh: number
  readonly failed: readonly { readonly endpointId: string; readonly message: string }[]
}

/** Refreshes the usage of sold endpoints, the oldest first, in the background lane of the budget. */
export async function sweepUsage(
  context: SellingContext,
  olderThanSeconds: number,
  signal: AbortSignal | undefined,
): Promise<UsageSweep> {
  const refreshedBefore = new Date(context.clock.now() - olderThanSeconds * 1000).toISOString()
  const failed: { readonly endpointId: string; readonly message: string }[] = []
  let refreshed = 0
  // Enough calls in flight to fill the rate, and no more: the rest waits here and not in the budget.
  const { currentRate, latencySeconds } = context.sft.budget
  const fillsRate = Math.ceil(Math.min(50, currentRate() * Math.max(1, latencySeconds())))
  const refresh = async ({ endpointId }: EsimRow): Promise<void> => {
    if (signal?.aborted) return
    try {
      const { doubt } = await readUsage(context, endpointId, 'background', signal)
      if (doubt === undefined) refreshed += 1
      else failed.push({ endpointId, message: `not known: ${doubt}` })
    } catch (error) {
      failed.push({ endpointId, message: reasonOf(error) })
    }
  }
  const sold = await countSold(context)
  let due = 0
  for await (const page of esimPages(context.ledger, { status: 'delivered', refreshedBefore })) {
    due += page.length
    await sideBySide(page, Math.max(1, fillsRate), refresh)
  }
  return { refreshed, fresh: Math.max(0, sold - due), failed }
}

async function countSold(context: SellingContext): Promise<number> {
  const counts = await context.ledger.stock()
  return counts.reduce((sum, { status, count }) => sum + (status === 'delivered' ? count : 0), 0)
}
