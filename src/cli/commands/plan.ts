import { writeFileDurably } from '../../durable/files.ts'
import { makePlan } from '../../make-plan.ts'
import { outcomeOfExit, planErrors, planOutcome } from '../../outcome.ts'
import { landscapeOf } from '../../plan/landscape.ts'
import type { Plan } from '../../plan/plan.ts'
import { stepMarkdown } from '../../render/comment.ts'
import { throughGate } from '../../render/gate.ts'
import { plain } from '../../render/paint.ts'
import { planToJson } from '../../render/plan-json.ts'
import { renderPlan } from '../../render/plan-text.ts'
import { savePlan } from '../../saved-plan.ts'
import { readState } from '../../stores/states.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { checkTargets } from '../addresses.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT, showIssues, stopOutcome } from '../context.ts'
import { INIT_FLAG, sayFirstRun } from '../first-run.ts'
import { on, text, UsageError, type Values } from '../flags.ts'
import { FORMAT_RULE, HTML_FLAG, pageFrame, pagesFor } from '../pages.ts'
import {
  ALLOW_BLOCKED_RULE,
  ONE_FORM_RULE,
  PLAN_FLAGS,
  planOptions,
  readPlan,
  sayPending,
  VIEW_FLAGS,
} from '../planning.ts'
import { POLICY_FLAG, readChecked } from '../policy.ts'
import { checkReplaceable, SAVED_PLAN } from '../replaceable.ts'
import { LEDGER_FLAG, readSoldEndpoints } from '../sold-endpoints.ts'
import { watched } from '../watched.ts'

/** What stands against applying counts always, what is to be done with `--detailed-exitcode`. */
function exitOf(plan: Plan, flags: Flags): number {
  const outcome = planOutcome(plan)
  if (outcome === 'failed' || outcome === 'refused') return EXIT[outcome]
  if (!flags['detailed-exitcode']) return EXIT.ok
  if (outcome !== 'blocked' || !flags['allow-blocked']) return EXIT[outcome]
  return plan.operations.length > 0 ? EXIT.changes : EXIT.ok
}

const FLAGS = {
  ...CATALOG_FLAGS,
  ...POLICY_FLAG,
  ...READ_FLAGS,
  ...PLAN_FLAGS,
  ...LEDGER_FLAG,
  ...INIT_FLAG,
  ...VIEW_FLAGS,
  out: text('FILE', 'save the plan, for "apply FILE"'),
  markdown: on('a comment for a pull request on stdout'),
  ...HTML_FLAG,
  'detailed-exitcode': on('exit 5 where something is blocked, else 2 where there are changes'),
  'allow-blocked': on('what is blocked does not count for the exit code'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** What apply would do; it writes nothing, on the account or on disk. */
export const plan = defineCommand({
  name: 'plan',
  summary: 'compare catalog, state and account, and show what apply would do; writes nothing',
  usage: '[flags]',
  flags: FLAGS,
  rules: [ONE_FORM_RULE, FORMAT_RULE, ALLOW_BLOCKED_RULE],
  run: async ({ flags }, context) =>
    flags.markdown ? await withComment(flags, context) : await compare(flags, context),
})

/** Writes the comment whatever becomes of the plan: a reviewer who finds none takes the one before for it. */
async function withComment(flags: Flags, context: Context): Promise<number> {
  const { context: inner, seen } = watched(context)
  const write = (code: number) =>
    context.document(stepMarkdown({ step: 'plan', outcome: outcomeOfExit(code), ...seen }))
  try {
    const code = await compare(flags, inner)
    write(code)
    return code
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { explainError, outcomeOf } = await import('../explain-error.ts')
    const silent = () => undefined
    const aside = watched({ ...context, err: silent })
    seen.messages.push(...explainError(error, aside.context).map(line => throughGate(line, plain)))
    seen.issues.push(...aside.seen.issues)
    write(EXIT[outcomeOf(error, stopOutcome(context))])
    throw error
  }
}

async function compare(flags: Flags, context: Context): Promise<number> {
  const options = planOptions(flags)
  const pages = await pagesFor(flags)
  if (flags.out !== undefined) await checkReplaceable(flags.out, SAVED_PLAN)
  const checked = await readChecked(flags, context)
  if (checked === undefined) return EXIT.failed
  const { catalog, policy } = checked
  await sayFirstRun(flags, context)
  const state = await readState(stateOf(flags, context))
  checkTargets(flags.target, catalog, state)
  await using sft = openAccount(flags, context, 'reads')
  const subject = subjectOf(sft, flags, context)
  const sales = await readSoldEndpoints(flags, context, state, catalog)
  sayPending(state, context)
  const made = await readPlan(context, onEvent =>
    makePlan(catalog, state, sft, {
      ...options,
      ...(sales && { sales }),
      ...(policy && { policy }),
      onEvent,
    }),
  )
  const landscape = () => landscapeOf({ ...made, state })
  context.witness?.plan(made.plan, landscape)
  showIssues(context, made.plan.issues)
  const out = flags.out
  if (out !== undefined && planErrors(made.plan).length === 0) {
    const saved = savePlan(
      made,
      catalog.hash,
      state,
      { ...options, init: flags.init },
      new Date(),
      subject,
    )
    await writeFileDurably(out, `${JSON.stringify(saved, undefined, 2)}\n`)
    context.err(
      planOutcome(made.plan) === 'refused'
        ? `saved to ${out}: "sft-catalog apply ${out}" refuses it too, as long as this stands`
        : `saved to ${out}: "sft-catalog apply ${out}" does exactly this`,
    )
  }
  if (pages !== undefined)
    context.document(
      pages.planPage({
        plan: planToJson(made.plan, subject),
        landscape: landscape(),
        ...(await pageFrame()),
      }),
    )
  else if (flags.json)
    context.answer('plan', planToJson(made.plan, subject), planOutcome(made.plan))
  else if (!flags.markdown && planErrors(made.plan).length === 0)
    for (const line of renderPlan(made.plan, context.paint, subject, { fold: !flags.full }))
      context.out(line)
  return exitOf(made.plan, flags)
}
