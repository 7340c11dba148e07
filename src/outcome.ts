/** How a run ends: one table for the command line, for README and for whoever calls the library. */
import type { ApplyReport } from './apply/report.ts'
import type { Issue } from './issues.ts'
import type { Address } from './model.ts'
import type { Change, Plan } from './plan/plan.ts'

/** Every way to end, with its exit code, in the order in which they are looked for: the first one counts. */
export const OUTCOMES = {
  usage: { code: 64, meaning: 'wrong usage: nothing was read or done' },
  failed: { code: 1, meaning: 'something failed; stderr says what' },
  refused: {
    code: 3,
    meaning:
      'refused: the plan changes more than it may, breaks a rule of the team, or does not hold; waited for, and a newer plan took its place',
  },
  interrupted: { code: 130, meaning: 'stopped by SIGINT' },
  terminated: { code: 143, meaning: 'stopped by SIGTERM' },
  outOfTime: { code: 4, meaning: 'time limit reached; the next run goes on' },
  locked: { code: 75, meaning: 'somebody else holds the lock; try again' },
  blocked: {
    code: 5,
    meaning:
      'something that the catalog wants is blocked or not known (`apply`; `plan`, `drift` and `coverage` with `--detailed-exitcode`), for which `--allow-blocked` lets it pass; rows that `import` refuses',
  },
  changes: {
    code: 2,
    meaning:
      'there is news: changes (`plan` and `coverage` with `--detailed-exitcode`), `drift`, fewer than `stock --below`',
  },
  ok: { code: 0, meaning: 'done, left to workers (`apply --detach`), or nothing to do' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly meaning: string }>>

/** How a run ended, by name. */
export type Outcome = keyof typeof OUTCOMES

/** The outcome that an exit code stands for. */
export const outcomeOfExit = (code: number): Outcome =>
  (Object.keys(OUTCOMES) as Outcome[]).find(name => OUTCOMES[name].code === code) ?? 'failed'

/** Of several outcomes, the one that counts; `ok` where there is none. */
export const firstOutcome = (outcomes: readonly Outcome[]): Outcome =>
  (Object.keys(OUTCOMES) as Outcome[]).find(outcome => outcomes.includes(outcome)) ?? 'ok'

const isError = (issue: Issue): boolean => issue.severity === 'error'

/** What a plan is refused for that could be carried out: more changes than the limits allow, a rule that it breaks. */
export const isRefusal = ({ code }: Issue): boolean =>
  code === 'CHANGE_SHARE' || code === 'POLICY_VIOLATED'

/** Issues that a plan cannot be applied with, apart from those that refuse a plan that could be. */
export const planErrors = (plan: Plan): readonly Issue[] =>
  plan.issues.filter(issue => isError(issue) && !isRefusal(issue))

const isBlocked = (change: Change): boolean =>
  change.action === 'blocked' || ('blocked' in change && change.blocked.length > 0)

/** Entries of the catalog that do not become what it wants by applying the plan, whole or in part. */
export const blockedEntries = (plan: Plan): readonly Address[] =>
  plan.changes.filter(isBlocked).map(({ address }) => address)

/**
 * What a plan comes to: `failed` (it has errors), `refused`, `blocked`, `changes`, or `ok`, the first that
 * fits. Its exit code is that of `plan --detailed-exitcode`.
 *
 * @example
 * const outcome = planOutcome(made.plan)
 * if (outcome === 'blocked') await tell(blockedEntries(made.plan))
 */
export function planOutcome(plan: Plan): Outcome {
  const outcomes: Outcome[] = []
  if (planErrors(plan).length > 0) outcomes.push('failed')
  if (plan.issues.some(isError)) outcomes.push('refused')
  if (blockedEntries(plan).length > 0) outcomes.push('blocked')
  if (plan.operations.length > 0) outcomes.push('changes')
  return firstOutcome(outcomes)
}

/**
 * What an apply came to. `stoppedBy` says who told a run to stop, where one was: a signal, or its time
 * limit.
 */
export function applyOutcome(report: ApplyReport, stoppedBy: Outcome = 'interrupted'): Outcome {
  const { failed, skipped, deferred } = report.counts
  const outcomes: Outcome[] = []
  if (failed + skipped > 0 || (deferred > 0 && !report.stopped)) outcomes.push('failed')
  if (report.stopped) outcomes.push(stoppedBy)
  if (report.blocked.length > 0) outcomes.push('blocked')
  return firstOutcome(outcomes)
}
