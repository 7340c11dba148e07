import { SftError, SftUnknownOutcomeError } from './errors.ts'

/** How a write ended. `unsettled`: interrupted before reading could tell; the announcement stands. */
export type WriteOutcome<Result> =
  | { readonly status: 'done'; readonly result: Result; readonly how: 'answered' | 'found' }
  | { readonly status: 'failed'; readonly error: SftError }
  | { readonly status: 'unsettled'; readonly error: SftUnknownOutcomeError }

/** One write, in the parts that settling needs. All of them are the caller's effects. */
export interface AnnouncedWrite<Result> {
  /** Makes the intent durable and returns its ID; called before each sending. */
  readonly announce: () => Promise<string>
  readonly send: () => Promise<Result>
  /** Looks for the write's effect on the account; undefined: not there. */
  readonly find: () => Promise<Result | undefined>
  /** Makes the end of an announced write durable. `absent`: known not to have happened. */
  readonly conclude: (
    intentId: string,
    outcome: 'failed' | 'absent',
    error: SftError,
  ) => Promise<void>
  /** Seconds after sending by which it has happened or never will. */
  readonly settleSeconds: number
  /** Runs announcing and sending as one task, where few may go on at once. */
  readonly slot?: <Value>(task: () => Promise<Value>) => Promise<Value>
  readonly onSettling?: (error: SftUnknownOutcomeError) => void
}

/** Clock and sleep, handed in so that tests and shutdown can take part. */
export interface Clock {
  readonly now: () => number
  /** Rejects where the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/**
 * Polls `find` at 1, 2, 4 … seconds until it answers or until `deadline` (ms) has passed, with one last
 * look after it: a timed-out POST goes on running on the platform (contract 1.9). Throws what `find`
 * throws: an account that cannot be read settles nothing.
 */
export async function settle<Result>(
  find: () => Promise<Result | undefined>,
  deadline: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result | undefined> {
  for (let wait = 1000; ; wait *= 2) {
    const late = clock.now() >= deadline
    const found = await find()
    if (found !== undefined || late) return found
    await clock.sleep(Math.max(1, Math.min(wait, deadline - clock.now())), signal)
  }
}

/**
 * Announces a write, sends it, and settles an unknown outcome by reading. Absent after the settle time,
 * it is sent once more under a new intent; unknown and absent again, it has failed. The caller records a
 * `done` result, so that the ID and the end of the intent are one durable entry.
 */
export async function writeOnce<Result>(
  write: AnnouncedWrite<Result>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<WriteOutcome<Result>> {
  const slot = write.slot ?? (task => task())
  for (let attempt = 1; ; attempt++) {
    const sent = await slot(() => announceAndSend(write))
    if ('result' in sent) return { status: 'done', result: sent.result, how: 'answered' }
    if (!(sent.error instanceof SftUnknownOutcomeError)) {
      await write.conclude(sent.intentId, 'failed', sent.error)
      return { status: 'failed', error: sent.error }
    }
    const unknown = sent.error
    write.onSettling?.(unknown)
    let found: Result | undefined
    try {
      found = await settle(write.find, unknown.sentAt + write.settleSeconds * 1000, clock, signal)
    } catch (error) {
      if (signal?.aborted || error instanceof SftError)
        return { status: 'unsettled', error: unknown }
      throw error
    }
    if (found !== undefined) return { status: 'done', result: found, how: 'found' }
    await write.conclude(sent.intentId, 'absent', unknown)
    if (attempt === 2 || signal?.aborted) return { status: 'failed', error: unknown }
  }
}

async function announceAndSend<Result>(
  write: AnnouncedWrite<Result>,
): Promise<{ readonly result: Result } | { readonly error: SftError; readonly intentId: string }> {
  const intentId = await write.announce()
  try {
    return { result: await write.send() }
  } catch (error) {
    if (error instanceof SftError) return { error, intentId }
    throw error
  }
}
