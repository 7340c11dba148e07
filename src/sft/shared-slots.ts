import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Ask, Taken } from './pace.ts'
import { SLOT_SLACK_MS, type SlotSource, type Slots } from './slots.ts'

/** When a call was to be sent, and when it was. */
type SentCall = readonly [at: number, sentAt: number]

/** Where the call times are that several processes share. Times are those of this process. */
export interface SharedPace {
  take(ask: Ask): Promise<Taken>
  /** Calls whose slots were at the first of the times were sent at the second. */
  sent(calls: readonly SentCall[]): Promise<void>
  release(unused: Slots): Promise<void>
  /** By how much later than this process believes its calls may be sent, by the clock of the place (ms). */
  vagueMs?(): number
  close?(): Promise<void>
}

/** Whoever waits asks again after so long at most (ms), with the lane that is the first then. */
const ASK_AGAIN_MS = 100
/** So late (ms) a call may be sent without anybody being told. */
const UNTOLD_MS = 5
const LONGEST_LEAD_MS = 1000
const ASKED_OF_LATE = 4

/** Call times out of a place that others use too: asked for until it is one's turn. */
export function sharedPaceSlots(pace: SharedPace, clock: Clock): SlotSource {
  const process = randomUUID()
  /** How long it took to ask, of late (ms): a slow place must not make every slot stale before it is known here. */
  let took: readonly number[] = [0]
  const lead = () => Math.min(LONGEST_LEAD_MS, Math.max(0, Math.min(...took) - SLOT_SLACK_MS / 2))
  const late: SentCall[] = []
  let telling: Promise<void> | undefined
  /** All that came meanwhile goes together: on a busy machine most calls are late. */
  async function tellLate(): Promise<void> {
    try {
      while (late.length > 0) await pace.sent(late.splice(0))
    } finally {
      telling = undefined
    }
  }
  return {
    async reserve({ lane = () => 0, ...request }) {
      const since = clock.now()
      let { unused } = request
      for (;;) {
        const began = clock.now()
        const waitedMs = began - since
        const ask = { ...request, unused, process, lane: lane(), waitedMs, leadMs: lead() }
        const { slots, waitMs } = await pace.take(ask)
        took = [...took, clock.now() - began].slice(-ASKED_OF_LATE)
        if (slots !== undefined) return slots
        unused = undefined
        await clock.sleep(Math.min(Math.max(waitMs, 1), ASK_AGAIN_MS))
      }
    },
    async sent(at, sentAt) {
      const latest = sentAt + (pace.vagueMs?.() ?? 0)
      if (latest - at <= UNTOLD_MS) return
      late.push([at, latest])
      telling ??= tellLate()
      await telling
    },
    async release(unused) {
      if (unused.left > 0) await pace.release(unused)
    },
    async close() {
      await pace.close?.()
    },
  }
}
