import { setTimeout as delay } from 'node:timers/promises'

/** Time as it is told, which steps and may be wrong, and time as it passes. Both in milliseconds. */
export interface Timepiece {
  /** Since the epoch. */
  readonly now: () => number
  /** Since some moment of this process; it never steps, and stands still while the machine sleeps. */
  readonly monotonic?: () => number
}

/** Time and sleep, handed in so that tests and shutdown can take part. */
export interface Clock extends Timepiece {
  /** Rejects where the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Does something later, unless what it returns is called before. Absent: by `sleep`, which costs more. */
  readonly later?: (ms: number, work: () => void) => () => void
}

/** Real time. */
export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
  later: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}

/** Does something after a time, unless what it returns is called before. */
export function later(clock: Clock, ms: number, work: () => void): () => void {
  if (clock.later !== undefined) return clock.later(ms, work)
  const own = new AbortController()
  clock.sleep(ms, own.signal).then(work, () => undefined)
  return () => own.abort()
}

/** A moment by both ways of telling time. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export const instantOf = (clock: Timepiece): Instant => {
  const wall = clock.now()
  return { wall, monotonic: clock.monotonic?.() ?? wall }
}

/** At most so many milliseconds passed since: for what must not be too old. */
export function longestSince(clock: Timepiece, since: Instant): number {
  const now = instantOf(clock)
  return Math.max(now.wall - since.wall, now.monotonic - since.monotonic)
}

/** At least so many milliseconds passed since: for what must have had its time. */
export function shortestSince(clock: Timepiece, since: Instant): number {
  const now = instantOf(clock)
  return Math.min(now.wall - since.wall, now.monotonic - since.monotonic)
}
