import { type Subject, subjectText } from '../render/subject.ts'
import type { SavedPlan } from '../saved-plan.ts'
import { shownPlace } from '../stores/registry.ts'
import { isState } from '../stores/states.ts'
import { stateOf } from './account.ts'
import { type Given, UsageError } from './command.ts'
import type { World } from './world.ts'

/** Says that there is no state yet, the same for plan and apply. */
export const INIT_FLAG = [
  '--init',
  'there is no state yet: this is the first apply to this account',
] as const

const placeOf = (given: Given, world: World): string => shownPlace(stateOf(given, world))

const RECOVER =
  'if it was lost: put it back from a copy, mount its volume, or take the account over with "sft-catalog adopt"'

/** A first run that is none would hide that a state was lost: `--init` stands for one run, not for all. */
async function checkInit(given: Given, world: World): Promise<boolean> {
  const there = await isState(stateOf(given, world))
  if (there && given.is('init'))
    throw new UsageError(
      `--init: there is a state at ${placeOf(given, world)} already; leave the flag out`,
    )
  return there
}

/** Tells whoever plans without a state what that means. */
export async function sayFirstRun(given: Given, world: World): Promise<void> {
  if ((await checkInit(given, world)) || given.is('init')) return
  world.err(
    world.paintErr(
      'warn',
      `there is no state at ${placeOf(given, world)}: what the account has is looked for by name and ICCID. apply needs --init the first time; ${RECOVER}`,
    ),
  )
}

/** Whether apply may go on: there is a state, or somebody says that this is the first time. */
export async function mayBegin(
  given: Given,
  world: World,
  saved: SavedPlan | undefined,
  subject: Subject,
): Promise<boolean> {
  if ((await checkInit(given, world)) || given.is('init') || saved?.init === true) return true
  const place = placeOf(given, world)
  if (world.canAsk && saved === undefined && !given.is('auto-approve')) {
    world.err(world.paintErr('warn', `there is no state at ${place}; ${RECOVER}`))
    const answer = await world.ask(
      `Is this the first apply to ${subjectText(subject)}? Only "yes" is taken: `,
    )
    if (answer.trim().toLowerCase() === 'yes') return true
    world.err('nothing was changed')
    return false
  }
  const way =
    saved === undefined ? 'give --init' : 'make the plan with "sft-catalog plan --init --out"'
  world.err(
    `${world.paintErr('error', 'error')} there is no state at ${place}. If this is the first apply to this account, ${way}; ${RECOVER}. Nothing was changed`,
  )
  return false
}
