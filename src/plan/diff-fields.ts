import { isDeepStrictEqual } from 'node:util'
import { grouped } from '../counts.ts'
import { isList } from '../json.ts'
import type { Json, JsonObject, Resource, Spec } from '../model.ts'
import { type FieldRule, type Kind, seenAs } from '../resources/kind.ts'
import type { AnyRecord } from '../state/state.ts'
import type { FieldChange } from './plan.ts'

/** Lists are compared here member by member: most are short, and alike. */
const same = (left: Json | undefined, right: Json | undefined): boolean =>
  left === right ||
  (isList(left) && isList(right)
    ? left.length === right.length && left.every((member, at) => same(member, right[at]))
    : isDeepStrictEqual(left, right))

const list = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

/** How one object differs, field by field. */
export interface FieldDiff {
  readonly fields: readonly FieldChange[]
  readonly blocked: readonly FieldChange[]
  readonly current: Spec
}

interface FieldContext {
  readonly refused?: AnyRecord['refused'] | undefined
  readonly replaceRemoved: boolean
  /** Names for people of what stands in lists as a word. */
  readonly labels?: () => Readonly<Record<string, string>>
  /** What is left of `applied` by itself, where the account does not report it. */
  readonly standing?: Spec | undefined
}

/**
 * The three-way comparison of one object: what the catalog wants, what was last applied, what the
 * account reports. What is not reported is taken to be as applied, and is never drift.
 */
export function diffFields(
  kind: Kind,
  wanted: Spec,
  applied: Spec | undefined,
  told: Spec,
  context: FieldContext,
): FieldDiff {
  const reported = seenAs(kind, told, field =>
    wanted[field] === undefined ? applied?.[field] : wanted[field],
  )
  const fields: FieldChange[] = []
  const blocked: FieldChange[] = []
  const standing = context.standing ?? applied
  for (const [field, rule] of Object.entries(kind.fields)) {
    if (rule === undefined) continue
    const valueIn = (spec: Spec | undefined) =>
      spec?.[field] === undefined ? spec && rule.unset?.(spec) : spec[field]
    const account = rule.reported ? reported[field] : undefined
    const sides: Sides = {
      field,
      adopting: applied === undefined,
      applied: valueIn(applied),
      wanted: valueIn(wanted),
      account,
      have: account === undefined ? valueIn(standing) : account,
    }
    if (isSettled(sides)) continue
    for (const change of changesOf(sides, rule, context))
      if (change.mutability === 'blocked') blocked.push(change)
      else fields.push(change)
  }
  return { fields, blocked, current: currentSpec(kind, standing ?? {}, reported) }
}

/** One field as the catalog wants it, as it was last applied, and as the account has it. */
interface Sides {
  readonly field: string
  /** The state has nothing of the object. */
  readonly adopting: boolean
  readonly wanted: Json | undefined
  readonly applied: Json | undefined
  /** As reported; undefined: not reported. */
  readonly account: Json | undefined
  /** What the account has as far as is known: what it reports, else what was applied. */
  readonly have: Json | undefined
}

/** Nothing differs; adopting, what the account does not report is taken on trust. */
const isSettled = ({ adopting, wanted, applied, account, have }: Sides): boolean =>
  adopting
    ? account === undefined || same(wanted, have)
    : same(wanted, have) && same(applied, wanted)

const valuesOf = ({ field, applied, wanted, account }: Sides) => ({
  field,
  ...(applied !== undefined && { applied }),
  ...(wanted !== undefined && { wanted }),
  ...(account !== undefined && { account }),
})

/** Who moved: the catalog, the account, or both. */
function originOf({ adopting, wanted, applied, account }: Sides): FieldChange['origin'] {
  if (account === undefined || adopting || same(account, applied)) return 'ours'
  return same(wanted, applied) ? 'drift' : 'both'
}

