/** An announced write as a value: its states, and what each answer and each reading makes of it. */
import type { Finding } from '../finding.ts'
import type { Transitions } from '../machine.ts'
import type { SentAnnouncement } from './announcement.ts'
import { type SftError, SftRejectedError, SftUnknownOutcomeError } from './errors.ts'

/** One sending: by which intent, and how long ago. */
export interface Sending {
  readonly intentId: string
  readonly announcement: SentAnnouncement
}

/** How a result came about. `adopted`: the platform said no, and it is there all the same. */
type DoneBy = 'answered' | 'found' | 'adopted'

/** Where a write stands. The first one is the start, the last three are ends. */
export type WriteState<Result> =
  | { readonly is: 'to send'; readonly sends: number }
  /** It may be running still: only reading tells. */
  | {
      readonly is: 'unclear'
      readonly sends: number
      readonly sending: Sending
      readonly error: SftUnknownOutcomeError
    }
  /** The platform said no, which is looked at before it is believed. */
  | { readonly is: 'refused'; readonly sending: Sending; readonly error: SftRejectedError }
  /** Known not to have happened; the intent says so before anything else is done. */
  | {
      readonly is: 'absent'
      readonly sends: number
      readonly sending: Sending
      readonly error: SftUnknownOutcomeError
    }
  | { readonly is: 'not executed'; readonly sending: Sending; readonly error: SftError }
  | { readonly is: 'done'; readonly result: Result; readonly how: DoneBy }
  | { readonly is: 'failed'; readonly error: SftError }
  /** Reading could not tell, or was interrupted; the announcement stands. */
  | {
      readonly is: 'unsettled'
      readonly error: SftUnknownOutcomeError | SftRejectedError
      /** Why reading did not tell. */
      readonly reason: string
    }

/**
 * `send`: announce it, and send it. `settle`: read until it is there, or until it can come no more.
 * `look`: read once whether what was refused is there. `conclude`: make the end of the intent durable.
 */
export type WriteStep = 'send' | 'settle' | 'look' | 'conclude'

export type WriteEvidence<Result> =
  | { readonly saw: 'result'; readonly result: Result }
  | { readonly saw: 'error'; readonly sending: Sending; readonly error: SftError }
  | { readonly saw: 'effect'; readonly finding: Finding<Result> }
  | { readonly saw: 'conclusion'; readonly stopped: boolean }

/** Times that a write is sent that reading shows not to have happened. */
const SENDS = 2
/** The same where each answer said that it was not executed, as of an account that is throttled. */
const SENDS_TOLD_NO = 5

/**
 * Known to be absent after the settle time, a write is sent once more under a new intent; unknown and absent
 * again, it has failed: later where each answer said that it was not executed. Where reading tells neither,
 * it is unsettled, and never sent again.
 */
export const announcedWrite = <Result>(): Transitions<
  WriteState<Result>,
  WriteStep,
  WriteEvidence<Result>
> => ({
  'to send': {
    step: 'send',
    on: {
      result: (_state, { result }) => ({ is: 'done', result, how: 'answered' }),
      error: ({ sends }, { sending, error }) => {
        if (error instanceof SftUnknownOutcomeError)
          return { is: 'unclear', sends: sends + 1, sending, error }
        return error instanceof SftRejectedError
          ? { is: 'refused', sending, error }
          : { is: 'not executed', sending, error }
      },
    },
  },
  unclear: {
    step: 'settle',
    on: {
      effect: (state, { finding }) =>
        finding.kind === 'not there'
          ? { ...state, is: 'absent' }
          : seen(finding, 'found', state.error),
    },
  },
  refused: {
    step: 'look',
    on: {
      effect: (state, { finding }) =>
        finding.kind === 'not there'
          ? { ...state, is: 'not executed' }
          : seen(finding, 'adopted', state.error),
    },
  },
  absent: {
    step: 'conclude',
    on: {
      conclusion: ({ sends, error }, { stopped }) =>
        stopped || sends >= (error.saysNo ? SENDS_TOLD_NO : SENDS)
          ? { is: 'failed', error }
          : { is: 'to send', sends },
    },
  },
  'not executed': {
    step: 'conclude',
    on: { conclusion: ({ error }) => ({ is: 'failed', error }) },
  },
  done: {},
  failed: {},
  unsettled: {},
})

const seen = <Result>(
  finding: Exclude<Finding<Result>, { readonly kind: 'not there' }>,
  how: DoneBy,
  error: SftUnknownOutcomeError | SftRejectedError,
): WriteState<Result> =>
  finding.kind === 'there'
    ? { is: 'done', result: finding.value, how }
    : { is: 'unsettled', error, reason: finding.reason }
