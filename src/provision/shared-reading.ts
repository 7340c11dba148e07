import type { Lane } from '../sft/api.ts'
import { SftAbortedError } from '../sft/errors.ts'

/** One reading at a time, which all who ask for it while it runs share. */
export interface SharedReading {
  /** Reads; one that still waits in the background lane gives way to a traveller's. */
  next(lane: Lane): Promise<void>
  isRunning(): boolean
  /** Ends what runs, and resolves when it has ended. */
  stop(): Promise<void>
}

interface Running {
  readonly lane: Lane
  readonly controller: AbortController
  readonly done: Promise<void>
}

export function openSharedReading(
  read: (lane: Lane, signal: AbortSignal) => Promise<void>,
): SharedReading {
  let running: Running | undefined

  const start = (lane: Lane, earlier: Running | undefined): Running => {
    const controller = new AbortController()
    earlier?.controller.abort()
    const readAfter = async (): Promise<void> => {
      if (earlier !== undefined && (await wasRead(earlier.done))) return
      await read(lane, controller.signal)
    }
    return { lane, controller, done: readAfter() }
  }

  return {
    next(lane) {
      const earlier = running
      if (earlier !== undefined && (lane === 'background' || earlier.lane !== 'background'))
        return earlier.done
      const mine = start(lane, earlier)
      running = mine
      const ended = () => {
        if (running === mine) running = undefined
      }
      mine.done.then(ended, ended)
      return mine.done
    },
    isRunning: () => running !== undefined,
    async stop() {
      while (running !== undefined) {
        running.controller.abort()
        await Promise.allSettled([running.done])
      }
    },
  }
}

/** Whether what was told to give way was read all the same; throws what else went wrong. */
const wasRead = (done: Promise<void>): Promise<boolean> =>
  done.then(
    () => true,
    (error: unknown) => {
      if (error instanceof SftAbortedError) return false
      throw error
    },
  )
