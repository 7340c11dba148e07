import { LockedError } from '../durable/lock.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { IssuesError } from '../issues.ts'
import type { Outcome } from '../outcome.ts'
import { ProvisionError } from '../provision/errors.ts'
import { SavedPlanError } from '../saved-plan.ts'
import { SettingsError } from '../settings.ts'
import {
  SftCredentialsError,
  SftError,
  SftMissingPrerequisiteError,
  SftNoAccessError,
  SftNotUnderstoodError,
  SftThrottledError,
  SftUnreachableError,
} from '../sft/errors.ts'
import { StateDamagedError, StateEditError } from '../state/state-errors.ts'
import { showIssues, type World } from './world.ts'

/** What a person does about an error of the account. */
function adviceFor(error: SftError): string {
  if (error instanceof SftCredentialsError)
    return 'check SFT_USERNAME, the password and SFT_TARGET_ACCOUNT_ID; it is not tried again, since accounts get locked'
  if (error instanceof SftNoAccessError)
    return 'endpoint calls need an enterprise account: a reseller gives SFT_TARGET_ACCOUNT_ID'
  if (error instanceof SftThrottledError)
    return 'something else uses the account: lower SFT_CALLS_PER_SECOND, or run again later'
  if (error instanceof SftUnreachableError)
    return 'check SFT_BASE_URL, the network and the proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY); nothing was sent'
  if (error instanceof SftNotUnderstoodError)
    return 'run again; if it stays, the wire differs from what is assumed: docs/wire.md tells how to override'
  if (error instanceof SftMissingPrerequisiteError) return 'give it in the catalog'
  return 'run again: what was done is in the state, what is unclear is looked for first'
}

/** What a run came to that an error ended. */
export const outcomeOf = (error: unknown): Outcome =>
  error instanceof LockedError ? 'locked' : 'failed'

/** An error as lines for stderr. Errors that nobody foresaw keep their stack. */
export function explainError(error: unknown, world: World): readonly string[] {
  const bad = (text: string) => world.paintErr('error', text)
  if (error instanceof IssuesError) {
    showIssues(world, error.issues)
    return []
  }
  if (error instanceof SftError)
    return [`${bad('error')} ${error.name}: ${error.message}`, `  ${adviceFor(error)}`]
  if (
    error instanceof SettingsError ||
    error instanceof LockedError ||
    error instanceof StateDamagedError ||
    error instanceof StateEditError ||
    error instanceof SavedPlanError ||
    error instanceof ProvisionError ||
    error instanceof SnapshotError ||
    (error instanceof TypeError && /^(the base URL|HTTPS?_PROXY) /.test(error.message))
  )
    return [`${bad('error')} ${error.message}`]
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return [`${bad('error')} ${error.message}`]
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
}
