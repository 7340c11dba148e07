/** What the command line has to do with applies that workers carry out: leaving the rest to them, watching them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyReport } from '../apply/report.ts'
import type { DetachedApply, Fleet } from '../fleet/fleet.ts'
import { firstOutcome, OUTCOMES, type Outcome } from '../outcome.ts'
import { PlainError } from '../plain-error.ts'
import type { Plan } from '../plan/plan.ts'
import { planToJson } from '../render/plan-json.ts'
import { reportToJson } from '../render/report-text.ts'
import type { Subject } from '../render/subject.ts'
import { hasFleet, lookAtFleet } from '../stores/fleets.ts'
import { shownPlace } from '../stores/registry.ts'
import { stateOf } from './account.ts'
import { type RUN_FLAGS, withinTime } from './approved-run.ts'
import type { JsonFlag, StateFlag } from './command.ts'
import { type Context, stopOutcome } from './context.ts'
import { detachedToJson, progressText, renderDetached, statusOf } from './detached-text.ts'
import type { INIT_FLAG } from './first-run.ts'
import { on, UsageError, type Values } from './flags.ts'
import { PLAN_FLAGS } from './planning.ts'

export const DETACH_FLAGS = {
  detach: on('leave endpoints to workers and end once zones and plans are done (PostgreSQL)'),
  wait: on('wait for what workers carry out; without --detach for the last one, with no new plan'),
} as const

type Flags = Values<typeof DETACH_FLAGS> &
  Values<typeof PLAN_FLAGS> &
  Values<typeof RUN_FLAGS> &
  Values<typeof INIT_FLAG> &
  StateFlag &
  JsonFlag

/** How often it is looked how far workers are, and how often that is said at most (ms). */
const LOOK_MS = 1000
const SAY_MS = 10_000

/** How a detached apply ended, and what is known of it; undefined where there is none. */
interface Followed {
  readonly apply: DetachedApply | undefined
  readonly outcome: Outcome
}

/** Waits for a detached apply, the last one unless its number is given, and tells how far it is. */
export async function followApply(place: string, context: Context, id?: number): Promise<Followed> {
  await requireFleet(place)
  await using fleet = await lookAtFleet(place)
  if (fleet === undefined)
    throw new PlainError(
      `there is no state at ${shownPlace(place)}: is the address right, and the schema in it?`,
    )
  let apply = await fleet.detached(id)
  if (apply === undefined && id === undefined) return { apply, outcome: 'ok' }
  let saidAt = Number.NEGATIVE_INFINITY
  let said = ''
  let isLonely = false
  for (;;) {
    if (apply === undefined)
      throw new PlainError(
        `${shownPlace(place)} has no such apply any more: was it put back, or moved? What became of it is not known`,
      )
    const outcome = outcomeOf(apply)
    if (outcome !== undefined) return { apply, outcome }
    const line = `apply ${apply.id}: ${progressText(apply)}`
    if (line !== said && performance.now() - saidAt >= SAY_MS) {
      context.err(line)
      said = line
      saidAt = performance.now()
      if (!isLonely) isLonely = await sayLonely(fleet, apply, context)
    }
    const stopped = stopOutcome(context)
    if (stopped !== undefined) {
      context.err(`no longer waiting: workers go on with apply ${apply.id}`)
      return { apply, outcome: stopped }
    }
    await sleep(LOOK_MS, undefined, { signal: context.stop.signal }).catch(() => undefined)
    apply = await fleet.detached(apply.id)
  }
}

/** Says that nobody is there to do it; whether that was so. */
async function sayLonely(fleet: Fleet, apply: DetachedApply, context: Context): Promise<boolean> {
  if (apply.worker !== undefined || (await fleet.workers()).length > 0) return false
  const why = 'no worker is alive: start one with "sft-catalog worker", on any machine'
  context.err(context.paintErr('warn', `warning: ${why}`))
  return true
}

/** What a detached apply came to; undefined while it goes on. A plan that another one took the place of does not hold. */
function outcomeOf(apply: DetachedApply): Outcome | undefined {
  switch (statusOf(apply)) {
    case 'superseded':
      return 'refused'
    case 'parked':
      return 'failed'
    case 'ended':
      return isOutcome(apply.end?.outcome) ? apply.end.outcome : 'failed'
    case 'queued':
    case 'running':
      return undefined
  }
}

