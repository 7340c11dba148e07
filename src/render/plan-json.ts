import type { Issue } from '../issues.ts'
import type { Json } from '../model.ts'
import { OUTCOMES, type Outcome, planOutcome } from '../outcome.ts'
import { type Change, type FieldChange, type Plan, shownAs } from '../plan/plan.ts'
import type { Impact } from '../resources/impact.ts'
import { kindOf } from '../resources/kinds.ts'
import { activationsOf, peopleWords } from './change-words.ts'
import { JSON_FORMATS } from './formats.ts'
import type { JsonAnswer } from './outputs.ts'
import { blockedInPart } from './plan-text.ts'
import { type Subject, subjectToJson } from './subject.ts'

/** A plan as `plan --json` and saved plans have it. */
export type PlanJson = JsonAnswer<'plan'>

/**
 * A plan as data for programs: counts with what they come to, every change with its fields, cost, issues.
 * `summary.exitCode` is that of `plan --detailed-exitcode`.
 */
export function planToJson(plan: Plan, subject?: Subject): PlanJson {
  return {
    format: JSON_FORMATS.plan,
    ...subjectToJson(subject),
    summary: {
      ...plan.summary,
      blockedInPart: blockedInPart(plan),
      ...outcomeToJson(planOutcome(plan)),
    },
    cost: {
      calls: plan.cost.calls,
      seconds: Math.round(plan.cost.seconds * 10) / 10,
      callsPerSecond: Number.isFinite(plan.cost.callsPerSecond) ? plan.cost.callsPerSecond : null,
      activations: activationsOf(plan.changes),
    },
    // What is kept is counted above; a list of it would dwarf the rest.
    changes: plan.changes.filter(change => change.action !== 'keep').map(changeToJson),
    issues: plan.issues.map(issueToJson),
  }
}

/** An issue as data, without the line where it is. */
export const issueToJson = (issue: Issue): PlanJson['issues'][number] => ({
  code: issue.code,
  severity: issue.severity,
  message: issue.message,
  ...(issue.hint !== undefined && { hint: issue.hint }),
  ...(issue.position && { position: { ...issue.position } }),
  ...(issue.rule && { rule: issue.rule }),
})

/** How something ended, as data: its name and its exit code. */
const outcomeToJson = (outcome: Outcome) => ({
  outcome,
  exitCode: OUTCOMES[outcome].code,
})

function changeToJson(change: Change): PlanJson['changes'][number] {
  const fields = 'fields' in change ? change.fields : []
  const blocked = 'blocked' in change ? change.blocked : []
  return {
    action: shownAs(change),
    ...(change.action === 'adopt' && { adopts: true }),
    address: change.address,
    kind: change.kind,
    key: change.key,
    name: change.name,
    ...('id' in change && change.id !== undefined && { id: change.id }),
    fields: [...fields, ...blocked].map(fieldToJson),
    ...(change.action === 'create' && { spec: change.spec }),
    ...(change.action === 'replace' && { spec: change.spec, revision: change.revision }),
    ...(change.action === 'blocked' && { reason: change.reason }),
    ...('notKnown' in change && change.notKnown && { notKnown: true }),
    ...(change.notes.length > 0 && { notes: change.notes }),
    ...entryToJson(change),
    ...(change.impact && { impact: impactToJson(change, change.impact) }),
  }
}

/** The entry that a change is one of many of. */
function entryToJson(change: Change): { readonly entry?: string } {
  const { grouping } = kindOf(change.kind)
  if (grouping === undefined) return {}
  const holder = 'resource' in change ? change.resource.local : 'record' in change && change.record
  const key: unknown = holder && Reflect.get(holder, grouping.field)
  return typeof key === 'string' ? { entry: `${grouping.prefix}/${key}` } : {}
}

function impactToJson(change: Change, impact: Impact) {
  const inWords = peopleWords(change, impact)
  return { ...impact, ...(inWords.length > 0 && { inWords }) }
}

const fieldToJson = (field: FieldChange): PlanJson['changes'][number]['fields'][number] => {
  const value = (name: string, json: Json | undefined) =>
    json === undefined ? {} : { [name]: json }
  return {
    field: field.field,
    mutability: field.mutability,
    origin: field.origin,
    ...value('applied', field.applied),
    ...value('wanted', field.wanted),
    ...value('account', field.account),
    ...value('message', field.message),
  }
}
