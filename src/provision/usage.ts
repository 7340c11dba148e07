/** Usage as a portal shows it, of what the ledger knows. Pure. */
import type { AddonInstance } from '../sft/api.ts'
import { parsePlatformDate } from '../sft/dates.ts'
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
  const { startDate, expiryDate } = instance
  const startsAt = startDate === undefined ? undefined : parsePlatformDate(startDate, timeZone)
  const expiresAt =
    expiryDate === undefined ? undefined : parsePlatformDate(expiryDate, timeZone, 'end')
  const usedBytes =
    grantedBytes === undefined || leftBytes === undefined ? undefined : grantedBytes - leftBytes
  // A date that is there and cannot be read tells of a start or an end, and not of which.
  const isUnread =
    (expiryDate !== undefined && expiresAt === undefined) ||
    (startDate !== undefined && startsAt === undefined && expiresAt === undefined)
  const status: AddonStatus =
    expiresAt !== undefined && expiresAt <= now.toISOString()
      ? 'expired'
      : leftBytes !== undefined && leftBytes <= 0 && grantedBytes !== 0
        ? 'exhausted'
        : isUnread
          ? 'not known'
          : startsAt !== undefined || expiresAt !== undefined || (usedBytes ?? 0) > 0
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