const isOutcome = (name: string | undefined): name is Outcome =>
  name !== undefined && Object.hasOwn(OUTCOMES, name)

/** With `--allow-blocked`, apart from what the plan had blocked. */
const allowed = (outcome: Outcome, flags: Pick<Flags, 'allow-blocked'>): Outcome =>
  outcome === 'blocked' && flags['allow-blocked'] ? 'ok' : outcome

/** `--wait` without `--detach`: it makes no plan, and what would shape one is refused. */
export async function waitOnly(
  flags: Flags,
  args: readonly string[],
  context: Context,
): Promise<Outcome> {
  const shaping = [
    ...(Object.keys(PLAN_FLAGS) as (keyof typeof PLAN_FLAGS)[]),
    ...(['init', 'auto-approve', 'parallel'] as const),
  ]
  const given = shaping.find(name => isGiven(flags[name]))
  if (given !== undefined || args.length > 0)
    throw new UsageError(
      `${given === undefined ? 'PLAN' : `--${given}`} does not go with --wait: it makes no plan; give --detach too`,
    )
  const { apply, outcome } = await withinTime(flags, context, () =>
    followApply(stateOf(flags, context), context),
  )
  if (flags.json)
    context.answer('apply', { detached: apply === undefined ? null : detachedToJson(apply) })
  else if (apply === undefined) context.out('Nothing was left to workers')
  else showDetached(apply, context)
  return allowed(outcome, flags)
}

const isGiven = (value: Flags[keyof Flags]): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false

/** Throws a `UsageError` where a plan cannot be carried out as it is asked for, before anything is read. */
export async function checkRun(
  flags: Flags,
  args: readonly string[],
  context: Context,
): Promise<void> {
  if (flags.json && !flags['auto-approve'] && args.length === 0)
    throw new UsageError('--json needs --auto-approve or PLAN: a question would stand in the data')
  if (flags.detach) await requireFleet(stateOf(flags, context))
}

/** Throws where nothing can have been left to workers, which is no success of theirs: an address may be missing. */
async function requireFleet(place: string): Promise<void> {
  if (!(await hasFleet(place)))
    throw new UsageError(
      `workers cannot carry out applies of ${shownPlace(place)}: keep the state in PostgreSQL, and name it by SFT_STATE or --state`,
    )
}

/** An apply that left work to workers, and what was done before. */
export interface LeftApply {
  readonly id: number
  readonly plan: Plan
  readonly report: ApplyReport
  readonly subject: Subject
}

/** Says what was left to workers, and waits for them where it was asked for: what all came to. */
export async function tellLeft(
  { id, plan, report, subject }: LeftApply,
  outcome: Outcome,
  flags: Flags,
  context: Context,
): Promise<Outcome> {
  const place = stateOf(flags, context)
  const apply = await lookAtLeft(place, id, context)
  if (apply === undefined) return outcome
  if (!flags.json) {
    showDetached(apply, context)
    if (!flags.wait) context.out('Watch it with "sft-catalog status --watch"')
  }
  const followed = flags.wait ? await followApply(place, context, id) : undefined
  const last = followed?.apply ?? apply
  if (flags.json)
    context.answer('apply', {
      plan: planToJson(plan, subject),
      report: reportToJson(report),
      detached: detachedToJson(last),
    })
  else if (flags.wait) showDetached(last, context)
  return firstOutcome([outcome, ...(followed ? [allowed(followed.outcome, flags)] : [])])
}

async function lookAtLeft(
  place: string,
  id: number,
  context: Context,
): Promise<DetachedApply | undefined> {
  await using fleet = await lookAtFleet(place)
  const apply = await fleet?.detached(id)
  if (fleet !== undefined && apply !== undefined) await sayLonely(fleet, apply, context)
  return apply
}

function showDetached(apply: DetachedApply, context: Context): void {
  for (const line of renderDetached(apply, context.paint)) context.out(line)
}
