import { applyPlan } from '../../apply/apply-plan.ts'
import { splitPlan } from '../../apply/leave-work.ts'
import type { ApplyReport, Result } from '../../apply/report.ts'
import { type SettledIntent, settledBy, settlePending } from '../../apply/settle-pending.ts'
import { count } from '../../counts.ts'
import { makePlan, type PlanOptions } from '../../make-plan.ts'
import type { Catalog } from '../../model.ts'
import { type Outcome, planErrors, planOutcome } from '../../outcome.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Policy } from '../../policy/check-policy.ts'
import { duration } from '../../render/paint.ts'
import { planToJson } from '../../render/plan-json.ts'
import { renderPlan } from '../../render/plan-text.ts'
import { type Subject, subjectText } from '../../render/subject.ts'
import { type SavedPlan, whatMoved } from '../../saved-plan.ts'
import type { Sft } from '../../sft/api.ts'
import type { Intent, StateStore } from '../../state/state.ts'
import { openState } from '../../stores/states.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { checkTargets } from '../addresses.ts'
import {
  confirmed,
  RUN_FLAGS,
  requireApproval,
  tellEnd,
  unlessStopped,
  withinTime,
} from '../approved-run.ts'
import { ACCOUNT_FLAGS, CATALOG_FLAGS, defineCommand, JSON_FLAG } from '../command.ts'
import { type Context, EXIT, showIssues, stopOutcome } from '../context.ts'
import { checkRun, DETACH_FLAGS, type LeftApply, tellLeft, waitOnly } from '../detached.ts'
import { INIT_FLAG, mayBegin } from '../first-run.ts'
import { namesOf, type Values } from '../flags.ts'
import { beginLogged, mayGoBeside, withNotLeft } from '../logged-apply.ts'
import { PLAN_FLAGS, planOptions, readPlan, VIEW_FLAGS } from '../planning.ts'
import { POLICY_FLAG, readChecked } from '../policy.ts'
import { showProgress } from '../progress.ts'
import { readSavedPlan } from '../saved-plans.ts'
import { LEDGER_FLAG, readSoldEndpoints } from '../sold-endpoints.ts'
import { someOf } from '../words.ts'

