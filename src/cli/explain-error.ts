import { FileExistsError } from '../catalog/write-files.ts'
import { AcceptError } from '../drift/accept-drift.ts'
import { JournalDamagedError } from '../durable/journal.ts'
import { LockedError } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { IssuesError } from '../issues.ts'
import type { Outcome } from '../outcome.ts'
import { PlainError, plainly } from '../plain-error.ts'
import { GaveUpWaitingError, ProvisionError, ProvisionerClosedError } from '../provision/errors.ts'
import { AmbiguousNameError, RetirementRefusedError } from '../resources/kind.ts'
import { SavedPlanError } from '../saved-plan.ts'
import { SettingsError } from '../settings.ts'
import {
  SftAbortedError,
  SftCredentialsError,
  SftError,
  SftMissingPrerequisiteError,
  SftNoAccessError,
  SftNotUnderstoodError,
  SftThrottledError,
  SftUnreachableError,
} from '../sft/errors.ts'
import { StateDamagedError, StateEditError } from '../state/state-errors.ts'
import { type Context, showIssues } from './context.ts'

/** What a person does about an error of the account. */
function adviceFor(error: SftError): string {
  if (error instanceof SftCredentialsError)
    return 'they are told by SFT_USERNAME, SFT_PASSWORD or SFT_PASSWORD_FILE, and SFT_TARGET_ACCOUNT_ID'
  if (error instanceof SftNoAccessError)
    return 'endpoint calls need an enterprise account: a reseller gives SFT_TARGET_ACCOUNT_ID'
  if (error instanceof SftThrottledError)
    return 'something else uses the account: lower SFT_CALLS_PER_SECOND, or run again later'
  if (error instanceof SftUnreachableError)
    return 'the base URL is told by SFT_BASE_URL, a proxy by HTTPS_PROXY, HTTP_PROXY, NO_PROXY; nothing was sent'
  if (error instanceof SftNotUnderstoodError && error.status >= 300 && error.status < 400)
    return 'give the origin that answers itself in SFT_BASE_URL, or sign in to the network that you are in'
  if (error instanceof SftNotUnderstoodError)
    return 'run again; if it stays, the wire differs from what is assumed: docs/wire.md tells how to override'
  if (error instanceof SftMissingPrerequisiteError) return 'give it in the catalog'
  return 'run again: what was done is in the state, what is unclear is looked for first'
}

/** What a run came to that an error ended; `stopped` is what its being told to stop comes to, where it was. */
export function outcomeOf(error: unknown, stopped: Outcome | undefined): Outcome {
  if (error instanceof LockedError) return 'locked'
  if (stopped !== undefined && isOfStopping(error)) return stopped
  const isLate = error instanceof GaveUpWaitingError && isNamed(error.cause, 'TimeoutError')
  return isLate ? 'outOfTime' : 'failed'
}

/** An error that says no more than that somebody did not wait. */
const isOfStopping = (error: unknown): boolean =>
  error instanceof GaveUpWaitingError ||
  error instanceof ProvisionerClosedError ||
  error instanceof SftAbortedError ||
  isNamed(error, 'AbortError')

const isNamed = (error: unknown, name: string): boolean =>
  error instanceof Error && error.name === name

/** Errors whose message says all that people need. */
const FORESEEN = [
  AcceptError,
  AmbiguousNameError,
  FileExistsError,
  JournalDamagedError,
  LockedError,
  PlainError,
  ProvisionError,
  RetirementRefusedError,
  SavedPlanError,
  SettingsError,
  SnapshotError,
  StateDamagedError,
  StateEditError,
] as const

/** An error as lines for stderr. One that nobody foresaw keeps its stack: it is a mistake of ours. */
export function explainError(error: unknown, context: Context): readonly string[] {
  const bad = (text: string) => `${context.paintErr('error', 'error')} ${text}`
  if (error instanceof IssuesError) {
    showIssues(context, error.issues)
    return []
  }
  const plain = plainly(error)
  if (plain instanceof SftError) return [bad(plain.message), `  ${adviceFor(plain)}`]
  if (!(plain instanceof Error)) return [bad(String(plain))]
  const isForeseen =
    FORESEEN.some(kind => plain instanceof kind) ||
    (plain instanceof TypeError && /^(the base URL|HTTPS?_PROXY) /.test(plain.message))
  if (isForeseen) return [bad(plain.message)]
  return [
    bad(`${plain.message} (nobody foresaw this: please report it with the lines below)`),
    ...(plain.stack ?? '').split('\n').filter(line => /^\s+at /.test(line)),
  ]
}
