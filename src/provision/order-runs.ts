import { untilAborted } from '../until-aborted.ts'
import { GaveUpWaitingError, OrderConflictError, ProvisionError } from './errors.ts'
import { explainError, reasonOf } from './explain.ts'
import { type OrderEnd, type PlacedContent, runOrder } from './run-order.ts'
import type { SellingContext } from './selling-context.ts'

/** Work that is done once for all who ask for it at the same time. */
export interface SharedWork<Result> {
  /** Begins the work of a key, or joins it. It goes on until the last of those who wait has given up. */
  join(key: string, request: WorkRequest<Result>, signal: AbortSignal | undefined): Promise<Result>
  /** Makes it stop at the next safe place, tells all who wait why, and waits for that. */
  stop(key: string, why: ProvisionError): Promise<void>
  stopAll(why: ProvisionError): Promise<void>
}

interface WorkRequest<Result> {
  readonly start: (signal: AbortSignal) => Promise<Result>
  /** What is asked for. Two that differ cannot share; absent: whatever is under way. */
  readonly content?: string
}

interface Work<Result> {
  readonly content: string | undefined
  readonly end: Promise<Result>
  readonly controller: AbortController
  waiting: number
}

export function openSharedWork<Result>(): SharedWork<Result> {
  const works = new Map<string, Work<Result>>()

  const begin = (key: string, { start, content }: WorkRequest<Result>): Work<Result> => {
    const controller = new AbortController()
    const end = start(controller.signal).finally(() => works.delete(key))
    // Work whose callers have all given up has told its error as an event.
    end.catch(() => undefined)
    const made: Work<Result> = { content, end, controller, waiting: 0 }
    works.set(key, made)
    return made
  }

  const joinable = async (key: string, request: WorkRequest<Result>): Promise<Work<Result>> => {
    for (;;) {
      const current = works.get(key)
      if (current === undefined) return begin(key, request)
      const { content } = current
      if (content !== undefined && request.content !== undefined && content !== request.content)
        throw new OrderConflictError(key, 'is being placed with other content')
      if (!current.controller.signal.aborted) return current
      await Promise.allSettled([current.end])
    }
  }

  const stop: SharedWork<Result>['stop'] = async (key, why) => {
    const current = works.get(key)
    current?.controller.abort(why)
    await Promise.allSettled([current?.end])
  }

  return {
    async join(key, request, signal) {
      if (signal?.aborted) throw gaveUp(key, signal)
      const current = await joinable(key, request)
      current.waiting += 1
      try {
        return await untilAborted(current.end, signal)
      } catch (error) {
        if (signal?.aborted && error === signal.reason) throw gaveUp(key, signal)
        const why: unknown = current.controller.signal.reason
        throw why instanceof ProvisionError ? why : explainError(key, error)
      } finally {
        current.waiting -= 1
        if (current.waiting === 0) current.controller.abort()
      }
    },
    stop,
    async stopAll(why) {
      await Promise.all([...works.keys()].map(key => stop(key, why)))
    },
  }
}

/** A caller's signal may have any reason. */
const gaveUp = (orderId: string, { reason }: AbortSignal): ProvisionError =>
  reason instanceof ProvisionError
    ? reason
    : new GaveUpWaitingError(orderId, reasonOf(reason), { cause: reason })

/** The orders that this process works on: one run an order, however many wait for it. */
export interface OrderRuns {
  run(
    orderId: string,
    place: PlacedContent | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OrderEnd>
  stop: SharedWork<OrderEnd>['stop']
  stopAll: SharedWork<OrderEnd>['stopAll']
}

export function openOrderRuns(context: SellingContext): OrderRuns {
  const work = openSharedWork<OrderEnd>()
  const run: OrderRuns['run'] = (orderId, place, signal) => {
    const start = (own: AbortSignal) => {
      const job = {
        orderId,
        ...(place === undefined ? {} : { place }),
        runOther: (other: string) => run(other, undefined, own),
      }
      return context.lease.during(() => runOrder(context, job, own))
    }
    return work.join(
      orderId,
      place === undefined ? { start } : { start, content: place.hash },
      signal,
    )
  }
  return { run, stop: work.stop, stopAll: work.stopAll }
}
