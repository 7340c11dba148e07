import type { Issue } from '../issues.ts'
import type { Sft } from '../sft/api.ts'
import type { AccountIdentity, State } from './state.ts'

/** Which account was read: host, child account and destination group. */
export function accountIdentity(
  sft: Pick<Sft, 'host' | 'targetAccountId'>,
  catalog: { readonly destGroupId?: string; readonly environment?: string },
  observation: { readonly destGroupIds: readonly string[] },
): AccountIdentity {
  const destGroupId =
    catalog.destGroupId ??
    (observation.destGroupIds.length === 1 ? observation.destGroupIds[0] : undefined)
  return {
    host: sft.host,
    ...(sft.targetAccountId !== undefined && { targetAccountId: sft.targetAccountId }),
    ...(destGroupId !== undefined && { destGroupId }),
    ...(catalog.environment !== undefined && { environment: catalog.environment }),
  }
}

/** What does not tell two accounts apart where one side does not say it. */
const OFTEN_UNKNOWN: ReadonlySet<string> = new Set(['destGroupId', 'environment'])

/** The state of another account is refused: its IDs would name somebody else's things. */
export function checkAccount(state: State, account: AccountIdentity): readonly Issue[] {
  const known = state.account
  if (known === undefined) return []
  const differs = (['host', 'targetAccountId', 'destGroupId', 'environment'] as const).filter(
    field =>
      known[field] !== account[field] &&
      !(OFTEN_UNKNOWN.has(field) && (known[field] === undefined || account[field] === undefined)),
  )
  if (differs.length === 0) return []
  const told = (identity: AccountIdentity) =>
    differs.map(field => `${field} ${identity[field] ?? 'not given'}`).join(', ')
  return [
    {
      code: 'STATE_OTHER_ACCOUNT',
      severity: 'error',
      message: `the state belongs to another account: it has ${told(known)}; this run has ${told(account)}`,
      hint: 'use the state of this account (--state), or the account of this state (SFT_BASE_URL, SFT_TARGET_ACCOUNT_ID, --env)',
    },
  ]
}