const FLAGS = {
  ...CATALOG_FLAGS,
  ...POLICY_FLAG,
  ...ACCOUNT_FLAGS,
  ...PLAN_FLAGS,
  ...LEDGER_FLAG,
  ...INIT_FLAG,
  ...VIEW_FLAGS,
  ...RUN_FLAGS,
  ...DETACH_FLAGS,
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** Brings the account to what the catalog says, and keeps the IDs in the state. */
export const apply = defineCommand({
  name: 'apply',
  summary: 'bring the account to what the catalog says',
  usage: '[PLAN] [flags]',
  arguments: [0, 1],
  flags: FLAGS,
  rules: [
    {
      when: 'PLAN',
      not: [...namesOf(PLAN_FLAGS), '--init'],
      why: 'a saved plan holds what it was made with; make another one with "sft-catalog plan --out"',
    },
  ],
  run: async ({ flags, args }, context) => {
    if (flags.wait && !flags.detach) return EXIT[await waitOnly(flags, args, context)]
    await checkRun(flags, args, context)
    if (args.length === 0) requireApproval(flags, context, 'use plan to look first')
    const checked = await readChecked(flags, context)
    if (checked === undefined) return EXIT.failed
    const file = args[0]
    const saved = file === undefined ? undefined : await readSavedPlan(file)
    await using sft = openAccount(flags, context, 'writes')
    if (!(await mayBegin(flags, context, saved, subjectOf(sft, flags, context))))
      return EXIT.refused
    return await withinTime(flags, context, async () => {
      const { outcome, left } = await applyLocked(checked, sft, saved, flags, context)
      return EXIT[left === undefined ? outcome : await tellLeft(left, outcome, flags, context)]
    })
  },
})

/** What an apply came to in this process, and what it left to workers. */
interface Applied {
  readonly outcome: Outcome
  readonly left?: LeftApply
}

/** What is to be applied, and the rules of the team. */
interface Checked {
  readonly catalog: Catalog
  readonly policy?: Policy
}

async function applyLocked(
  checked: Checked,
  sft: Sft,
  saved: SavedPlan | undefined,
  flags: Flags,
  context: Context,
): Promise<Applied> {
  await using store = await openState(stateOf(flags, context), {
    purpose: 'apply',
    signal: context.stop.signal,
    onNotice: context.err,
  })
  return await applyCatalog(checked, sft, store, saved, flags, context)
}

async function applyCatalog(
  { catalog, policy }: Checked,
  sft: Sft,
  store: StateStore,
  saved: SavedPlan | undefined,
  flags: Flags,
  context: Context,
): Promise<Applied> {
  const json = flags.json
  const subject = subjectOf(sft, flags, context)
  const options = saved?.options ?? planOptions(flags)
  checkTargets(options.targets ?? [], catalog, store.state)
  const sales = await readSoldEndpoints(flags, context, store.state, catalog)
  await settleEarlier(catalog, sft, store, context)
  const made = await unlessStopped(context, () =>
    readPlan(context, onEvent =>
      makePlan(catalog, store.state, sft, {
        ...options,
        ...(sales && { sales }),
        ...(policy && { policy }),
        settled: true,
        onEvent,
      }),
    ),
  )
  if (made === undefined) {
    context.err('stopped before anything was changed')
    return { outcome: stopOutcome(context) ?? 'failed' }
  }
  const { plan } = made
  context.witness?.plan(plan)
  if (
    saved !== undefined &&
    !stillHolds(saved, whatMoved(saved, made, catalog.hash, store.state), context)
  )
    return { outcome: 'refused' }
  showIssues(context, plan.issues)
  const planned = planOutcome(plan)
  const refused = planned === 'failed' || planned === 'refused'
  if (!json && planErrors(plan).length === 0)
    for (const line of renderPlan(plan, context.paint, subject, { fold: !flags.full }))
      context.out(line)
  if (refused) {
    if (json)
      context.answer('apply', {
        plan: planToJson(plan, subject),
        report: null,
      })
    return { outcome: planned }
  }
  if (!(await mayGoBeside(store, options, flags, context))) return { outcome: 'refused' }
  if (
    plan.operations.length > 0 &&
    !flags['auto-approve'] &&
    saved === undefined &&
    !(await confirmed(context, `Apply these changes to ${subjectText(subject)}?`))
  ) {
    context.err('nothing was changed')
    return { outcome: stopOutcome(context) ?? 'failed' }
  }
  return await bringAbout(plan, subject, { catalog, sft, store, options }, flags, context)
}

/** What a plan was made of, and what it is carried out with. */
interface Parts {
  readonly catalog: Catalog
  readonly sft: Sft
  readonly store: StateStore
  readonly options: PlanOptions
}

/** Carries a plan out, or what others wait for of it, and leaves the rest to workers. */
async function bringAbout(
  plan: Plan,
  subject: Subject,
  { catalog, sft, store, options }: Parts,
  flags: Flags,
  context: Context,
): Promise<Applied> {
  const logged = await beginLogged(store, plan, catalog, options, flags, context)
  const { now, later } = flags.detach ? splitPlan(plan) : { now: plan, later: [] }
  const { report, why } = await carryOut(now, sft, store, flags, context)
  if (later.length === 0 || why !== undefined) {
    const whole = withNotLeft(report, later, why ?? '')
    const outcome = tellEnd('apply', { plan, report: whole, subject }, flags, context)
    await logged.end(outcome, whole)
    return { outcome }
  }
  const outcome = tellEnd('apply', { plan: now, report, subject }, flags, context)
  const id = await logged.leave(plan, later, report)
  return { outcome, ...(id !== undefined && { left: { id, plan, report, subject } }) }
}

/** Whether a saved plan may be applied; says why where it may not. */
function stillHolds(saved: SavedPlan, moved: readonly string[], context: Context): boolean {
  if (moved.length === 0) return true
  const why = `the saved plan of ${saved.madeAt} does not hold any more: ${moved.join('; ')}`
  context.err(context.paintErr('error', why))
  context.err('nothing was changed: make a new plan')
  return false
}

/** What was done, and why nothing may be left to workers after it, if nothing may. */
interface CarriedOut {
  readonly report: ApplyReport
  readonly why: string | undefined
}

async function carryOut(
  plan: Plan,
  sft: Sft,
  store: StateStore,
  flags: Flags,
  context: Context,
): Promise<CarriedOut> {
  const progress = showProgress(context, plan, sft.budget, flags.json)
  const parallel = flags.parallel
  let goOn = true
  try {
    const report = await applyPlan(plan, {
      sft,
      store,
      stop: context.stop.signal,
      onEvent: progress.onEvent,
      async confirmCanary(results) {
        goOn = await progress.aside(() =>
          confirmCanary(results, subjectOf(sft, flags, context), flags, context),
        )
        return goOn
      },
      ...(parallel !== undefined && { parallel }),
    })
    const stopped = report.stopped
      ? 'the run was told to stop before it was left to workers'
      : undefined
    return { report, why: goOn ? stopped : 'stopped after the canary endpoints' }
  } finally {
    await progress.end()
  }
}

async function settleEarlier(
  catalog: Catalog,
  sft: Sft,
  store: StateStore,
  context: Context,
): Promise<void> {
  const pending = Object.values(store.state.pending)
  if (pending.length === 0) return
  context.err(
    `looking for ${count(pending.length, 'write')} that an earlier run did not see the end of`,
  )
  const until = settledBy(pending, Date.now())
  let left = pending.length
  using _doing = context.live.doing(() => {
    const seconds = Math.max(0, until - Date.now()) / 1000
    return `looking for ${count(left, 'write')} whose end is not known yet, for ${duration(seconds)} at most`
  })
  const seen: SettledIntent[] = []
  const settled = settlePending(sft, store, {
    catalog,
    signal: context.stop.signal,
    onSettled: one => {
      left -= 1
      seen.push(one)
    },
  })
  try {
    await settled
  } catch (error) {
    // Told to stop: what is still open stays announced, and is looked for by the next run.
    if (!context.stop.signal.aborted) throw error
  }
  for (const line of settledLines(seen)) context.err(`  ${line}`)
}

/** What it means that the effect of a write was found on the account, and that it was not. */
const SETTLED_WORDS = {
  create: ['found', 'not there'],
  replace: ['found', 'not there'],
  retire: ['retired', 'not retired'],
  update: ['edited', 'edits that are compared with the account now'],
} as const satisfies Readonly<Record<Intent['action'], readonly [found: string, absent: string]>>

/** What became of earlier writes, a line a kind of end. */
function settledLines(settled: readonly SettledIntent[]): readonly string[] {
  const ends = new Map<string, string[]>()
  const add = (end: string, names: readonly string[]) =>
    ends.set(end, [...(ends.get(end) ?? []), ...names])
  for (const { intent, found, absent, notKnown } of settled) {
    const [there, notThere] = SETTLED_WORDS[intent.action]
    add(there, found)
    add(notThere, absent)
    add('not known, looked for again by the next run', notKnown)
  }
  return [...ends].flatMap(([end, names]) =>
    names.length === 0 ? [] : [`${end}: ${someOf(names)}`],
  )
}

async function confirmCanary(
  results: readonly Result[],
  subject: Subject,
  flags: Flags,
  context: Context,
): Promise<boolean> {
  const good = results.every(result => result.status === 'done')
  for (const result of results)
    context.err(
      `  ${result.address}: ${result.status}${'message' in result ? `, ${result.message}` : ''}`,
    )
  if (flags['auto-approve'] || !context.canAsk) return good
  return confirmed(
    context,
    `${results.filter(result => result.status === 'done').length} of ${results.length} canary endpoints are there. Go on with the rest on ${subjectText(subject)}?`,
  )
}
