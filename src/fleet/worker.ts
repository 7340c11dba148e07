import type { Dispatcher, OpenDispatcher } from './dispatcher.ts'
import type { AtWork, Duty, WorkerEvent } from './duty.ts'
import type { Fleet } from './fleet.ts'

export interface WorkerOptions {
  /** What it is there for. */
  readonly duties: readonly Duty[]
  /** The database that keeps the work. */
  readonly address: string
  readonly openDispatcher: OpenDispatcher
  /** Where it tells that it is alive; undefined: nowhere. */
  readonly fleet?: Fleet
  readonly onEvent?: (event: WorkerEvent) => void
  /** Seconds between two looks for work that was left; 2 by default. */
  readonly everySeconds?: number
}

/** A worker that runs until it is disposed of. */
export interface Worker extends AsyncDisposable {
  /** Whether the last look went well, and when it was (ISO time); undefined before the first. */
  health(): { readonly isReady: boolean; readonly lookedAt: string | undefined }
}

const EVERY_SECONDS = 2
/** What is known of work that ended is kept for so long. */
const KEPT_MS = 24 * 3600 * 1000
const FORGET_EVERY_MS = 10 * 60_000

/**
 * Does what nobody waits for, duty by duty: it looks for work, gives it to the fleet, and does what the fleet gives
 * to it. Throws what opening the engine throws.
 */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { duties, address, openDispatcher, onEvent = () => {} } = options
  const { everySeconds = EVERY_SECONDS, fleet } = options
  const since = new Date()
  const closing = new AbortController()
  const at: AtWork = { tell: onEvent, closing: closing.signal }
  let lookedAt: string | undefined
  let isReady = false

  const trouble = (error: unknown) =>
    onEvent({
      type: 'trouble',
      message: error instanceof Error ? error.message : String(error),
    })

  const dispatcher = await openDispatcher({
    address,
    tasks: duties.map(duty => ({
      kind: duty.kind,
      atOnce: duty.atOnce,
      work: about => duty.work(about, at),
    })),
    onError: trouble,
  })

  /** One duty that cannot be looked after holds no other one up. */
  const look = async (): Promise<void> => {
    await fleet?.tellAlive(since)
    const looks = duties.map(async duty => {
      for (const work of await duty.look(at)) await dispatcher.give(work)
    })
    for (const look of await Promise.allSettled(looks))
      if (look.status === 'rejected') throw look.reason
  }

  let looking = Promise.resolve()
  const lookAgain = (): void => {
    looking = looking
      .then(look)
      .then(() => {
        isReady = true
        lookedAt = new Date().toISOString()
      })
      .catch((error: unknown) => {
        isReady = false
        if (!closing.signal.aborted) trouble(error)
      })
  }
  lookAgain()
  const timers = [
    setInterval(lookAgain, everySeconds * 1000),
    setInterval(() => forgetOld(dispatcher, fleet).catch(trouble), FORGET_EVERY_MS),
  ]

  return {
    health: () => ({ isReady, lookedAt }),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      closing.abort()
      await looking
      await dispatcher[Symbol.asyncDispose]()
      await fleet?.tellAlive(undefined)
    },
  }
}

async function forgetOld(dispatcher: Dispatcher, fleet: Fleet | undefined): Promise<void> {
  const before = new Date(Date.now() - KEPT_MS)
  await dispatcher.forget(before)
  await fleet?.forget(before)
}
