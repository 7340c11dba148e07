import { diffWordsWithSpace } from 'diff'
import { count, grouped } from '../counts.ts'
import { blockedEntries, planErrors, planOutcome } from '../outcome.ts'
import type { Action, Change, FieldChange, Plan } from '../plan/plan.ts'
import { ACTIONS, shownAs } from '../plan/plan.ts'
import type { Impact } from '../resources/impact.ts'
import type { Grouping, Kind } from '../resources/kind.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import {
  activationsOf,
  capitalised,
  costText,
  type FieldWords,
  fieldWords,
  impactWords,
  SIGN,
  showJson,
  TONE,
  VERB,
  whyOf,
} from './change-words.ts'
import { gated } from './gate.ts'
import { type Paint, plain, type Tone } from './paint.ts'
import { type Subject, subjectLines } from './subject.ts'

/** Lines of one list that a terminal can hold; the rest is counted. */
const SHOWN = 12

/** How a plan is shown. */
export interface PlanView {
  /** Entries of a kind to which the same happens are counted after the first few. */
  readonly fold?: boolean
}

/**
 * A plan for people: what changes, why, and what it costs. The last line has the counts; where it is refused,
 * that comes after them.
 */
export const renderPlan = (
  plan: Plan,
  paint: Paint = plain,
  subject?: Subject,
  view: PlanView = {},
): readonly string[] => gated(paint, marked => planLines(plan, marked, subject, view))

function planLines(
  plan: Plan,
  paint: Paint,
  subject: Subject | undefined,
  view: PlanView,
): readonly string[] {
  const lines = kinds().flatMap(kind => {
    const changes = renderChanges(plan, kind, paint, view)
    return changes.length === 0 ? [] : [paint('strong', capitalised(kind.plural)), ...changes, '']
  })
  return [...subjectLines(subject), ...lines, ...summaryLines(plan, paint)]
}

/** The changes of one kind, without what is kept. */
export function renderChanges(
  plan: Plan,
  kind: Kind,
  paint: Paint = plain,
  { fold = false }: PlanView = {},
): readonly string[] {
  const changes = plan.changes.filter(
    change => change.kind === kind.kind && change.action !== 'keep',
  )
  if (kind.grouping !== undefined) return renderGroups(changes, kind, kind.grouping, paint)
  const pieces: readonly Piece[] = fold ? foldChanges(changes) : changes.map(one => ({ one }))
  return pieces.flatMap(piece =>
    'one' in piece ? renderChange(piece.one, plan, paint) : foldedLine(piece.folded, paint),
  )
}

/** One change, or several of which the like was shown just before. */
type Piece = { readonly one: Change } | { readonly folded: readonly Change[] }

/** So many of one sort are shown in any case; of more, the first few. */
const UNFOLDED = 6
const FIRST_FEW = 3

/** What takes something away, or makes something anew that travellers hold, is always shown. */
const MAY_FOLD: ReadonlySet<Action> = new Set(['create', 'adopt', 'update', 'forget', 'blocked'])

/** Changes by what happens, the first few of each sort, and the rest of it after them. */
function foldChanges(changes: readonly Change[]): readonly Piece[] {
  const sorts = new Map<string, Change[]>()
  for (const change of changes) {
    const sort = sortOf(change)
    const same = sorts.get(sort)
    if (same === undefined) sorts.set(sort, [change])
    else same.push(change)
  }
  const rests = new Map<Change, readonly Change[]>()
  const hidden = new Set<Change>()
  for (const same of sorts.values()) {
    const [rest, last] = [same.slice(FIRST_FEW), same[FIRST_FEW - 1]]
    if (same.length <= UNFOLDED || last === undefined) continue
    rests.set(last, rest)
    for (const change of rest) hidden.add(change)
  }
  return changes.flatMap((change): readonly Piece[] => {
    if (hidden.has(change)) return []
    const folded = rests.get(change)
    return folded === undefined ? [{ one: change }] : [{ one: change }, { folded }]
  })
}

/** The same text for changes of which one tells all. */
function sortOf(change: Change): string {
  const action = shownAs(change)
  if (!MAY_FOLD.has(action) || ('blocked' in change && change.blocked.length > 0))
    return `${action} ${change.address}`
  const fields =
    'fields' in change && change.action !== 'blocked'
      ? change.fields.map(({ field, origin, mutability }) => [field, origin, mutability])
      : []
  const reason = change.action === 'blocked' ? withoutNames(change.reason, change) : ''
  const notes = change.notes.map(note => withoutNames(note, change))
  return JSON.stringify([action, fields, reason, notes])
}

