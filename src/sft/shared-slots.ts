import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Ask, Taken } from './pace.ts'
import type { SlotSource, Slots } from './slots.ts'

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
/**
 * So late (ms) a call may be sent and be taken for one that was in time: windows are kept longer by much more, and each that
 * is told late takes its place that much longer.
 */
const IN_TIME_MS = 5
const LONGEST_LEAD_MS = 1000
const ASKED_OF_LATE = 8
/**
 * Slots are taken for so long at once (ms), since a traveller elsewhere cannot have them any more; where asking takes long,
 * for so many times that.
 */
const RUN_MS = 15
const RUN_ASKS = 4

/** Call times out of a place that others use too: asked for until it is one's turn. */
export function sharedPaceSlots(pace: SharedPace, clock: Clock): SlotSource {
  const process = randomUUID()
  /** How long it took to ask, of late (ms). */
  let took: readonly number[] = [0]
  /** Half of that is the answer's way: a slow place must not make every slot stale before it is known here. */
  const lead = () => Math.min(LONGEST_LEAD_MS, medianOf(took) / 2)
  const runMs = () =>
    Math.max(RUN_MS, (RUN_ASKS * took.reduce((sum, ms) => sum + ms, 0)) / took.length)
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
        const most = Math.floor(runMs() / request.stepMs)
        const count = Math.max(1, Math.min(request.count, most))
        const ask = { ...request, count, unused, process, lane: lane(), waitedMs, leadMs: lead() }
        const { slots, waitMs } = await pace.take(ask)
        took = [...took, clock.now() - began].slice(-ASKED_OF_LATE)
        if (slots !== undefined) return slots
        unused = undefined
        await clock.sleep(Math.min(Math.max(waitMs, 1), ASK_AGAIN_MS))
      }
    },
    async sent(at, sentAt) {
      const latest = sentAt + (pace.vagueMs?.() ?? 0)
      if (latest - at <= IN_TIME_MS) return
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

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
