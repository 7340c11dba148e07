import type { Clock } from '../clock.ts'

/** The rate that is kept to, in calls a second. */
export interface AdaptiveRate {
  current(): number
  /** A call sent at `sentAt` was throttled; nobody goes before `resumesAt` (ms). */
  halve(sentAt: number, resumesAt: number): void
}

/**
 * The rate in force. Halved when throttled, once for all calls that were in flight; then it grows by a
 * constant a second: fast up to just below the rate that was too much, slowly beyond.
 */
export function createAdaptiveRate(configured: number, clock: Pick<Clock, 'now'>): AdaptiveRate {
  const fast = configured / 30
  const slow = configured / 600
  let base = configured
  let since = 0
  let safe = configured
  let halvedAt = Number.NEGATIVE_INFINITY

  function current(): number {
    if (base === configured) return configured
    const elapsed = Math.max(0, clock.now() - since) / 1000
    const toSafe = Math.max(0, safe - base) / fast
    const grown =
      elapsed <= toSafe ? base + elapsed * fast : Math.max(base, safe) + (elapsed - toSafe) * slow
    return Math.min(configured, grown)
  }

  return {
    current,
    halve(sentAt, resumesAt) {
      if (configured === Number.POSITIVE_INFINITY || sentAt < halvedAt) return
      const tooMuch = current()
      safe = tooMuch * 0.85
      base = Math.max(tooMuch / 2, configured / 100)
      since = resumesAt
      halvedAt = clock.now()
    },
  }
}
