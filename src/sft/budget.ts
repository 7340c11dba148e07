import { spacingMs } from '../call-rate.ts'
import { type Clock, type Instant, instantOf, longestSince } from '../clock.ts'
import type { BudgetView, Lane } from './api.ts'
import { SftAbortedError } from './errors.ts'
import { LEAVING_SLACK_MS, SLOT_SLACK_MS, type SlotSource, type Slots } from './slots.ts'

/** A place in the queue of one call, kept over its resends: a resent call goes before its lane. */
export interface Ticket {
  readonly order: number
  readonly lane: Lane
  readonly signal: AbortSignal | undefined
}

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

interface Waiter {
  readonly ticket: Ticket
  readonly pass: (pass: Pass) => void
  readonly refuse: (error: unknown) => void
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
/**
 * Where nothing limits the calls, one that was taken is good for so long (ms): a process that was stopped must not
 * send when it goes on what others have by then, after 6 s.
 */
const UNLIMITED_GOOD_MS = 3000
/** Slots are asked for so long at once at most (ms); a place that is shared gives fewer. */
const CHUNK_MS = 100
const LANES: readonly Lane[] = ['traveller', 'normal', 'background']
/** A lane in which somebody waits and nobody goes counts as one lane earlier after this time. */
const LANE_AGES_MS = 10_000

/** The call budget of one account. */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  const { callsPerSecond, slots, clock } = options
  const queues: Readonly<Record<Lane, Waiter[]>> = { traveller: [], normal: [], background: [] }
  const rate = createAdaptiveRate(callsPerSecond, clock)
  let orders = 0
  let calls = 0
  let latency = 0
  let chunk: Chunk | undefined
  let telling: Promise<void> | undefined
  let pausedUntil = 0
  let serving = false
  const closing = new AbortController()

  /** Since when a lane has had no turn that it wanted. */
  const waitsSince = new Map<Lane, number>()

  const queueInTurn = (): Waiter[] | undefined => {
    const now = clock.now()
    const rank = (lane: Lane, index: number): number =>
      index - Math.floor((now - (waitsSince.get(lane) ?? now)) / LANE_AGES_MS)
    const [first] = LANES.map((lane, index) => ({ lane, rank: rank(lane, index) }))
      .filter(({ lane }) => queues[lane].length > 0)
      .sort((one, other) => one.rank - other.rank)
    return first && queues[first.lane]
  }
  /** That of whoever goes next; where nobody waits any more, the last one. */
  const laneInTurn = (): number => {
    const lane = LANES.findIndex(lane => queues[lane].length > 0)
    return lane < 0 ? LANES.length - 1 : lane
  }
  const waiting = (): number => LANES.reduce((sum, lane) => sum + queues[lane].length, 0)

  async function reserve(unused: Slots | undefined): Promise<Chunk> {
    const stepMs = spacingMs(rate.current())
    const count = Math.max(1, Math.min(waiting(), Math.floor(CHUNK_MS / stepMs)))
    const notBefore = pausedUntil
    const slots_ = await slots.reserve({ stepMs, count, notBefore, unused, lane: laneInTurn })
    const { wall, monotonic } = instantOf(clock)
    return { slots: slots_, wallMs: wall - monotonic }
  }

  /** How late it is for the next slot (ms), by time that does not step. */
  const lateFor = ({ slots: { at }, wallMs }: Chunk): number =>
    instantOf(clock).monotonic + wallMs - at

