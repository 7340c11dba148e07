import type { Provisioner } from '../provision/api.ts'
import { ProvisionError } from '../provision/errors.ts'
import type { Dispatcher, OpenDispatcher } from './dispatcher.ts'

/** What a worker tells of what it does. */
export type WorkerEvent =
  | { readonly type: 'given out'; readonly orderId: string; readonly attempt: number }
  | { readonly type: 'finished'; readonly orderId: string; readonly status: string }
  | { readonly type: 'not finished'; readonly orderId: string; readonly message: string }
  | { readonly type: 'trouble'; readonly message: string }

export interface WorkerOptions {
  readonly provisioner: Pick<Provisioner, 'giveOut' | 'finish'>
  /** The database of the ledger. */
  readonly address: string
  readonly openDispatcher: OpenDispatcher
  readonly onEvent?: (event: WorkerEvent) => void
  /** Orders that this process works on at once; 8 by default. */
  readonly atOnce?: number
  /** Seconds between two looks for orders that were left; 2 by default. */
  readonly everySeconds?: number
}

/** A worker that runs until it is disposed of. */
export interface Worker extends AsyncDisposable {
  /** Whether the last look went well, and when it was (ISO time); undefined before the first. */
  health(): { readonly isReady: boolean; readonly lookedAt: string | undefined }
}

const AT_ONCE = 8
const EVERY_SECONDS = 2
/** What is known of work that ended is kept for so long. */
const KEPT_MS = 24 * 3600 * 1000
const FORGET_EVERY_MS = 10 * 60_000

/**
 * Finishes the orders that nobody works on any more, of whichever process they were: it looks for them, each is given
 * to one of the workers of the fleet, and gone on with where it stands. Throws what opening the engine throws.
 */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { provisioner, address, openDispatcher, onEvent = () => {} } = options
  const { atOnce = AT_ONCE, everySeconds = EVERY_SECONDS } = options
  const closing = new AbortController()
  let lookedAt: string | undefined
  let isReady = false

  const finish = async (orderId: string): Promise<string> => {
    try {
      const { status } = await provisioner.finish({ orderId, signal: closing.signal })
      onEvent({ type: 'finished', orderId, status })
      return status
    } catch (error) {
      // The order keeps why; it is given out again after a while.
      if (!(error instanceof ProvisionError)) throw error
      onEvent({ type: 'not finished', orderId, message: error.message })
      return error.code
    }
  }

  const trouble = (error: unknown) =>
    onEvent({
      type: 'trouble',
      message: error instanceof Error ? error.message : String(error),
    })

  const dispatcher = await openDispatcher({ address, atOnce, work: finish, onError: trouble })

  const look = async (): Promise<void> => {
    for (const { orderId, attempt } of await provisioner.giveOut({})) {
      await dispatcher.give({ id: `${orderId}#${attempt}`, about: orderId })
      onEvent({ type: 'given out', orderId, attempt })
    }
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
    setInterval(() => forgetOld(dispatcher).catch(trouble), FORGET_EVERY_MS),
  ]

  return {
    health: () => ({ isReady, lookedAt }),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      closing.abort()
      await looking
      await dispatcher[Symbol.asyncDispose]()
    },
  }
}

const forgetOld = (dispatcher: Dispatcher): Promise<void> =>
  dispatcher.forget(new Date(Date.now() - KEPT_MS))
