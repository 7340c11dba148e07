/** Time left of work whose calls are known beforehand. */

/** How far work has come. */
export interface Pace {
  /** Planned calls that are not done yet. */
  readonly left: number
  readonly done: number
  /** Since it began. */
  readonly seconds: number
  /** What the account allows by now. */
  readonly callsPerSecond: number
}

/** The account's rate counts for so many seconds before what was measured outweighs it. */
const TRUST_SECONDS = 20

/** Seconds left by the rate so far, which in the beginning is the account's. */
export function secondsLeft({ left, done, seconds, callsPerSecond }: Pace): number {
  if (left <= 0) return 0
  const rate = Number.isFinite(callsPerSecond)
    ? (done + callsPerSecond * TRUST_SECONDS) / (seconds + TRUST_SECONDS)
    : done / Math.max(seconds, 0.001)
  return rate > 0 ? left / rate : Number.POSITIVE_INFINITY
}

/** A change of less is no news: the end that was told stands. */
const NEWS_SHARE = 0.15
const NEWS_SECONDS = 5

/** Tells the time left so that it counts down, and moves only where the end really moved. */
export function openCountdown(): (left: number, now: number) => number {
  let end: number | undefined
  return (left, now) => {
    if (!Number.isFinite(left)) return left
    const fresh = now + left * 1000
    const moved = end === undefined ? Number.POSITIVE_INFINITY : Math.abs(fresh - end) / 1000
    if (end === undefined || moved > Math.max(NEWS_SECONDS, left * NEWS_SHARE)) end = fresh
    return Math.max(0, (end - now) / 1000)
  }
}
