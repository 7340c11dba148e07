/** Usage as a portal shows it, from what the platform reports and what the ledger knows. Pure. */
import type { Listing } from '../finding.ts'
import type { AddonInstance } from '../sft/api.ts'
import { parsePlatformDate } from '../sft/dates.ts'
import type { ProvisionEvent } from './events.ts'
import type { AddonRow, AddonStatus, Balance, UsageRow } from './ledger.ts'

/** One add-on instance of an endpoint; volumes in bytes, times ISO 8601 in UTC. */
export interface InstanceUsage extends Balance {
  readonly uniqueId: string
  readonly planId?: string
  readonly planName?: string
  readonly status: AddonStatus
  readonly startsAt?: string
  readonly expiresAt?: string
  /** Whether an order of this ledger made it. */
  readonly origin: 'order' | 'renewal or external'
  readonly orderId?: string
}

/** Usage of one endpoint: each instance told apart by its uniqueId, the oldest first. */
export interface EndpointUsage {
  readonly endpointId: string
  /** When the platform was asked; its own figures may be older (contract 4.11). */
  readonly refreshedAt: string
  readonly instances: readonly InstanceUsage[]
  /** Why the answer may say less than there is: what it did not show is kept as it was known. */
  readonly doubt?: string
}

/** Share of an add-on from which its usage is told. */
const TOLD_SHARE = 0.8

/** Order of unique IDs, which grow (contract 4.10). */
export function compareUniqueIds(one: string, other: string): number {
  if (/^\d+$/.test(one) && /^\d+$/.test(other)) {
    const difference = BigInt(one) - BigInt(other)
    return difference < 0n ? -1 : Number(difference > 0n)
  }
  return one < other ? -1 : Number(one > other)
}

/** Balance and validity of an instance as reported, at a time. */
export function readInstance(
  instance: AddonInstance,
  now: Date,
  timeZone: string,
): Balance & Pick<AddonRow, 'startsAt' | 'expiresAt' | 'status'> {
  const { grantedBytes, leftBytes } = instance
  const startsAt = isoDate(instance.startDate, timeZone)
  const expiresAt = isoDate(instance.expiryDate, timeZone)
  const usedBytes =
    grantedBytes === undefined || leftBytes === undefined ? undefined : grantedBytes - leftBytes
  const status: AddonStatus =
    expiresAt !== undefined && expiresAt <= now.toISOString()
      ? 'expired'
      : leftBytes !== undefined && leftBytes <= 0 && grantedBytes !== 0
        ? 'exhausted'
        : startsAt !== undefined || (usedBytes ?? 0) > 0
          ? 'active'
          : 'waiting'
  return {
    status,
    ...(grantedBytes === undefined ? {} : { grantedBytes }),
    ...(leftBytes === undefined ? {} : { leftBytes }),
    ...(usedBytes === undefined ? {} : { usedBytes }),
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

const isoDate = (text: string | undefined, timeZone: string): string | undefined =>
  text === undefined ? undefined : parsePlatformDate(text, timeZone)

/** What a read of an endpoint's instances changes in the ledger, and what is to be told. */
export interface UsageUpdate {
  readonly addons: readonly AddonRow[]
  readonly usage: UsageRow
  readonly events: readonly ProvisionEvent[]
}

/**
 * Merges what the platform reports with the rows of the ledger. An instance that is not reported any
 * more has ended: a one-time add-on disappears when it is used up or expired (contract 4.4). `now` is
 * the time just before the platform was asked.
 */
export function mergeUsage(
  endpointId: string,
  { items: reported, doubt }: Listing<AddonInstance>,
  rows: readonly AddonRow[],
  before: UsageRow | undefined,
  now: Date,
  timeZone: string,
): UsageUpdate {
  const known = new Map(rows.map(row => [row.uniqueId, row]))
  const addons = new Map<string, AddonRow>()
  const balances: Record<string, Balance> = { ...before?.balances }
  const told = new Set(before?.told)
  const events: ProvisionEvent[] = []

  const tell = (type: 'usage at 80 %' | 'usage exhausted' | 'usage expired', row: AddonRow) => {
    const mark = `${row.uniqueId} ${type}`
    if (told.has(mark)) return
    told.add(mark)
    events.push({
      type,
      endpointId,
      uniqueId: row.uniqueId,
      ...(row.orderId === undefined ? {} : { orderId: row.orderId }),
    })
  }

  for (const instance of reported) {
    const { status, startsAt, expiresAt, ...balance } = readInstance(instance, now, timeZone)
    const planName = instance.planName
    const row: AddonRow = {
      endpointId,
      uniqueId: instance.uniqueId,
      ...(instance.planId === undefined ? {} : { planId: instance.planId }),
      ...known.get(instance.uniqueId),
      ...(planName === undefined ? {} : { planName }),
      ...(startsAt === undefined ? {} : { startsAt }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      status,
    }
    addons.set(row.uniqueId, row)
    balances[row.uniqueId] = { ...balances[row.uniqueId], ...balance }
    const { usedBytes = 0, grantedBytes = 0 } = balance
    if (status === 'active' && grantedBytes > 0 && usedBytes >= TOLD_SHARE * grantedBytes)
      tell('usage at 80 %', row)
    if (status === 'exhausted') tell('usage exhausted', row)
    if (status === 'expired') tell('usage expired', row)
  }
  for (const row of doubt === undefined ? rows : []) {
    if (addons.has(row.uniqueId) || row.status === 'removed') continue
    // Bought while the platform was being asked: its answer says nothing of this one.
    if (row.purchasedAt !== undefined && row.purchasedAt >= now.toISOString()) continue
    const expired = row.expiresAt !== undefined && row.expiresAt <= now.toISOString()
    const ended = row.status === 'exhausted' || row.status === 'expired'
    const status = ended ? row.status : expired ? 'expired' : 'exhausted'
    addons.set(row.uniqueId, { ...row, status })
    tell(status === 'expired' ? 'usage expired' : 'usage exhausted', row)
  }
  return {
    addons: [...addons.values()],
    usage: {
      endpointId,
      refreshedAt: now.toISOString(),
      balances,
      told: [...told],
      ...(doubt !== undefined && { doubt }),
    },
    events,
  }
}

/** The usage of an endpoint from the ledger's rows. */
export function usageOf(addons: readonly AddonRow[], usage: UsageRow): EndpointUsage {
  const instances = [...addons]
    .sort((one, other) => compareUniqueIds(one.uniqueId, other.uniqueId))
    .map(
      ({ uniqueId, planId, planName, status, startsAt, expiresAt, orderId }): InstanceUsage => ({
        uniqueId,
        ...(planId === undefined ? {} : { planId }),
        ...(planName === undefined ? {} : { planName }),
        status,
        ...usage.balances[uniqueId],
        ...(startsAt === undefined ? {} : { startsAt }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(orderId === undefined
          ? { origin: 'renewal or external' }
          : { origin: 'order', orderId }),
      }),
    )
  const { endpointId, refreshedAt, doubt } = usage
  return { endpointId, refreshedAt, instances, ...(doubt !== undefined && { doubt }) }
}
