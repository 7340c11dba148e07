import type { AddonInstance, CallOptions, EndpointStatistics } from '../sft/api.ts'
import { parsePlatformDate } from '../sft/dates.ts'
import { SftAbortedError, SftError } from '../sft/errors.ts'
import type { AddonRow, Balance, UsageRow } from './ledger.ts'
import type { SellingContext } from './selling-context.ts'

/** How instances that are gone ended, as far as the endpoint's traffic tells. */
export type EndsByTraffic = ReadonlyMap<string, 'exhausted' | 'removed elsewhere'>

const DAY_MS = 24 * 3600 * 1000
/** What is rated and what is counted may differ by so much. */
const TOLERANCE = 0.01

/**
 * How instances that are gone before their end ended. Traffic that only such an instance can have carried
 * used it up; traffic since it was last seen that is less than what it had left did not. INFERRED (contract
 * 5): what was rated to end an instance is in the statistics. Where these cannot be read nothing follows.
 */
export async function endsByTraffic(
  context: SellingContext,
  endpointId: string,
  gone: readonly AddonRow[],
  known: {
    readonly rows: readonly AddonRow[]
    readonly before: UsageRow | undefined
    readonly reported: readonly AddonInstance[]
  },
  now: Date,
  options: CallOptions,
): Promise<EndsByTraffic> {
  const { rows, before, reported } = known
  const since = rows.map(row => row.purchasedAt ?? row.startsAt).sort()[0]
  if (gone.length === 0 || before === undefined || since === undefined) return new Map()
  const statistics = await readStatistics(context, endpointId, since, now, options)
  if (statistics === undefined) return new Map()
  const { megabyte } = context.sft.form
  const sinceSeen = trafficFrom(statistics, Date.parse(before.refreshedAt) - DAY_MS) * megabyte
  const ends = new Map<string, 'exhausted' | 'removed elsewhere'>()
  for (const { uniqueId, terms } of gone) {
    const { grantedBytes, leftBytes } = before.balances[uniqueId] ?? {}
    const others = rows
      .filter(row => row.uniqueId !== uniqueId)
      .map(row => mostUsed(row, reported, before.balances[row.uniqueId]))
    const own = statistics.totalMB * megabyte - others.reduce((sum, bytes) => sum + bytes, 0)
    const canEndEmpty = terms?.goesOn !== true
    if (
      canEndEmpty &&
      grantedBytes !== undefined &&
      grantedBytes > 0 &&
      own >= grantedBytes * (1 - TOLERANCE)
    )
      ends.set(uniqueId, 'exhausted')
    else if (leftBytes !== undefined && sinceSeen < leftBytes * (1 - TOLERANCE))
      ends.set(uniqueId, 'removed elsewhere')
  }
  return ends
}

/** The most that an instance can have carried: what it did where it is seen, else all that it was granted. */
function mostUsed(
  { uniqueId, terms }: AddonRow,
  reported: readonly AddonInstance[],
  balance: Balance | undefined,
): number {
  if (terms?.goesOn === true) return Number.POSITIVE_INFINITY
  const seen = reported.find(instance => instance.uniqueId === uniqueId)
  if (seen?.grantedBytes !== undefined && seen.leftBytes !== undefined)
    return seen.grantedBytes - seen.leftBytes
  return seen?.grantedBytes ?? balance?.grantedBytes ?? Number.POSITIVE_INFINITY
}

/** MB of the days from an instant on; all of them where a day cannot be read. */
function trafficFrom({ days, totalMB }: EndpointStatistics, from: number): number {
  const dated = days.map(day => ({ ...day, end: parsePlatformDate(day.date, 'UTC', 'end') }))
  if (dated.length === 0 || dated.some(({ end }) => end === undefined)) return totalMB
  return dated
    .filter(({ end = '' }) => Date.parse(end) >= from)
    .reduce((sum, day) => sum + day.totalMB, 0)
}

async function readStatistics(
  context: SellingContext,
  endpointId: string,
  since: string,
  now: Date,
  options: CallOptions,
): Promise<EndpointStatistics | undefined> {
  // A day more on either side, since its days may be those of another zone.
  const from = new Date(Date.parse(since) - DAY_MS)
  const to = new Date(now.getTime() + DAY_MS)
  try {
    return await context.sft.read.statistics({ endpointId, from, to }, options)
  } catch (error) {
    if (error instanceof SftError && !(error instanceof SftAbortedError)) return undefined
    throw error
  }
}
