import { instantOf, type Timepiece } from '../clock.ts'
import { createPace } from './pace.ts'
import type { SlotSource, Slots } from './slots.ts'

/** Call times of this process alone, by time that never steps where the clock has one. */
export function memorySlots(clock: Timepiece): SlotSource {
  const pace = createPace()
  const moved = (slots: Slots, ms: number): Slots => ({ ...slots, at: slots.at + ms })
  const offset = (): number => {
    const { wall, monotonic } = instantOf(clock)
    return wall - monotonic
  }
  return {
    reserve({ stepMs, notBefore, unused }) {
      const ms = offset()
      const ask = {
        process: 'this one',
        lane: 0,
        waitedMs: 0,
        stepMs,
        // One at a time: when the next may go is known once this one was sent.
        count: 1,
        notBefore: notBefore - ms,
        unused: unused && moved(unused, -ms),
        leadMs: 0,
      }
      const { slots } = pace.take(ask, clock.now() - ms)
      if (slots === undefined) throw new Error('nobody else is there to wait for')
      return moved(slots, ms)
    },
    sent(at, sentAt) {
      const ms = offset()
      pace.sent(at - ms, sentAt - ms)
    },
    release(unused) {
      pace.release(moved(unused, -offset()))
    },
  }
}
