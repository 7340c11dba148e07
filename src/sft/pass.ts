import { type Clock, type Instant, instantOf, longestSince } from '../clock.ts'

/** The time of one call, for what is still to be done before it is sent. */
export interface Pass {
  /** Whether the call may still be made; where it may not, it is given back: enter again. */
  take(): boolean
  /** Whether what was taken is still good, asked right before the call leaves. */
  isGood(): boolean
  /** It is not used. */
  giveBack(): void
  /** Told when the call left this process (ms). */
  sent(at: number): void
}

/** What a pass is for. */
export interface PassFor {
  /** Whether it may be taken now. */
  readonly isThere: () => boolean
  /** Whether a call that was given its time then may still leave. */
  readonly isInTime: (taken: Instant) => boolean
  /** Told with 1 where the call takes its time, with -1 where it gives it back after all. */
  readonly count: (calls: 1 | -1) => void
  readonly leaveToOthers: () => void
  readonly sent: (at: number) => void
}

/** The ways of a call's time: taken, and then used or given back. */
export function openPass(clock: Clock, of: PassFor): Pass {
  let taken: Instant | undefined
  let isGivenBack = false
  const giveBack = (): void => {
    if (isGivenBack) return
    isGivenBack = true
    if (taken !== undefined) of.count(-1)
    of.leaveToOthers()
  }
  return {
    giveBack,
    take() {
      if (!of.isThere()) {
        giveBack()
        return false
      }
      taken = instantOf(clock)
      of.count(1)
      return true
    },
    isGood: () => !isGivenBack && taken !== undefined && of.isInTime(taken),
    sent(at) {
      if (!isGivenBack) of.sent(at)
    },
  }
}

/**
 * Where nothing limits the calls, one that was taken is good for so long (ms): a process that was stopped must not
 * send when it goes on what others have by then, after 6 s.
 */
const UNLIMITED_GOOD_MS = 3000

/** A pass where nothing limits the calls. */
export const unlimitedPass = (clock: Clock, count: PassFor['count']): Pass =>
  openPass(clock, {
    isThere: () => true,
    isInTime: taken => longestSince(clock, taken) <= UNLIMITED_GOOD_MS,
    count,
    leaveToOthers: () => undefined,
    sent: () => undefined,
  })
