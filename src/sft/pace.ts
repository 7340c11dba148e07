/**
 * The one place that says when an account's calls may go: by what is known of the calls of the last second, when
 * they were really sent, not by when they were meant to. `take_slots` of src/postgres/schema.ts says the same in the
 * language of a database; a test holds the two together.
 */
import { rateSpacedBy } from '../call-rate.ts'
import type { Slots } from './slots.ts'

/**
 * Windows are kept longer than the platform's by so much, since what is sent does not arrive at once: 1/0.98 leaves
 * 20 ms, 1/0.95 52 ms. Who is alone knows when its calls were sent; of those of others only that they were sent
 * nearly in time, by another clock.
 */
const ALONE = 0.98
const SHARED = 0.95
/** Whoever shared takes part for so long after it was seen last (ms). */
const SHARED_MS = 10_000
/** So much of what late calls and dead processes lost may be caught up (ms), as far as the windows let it. */
const CATCH_UP_MS = 250
/**
 * Who shares is given call times so long before they come (ms), a traveller and everybody else: what is given is not taken
 * back, so until then somebody more urgent may want them. Whoever is first in turn has as long to ask; then its time goes
 * to anybody who does.
 */
const AHEAD_MS = { traveller: 40, other: 15 } as const
/**
 * Where the windows are full for longer than this after the next even time (ms), the time is not lost: to catch it up would
 * fill them again, and leave the same gap in each of them.
 */
const GAP_MS = 50
/** Whoever is not in turn asks again no sooner (ms). */
const NOT_SOONER_MS = 5
/** Whoever was not given its turn asks again within this time, or loses it to others (ms). */
const WAITS_MS = 500
/** Whoever waits for so long (ms) counts as one lane earlier, so that nobody waits for ever. */
const AGES_MS = 10_000
/** Somebody who is throttled slows all the others as long as it asks at least this often (ms). */
const SLOW_MS = 1500
/** A clock that was set back must not stop everybody for hours (ms). */
const FARTHEST_MS = 300_000
/** Times that are the same, but for how they were written down (ms). */
const SAME_MS = 0.02

/** Somebody who waits for its turn. */
interface Waits {
  readonly process: string
  readonly lane: number
  /** Since when, and until when its place is kept (ms). */
  readonly since: number
  readonly until: number
}

/** What is known of an account's call times, in milliseconds of one clock. */
export interface KnownTimes {
  /** When calls were sent, or will be, ascending. */
  readonly times: readonly number[]
  /** When the next one would go by even spacing. */
  readonly next: number
  /** Nobody goes before: the platform throttled somebody. */
  readonly pausedUntil: number
  /** The lowest rate that was asked for of late, and by whom, which goes for all until then. */
  readonly slowBy: string
  readonly slowRate: number
  readonly slowUntil: number
  /** Who asked last, and how long more than one counts as sharing. */
  readonly taker: string
  readonly sharedUntil: number
  readonly waits: readonly Waits[]
}

/** What somebody asks for. */
export interface Ask {
  /** Who, and how urgent it is: 0 goes before 1. */
  readonly process: string
  readonly lane: number
  readonly waitedMs: number
  /** As in `SlotRequest`. */
  readonly stepMs: number
  readonly count: number
  readonly notBefore: number
  readonly unused: Slots | undefined
  /** How much later than now a slot must be, since the answer takes so long. */
  readonly leadMs: number
}

/** Slots, or how long to wait before asking again. */
export type Taken =
  | { readonly slots: Slots; readonly waitMs?: undefined }
  | { readonly slots?: undefined; readonly waitMs: number }

/** Call times of one account. */
export interface Pace {
  take(ask: Ask, now: number): Taken
  /** A call whose slot was at `at` was sent at `sentAt`. */
  sent(at: number, sentAt: number): void
  release(unused: Slots): void
  known(): KnownTimes
}

/** Where nobody called yet. */
export const NOTHING_KNOWN: KnownTimes = {
  times: [],
  next: 0,
  pausedUntil: 0,
  slowBy: '',
  slowRate: 0,
  slowUntil: 0,
  taker: '',
  sharedUntil: 0,
  waits: [],
}

