import type { Subject } from '../render/subject.ts'
import {
  accountName,
  budgetLocation,
  sftSettings,
  stateLocation,
  timeZoneOf,
  wireSettings,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import { OPERATIONS } from '../sft/operations.ts'
import { withoutSecrets } from '../stores/addresses.ts'
import { sharedSlots } from '../stores/budgets.ts'
import type { AccountFlags, StateFlag } from './command.ts'
import type { Context } from './context.ts'

/** Where the state is. */
export const stateOf = (flags: StateFlag, context: Context): string =>
  stateLocation(context.env, flags.state)

/**
 * The account by flags and environment. Its budget is shared by all runs on the same state; one that only
 * reads leaves no file behind.
 */
export function openAccount(flags: AccountFlags, context: Context, use: 'reads' | 'writes'): Sft {
  const settings = sftSettings(context.env, {
    baseUrl: flags['base-url'],
    username: flags.username,
    targetAccountId: flags['target-account-id'],
    callsPerSecond: flags['calls-per-second'],
    settleSeconds: flags['settle-seconds'],
  })
  const slots = sharedSlots(budgetLocation(context.env, stateOf(flags, context)), {
    account: accountName(settings),
    ...(use === 'reads' && {
      onAlone: message => context.err(`${context.paintErr('warn', 'warning')} ${message}`),
    }),
  })
  // Also for commands that read no dates: a wrong setting is told by whichever meets it first.
  timeZoneOf(context.env, flags['time-zone'])
  const { bulk, paths, wire } = wireSettings(context.env, Object.keys(OPERATIONS))
  const { calls } = context.live
  context.live.doing(() =>
    calls.count() > 0 ? `waiting for ${hostOf(settings.baseUrl)}` : undefined,
  )
  return openSft({
    ...settings,
    slots,
    bulk,
    paths,
    wire,
    env: context.env,
    onDelivery: calls.take,
    ...(flags.trace && {
      onCall: call => context.err(context.paintErr('dim', JSON.stringify(call))),
    }),
  })
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'the account')

/** Which account a command is about, to be named in whatever it says. */
export function subjectOf(sft: Sft, flags: AccountFlags, context: Context): Subject {
  const subject: Subject = {
    host: sft.host,
    user: flags.username ?? context.env['SFT_USERNAME'] ?? '',
    ...(sft.targetAccountId !== undefined && { targetAccountId: sft.targetAccountId }),
    state: withoutSecrets(stateOf(flags, context)),
    ...(context.environment && { environment: context.environment.name }),
  }
  context.witness?.subject(subject)
  return subject
}
