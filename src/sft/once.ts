import { type Clock, instantOf, shortestSince } from '../clock.ts'
import { type Finding, notKnown } from '../finding.ts'
import { agingAnnouncement, type SentAnnouncement } from './announcement.ts'
import type { Announcement } from './api.ts'
import { SftAbortedError, SftError, SftRejectedError, SftUnknownOutcomeError } from './errors.ts'

/**
 * How a write ended. `unsettled`: reading could not tell, or was interrupted; the announcement stands.
 * `adopted`: the platform said no, and what was to be made or done is there all the same.
 */
export type WriteOutcome<Result> =
  | {
      readonly status: 'done'
      readonly result: Result
      readonly how: 'answered' | 'found' | 'adopted'
    }
  | { readonly status: 'failed'; readonly error: SftError }
  | {
      readonly status: 'unsettled'
      readonly error: SftUnknownOutcomeError | SftRejectedError
      /** Why reading did not tell. */
      readonly reason: string
    }

/** One write, in the parts that settling needs. All of them are the caller's effects. */
export interface AnnouncedWrite<Result> {
  /** Makes the intent durable and returns its ID; called before each sending. */
  readonly announce: () => Promise<string>
  /** Sends it, with the announcement in the options of each write. */
  readonly send: (announcement: Announcement) => Promise<Result>
  /** In place of one that grows old by itself. */
  readonly announcement?: SentAnnouncement
  /** Looks for the write's effect on the account. Only *not there* lets the write be sent again. */
  readonly find: () => Promise<Finding<Result>>
  /**
   * Looks for the effect of a write that the platform refused, before the refusal is recorded: what it
   * executed although it said no would be lost otherwise. Absent: a refusal is believed.
   */
  readonly findRefused?: () => Promise<Finding<Result>>
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

/**
 * Polls `find` at 1, 2, 4 … seconds until the effect is there or until `deadline` (ms) has passed, with one
 * last look after it, which decides: a timed-out POST goes on running on the platform (contract 1.9).
 * Throws what `find` throws: an account that cannot be read settles nothing.
 */
export async function settle<Result>(
  find: () => Promise<Finding<Result>>,
  deadline: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Finding<Result>> {
  const begun = instantOf(clock)
  // A wall clock that was set forward in the meantime gives the platform no time.
  const left = () => deadline - begun.wall - shortestSince(clock, begun)
  for (let wait = 1000; ; wait *= 2) {
    const late = left() <= 0
    const finding = await find()
    if (finding.kind === 'there' || late) return finding
    await clock.sleep(Math.max(1, Math.min(wait, left())), signal)
  }
}

/**
 * Announces a write, sends it, and settles an unknown outcome by reading. Known to be absent after the
 * settle time, it is sent once more under a new intent; unknown and absent again, it has failed: later where
 * each answer said that it was not executed. A refusal has failed, unless `findRefused` finds the effect.
 * Where reading tells neither, it is unsettled. The caller records a `done` result, so that the ID and the end of the intent are one durable entry.
 */
export async function writeOnce<Result>(
  write: AnnouncedWrite<Result>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<WriteOutcome<Result>> {
  const slot = write.slot ?? (task => task())
  for (let attempt = 1; ; attempt++) {
    const sent = await slot(() => announceAndSend(write, clock))
    if ('result' in sent) return { status: 'done', result: sent.result, how: 'answered' }
    if (!(sent.error instanceof SftUnknownOutcomeError))
      return await afterRefusal(write, sent.intentId, sent.error)
    const unknown = sent.error
    write.onSettling?.(unknown)
    const finding = await settleWrite(write, sent.announcement, unknown, clock, signal)
    if (finding.kind === 'there') return { status: 'done', result: finding.value, how: 'found' }
    if (finding.kind === 'not known')
      return { status: 'unsettled', error: unknown, reason: finding.reason }
    await write.conclude(sent.intentId, 'absent', unknown)
    if (attempt >= (unknown.saysNo ? SENDS_TOLD_NO : SENDS) || signal?.aborted)
      return { status: 'failed', error: unknown }
  }
}

/** The end of a write that was not executed, as far as its answer tells. */
async function afterRefusal<Result>(
  write: AnnouncedWrite<Result>,
  intentId: string,
  error: SftError,
): Promise<WriteOutcome<Result>> {
  if (error instanceof SftRejectedError && write.findRefused !== undefined) {
    const finding = await findOrDoubt(write.findRefused)
    if (finding.kind === 'there') return { status: 'done', result: finding.value, how: 'adopted' }
    if (finding.kind === 'not known') return { status: 'unsettled', error, reason: finding.reason }
  }
  await write.conclude(intentId, 'failed', error)
  return { status: 'failed', error }
}

async function findOrDoubt<Result>(find: () => Promise<Finding<Result>>): Promise<Finding<Result>> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof SftError) return notKnown(error.message)
    throw error
  }
}

/** What became of a write of unknown outcome; an account that cannot be read leaves it not known. */
async function settleWrite<Result>(
  write: AnnouncedWrite<Result>,
  announcement: SentAnnouncement,
  unknown: SftUnknownOutcomeError,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Finding<Result>> {
  try {
    const deadline = settleBy(announcement, unknown, write.settleSeconds, clock)
    return await settle(write.find, deadline, clock, signal)
  } catch (error) {
    if (signal?.aborted) return notKnown('the run was told to stop before reading could tell')
    if (error instanceof SftError) return notKnown(error.message)
    throw error
  }
}

/** Times that a write is sent that reading shows not to have happened. */
const SENDS = 2
/** The same where each answer said that it was not executed, as of an account that is throttled. */
const SENDS_TOLD_NO = 5
/** Seconds after which such an answer is believed, where reading agrees then and at once. */
const TOLD_NO_SECONDS = 2

/** The time (ms) from which a write that was sent has happened or never will. */
function settleBy(
  announcement: SentAnnouncement,
  unknown: SftUnknownOutcomeError,
  settleSeconds: number,
  clock: Clock,
): number {
  const now = clock.now()
  const sent = announcement.sent()
  const told = now - unknown.sentAt
  const passed = sent === undefined ? told : Math.min(told, shortestSince(clock, sent))
  const seconds = unknown.saysNo ? Math.min(settleSeconds, TOLD_NO_SECONDS) : settleSeconds
  return now + seconds * 1000 - passed
}

type Sent<Result> =
  | { readonly result: Result }
  | {
      readonly error: SftError
      readonly intentId: string
      readonly announcement: SentAnnouncement
    }

async function announceAndSend<Result>(
  write: AnnouncedWrite<Result>,
  clock: Clock,
): Promise<Sent<Result>> {
  const made = instantOf(clock)
  let intentId = await write.announce()
  const renew = async () => {
    await write.conclude(intentId, 'failed', new SftAbortedError('announced too long ago'))
    intentId = await write.announce()
  }
  const announcement = write.announcement ?? agingAnnouncement(clock, made, renew)
  try {
    return { result: await write.send(announcement) }
  } catch (error) {
    if (error instanceof SftError) return { error, intentId, announcement }
    throw error
  }
}
