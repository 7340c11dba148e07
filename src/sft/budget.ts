import { spacingMs } from '../call-rate.ts'
import { type Clock, instantOf, longestSince } from '../clock.ts'
import { createAdaptiveRate } from './adaptive-rate.ts'
import type { BudgetView, Lane } from './api.ts'
import { openCallQueue, type Ticket } from './call-queue.ts'
import { SftAbortedError } from './errors.ts'
import { openPass, type Pass, unlimitedPass } from './pass.ts'
import { LEAVING_SLACK_MS, SLOT_SLACK_MS, type SlotSource, type Slots } from './slots.ts'

/** Lets calls pass one at a time, at the account's rate, whoever waits longest in the first lane first. */
export interface CallBudget extends BudgetView {
  ticket(lane: Lane | undefined, signal: AbortSignal | undefined): Ticket
  /** Resolves when the call may be sent. Throws `SftAbortedError` where the signal fires before. */
  enter(ticket: Ticket): Promise<Pass>
  /** A call sent at `sentAt` (ms) was throttled. */
  throttled(sentAt: number, retryAfterMs: number | undefined): void
  /** Calls that wait for their time now, by lane. */
  waiting(): Readonly<Record<Lane, number>>
  /** A call was answered after so many seconds. */
  answered(seconds: number): void
  /** Refuses whoever still waits and gives unused call times back. */
  close(): Promise<void>
}

export interface CallBudgetOptions {
  /** Calls per second; Infinity switches the budget off. */
  readonly callsPerSecond: number
  readonly slots: SlotSource
  readonly clock: Clock
}

/** Slots that this process has, and what is to be added to time that never steps for the wall clock's. */
interface Chunk {
  readonly slots: Slots
  readonly wallMs: number
}

const without = ({ slots: { at, stepMs, left }, wallMs }: Chunk, first: number): Chunk => ({
  slots: { at: at + first * stepMs, stepMs, left: left - first },
  wallMs,
})

const nothing = (): void => {}

/** A window of the platform's limiter: long enough for it to forget what tripped it. */
const PAUSE_MS = 1000
/** Whoever is told to wait for longer is told so by an error instead (see transport.ts). */
const LONGEST_PAUSE_MS = 60_000
/** Slots are asked for so long at once at most (ms); a place that is shared gives fewer. */
const CHUNK_MS = 100

/** The call budget of one account. */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  const { callsPerSecond, slots, clock } = options
  const queue = openCallQueue<Pass>(clock)
  const rate = createAdaptiveRate(callsPerSecond, clock)
  let orders = 0
  let calls = 0
  let latency = 0
  let chunk: Chunk | undefined
  let telling: Promise<void> | undefined
  let pausedUntil = 0
  let serving = false
  const closing = new AbortController()
  const count = (more: 1 | -1): void => {
    calls += more
  }

  async function reserve(unused: Slots | undefined): Promise<Chunk> {
    const stepMs = spacingMs(rate.current())
    const reserved = await slots.reserve({
      stepMs,
      count: Math.max(1, Math.min(queue.count(), Math.floor(CHUNK_MS / stepMs))),
      notBefore: pausedUntil,
      unused,
      lane: queue.laneInTurn,
    })
    const { wall, monotonic } = instantOf(clock)
    return { slots: reserved, wallMs: wall - monotonic }
  }

  /** How late it is for the next slot (ms), by time that does not step. */
  const lateFor = ({ slots: { at }, wallMs }: Chunk): number =>
    instantOf(clock).monotonic + wallMs - at

  async function serve(): Promise<void> {
    while (queue.count() > 0) {
      if (chunk === undefined || chunk.slots.left === 0) chunk = await reserve(undefined)
      const late = lateFor(chunk)
      const { at, stepMs, left } = chunk.slots
      const missed = Math.ceil((late - SLOT_SLACK_MS) / stepMs)
      if (at < pausedUntil || missed >= left) {
        chunk = undefined
        chunk = await reserve({ at, stepMs, left })
      } else if (missed > 0) {
        tell(slots.release({ at, stepMs, left: missed }))
        chunk = without(chunk, missed)
      } else if (late < 0) {
        await clock.sleep(Math.ceil(-late), closing.signal)
        // An aborted caller leaves its slot to the next one.
      } else if (queue.serve(passOf(chunk))) chunk = without(chunk, 1)
      else break
    }
    leaveRest()
  }

  /** Whoever a time was for gave up: other processes may wait for it. */
  function leaveRest(): void {
    const unused = chunk?.slots
    if (unused === undefined || unused.left === 0) return
    chunk = undefined
    tell(slots.release(unused))
  }

  function passOf(given: Chunk): Pass {
    const { at, stepMs } = given.slots
    let late = 0
    return openPass(clock, {
      isThere() {
        late = lateFor(given)
        return late <= SLOT_SLACK_MS
      },
      isInTime: taken => late + longestSince(clock, taken) <= LEAVING_SLACK_MS,
      count,
      leaveToOthers() {
        const own = { ...given, slots: { at, stepMs, left: 1 } }
        // Other processes may wait for it where nobody does here.
        const isGood = at >= pausedUntil && lateFor(own) <= SLOT_SLACK_MS
        if (!isGood || !queue.serve(passOf(own))) tell(slots.release(own.slots))
      },
      sent(sentAt) {
        if (slots.sent !== undefined) tell(slots.sent(at, sentAt))
      },
    })
  }

  /** Where that fails, so will the next question, whose asker is told. */
  function tell(told: void | Promise<void>): void {
    if (told === undefined) return
    telling = Promise.all([telling, told]).then(nothing, nothing)
  }

  async function wake(): Promise<void> {
    if (serving) return
    serving = true
    try {
      await serve()
    } catch (error) {
      // Closing wakes the sleeper; by then nobody waits.
      queue.refuseAll(error)
    } finally {
      serving = false
    }
    // Who came when it was just over.
    if (queue.count() > 0) void wake()
  }

  return {
    callsPerSecond,
    currentRate: () => rate.current(),
    calls: () => calls,
    latencySeconds: () => latency,
    waiting: queue.countByLane,
    ticket: (lane, signal) => ({ order: orders++, lane: lane ?? 'normal', signal }),
    async enter(ticket) {
      refuseAborted(ticket.signal)
      if (closing.signal.aborted)
        throw new SftAbortedError('the connection to the account was closed')
      if (callsPerSecond === Number.POSITIVE_INFINITY) {
        while (pausedUntil > clock.now()) {
          await clock.sleep(Math.ceil(pausedUntil - clock.now()))
          refuseAborted(ticket.signal)
        }
        return unlimitedPass(clock, count)
      }
      const passed = queue.wait(ticket)
      void wake()
      return await passed
    },
    throttled(sentAt, retryAfterMs) {
      const pause = Math.min(Math.max(PAUSE_MS, retryAfterMs ?? 0), LONGEST_PAUSE_MS)
      pausedUntil = Math.max(pausedUntil, clock.now() + pause)
      rate.halve(sentAt, pausedUntil)
    },
    answered(seconds) {
      // Up at once and down slowly: what is kept in flight follows the slow calls.
      latency += (seconds - latency) * (seconds > latency ? 0.5 : 0.05)
    },
    async close() {
      queue.refuseAll(new SftAbortedError('the connection to the account was closed'))
      closing.abort()
      const unused = chunk?.slots
      chunk = undefined
      await telling
      if (unused !== undefined && unused.left > 0) await slots.release(unused)
      await slots.close?.()
    },
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SftAbortedError('given up before it was sent')
}
