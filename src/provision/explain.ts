import { hideActivationCodes } from '../sft/activation-code.ts'
import {
  SftAbortedError,
  SftCredentialsError,
  SftError,
  SftNoAccessError,
  SftThrottledError,
} from '../sft/errors.ts'
import {
  AccountRefusedError,
  AccountUnreachableError,
  ProvisionError,
  ThrottledTooLongError,
} from './errors.ts'

/** What an error says, without any activation code that a platform may have put into its words. */
export const reasonOf = (error: unknown): string =>
  hideActivationCodes(error instanceof Error ? error.message : String(error), '(activation code)')

/**
 * The error that a portal sees for one of the platform's. What is no SftError, nor an ended signal,
 * comes back as it is.
 */
export function explainError(orderId: string | undefined, error: unknown): unknown {
  if (error instanceof ProvisionError) return error
  const reason = reasonOf(error)
  if (error instanceof SftCredentialsError || error instanceof SftNoAccessError)
    return new AccountRefusedError(orderId, reason)
  if (error instanceof SftThrottledError || error instanceof SftAbortedError || isAbort(error))
    return new ThrottledTooLongError(orderId, reason)
  return error instanceof SftError ? new AccountUnreachableError(orderId, reason) : error
}

/** Whether an error is what an AbortSignal throws. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