/** What a difference leads to, by the rule of its field. */
function changesOf(
  sides: Sides,
  rule: FieldRule,
  { refused, replaceRemoved, labels = NO_LABELS }: FieldContext,
): readonly FieldChange[] {
  const { field, wanted, applied, have } = sides
  const values = valuesOf(sides)
  // A field that the catalog does not set is not managed: the account's value is not drift.
  if (wanted === undefined && (rule.reported || rule.mutability !== 'replace'))
    return applied === undefined
      ? []
      : [{ ...values, mutability: 'local', origin: 'ours', message: LEFT_CATALOG }]
  if (same(wanted, have)) return [{ ...values, mutability: 'local', origin: 'both' }]
  const origin = originOf(sides)
  const refusal = refused?.[field]
  if (refusal !== undefined && same(refusal.wanted, wanted))
    return [{ ...values, mutability: 'blocked', origin, message: refusal.message }]
  return LEADS_TO[rule.mutability](sides, origin, rule, { replaceRemoved, labels })
}

/** How lists are changed and told. */
type ListRule = Required<Pick<FieldContext, 'replaceRemoved' | 'labels'>>

/** What a difference that the rule of its field allows leads to. */
type LeadsTo = (
  sides: Sides,
  origin: FieldChange['origin'],
  rule: FieldRule,
  lists: ListRule,
) => readonly FieldChange[]

const as =
  (mutability: 'in-place' | 'replace' | 'local'): LeadsTo =>
  (sides, origin) => [{ ...valuesOf(sides), mutability, origin }]

const LEADS_TO: Readonly<Record<FieldRule['mutability'], LeadsTo>> = {
  'in-place': as('in-place'),
  replace: as('replace'),
  local: as('local'),
  additive: memberChanges,
  blocked: (sides, origin, { reason, waysOut }) => [
    {
      ...valuesOf(sides),
      mutability: 'blocked',
      origin,
      message: waysOut === undefined ? reason : `${reason}: ${waysOut}`,
    },
  ],
}

const NO_LABELS = () => ({})

const LEFT_CATALOG =
  'left the catalog: it stays on the account as it is, and is not managed any more'

/** A list that only grows: what is to go is blocked, or replaces the whole. */
function memberChanges(
  sides: Sides,
  origin: FieldChange['origin'],
  { reason }: FieldRule,
  { replaceRemoved, labels }: ListRule,
): readonly FieldChange[] {
  const values = valuesOf(sides)
  const have = list(sides.have)
  const wanted = list(sides.wanted)
  const added = wanted.filter(member => !have.includes(member))
  const removed = have.filter(member => !wanted.includes(member))
  if (removed.length > 0 && replaceRemoved) return [{ ...values, mutability: 'replace', origin }]
  const changes: FieldChange[] = []
  if (removed.length > 0)
    changes.push({
      ...values,
      mutability: 'blocked',
      origin,
      message: `${reason}: take out ${fewOf(removed.map(member => labels()[member] ?? member))} in the portal, put it back into the catalog, or set onNetworkRemoval: replace`,
    })
  if (added.length > 0)
    changes.push({
      ...values,
      mutability: 'in-place',
      origin,
      wanted: [...have, ...added].sort(),
    })
  return changes
}

/** Members named in a message; the rest is counted. */
const NAMED = 5

const fewOf = (names: readonly string[]): string =>
  names.length > NAMED
    ? `${names.slice(0, NAMED).join('; ')} and ${grouped(names.length - NAMED)} more`
    : names.join('; ')

/** What the account has: reported values over applied ones. */
function currentSpec(kind: Kind, standing: Spec, reported: Spec): Spec {
  const fields = Object.keys(reported).filter(field => kind.fields[field]?.reported)
  if (fields.length === 0) return standing
  const current: Record<string, Json> = { ...standing }
  for (const field of fields) {
    const value = reported[field]
    if (value !== undefined) current[field] = value
  }
  return current
}

/** Differences that live in the state only. */
export function localChanges(
  kind: Kind,
  { local }: Resource,
  record: AnyRecord,
): readonly FieldChange[] {
  const fields: FieldChange[] = []
  for (const field of kind.localFields) {
    const before = (record as object as JsonObject)[field]
    const after = local[field]
    if (same(before, after)) continue
    fields.push({
      field,
      mutability: 'local',
      origin: 'ours',
      ...(before !== undefined && { applied: before }),
      ...(after !== undefined && { wanted: after }),
    })
  }
  return fields
}
