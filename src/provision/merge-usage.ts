/** What a read of add-ons makes of the ledger's rows: balances, ends, events. Pure. */
import { defined } from '../defined.ts'
import type { Listing } from '../finding.ts'
import type { AddonInstance, InstanceListing } from '../sft/api.ts'
import type { EndsByTraffic } from './ends-by-traffic.ts'
import type { Happening } from './events.ts'
import type { AddonRow, AddonStatus, Balance, UsageRow } from './ledger.ts'
import { readInstance } from './usage.ts'

/** Share of an add-on from which its usage is told. */
const TOLD_SHARE = 0.8
/** Share of an add-on below which what is left is as good as nothing. */
const NOTHING_LEFT = 0.01

/** Whether an instance ended before, so that no reading is expected to show it. */
const isOver = ({ status }: AddonRow): boolean =>
  status !== 'waiting' && status !== 'active' && status !== 'not known'

/** Bought while the platform was being asked: its answer says nothing of this one. */
const isNewer = ({ purchasedAt }: AddonRow, now: Date): boolean =>
  purchasedAt !== undefined && purchasedAt >= now.toISOString()

const isPast = ({ expiresAt }: AddonRow, now: Date): boolean =>
  expiresAt !== undefined && expiresAt <= now.toISOString()

/** Whether so little is left that it was used up. */
export const isUsedUp = ({ grantedBytes, leftBytes }: Balance): boolean =>
  leftBytes !== undefined && leftBytes <= NOTHING_LEFT * (grantedBytes ?? 0)

/**
 * The instances that a reading lacks and that should be there: a second one must agree before they count as
 * ended. What is past its end needs none.
 */
export function missingBeforeTheirEnd(
  { items, doubt }: Listing<AddonInstance>,
  rows: readonly AddonRow[],
  now: Date,
): readonly AddonRow[] {
  if (doubt !== undefined) return []
  const seen = new Set(items.map(({ uniqueId }) => uniqueId))
  return rows.filter(
    row => !seen.has(row.uniqueId) && !isOver(row) && !isNewer(row, now) && !isPast(row, now),
  )
}

function endOf(
  row: AddonRow,
  balance: Balance | undefined,
  now: Date,
  ends: EndsByTraffic,
): AddonStatus {
  const canEndEmpty = row.terms?.goesOn !== true
  if (canEndEmpty && balance !== undefined && isUsedUp(balance)) return 'exhausted'
  if (isPast(row, now)) return 'expired'
  return ends.get(row.uniqueId) ?? 'ended'
}

type UsageEvent = Extract<Happening, { readonly type: `usage ${string}` }>

const isNearlyUsedUp = ({ usedBytes = 0, grantedBytes = 0 }: Balance): boolean =>
  grantedBytes > 0 && usedBytes >= TOLD_SHARE * grantedBytes

/** What a read of an endpoint's instances changes in the ledger, and what is to be told. */
export interface UsageUpdate {
  readonly addons: readonly AddonRow[]
  readonly usage: UsageRow
  readonly events: readonly UsageEvent[]
}

/**
 * Merges what the platform reports with the rows of the ledger. An instance that a whole listing does not
 * have any more has ended: a one-time add-on disappears when it is used up or expired (contract 4.4). How it
 * ended is said where it is known; from a listing in doubt nothing follows. `now` is the time just before
 * the platform was asked.
 */
export function mergeUsage(
  endpointId: string,
  { items: reported, counters, doubt }: InstanceListing,
  rows: readonly AddonRow[],
  before: UsageRow | undefined,
  now: Date,
  timeZone: string,
  ends: EndsByTraffic = new Map(),
): UsageUpdate {
  const known = new Map(rows.map(row => [row.uniqueId, row]))
  const addons = new Map<string, AddonRow>()
  const balances: Record<string, Balance> = { ...before?.balances }
  const told = new Set(before?.told)
  const events: UsageEvent[] = []

  const tell = (type: UsageEvent['type'], { uniqueId, orderId }: AddonRow) => {
    const mark = `${uniqueId} ${type}`
    if (told.has(mark)) return
    told.add(mark)
    events.push({ type, endpointId, uniqueId, ...defined({ orderId }) })
  }

  /** A renewal is of the plan that was bought. */
  const termsBefore = (planId: string | undefined) =>
    planId === undefined ? undefined : rows.find(row => row.planId === planId)?.terms

  for (const instance of reported) {
    const { uniqueId, planId, planName } = instance
    const terms = known.get(uniqueId)?.terms ?? termsBefore(planId)
    const { status, startsAt, expiresAt, ...balance } = readInstance(instance, now, timeZone, terms)
    const row: AddonRow = {
      endpointId,
      uniqueId,
      ...defined({ planId }),
      ...known.get(uniqueId),
      ...defined({ terms }),
      ...defined({ planName, startsAt, expiresAt }),
      status,
    }
    addons.set(uniqueId, row)
    balances[uniqueId] = { ...balances[uniqueId], ...balance }
    // Of daily data it would be told of one day, and never again.
    if (status === 'active' && !terms?.daily && isNearlyUsedUp(balance)) tell('usage at 80 %', row)
    if (status === 'exhausted' || status === 'expired') tell(`usage ${status}`, row)
  }
  for (const row of doubt === undefined ? rows : []) {
    if (addons.has(row.uniqueId) || isOver(row) || isNewer(row, now)) continue
    const status = endOf(row, balances[row.uniqueId], now, ends)
    addons.set(row.uniqueId, { ...row, status })
    if (status === 'exhausted' || status === 'expired') tell(`usage ${status}`, row)
  }
  return {
    addons: [...addons.values()],
    usage: {
      endpointId,
      refreshedAt: now.toISOString(),
      balances,
      told: [...told],
      ...defined({
        doubt,
        // An answer in doubt says nothing of what it does not show.
        counters: counters ?? (doubt === undefined ? undefined : before?.counters),
      }),
    },
    events,
  }
}