/** What is said of an entry, without the names by which it differs from others. */
const withoutNames = (text: string, change: Change): string =>
  ['id' in change ? change.id : undefined, change.name, change.key].reduce(
    (left: string, name) => (name === undefined || name === '' ? left : left.replaceAll(name, '…')),
    text,
  )

function foldedLine(changes: readonly Change[], paint: Paint): readonly string[] {
  const first = changes[0]
  if (first === undefined) return []
  const action = shownAs(first)
  const text = `${SIGN[action]} … and ${grouped(changes.length)} more ${VERB[action]} like these`
  return [`  ${paint(TONE[action], text)}${paint('dim', ' (--full shows all)')}`]
}

/** What the plan costs, and its counts in one line, which is the last. */
function summaryLines(plan: Plan, paint: Paint): readonly string[] {
  const { callsPerSecond } = plan.cost
  const rate = Number.isFinite(callsPerSecond) ? ` at ${count(callsPerSecond, 'call')}/s` : ''
  const lines: string[] = []
  if (plan.operations.length > 0) lines.push(costText(plan.cost, rate, activationsOf(plan.changes)))
  const parts = ACTIONS.filter(action => action === 'keep' || plan.summary[action] > 0).map(
    action =>
      paint(
        plan.summary[action] === 0 ? 'dim' : TONE[action],
        `${grouped(plan.summary[action])} ${VERB[action]}`,
      ),
  )
  const partly = blockedInPart(plan)
  if (partly > 0) parts.push(paint('error', `${grouped(partly)} blocked in part`))
  lines.push(`${HEAD[headOf(plan)]}: ${parts.join(', ')}`)
  return [...lines, ...refusalLines(plan, paint)]
}

/** Why the plan is not carried out as it stands: at its end, where whoever looked at it is. */
function refusalLines(plan: Plan, paint: Paint): readonly string[] {
  if (planOutcome(plan) !== 'refused' && planErrors(plan).length === 0) return []
  return plan.issues
    .filter(issue => issue.severity === 'error')
    .map(({ code, message, hint }) => {
      const way = hint === undefined ? '' : ` (${hint})`
      return `${paint('error', 'Refused')}: ${paint('strong', code)}: ${message}${way}`
    })
}

const HEAD = { changes: 'Plan', blocked: 'Blocked', nothing: 'Nothing to do' } as const

const headOf = (plan: Plan): keyof typeof HEAD =>
  plan.operations.length > 0 ? 'changes' : blockedEntries(plan).length > 0 ? 'blocked' : 'nothing'

/** Entries of which some fields are blocked, while the rest is done. */
export const blockedInPart = (plan: Plan): number =>
  blockedEntries(plan).length - plan.summary.blocked

function renderChange(change: Change, plan: Plan, paint: Paint): readonly string[] {
  const id = 'id' in change && change.id !== undefined ? paint('dim', ` (${change.id})`) : ''
  const lines = [
    `  ${paint(TONE[shownAs(change)], `${SIGN[shownAs(change)]} ${change.address}`)}  "${change.name}"${id}${brief(change)}`,
  ]
  const detail = (text: string, tone?: Tone) =>
    lines.push(`      ${tone === undefined ? text : paint(tone, text)}`)
  if (change.action === 'blocked') detail(change.reason, 'error')
  if (change.action === 'adopt' && shownAs(change) === 'update')
    detail('found on the account: taken over and changed', 'warn')
  if ('fields' in change && change.action !== 'blocked')
    for (const field of change.fields) lines.push(...renderField(field, change, plan, paint))
  if ('blocked' in change)
    for (const field of change.blocked)
      detail(`blocked: ${field.field}: ${field.message ?? ''}`, 'error')
  if ((change.action === 'create' || change.action === 'replace') && 'sft' in change.spec)
    detail('sft: sent as it stands, unchecked', 'warn')
  for (const note of change.notes) detail(note, 'dim')
  if (change.impact !== undefined)
    for (const line of impactWords(change, change.impact)) detail(line, 'dim')
  return lines
}

/** What a created thing is, in a few words. */
function brief(change: Change): string {
  if (change.action !== 'create') return ''
  const words = kindOf(change.kind).brief?.(change.spec) ?? ''
  return words === '' ? '' : `  ${words}`
}

