/** Usage as a portal shows it, of what the ledger knows. Pure. */
import { defined } from '../defined.ts'
import type { AddonInstance, Counter } from '../sft/api.ts'
import { parsePlatformDate } from '../sft/dates.ts'
import type { AddonRow, AddonStatus, Balance, UsageRow } from './ledger.ts'
import type { SoldTerms } from './plan-terms.ts'

/** One add-on instance of an endpoint; volumes in bytes, times ISO 8601 in UTC. */
export interface InstanceUsage extends Balance {
  readonly uniqueId: string
  readonly planId?: string
  readonly planName?: string
  readonly status: AddonStatus
  readonly startsAt?: string
  readonly expiresAt?: string
  /** The data has no end: no balance of it counts. */
  readonly unlimitedData?: true
  /** The balance is that of a day. */
  readonly dailyData?: true
  /** It has no end by time. */
  readonly unlimitedValidity?: true
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
  /** Counters of the endpoint as the platform writes them; absent: it reports none. */
  readonly counters?: readonly Counter[]
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

type Validity = Pick<AddonRow, 'startsAt' | 'expiresAt'>

/** Balance and validity of an instance as reported, at a time. */
export function readInstance(
  instance: AddonInstance,
  now: Date,
  timeZone: string,
  terms?: SoldTerms,
): Balance & Validity & Pick<AddonRow, 'status'> {
  const { grantedBytes, leftBytes, benefits, startDate, expiryDate } = instance
  const startsAt = startDate && parsePlatformDate(startDate, timeZone)
  const expiresAt = expiryDate && parsePlatformDate(expiryDate, timeZone, 'end')
  const usedBytes =
    grantedBytes === undefined || leftBytes === undefined ? undefined : grantedBytes - leftBytes
  const seen = defined({ grantedBytes, leftBytes, usedBytes, benefits, startsAt, expiresAt })
  return { status: statusOf(instance, seen, now, terms), ...seen }
}

function statusOf(
  { startDate, expiryDate }: AddonInstance,
  { grantedBytes, leftBytes, usedBytes = 0, startsAt, expiresAt }: Balance & Validity,
  now: Date,
  terms: SoldTerms | undefined,
): AddonStatus {
  if (expiresAt !== undefined && expiresAt <= now.toISOString()) return 'expired'
  // Nothing left is no end where it goes on slower, or with a new day.
  const isEmpty = leftBytes !== undefined && leftBytes <= 0 && grantedBytes !== 0
  if (isEmpty && terms?.goesOn !== true) return 'exhausted'
  // A date that is there and cannot be read tells of a start or an end, and not of which.
  if (expiryDate !== undefined && expiresAt === undefined) return 'not known'
  if (expiresAt !== undefined) return 'active'
  if (startDate !== undefined && startsAt === undefined) return 'not known'
  return startsAt !== undefined || usedBytes > 0 ? 'active' : 'waiting'
}

/** What of an instance's terms its balance is read by. */
export type ShownTerms = Pick<InstanceUsage, 'unlimitedData' | 'dailyData' | 'unlimitedValidity'>

/** What was sold, as far as it is certain. */
export const shownTerms = (terms: SoldTerms | undefined): ShownTerms => ({
  ...(terms?.unlimitedData && { unlimitedData: true }),
  ...(terms?.daily && !terms.mayBe && { dailyData: true }),
  ...(terms?.unlimitedValidity && { unlimitedValidity: true }),
})

/** The usage of an endpoint from the ledger's rows. */
export function usageOf(addons: readonly AddonRow[], usage: UsageRow): EndpointUsage {
  const instances = [...addons]
    .sort((one, other) => compareUniqueIds(one.uniqueId, other.uniqueId))
    .map(
      ({
        uniqueId,
        planId,
        planName,
        status,
        startsAt,
        expiresAt,
        orderId,
        terms,
      }): InstanceUsage => ({
        uniqueId,
        ...defined({ planId, planName }),
        status,
        ...usage.balances[uniqueId],
        ...shownTerms(terms),
        ...defined({ startsAt, expiresAt, orderId }),
        origin: orderId === undefined ? 'renewal or external' : 'order',
      }),
    )
  const { endpointId, refreshedAt, counters, doubt } = usage
  return { endpointId, refreshedAt, instances, ...defined({ counters, doubt }) }
}
