/** Holding a catalog and a plan against the rules of a team. */
import { count } from '../counts.ts'
import type { Issue } from '../issues.ts'
import type { Catalog } from '../model.ts'
import type { Plan } from '../plan/plan.ts'
import { askEvaluator } from './ask-evaluator.ts'
import { catalogWorld, planWorld, type Subject, type World } from './facts.ts'
import type { Expressions, Job, Verdict } from './job.ts'
import type { PolicyRule } from './rule.ts'
import { isOfPlan, scopes, types } from './words.ts'

/** The rules of a team, read and understood. */
export interface Policy {
  readonly rules: readonly PolicyRule[]
  /** Every breach of a rule that is about the catalog, and every such rule of which nothing is known. */
  checkCatalog(catalog: Catalog): Promise<readonly Issue[]>
  /** The same of rules that are about a plan. */
  checkPlan(plan: Plan, catalog: Catalog): Promise<readonly Issue[]>
}

/** Breaches of one rule that are listed; the rest is counted. */
const MOST_LISTED = 20

/** Rules that can be held against something. */
export const openPolicy = (rules: readonly PolicyRule[]): Policy => ({
  rules,
  checkCatalog: catalog =>
    check(
      rules.filter(({ on }) => !isOfPlan(on)),
      () => catalogWorld(catalog),
    ),
  checkPlan: (plan, catalog) =>
    check(
      rules.filter(({ on }) => isOfPlan(on)),
      () => planWorld(plan, catalog),
    ),
})

/** What expressions can name. */
export const languageOfRules = (): Pick<Job, 'types' | 'scopes'> => ({
  types: types(),
  scopes: Object.fromEntries(scopes().map(({ name, variables }) => [name, variables])),
})

/** A rule as far as it is evaluated. */
export const expressionsOf = ({ on, when, condition, message }: PolicyRule): Expressions => ({
  scope: on,
  condition,
  ...(when !== undefined && { when }),
  message: message.map(part => ('text' in part ? part.text : { expression: part.expression })),
})

async function check(
  rules: readonly PolicyRule[],
  makeWorld: () => World,
): Promise<readonly Issue[]> {
  if (rules.length === 0) return []
  const { subjects, ...shared } = makeWorld()
  const verdicts = await askEvaluator({
    ...languageOfRules(),
    rules: rules.map(expressionsOf),
    world: {
      shared,
      subjects: Object.fromEntries(
        Object.entries(subjects).map(([scope, list]) => [scope, list.map(({ value }) => value)]),
      ),
    },
  })
  return rules.flatMap((rule, index) =>
    issuesOf(rule, verdicts[index] ?? UNTOLD, subjects[rule.on] ?? []),
  )
}

const UNTOLD: Verdict = { kind: 'lost', why: 'nothing was told of it' }

function issuesOf(
  rule: PolicyRule,
  verdict: Verdict,
  subjects: readonly Subject[],
): readonly Issue[] {
  const at = (subject: number) => subjects[subject]?.positionOf(rule.reads)
  switch (verdict.kind) {
    case 'lost':
      return [notKnown(rule, verdict.why, undefined)]
    case 'read':
      return [notKnown(rule, verdict.faults[0]?.message ?? 'it was not evaluated', undefined)]
    case 'judged':
      return [
        ...verdict.broken
          .slice(0, MOST_LISTED)
          .map(({ subject, message }) => violated(rule, message, at(subject))),
        ...more(verdict.broken, left =>
          violated(rule, `${rule.key} is broken in ${left}`, undefined),
        ),
        ...verdict.notKnown
          .slice(0, MOST_LISTED)
          .map(({ subject, why }) => notKnown(rule, why, at(subject))),
        ...more(verdict.notKnown, left => notKnown(rule, `so it is with ${left}`, undefined)),
      ]
  }
}

/** How many more there are than are listed. */
function more(found: readonly unknown[], issueOf: (left: string) => Issue): readonly Issue[] {
  const left = found.length - MOST_LISTED
  return left > 0 ? [issueOf(count(left, 'more place'))] : []
}

const ruleOf = ({ key, position }: PolicyRule): NonNullable<Issue['rule']> => ({ key, position })

const violated = (rule: PolicyRule, message: string, position: Issue['position']): Issue => ({
  code: 'POLICY_VIOLATED',
  severity: rule.severity,
  message,
  hint: rule.description,
  position: position ?? rule.position,
  rule: ruleOf(rule),
})

/** An error whatever the rule's own weight: what nobody looked at did not pass. */
const notKnown = (rule: PolicyRule, why: string, position: Issue['position']): Issue => ({
  code: 'POLICY_NOT_KNOWN',
  severity: 'error',
  message: `whether rule ${rule.key} holds is not known: ${why}`,
  hint: 'let the rule say what holds where this is not known, with has(…), or give what it asks for',
  position: position ?? rule.position,
  rule: ruleOf(rule),
})