function renderField(
  side: FieldChange,
  change: Change,
  plan: Plan,
  paint: Paint,
): readonly string[] {
  const { field, why, isNew, stays, before, after, members, sides } = fieldWords(
    side,
    change.kind,
    plan.labels,
  )
  const head = `      ${field} ${paint('dim', `(${why}${isNew ? ', needs a new one' : ''})`)}`
  if (stays) return [`${head}${before === undefined ? '' : `  ${before}`}`]
  if (members !== undefined) return [head, ...memberLines(members, paint)]
  if (isLongText(side) && before !== undefined && after !== undefined)
    return [head, `        ${wordDiff(before, after, paint)}`]
  const wanted = paint('add', after ?? 'unset')
  const values = before === undefined ? wanted : `${paint('remove', before)} → ${wanted}`
  return [`${head}  ${values}`, ...(sides === undefined ? [] : [`        ${paint('dim', sides)}`])]
}

const isLongText = ({ account, applied, wanted }: FieldChange): boolean => {
  const before = account === undefined ? applied : account
  return (
    typeof before === 'string' &&
    typeof wanted === 'string' &&
    Math.max(before.length, wanted.length) > 40
  )
}

function memberLines(members: NonNullable<FieldWords['members']>, paint: Paint): readonly string[] {
  const shown = members
    .slice(0, SHOWN)
    .map(({ joins, name }) => (joins ? paint('add', `+ ${name}`) : paint('remove', `- ${name}`)))
    .map(line => `        ${line}`)
  return members.length > SHOWN
    ? [...shown, `        … and ${grouped(members.length - SHOWN)} more`]
    : shown
}

const wordDiff = (before: string, after: string, paint: Paint): string =>
  diffWordsWithSpace(before, after)
    .map(part =>
      part.added
        ? paint('add', `{+${part.value}+}`)
        : part.removed
          ? paint('remove', `[-${part.value}-]`)
          : part.value,
    )
    .join('')

/** Resources of one entry that are alike, as one. */
function renderGroups(
  changes: readonly Change[],
  kind: Kind,
  grouping: Grouping,
  paint: Paint,
): readonly string[] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const entry = 'resource' in change ? String(change.resource.local[grouping.field]) : ''
    const fields =
      'fields' in change
        ? change.fields
            .map(({ field, origin, mutability }) => `${field} ${origin} ${mutability}`)
            .join()
        : ''
    const reason = change.action === 'blocked' ? withoutNames(change.reason, change) : ''
    const key = JSON.stringify([
      change.action,
      entry,
      fields,
      reason,
      change.notes.map(note => withoutNames(note, change)),
    ])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return [...groups.values()].flatMap(group => renderGroup(group, kind, grouping, paint))
}

function renderGroup(
  group: readonly Change[],
  kind: Kind,
  { prefix, field }: Grouping,
  paint: Paint,
): readonly string[] {
  const first = group[0]
  const last = group.at(-1)
  if (first === undefined || last === undefined) return []
  const entry = 'resource' in first ? ` of ${prefix}/${String(first.resource.local[field])}` : ''
  const range = group.length === 1 ? first.key : `${first.key} … ${last.key}`
  const lines = [
    `  ${paint(TONE[first.action], `${SIGN[first.action]} ${count(group.length, kind.title, kind.plural)}`)}${entry}  ${paint('dim', range)}`,
  ]
  if (first.action === 'blocked') lines.push(...reasonLines(group, paint))
  else if ('fields' in first)
    for (const field of first.fields)
      lines.push(`      ${fieldText(field, paint)}${group.length > 1 ? ' …' : ''}`)
  for (const note of first.notes) lines.push(`      ${paint('dim', note)}`)
  for (const line of impactWords(first, sumOf(group))) lines.push(`      ${paint('dim', line)}`)
  return lines
}

function reasonLines(group: readonly Change[], paint: Paint): readonly string[] {
  const reasons = group
    .slice(0, SHOWN)
    .flatMap(change => (change.action === 'blocked' ? [paint('error', change.reason)] : []))
  const more = group.length > SHOWN ? [`… and ${grouped(group.length - SHOWN)} more`] : []
  return [...reasons, ...more].map(line => `      ${line}`)
}

function fieldText(field: FieldChange, paint: Paint): string {
  const was = (field.account === undefined ? field.applied : field.account) ?? null
  return `${field.field} ${paint('dim', `(${whyOf(field)})`)}  ${showJson(was)} → ${showJson(field.wanted ?? null)}`
}

/** What the changes of a group mean together. */
function sumOf(group: readonly Change[]): Impact {
  const known = group.flatMap(({ impact }) => (impact === undefined ? [] : [impact]))
  if (known.length === 0) return { skus: [] }
  return {
    skus: [...new Set(known.flatMap(impact => impact.skus))],
    soldEndpoints: known.reduce((sum, impact) => sum + (impact.soldEndpoints ?? 0), 0),
    unsoldEndpoints: known.reduce((sum, impact) => sum + (impact.unsoldEndpoints ?? 0), 0),
  }
}
