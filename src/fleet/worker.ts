import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Alone, Dispatcher, OpenDispatcher } from './dispatcher.ts'
import type { AtWork, Duty, WorkerEvent } from './duty.ts'
import type { Fleet } from './fleet.ts'
import { type Health, openHealth } from './health.ts'

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
  /** What is known of work that ended is kept for so many hours; 24 by default. */
  readonly keepHours?: number
  /** Where the depth of the queues is measured. */
  readonly telemetry?: Telemetry
}

/** How a worker was left. */
export interface Leaving {
  /** Pieces of work that did not end in time: others go on with them. */
  readonly left: number
  /** The account let it in no more. */
  readonly isRefused: boolean
}

/** A worker that runs until it is told to leave, or disposed of: that leaves at once. */
export interface Worker extends AsyncDisposable {
  health(): Health
  /** Takes no more work, and waits so many seconds for what is under way; what is not done then stops at a safe place. */
  leave(drainSeconds: number): Promise<Leaving>
}

const EVERY_SECONDS = 2
const KEEP_HOURS = 24
const FORGET_EVERY_MS = 10 * 60_000
/** What was told to stop gets so long to find a safe place. */
const STOP_MS = 5000

/**
 * Does what nobody waits for, duty by duty: it looks for work, gives it to the fleet, and does what the fleet gives
 * to it. Throws what opening the engine throws.
 */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { duties, address, openDispatcher, onEvent = () => {} } = options
  const { everySeconds = EVERY_SECONDS, keepHours = KEEP_HOURS, fleet } = options
  const since = new Date()
  const health = openHealth(everySeconds)
  const stopping = new AbortController()
  const closing = new AbortController()
  let underWay = 0
  let isRefused = false

  const tell = (event: WorkerEvent): void => {
    onEvent(event)
    if (event.type === 'finished') health.account('ok')
    if (event.type !== 'not finished') return
    // What else failed tells nothing of the account.
    if (ACCOUNT_TROUBLES.has(event.code)) health.account(event.message)
    // Whatever it took would fail, and count as an attempt.
    if (event.code === 'ACCOUNT_REFUSED') refuse()
  }
  const alone: Alone = (name, work) => dispatcher.alone(name, work)
  const at: AtWork = { tell, stopping: stopping.signal, closing: closing.signal, alone }
  const trouble = (error: unknown) => onEvent({ type: 'trouble', message: wordsOf(error) })

  const work = async (duty: Duty, about: string): Promise<string> => {
    underWay += 1
    try {
      return await duty.work(about, at)
    } finally {
      underWay -= 1
    }
  }
  const dispatcher = await openDispatcher({
    address,
    tasks: duties.map(duty => ({
      kind: duty.kind,
      atOnce: duty.atOnce,
      work: about => work(duty, about),
    })),
    onError: trouble,
  })

  /** One duty that cannot be looked after holds no other one up. */
  const look = async (): Promise<void> => {
    await fleet?.tellAlive(since)
    const looks = duties.map(async duty => {
      for (const found of await duty.look(at)) await dispatcher.give(found)
    })
    for (const look of await Promise.allSettled(looks))
      if (look.status === 'rejected') throw look.reason
  }

  let looking = Promise.resolve()
  const lookAgain = (): void => {
    looking = looking.then(look).then(health.looked, (error: unknown) => {
      if (stopping.signal.aborted) return
      health.lookFailed(wordsOf(error))
      trouble(error)
    })
  }
  lookAgain()
  const timers = [
    setInterval(lookAgain, everySeconds * 1000),
    setInterval(() => forgetOld(dispatcher, fleet, keepHours).catch(trouble), FORGET_EVERY_MS),
  ]
  const levels = options.telemetry?.levels(['sft.worker.queue'], async () => ({
    'sft.worker.queue': (await dispatcher.depth()).map(({ kind, state, count }) => ({
      value: count,
      by: { 'sft.work.kind': kind, 'sft.work.state': state },
    })),
  }))

  let leaving: Promise<Leaving> | undefined
  const leave = async (drainSeconds: number): Promise<Leaving> => {
    for (const timer of timers) clearInterval(timer)
    levels?.[Symbol.dispose]()
    stopping.abort()
    let left = 0
    const limit = setTimeout(() => {
      left = underWay
      closing.abort()
    }, drainSeconds * 1000)
    await Promise.all([looking, dispatcher.leave(drainSeconds * 1000 + STOP_MS)])
    clearTimeout(limit)
    await fleet?.tellAlive(undefined)
    return { left, isRefused }
  }
  const refuse = (): void => {
    if (isRefused) return
    isRefused = true
    health.takesNoWork('none is taken, since the account was refused: mend that and restart')
    leaving ??= leave(0)
    leaving.catch(trouble)
  }

  return {
    health: health.tell,
    leave(drainSeconds) {
      leaving ??= leave(drainSeconds)
      return leaving
    },
    async [Symbol.asyncDispose]() {
      leaving ??= leave(0)
      await leaving
    },
  }
}

/** Codes of errors that say something of the account, and not of the order. */
const ACCOUNT_TROUBLES: ReadonlySet<string> = new Set(['ACCOUNT_REFUSED', 'ACCOUNT_UNREACHABLE'])

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function forgetOld(
  dispatcher: Dispatcher,
  fleet: Fleet | undefined,
  hours: number,
): Promise<void> {
  const before = new Date(Date.now() - hours * 3_600_000)
  await dispatcher.forget(before)
  await fleet?.forget(before)
}