  async function serve(): Promise<void> {
    while (queueInTurn() !== undefined) {
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
      } else if (letNext(chunk)) chunk = without(chunk, 1)
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

  /** Whether somebody waits for the slot. An aborted caller leaves its own to the next one. */
  function letNext(given: Chunk): boolean {
    const waiter = queueInTurn()?.shift()
    if (waiter === undefined) return false
    const { lane } = waiter.ticket
    if (queues[lane].length > 0) waitsSince.set(lane, clock.now())
    else waitsSince.delete(lane)
    waiter.pass(passOf(given))
    return true
  }

  function passOf(given: Chunk): Pass {
    const { at, stepMs } = given.slots
    const leaveToOthers = (): void => {
      const own = { ...given, slots: { at, stepMs, left: 1 } }
      // Other processes may wait for it where nobody does here.
      const isGood = at >= pausedUntil && lateFor(own) <= SLOT_SLACK_MS
      if (!isGood || !letNext(own)) tell(slots.release(own.slots))
    }
    let late = 0
    const isInTime = (taken: Instant): boolean =>
      late + longestSince(clock, taken) <= LEAVING_SLACK_MS
    const sent = (sentAt: number): void => {
      if (slots.sent !== undefined) tell(slots.sent(at, sentAt))
    }
    return openPass({ isInTime, leaveToOthers, sent }, () => {
      late = lateFor(given)
      return late <= SLOT_SLACK_MS
    })
  }

  /** The ways of a call's time: taken, and then used or given back. */
  function openPass(
    of: {
      readonly isInTime: (taken: Instant) => boolean
      readonly leaveToOthers: () => void
      readonly sent: (at: number) => void
    },
    isThere: () => boolean,
  ): Pass {
    let taken: Instant | undefined
    let isGivenBack = false
    const giveBack = (): void => {
      if (isGivenBack) return
      isGivenBack = true
      if (taken !== undefined) calls--
      of.leaveToOthers()
    }
    return {
      giveBack,
      take() {
        if (!isThere()) {
          giveBack()
          return false
        }
        taken = instantOf(clock)
        calls++
        return true
      },
      isGood: () => !isGivenBack && taken !== undefined && of.isInTime(taken),
      sent(at) {
        if (!isGivenBack) of.sent(at)
      },
    }
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
      refuseAll(error)
    } finally {
      serving = false
    }
    // Who came when it was just over.
    if (queueInTurn() !== undefined) void wake()
  }

  function refuseAll(error: unknown): void {
    for (const lane of LANES) for (const waiter of queues[lane].splice(0)) waiter.refuse(error)
  }

  function enqueue(waiter: Waiter): void {
    const queue = queues[waiter.ticket.lane]
    const before = queue.findIndex(other => other.ticket.order > waiter.ticket.order)
    if (before < 0) queue.push(waiter)
    else queue.splice(before, 0, waiter)
    const { lane } = waiter.ticket
    if (!waitsSince.has(lane)) waitsSince.set(lane, clock.now())
  }

  /** Where nothing limits the calls. */
  const unlimited = (): Pass =>
    openPass(
      {
        isInTime: taken => longestSince(clock, taken) <= UNLIMITED_GOOD_MS,
        leaveToOthers: nothing,
        sent: nothing,
      },
      () => true,
    )

  return {
    callsPerSecond,
    currentRate: () => rate.current(),
    calls: () => calls,
    latencySeconds: () => latency,
    waiting: () => ({
      traveller: queues.traveller.length,
      normal: queues.normal.length,
      background: queues.background.length,
    }),
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
        return unlimited()
      }
      return await new Promise<Pass>((resolve, reject) => {
        const abort = (): void => {
          const queue = queues[ticket.lane]
          const at = queue.indexOf(waiter)
          if (at >= 0) queue.splice(at, 1)
          reject(new SftAbortedError('given up before it was sent'))
        }
        const settled = (): void => ticket.signal?.removeEventListener('abort', abort)
        const waiter: Waiter = {
          ticket,
          pass: pass => {
            settled()
            resolve(pass)
          },
          refuse: error => {
            settled()
            reject(error)
          },
        }
        ticket.signal?.addEventListener('abort', abort, { once: true })
        enqueue(waiter)
        void wake()
      })
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
      refuseAll(new SftAbortedError('the connection to the account was closed'))
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

/**
 * The rate in force. Halved when throttled, once for all calls that were in flight; then it grows by a
 * constant a second: fast up to just below the rate that was too much, slowly beyond.
 */
function createAdaptiveRate(configured: number, clock: Pick<Clock, 'now'>) {
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
    halve(sentAt: number, resumesAt: number): void {
      if (configured === Number.POSITIVE_INFINITY || sentAt < halvedAt) return
      const tooMuch = current()
      safe = tooMuch * 0.85
      base = Math.max(tooMuch / 2, configured / 100)
      since = resumesAt
      halvedAt = clock.now()
    },
  }
}
