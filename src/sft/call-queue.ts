import type { Clock } from '../clock.ts'
import type { Lane } from './api.ts'
import { SftAbortedError } from './errors.ts'

/** A place in the queue of one call, kept over its resends: a resent call goes before its lane. */
export interface Ticket {
  readonly order: number
  readonly lane: Lane
  readonly signal: AbortSignal | undefined
}

/** Those who wait for the time of a call, by lane: whoever waits longest in the first lane goes first. */
export interface CallQueue<Given> {
  /** Resolves with what is given to it. Throws `SftAbortedError` where the signal fires before. */
  wait(ticket: Ticket): Promise<Given>
  /** Gives something to whoever goes next; false where nobody waits. */
  serve(given: Given): boolean
  /** The place of the lane of whoever goes next; where nobody waits any more, that of the last one. */
  laneInTurn(): number
  count(): number
  countByLane(): Readonly<Record<Lane, number>>
  /** Lets nobody wait any more: each of them throws this. */
  refuseAll(error: unknown): void
}

interface Waiter<Given> {
  readonly ticket: Ticket
  readonly pass: (given: Given) => void
  readonly refuse: (error: unknown) => void
}

const LANES: readonly Lane[] = ['traveller', 'normal', 'background']
/** A lane in which somebody waits and nobody goes counts as one lane earlier after this time. */
const LANE_AGES_MS = 10_000

export function openCallQueue<Given>(clock: Pick<Clock, 'now'>): CallQueue<Given> {
  const queues: Readonly<Record<Lane, Waiter<Given>[]>> = {
    traveller: [],
    normal: [],
    background: [],
  }
  /** Since when a lane has had no turn that it wanted. */
  const waitsSince = new Map<Lane, number>()

  const queueInTurn = (): Waiter<Given>[] | undefined => {
    const now = clock.now()
    const rank = (lane: Lane, index: number): number =>
      index - Math.floor((now - (waitsSince.get(lane) ?? now)) / LANE_AGES_MS)
    const [first] = LANES.map((lane, index) => ({ lane, rank: rank(lane, index) }))
      .filter(({ lane }) => queues[lane].length > 0)
      .sort((one, other) => one.rank - other.rank)
    return first && queues[first.lane]
  }

  function enqueue(waiter: Waiter<Given>): void {
    const { lane, order } = waiter.ticket
    const queue = queues[lane]
    const before = queue.findIndex(other => other.ticket.order > order)
    if (before < 0) queue.push(waiter)
    else queue.splice(before, 0, waiter)
    if (!waitsSince.has(lane)) waitsSince.set(lane, clock.now())
  }

  return {
    wait: ticket =>
      new Promise<Given>((resolve, reject) => {
        const { signal } = ticket
        const abort = (): void => {
          const queue = queues[ticket.lane]
          const at = queue.indexOf(waiter)
          if (at >= 0) queue.splice(at, 1)
          reject(new SftAbortedError('given up before it was sent'))
        }
        const settled = (): void => signal?.removeEventListener('abort', abort)
        const waiter: Waiter<Given> = {
          ticket,
          pass: given => {
            settled()
            resolve(given)
          },
          refuse: error => {
            settled()
            reject(error)
          },
        }
        signal?.addEventListener('abort', abort, { once: true })
        enqueue(waiter)
      }),
    serve(given) {
      const waiter = queueInTurn()?.shift()
      if (waiter === undefined) return false
      const { lane } = waiter.ticket
      if (queues[lane].length > 0) waitsSince.set(lane, clock.now())
      else waitsSince.delete(lane)
      waiter.pass(given)
      return true
    },
    laneInTurn() {
      const lane = LANES.findIndex(lane => queues[lane].length > 0)
      return lane < 0 ? LANES.length - 1 : lane
    },
    count: () => LANES.reduce((sum, lane) => sum + queues[lane].length, 0),
    countByLane: () => ({
      traveller: queues.traveller.length,
      normal: queues.normal.length,
      background: queues.background.length,
    }),
    refuseAll(error) {
      for (const lane of LANES) for (const waiter of queues[lane].splice(0)) waiter.refuse(error)
    },
  }
}
