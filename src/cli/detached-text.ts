import { count, grouped } from '../counts.ts'
import type { DetachedApply } from '../fleet/fleet.ts'
import { gated } from '../render/gate.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { duration, type Paint, plain, toSecond } from '../render/paint.ts'
import type { AppliedPlan, ApplyAbout } from '../state/apply-log.ts'

/** Where a detached apply is. */
export type DetachedStatus = 'queued' | 'running' | 'parked' | 'superseded' | 'ended'

/** Where a detached apply is, from all that is known of it. */
export function statusOf(apply: DetachedApply): DetachedStatus {
  if (apply.supersededBy !== undefined) return 'superseded'
  if (apply.endedAt !== undefined) return 'ended'
  if (apply.parked) return 'parked'
  return apply.worker === undefined ? 'queued' : 'running'
}

/** Seconds that its calls take; undefined without a rate. */
const secondsLeft = ({
  callsLeft,
  callsPerSecond,
}: Pick<DetachedApply, 'callsLeft' | 'callsPerSecond'>): number | undefined =>
  callsPerSecond === undefined ? undefined : Math.ceil(callsLeft / callsPerSecond)

/** `12,345 of 20,000 endpoints, 3 failed, 7,652 calls and about 64 minutes left`. */
export function progressText(apply: DetachedApply): string {
  const { total, done, failed, running } = apply.endpoints
  const seconds = secondsLeft(apply)
  return [
    `${grouped(done)} of ${count(total, 'endpoint')}`,
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(running > 0 ? [`${grouped(running)} under way`] : []),
    ...(apply.callsLeft > 0
      ? [
          `${count(apply.callsLeft, 'call')} left${seconds === undefined || apply.callsPerSecond === undefined ? '' : `, about ${duration(seconds)} at ${count(apply.callsPerSecond, 'call')}/s`}`,
        ]
      : []),
  ].join(', ')
}

/** Who, and from which commit. */
const byText = ({ by, host, commit, isChanged }: ApplyAbout): string =>
  `${by}@${host}${commit === undefined ? '' : `, commit ${commit.slice(0, 12)}${isChanged ? ' with changes' : ''}`}`

const STATUS_TEXT = {
  queued: 'queued',
  running: 'running',
  parked: 'parked: no worker tries any more; apply again',
  superseded: 'superseded',
  ended: 'ended',
} as const satisfies Readonly<Record<DetachedStatus, string>>

/** A detached apply for people. */
export const renderDetached = (apply: DetachedApply, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => detachedLines(apply, marked))

function detachedLines(apply: DetachedApply, paint: Paint): readonly string[] {
  const status = statusOf(apply)
  const isBad = status === 'parked' || apply.endpoints.failed > 0
  const ending =
    status === 'superseded'
      ? ` by apply ${apply.supersededBy}, which has what is wanted`
      : status === 'ended'
        ? ` at ${toSecond(apply.endedAt ?? '')}: ${apply.end?.outcome}`
        : ''
  return [
    `Apply ${apply.id} of ${byText(apply)}, left to workers at ${toSecond(apply.leftAt)}`,
    `  ${paint(isBad ? 'error' : 'strong', STATUS_TEXT[status])}${ending}: ${progressText(apply)}`,
    ...(apply.worker === undefined ? [] : [`  carried out by ${apply.worker}`]),
    ...(apply.problem === undefined
      ? []
      : [`  ${paint('warn', `attempt ${apply.attempts} stopped`)}: ${apply.problem}`]),
    ...apply.failures.map(
      ({ address, message }) => `  ${paint('error', 'failed')} ${address}: ${message}`,
    ),
  ]
}

/** A detached apply as `--json` has it. */
export type DetachedJson = NonNullable<JsonAnswer<'status'>['apply']>

/** A detached apply as data. */
export function detachedToJson(apply: DetachedApply): DetachedJson {
  const { endpoints, callsLeft, callsPerSecond, worker, problem, attempts, failures } = apply
  return {
    ...appliedToJson(apply),
    leftAt: apply.leftAt,
    status: statusOf(apply),
    endpoints,
    callsLeft,
    callsPerSecond: callsPerSecond ?? null,
    secondsLeft: secondsLeft(apply) ?? null,
    attempts,
    failures,
    ...(worker !== undefined && { worker }),
    ...(problem !== undefined && { problem }),
  }
}

type AppliedJson = JsonAnswer<'history'>['applies'][number]

/** An apply of the history as data. */
export function appliedToJson(apply: AppliedPlan): AppliedJson {
  const { id, by, host, commit, isChanged, catalog, summary, calls, begunAt, endedAt } = apply
  const { leftAt, supersededBy, end } = apply
  const seconds = secondsOf(apply)
  return {
    id,
    by,
    host,
    ...(commit !== undefined && { commit }),
    ...(isChanged === true && { isChanged }),
    catalog,
    begunAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(seconds !== undefined && { seconds }),
    plan: { summary, calls },
    ...(end !== undefined && { outcome: end.outcome, counts: end.counts, calls: end.calls }),
    ...(leftAt !== undefined && { leftAt }),
    ...(supersededBy !== undefined && { supersededBy }),
  }
}

const secondsOf = ({ begunAt, endedAt }: AppliedPlan): number | undefined =>
  endedAt === undefined ? undefined : (Date.parse(endedAt) - Date.parse(begunAt)) / 1000

/** The history for people, an apply a line. */
export const renderHistory = (
  applies: readonly AppliedPlan[],
  paint: Paint = plain,
): readonly string[] => gated(paint, marked => applies.map(apply => historyLine(apply, marked)))

function historyLine(apply: AppliedPlan, paint: Paint): string {
  const { id, begunAt, end, leftAt, supersededBy } = apply
  const seconds = secondsOf(apply)
  const changes = Object.entries(apply.summary)
    .filter(([action, n]) => n > 0 && action !== 'keep')
    .map(([action, n]) => `${grouped(n)} to ${action}`)
  const plan = changes.length === 0 ? 'nothing to change' : changes.join(', ')
  const by = supersededBy === undefined ? '' : ` by apply ${supersededBy}`
  const ending =
    end === undefined
      ? paint('warn', leftAt === undefined ? 'goes on, or was cut short' : 'left to workers')
      : `${paint(end.outcome === 'ok' ? 'add' : 'warn', end.outcome)}${by}: ${grouped(end.counts.done)} done, ${grouped(end.counts.failed)} failed, ${grouped(end.counts.skipped)} skipped, ${grouped(end.counts.deferred)} deferred; ${count(end.calls, 'call')}${seconds === undefined ? '' : ` in ${duration(seconds)}`}${leftAt === undefined ? '' : ', by workers'}`
  return `${id}  ${toSecond(begunAt)}  ${byText(apply)}: ${plan}; ${ending}`
}
