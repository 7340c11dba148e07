import { type Clock, instantOf, shortestSince } from '../clock.ts'
import { type Finding, lookTwice, notKnown, notThere } from '../finding.ts'
import { runSteps } from '../machine.ts'
import {
  announcedWrite,
  type WriteEvidence,
  type WriteState,
  type WriteStep,
} from './announced-write.ts'
import { agingAnnouncement, type SentAnnouncement } from './announcement.ts'
import type { Announcement } from './api.ts'
import { SftAbortedError, SftError, type SftUnknownOutcomeError } from './errors.ts'

/** How a write ended. */
export type WriteOutcome<Result> = Extract<
  WriteState<Result>,
  { readonly is: 'done' | 'failed' | 'unsettled' }
>

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
 * Polls `find` at 1, 2, 4 … seconds until the effect is there or until `deadline` (ms) has passed; what is
 * read then decides: a timed-out POST goes on running on the platform (contract 1.9), and that it is not there
 * takes two readings.
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
  for (let wait = 1000; left() > 0; wait *= 2) {
    const finding = await find()
    if (finding.kind === 'there') return finding
    await clock.sleep(Math.max(1, Math.min(wait, left())), signal)
  }
  return await lookTwice(find)
}

/**
 * Announces a write, sends it, and settles an unknown outcome by reading: at most one effect, by as many
 * sendings as reading allows (`announcedWrite`). The caller records a `done` result, so that the ID and the end
 * of the intent are one durable entry.
 */
export async function writeAndSettle<Result>(
  write: AnnouncedWrite<Result>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<WriteOutcome<Result>> {
  const slot = write.slot ?? (task => task())
  const perform = async (
    step: WriteStep,
    state: WriteState<Result>,
  ): Promise<WriteEvidence<Result>> => {
    if (step === 'send') return await slot(() => announceAndSend(write, clock))
    if (step === 'conclude' && 'sending' in state) {
      const { sending, error } = state
      await write.conclude(sending.intentId, state.is === 'absent' ? 'absent' : 'failed', error)
      return { saw: 'conclusion', stopped: signal?.aborted === true }
    }
    if (state.is === 'unclear') {
      write.onSettling?.(state.error)
      return { saw: 'effect', finding: await settleWrite(write, state, clock, signal) }
    }
    return { saw: 'effect', finding: await findOrDoubt(write.findRefused ?? believe) }
  }
  const start: WriteState<Result> = { is: 'to send', sends: 0 }
  const end = await runSteps(announcedWrite<Result>(), start, perform)
  if (end.is === 'done' || end.is === 'failed' || end.is === 'unsettled') return end
  throw new TypeError(`a write cannot end as "${end.is}"`)
}

/** A refusal that nobody looks behind. */
const believe = async () => notThere('it was refused')

/** An account that cannot be read tells neither. */
export async function findOrDoubt<Result>(
  find: () => Promise<Finding<Result>>,
): Promise<Finding<Result>> {
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
  { sending, error: unknown }: Extract<WriteState<Result>, { readonly is: 'unclear' }>,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Finding<Result>> {
  try {
    const deadline = settleBy(sending.announcement, unknown, write.settleSeconds, clock)
    return await settle(write.find, deadline, clock, signal)
  } catch (error) {
    if (signal?.aborted) return notKnown('the run was told to stop before reading could tell')
    if (error instanceof SftError) return notKnown(error.message)
    throw error
  }
}

/** Seconds after which an answer that says that it was not executed is believed, where reading agrees then and at once. */
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

async function announceAndSend<Result>(
  write: AnnouncedWrite<Result>,
  clock: Clock,
): Promise<WriteEvidence<Result>> {
  const made = instantOf(clock)
  let intentId = await write.announce()
  const renew = async () => {
    await write.conclude(intentId, 'failed', new SftAbortedError('announced too long ago'))
    intentId = await write.announce()
  }
  const announcement = write.announcement ?? agingAnnouncement(clock, made, renew)
  try {
    return { saw: 'result', result: await write.send(announcement) }
  } catch (error) {
    if (error instanceof SftError)
      return { saw: 'error', error, sending: { intentId, announcement } }
    throw error
  }
}
