/** What a run has that changes the account after somebody said yes: approval, a time limit, how it ended. */
import type { ApplyReport } from '../apply/report.ts'
import { count } from '../counts.ts'
import { applyOutcome, type Outcome } from '../outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { duration } from '../render/paint.ts'
import { planToJson } from '../render/plan-json.ts'
import { renderReport, reportToJson } from '../render/report-text.ts'
import type { Subject } from '../render/subject.ts'
import type { JsonFlag } from './command.ts'
import { type Context, exitOf, StopError, stopOutcome } from './context.ts'
import { number, on, UsageError, type Values, whole } from './flags.ts'

/** Flags of every command that carries out a plan. */
export const RUN_FLAGS = {
  'auto-approve': on('do not ask; needed where nobody can be asked'),
  parallel: whole('N', 'writes in flight (default: what fills the rate)'),
  'max-minutes': number('N', 'stop after so long, exit 4; the next run goes on'),
  'allow-blocked': on('exit 0, not 5, where something is blocked and the rest is done'),
} as const

type Flags = Values<typeof RUN_FLAGS>

/** Throws a `UsageError` where nobody could say yes; `instead` is what to do to look first. */
export function requireApproval(flags: Flags, context: Context, instead: string): void {
  if (!flags['auto-approve'] && !context.canAsk)
    throw new UsageError(`there is nobody to ask: give --auto-approve, or ${instead}`)
}

/** The longest time that a timer can be set to; a longer one would end at once. */
const LONGEST_MINUTES = 35_000

/** What the first signal is answered with: for what is waited, and the way out. */
export function stoppingText(calls: number): string {
  const what = calls === 0 ? 'what is under way' : `${count(calls, 'call')} under way`
  return `stopping: waiting for ${what} (once more to stop at once)`
}

/** The same in a row that says more. */
export const stoppingShort = (calls: number): string =>
  `stopping, waiting for ${count(calls, 'call')} (Ctrl-C: at once)`

function watchTime(
  flags: Pick<Flags, 'max-minutes'>,
  context: Context,
): NodeJS.Timeout | undefined {
  const minutes = flags['max-minutes']
  context.onSignal((signal, times) => {
    if (times > 1) {
      context.err(
        'stopped at once; the state is true, what was under way is looked for first by the next run',
      )
      context.exit(exitOf(signal))
    }
    context.err(stoppingText(context.live.calls.count()))
    context.stop.abort(new StopError(signal))
  })
  if (minutes === undefined) return undefined
  const timer = setTimeout(
    () => context.stop.abort(new StopError('time')),
    Math.min(minutes, LONGEST_MINUTES) * 60_000,
  )
  timer.unref()
  return timer
}

/** Works until its time is over or somebody stops it: both tell `context.stop`. */
export async function withinTime<Result>(
  flags: Pick<Flags, 'max-minutes'>,
  context: Context,
  work: () => Promise<Result>,
): Promise<Result> {
  const limit = watchTime(flags, context)
  try {
    return await work()
  } finally {
    clearTimeout(limit)
  }
}

/** Tells how a run ended, as JSON or for people; with `--allow-blocked`, apart from what the plan had blocked. */
export function tellEnd(
  command: 'apply' | 'endpoints',
  {
    plan,
    report,
    subject,
  }: { readonly plan: Plan; readonly report: ApplyReport; readonly subject: Subject },
  flags: Flags & JsonFlag,
  context: Context,
): Outcome {
  context.witness?.report(report)
  const judged = flags['allow-blocked'] ? { ...report, blocked: [] } : report
  const outcome = applyOutcome(judged, stopOutcome(context))
  if (flags.json)
    context.answer(command, { plan: planToJson(plan, subject), report: reportToJson(report) })
  else if (plan.operations.length > 0)
    for (const line of renderReport(report, context.paint, subject)) context.out(line)
  if (outcome === 'outOfTime')
    context.err(`time limit reached after ${duration(report.seconds)}: the next run goes on`)
  return outcome
}

/** Asks, where only yes is taken. */
export async function confirmed(context: Context, question: string): Promise<boolean> {
  const answer = await context.ask(`${question} Only "yes" is taken: `)
  return answer.trim().toLowerCase() === 'yes'
}

/** Reading is given up at once when the run is told to stop: undefined. */
export async function unlessStopped<Value>(
  context: Context,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  const { signal } = context.stop
  if (signal.aborted) return undefined
  const stopped = new Promise<undefined>(resolve =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  return Promise.race([read(), stopped])
}
