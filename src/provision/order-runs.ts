import type { Desk } from './desk.ts'
import { OrderConflictError } from './errors.ts'
import { explainError } from './explain.ts'
import type { OrderRow } from './ledger.ts'
import type { OrderContent } from './order.ts'
import { runOrder } from './run-order.ts'

/** The orders that this process works on: one run an order, however many wait for it. */
export interface OrderRuns {
  /** Runs an order, or joins its run. The run goes on until the last of those who wait has given up. */
  run(
    orderId: string,
    place: (OrderContent & { readonly hash: string }) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OrderRow>
  /** Makes the run of an order stop at the next safe place, and waits for that. */
  stop(orderId: string): Promise<void>
  stopAll(): Promise<void>
  readonly size: number
}

interface Run {
  /** Absent: the order is gone on with, whatever its content. */
  readonly hash: string | undefined
  readonly end: Promise<OrderRow>
  readonly controller: AbortController
  waiting: number
}

export function openOrderRuns(desk: Desk): OrderRuns {
  const runs = new Map<string, Run>()

  const start = (orderId: string, place: Parameters<OrderRuns['run']>[1]): Run => {
    const controller = new AbortController()
    const job = {
      orderId,
      ...(place === undefined ? {} : { place }),
      runOther: (other: string) => run(other, undefined, controller.signal),
    }
    const end = runOrder(desk, job, controller.signal).finally(() => runs.delete(orderId))
    // A run whose callers have all given up has told its error as an event.
    end.catch(() => undefined)
    const made: Run = { hash: place?.hash, end, controller, waiting: 0 }
    runs.set(orderId, made)
    return made
  }

  const joinable = async (orderId: string, place: Parameters<typeof start>[1]): Promise<Run> => {
    for (;;) {
      const current = runs.get(orderId)
      if (current === undefined) return start(orderId, place)
      const { hash } = current
      if (hash !== undefined && place !== undefined && hash !== place.hash)
        throw new OrderConflictError(orderId, 'is being placed with other content')
      if (!current.controller.signal.aborted) return current
      await Promise.allSettled([current.end])
    }
  }

  const run: OrderRuns['run'] = async (orderId, place, signal) => {
    if (signal?.aborted) throw explainError(orderId, signal.reason)
    const current = await joinable(orderId, place)
    current.waiting += 1
    try {
      return await untilAborted(current.end, signal)
    } catch (error) {
      throw explainError(orderId, error)
    } finally {
      current.waiting -= 1
      if (current.waiting === 0) current.controller.abort()
    }
  }

  const stop = async (orderId: string): Promise<void> => {
    const current = runs.get(orderId)
    current?.controller.abort()
    await Promise.allSettled([current?.end])
  }

  return {
    run,
    stop,
    async stopAll() {
      await Promise.all([...runs.keys()].map(stop))
    },
    get size() {
      return runs.size
    },
  }
}

/** The promise's end, or the signal's, whichever comes first. */
async function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return await promise
  let stopWaiting = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    stopWaiting = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stopWaiting()
  }
}
