/**
 * A sliding window of one second over the calls that were let in (contract 1.10). Below one call a
 * second the window is that much longer.
 */
export interface Limiter {
  /** Whether a call that arrives now, in ms, is let in; it then counts. */
  admit(now: number): boolean
}

export function createLimiter(callsPerSecond: () => number): Limiter {
  let admitted: number[] = []
  let first = 0
  return {
    admit(now) {
      const rate = callsPerSecond()
      if (!Number.isFinite(rate)) return true
      const places = Math.max(1, Math.floor(rate))
      const windowMs = (places / rate) * 1000
      while (first < admitted.length && (admitted[first] ?? 0) <= now - windowMs) first += 1
      if (admitted.length - first >= places) return false
      if (first > 1000) {
        admitted = admitted.slice(first)
        first = 0
      }
      admitted.push(now)
      return true
    },
  }
}
