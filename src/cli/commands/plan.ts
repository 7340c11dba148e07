import { writeFileDurably } from '../../durable/files.ts'
import { makePlan } from '../../make-plan.ts'
import { hardErrors, planOutcome } from '../../outcome.ts'
import type { Plan } from '../../plan/plan.ts'
import { planToJson } from '../../render/plan-json.ts'
import { planMarkdown } from '../../render/plan-markdown.ts'
import { renderPlan } from '../../render/plan-text.ts'
import { savePlan } from '../../saved-plan.ts'
import { readState } from '../../stores/states.ts'
import { openAccount, readCatalog, stateOf, subjectOf } from '../account.ts'
import { CATALOG_FLAGS, type Command, type Given, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { INIT_FLAG, sayFirstRun } from '../first-run.ts'
import {
  ALLOW_BLOCKED_RULE,
  ONE_FORM_RULE,
  PLAN_FLAGS,
  planOptions,
  sayPending,
  sayRead,
} from '../planning.ts'
import { LEDGER_FLAG, readSales } from '../sales.ts'
import { EXIT, showIssues } from '../world.ts'

/** What stands against applying counts always, what is to be done with `--detailed-exitcode`. */
function exitOf(plan: Plan, given: Given): number {
  const outcome = planOutcome(plan)
  if (outcome === 'failed' || outcome === 'refused') return EXIT[outcome]
  if (!given.is('detailed-exitcode')) return EXIT.ok
  if (outcome !== 'blocked' || !given.is('allow-blocked')) return EXIT[outcome]
  return plan.operations.length > 0 ? EXIT.changes : EXIT.ok
}

/** What apply would do; it writes nothing, on the account or on disk. */
export const plan: Command = {
  name: 'plan',
  summary: 'compare catalog, state and account, and show what apply would do; writes nothing',
  usage: '[flags]',
  flags: [
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    ...PLAN_FLAGS,
    LEDGER_FLAG,
    INIT_FLAG,
    ['--out FILE', 'save the plan, for "apply FILE"'],
    ['--markdown', 'a comment for a pull request on stdout'],
    ['--detailed-exitcode', 'exit 5 where something is blocked, else 2 where there are changes'],
    ['--allow-blocked', 'what is blocked does not count for the exit code'],
    JSON_FLAG,
  ],
  rules: [ONE_FORM_RULE, ALLOW_BLOCKED_RULE],
  run: async (given, world) => {
    const options = planOptions(given)
    const catalog = await readCatalog(given, world)
    if (catalog === undefined) return EXIT.failed
    await sayFirstRun(given, world)
    const state = await readState(stateOf(given, world))
    await using sft = openAccount(given, world, 'reads')
    const subject = subjectOf(sft, given, world)
    const sales = await readSales(given, world, state)
    sayPending(state, world)
    const made = await makePlan(catalog, state, sft, {
      ...options,
      ...(sales && { sales }),
      onEvent: sayRead(world, given.is('json')),
    })
    showIssues(world, made.plan.issues)
    const out = given.text('out')
    if (out !== undefined && hardErrors(made.plan).length === 0) {
      const saved = savePlan(
        made,
        catalog.hash,
        state,
        { ...options, init: given.is('init') },
        new Date(),
        subject,
      )
      await writeFileDurably(out, `${JSON.stringify(saved, undefined, 2)}\n`)
      world.err(`saved to ${out}: "sft-catalog apply ${out}" does exactly this`)
    }
    if (given.is('json')) world.json(planToJson(made.plan, subject))
    else if (given.is('markdown')) world.document(planMarkdown(made.plan, subject))
    else if (hardErrors(made.plan).length === 0)
      for (const line of renderPlan(made.plan, world.paint, subject)) world.out(line)
    return exitOf(made.plan, given)
  },
}
