import { type Subject, subjectText } from '../render/subject.ts'
import type { SavedPlan } from '../saved-plan.ts'
import { shownPlace } from '../stores/registry.ts'
import { isState } from '../stores/states.ts'
import { stateOf } from './account.ts'
import type { StateFlag } from './command.ts'
import type { Context } from './context.ts'
import { on, UsageError, type Values } from './flags.ts'

/** Says that there is no state yet, the same for plan and apply. */
export const INIT_FLAG = {
  init: on('there is no state yet: this is the first apply to this account'),
} as const

type Flags = StateFlag & Values<typeof INIT_FLAG>

const placeOf = (flags: StateFlag, context: Context): string => shownPlace(stateOf(flags, context))

const RECOVER =
  'if it was lost: put it back from a copy, mount its volume, or take the account over with "sft-catalog adopt"'

/** A first run that is none would hide that a state was lost: `--init` stands for one run, not for all. */
async function checkInit(flags: Flags, context: Context): Promise<boolean> {
  const there = await isState(stateOf(flags, context))
  if (there && flags.init)
    throw new UsageError(
      `--init: there is a state at ${placeOf(flags, context)} already; leave the flag out`,
    )
  return there
}

/** Tells whoever plans without a state what that means. */
export async function sayFirstRun(flags: Flags, context: Context): Promise<void> {
  if ((await checkInit(flags, context)) || flags.init) return
  context.err(
    context.paintErr(
      'warn',
      `there is no state at ${placeOf(flags, context)}: what the account has is looked for by name and ICCID, and apply needs --init the first time`,
    ),
  )
  context.err(`  ${RECOVER}`)
}

/** Whether apply may go on: there is a state, or somebody says that this is the first time. */
export async function mayBegin(
  flags: Flags & { readonly 'auto-approve': boolean },
  context: Context,
  saved: SavedPlan | undefined,
  subject: Subject,
): Promise<boolean> {
  if ((await checkInit(flags, context)) || flags.init || saved?.init === true) return true
  const place = placeOf(flags, context)
  if (context.canAsk && saved === undefined && !flags['auto-approve']) {
    context.err(context.paintErr('warn', `there is no state at ${place}`))
    context.err(`  ${RECOVER}`)
    const answer = await context.ask(
      `Is this the first apply to ${subjectText(subject)}? Only "yes" is taken: `,
    )
    if (answer.trim().toLowerCase() === 'yes') return true
    context.err('nothing was changed')
    return false
  }
  const way =
    saved === undefined ? 'give --init' : 'make the plan with "sft-catalog plan --init --out"'
  context.err(
    `${context.paintErr('error', 'error')} there is no state at ${place}. If this is the first apply to this account, ${way}; ${RECOVER}. Nothing was changed`,
  )
  return false
}
