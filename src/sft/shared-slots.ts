import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Ask, Taken } from './pace.ts'
import { SLOT_SLACK_MS, type SlotSource, type Slots } from './slots.ts'

/** Where the call times are that several processes share. Times are those of this process. */
export interface SharedPace {
  take(ask: Ask): Promise<Taken>
  sent(at: number, sentAt: number): Promise<void>
  release(unused: Slots): Promise<void>
  close?(): Promise<void>
}

/** Whoever waits asks again after so long at most (ms), with the lane that is the first then. */
const ASK_AGAIN_MS = 100
/** So late (ms) a call may be sent without anybody being told. */
const UNTOLD_MS = 5
const LONGEST_LEAD_MS = 1000

/** Call times out of a place that others use too: asked for until it is one's turn. */
export function sharedPaceSlots(pace: SharedPace, clock: Clock): SlotSource {
  const process = randomUUID()
  /** A slow place must not make every slot stale before it is known here. */
  let leadMs = 0
  return {
    async reserve({ lane = () => 0, ...request }) {
      const since = clock.now()
      let { unused } = request
      for (;;) {
        const began = clock.now()
        const waitedMs = began - since
        const ask = { ...request, unused, process, lane: lane(), waitedMs, leadMs }
        const { slots, waitMs } = await pace.take(ask)
        const took = clock.now() - began
        leadMs = Math.min(LONGEST_LEAD_MS, Math.max(0, took - SLOT_SLACK_MS / 2))
        if (slots !== undefined) return slots
        unused = undefined
        await clock.sleep(Math.min(Math.max(waitMs, 1), ASK_AGAIN_MS))
      }
    },
    async sent(at, sentAt) {
      if (sentAt - at > UNTOLD_MS) await pace.sent(at, sentAt)
    },
    async release(unused) {
      if (unused.left > 0) await pace.release(unused)
    },
    async close() {
      await pace.close?.()
    },
  }
}
