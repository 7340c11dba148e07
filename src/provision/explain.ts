import { errorCode } from '../durable/files.ts'
import { JournalDamagedError } from '../durable/journal.ts'
import { LockedError } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { PlainError } from '../plain-error.ts'
import { hideActivationCodes } from '../sft/activation-code.ts'
import {
  SftAbortedError,
  SftCredentialsError,
  SftError,
  SftNoAccessError,
  SftThrottledError,
} from '../sft/errors.ts'
import { StateDamagedError } from '../state/state-errors.ts'
import {
  AccountRefusedError,
  AccountUnreachableError,
  GaveUpWaitingError,
  ProvisionError,
  StorageError,
  UnexpectedError,
} from './errors.ts'

/** What an error says, without any activation code that a platform may have put into its words. */
export const reasonOf = (error: unknown): string =>
  hideActivationCodes(error instanceof Error ? error.message : String(error), '(activation code)')

/** The error that a portal sees for one of the platform's, of the files', or of this program. */
export function explainError(orderId: string | undefined, error: unknown): ProvisionError {
  if (error instanceof ProvisionError) return error
  const reason = reasonOf(error)
  const options = { cause: causeOf(error) }
  if (error instanceof SftCredentialsError || error instanceof SftNoAccessError)
    return new AccountRefusedError(orderId, reason, options)
  if (error instanceof SftThrottledError || error instanceof SftAbortedError || isAbort(error))
    return new GaveUpWaitingError(orderId, reason, options)
  if (error instanceof SftError) return new AccountUnreachableError(orderId, reason, options)
  if (isOfFiles(error)) return new StorageError(orderId, reason, options)
  return new UnexpectedError(orderId, reason, options)
}

const isOfFiles = (error: unknown): boolean =>
  error instanceof SnapshotError ||
  error instanceof JournalDamagedError ||
  error instanceof LockedError ||
  error instanceof StateDamagedError ||
  error instanceof PlainError ||
  (error instanceof Error && 'syscall' in error && errorCode(error) !== undefined)

/** The error as a cause: whoever prints it whole must not find an activation code in it. */
export function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const told = `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}`
  return hideActivationCodes(told, '') === told ? error : new Error(reasonOf(error))
}

/** Whether an error is what an AbortSignal throws. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