/** Goes on from what is known. */
export function createPace(from: KnownTimes = NOTHING_KNOWN): Pace {
  const times = [...from.times]
  let first = 0
  let { next, pausedUntil, slowBy, slowRate, slowUntil, taker, sharedUntil } = from
  let waits = [...from.waits]

  /** Where a time stands; -1 where it does not. */
  function indexOf(time: number): number {
    for (let index = times.length - 1; index >= first; index--) {
      const difference = (times[index] ?? 0) - time
      if (Math.abs(difference) < SAME_MS) return index
    }
    return -1
  }

  function release({ at, stepMs, left }: Slots): void {
    for (let k = 0; k < left; k++) {
      const index = indexOf(at + k * stepMs)
      if (index < 0) continue
      times.splice(index, 1)
      next -= stepMs
    }
  }

  function forget(now: number, keepMs: number): void {
    if (Math.max(next, times.at(-1) ?? 0, pausedUntil) > now + FARTHEST_MS) {
      times.length = first
      // What was sent just now is not known.
      next = now + keepMs / 2 + CATCH_UP_MS
      pausedUntil = 0
    }
    while (first < times.length && (times[first] ?? 0) < now - keepMs) first += 1
    if (first < 1000) return
    times.splice(0, first)
    first = 0
  }

  function noteTaker(process: string, now: number): void {
    if (taker === process) return
    if (taker !== '' && (times.at(-1) ?? 0) > now - SHARED_MS) sharedUntil = now + SHARED_MS
    taker = process
  }

  /** The lowest rate that anybody asks for. */
  function rateFor({ process, stepMs }: Ask, now: number): number {
    const asked = rateSpacedBy(stepMs)
    if (process === slowBy || asked <= slowRate || now >= slowUntil) {
      slowBy = process
      slowRate = asked
      slowUntil = now + Math.max(SLOW_MS, 2000 / asked)
    }
    return Math.min(asked, slowRate)
  }

  function isFirst({ process, lane, waitedMs }: Ask, now: number): boolean {
    const age = (waited: number): number => Math.floor(waited / AGES_MS)
    const mine = lane - age(waitedMs)
    return !waits.some(other => {
      if (other.process === process || other.until <= now) return false
      const its = other.lane - age(now - other.since)
      return its < mine || (its === mine && other.since < now - waitedMs)
    })
  }

  /**
   * A run of so many calls, as early as may be; denser than even where some time was lost. `fullMs`: for how long before
   * it nobody could call, since the windows were full.
   */
  function earliest(
    { count, leadMs }: Ask,
    now: number,
    stepMs: number,
    places: number,
  ): { readonly slots: Slots; readonly fullMs: number } {
    const last = times.length > first ? (times.at(-1) ?? 0) : Number.NEGATIVE_INFINITY
    const from = Math.max(now + leadMs, pausedUntil, last + stepMs / 2)
    const lost = Math.min(CATCH_UP_MS, Math.max(0, from - next + CATCH_UP_MS))
    const dense = Math.max(stepMs / 2, stepMs - lost / count)
    let at = Math.max(from, next - CATCH_UP_MS)
    let full = Number.NEGATIVE_INFINITY
    for (let k = 0; k < Math.min(count, places); k++) {
      const index = times.length + k - places
      if (index < first) continue
      const free = (times[index] ?? 0) + places * stepMs - k * dense
      full = Math.max(full, free)
      at = Math.max(at, free)
    }
    const fullMs = Math.max(0, full - Math.max(last + stepMs + GAP_MS, next - CATCH_UP_MS))
    return { slots: { at, stepMs: dense, left: count }, fullMs }
  }

  return {
    take(ask, now) {
      const { process, lane, waitedMs, leadMs } = ask
      if (ask.unused !== undefined) release(ask.unused)
      noteTaker(process, now)
      const rate = rateFor(ask, now)
      const isShared = now < sharedUntil
      const stepMs = 1000 / (rate * (isShared ? SHARED : ALONE))
      // Below one call a second the platform's window is that much longer.
      const places = Math.max(1, Math.floor(rate + 1e-6))
      forget(now, 2 * places * stepMs)
      pausedUntil = Math.max(pausedUntil, ask.notBefore)
      const { slots, fullMs } = earliest(ask, now, stepMs, places)
      const { at } = slots
      const ownMs = lane <= 0 ? AHEAD_MS.traveller : AHEAD_MS.other
      const aheadMs = isShared ? leadMs + ownMs : Number.POSITIVE_INFINITY
      const isTurn = at <= now + leadMs || isFirst(ask, now)
      waits = waits.filter(other => other.process !== process && other.until > now)
      if (isTurn && at <= now + aheadMs) {
        for (let k = 0; k < slots.left; k++) times.push(at + k * slots.stepMs)
        next = Math.max(next + fullMs, at) + slots.left * stepMs
        return { slots }
      }
      waits.push({ process, lane, since: now - waitedMs, until: now + WAITS_MS })
      return { waitMs: isTurn ? at - now - aheadMs : Math.max(at - now - leadMs, NOT_SOONER_MS) }
    },
    sent(at, sentAt) {
      const index = indexOf(at)
      if (index < 0) return
      times.splice(index, 1)
      let place = times.length
      while (place > first && (times[place - 1] ?? 0) > sentAt) place -= 1
      times.splice(place, 0, sentAt)
    },
    release,
    known: () => ({
      times: times.slice(first),
      next,
      pausedUntil,
      slowBy,
      slowRate,
      slowUntil,
      taker,
      sharedUntil,
      waits,
    }),
  }
}
