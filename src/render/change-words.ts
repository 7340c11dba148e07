/** What a plan says, in words, whatever the form: text, comment and page say the same. */
import { diffArrays } from 'diff'
import { count } from '../counts.ts'
import type { Json, KindName } from '../model.ts'
import type { Action, Change, Cost, FieldChange } from '../plan/plan.ts'
import type { Impact } from '../resources/impact.ts'
import { findKind, kindOf } from '../resources/kinds.ts'
import { refOf } from '../resources/references.ts'
import { duration, type Tone } from './paint.ts'

export const SIGN: Readonly<Record<Action, string>> = {
  create: '+',
  adopt: '=',
  update: '~',
  replace: '±',
  retire: '-',
  forget: '-',
  keep: ' ',
  orphan: '?',
  blocked: '!',
}
export const TONE: Readonly<Record<Action, Tone>> = {
  create: 'add',
  adopt: 'add',
  update: 'change',
  replace: 'change',
  retire: 'remove',
  forget: 'remove',
  keep: 'dim',
  orphan: 'warn',
  blocked: 'error',
}
export const VERB: Readonly<Record<Action, string>> = {
  create: 'to create',
  adopt: 'to adopt',
  update: 'to update',
  replace: 'to replace',
  retire: 'to retire',
  forget: 'to forget',
  keep: 'unchanged',
  orphan: 'not in the catalog',
  blocked: 'blocked',
}
const ORIGIN = {
  ours: 'changed in the catalog',
  drift: 'changed on the account',
  both: 'changed on both sides',
} as const

/** SKUs of one change that are named. */
const SKUS = 12

/** A field that differs, of a plan or of its JSON. */
export type FieldSides = Omit<FieldChange, 'mutability'> & { readonly mutability: string }

/** A field that differs, in words. */
export interface FieldWords {
  readonly field: string
  /** Who moved, or what became of it. */
  readonly why: string
  /** No call edits it: a new object takes the place of the old one. */
  readonly isNew: boolean
  /** It stays as it is on the account. */
  readonly stays: boolean
  /** Absent: it is not set. */
  readonly before?: string
  readonly after?: string
  /** Of a list: what joins and what leaves, in its order. */
  readonly members?: readonly { readonly joins: boolean; readonly name: string }[]
  /** Where both sides moved: what was applied, and what the account has. */
  readonly sides?: string
}

/** @param labels names for people of what stands in lists as a word. */
export function fieldWords(
  side: FieldSides,
  kind: KindName,
  labels: Readonly<Record<string, string>>,
): FieldWords {
  const { field, mutability, message, applied, account, wanted, origin } = side
  const show = findKind(kind)?.fields[field]?.show ?? showJson
  const before = account === undefined ? applied : account
  const isBoth = origin === 'both' && applied !== undefined && account !== undefined
  return {
    field,
    why: whyOf(side),
    isNew: mutability === 'replace',
    stays: mutability === 'local' && message !== undefined,
    ...(before !== undefined && { before: show(before) }),
    ...(wanted !== undefined && { after: show(wanted) }),
    ...(Array.isArray(before) &&
      Array.isArray(wanted) && { members: membersOf(before, wanted, labels) }),
    ...(isBoth && { sides: `last applied ${show(applied)}, on the account ${show(account)}` }),
  }
}

export const whyOf = ({ mutability, message, origin }: FieldSides): string =>
  message ?? (mutability === 'local' ? 'kept in the state only' : ORIGIN[origin])

/** What joins and leaves a list, each by its name for people. */
export function membersOf(
  before: readonly Json[],
  after: readonly Json[],
  labels: Readonly<Record<string, string>>,
): NonNullable<FieldWords['members']> {
  const name = (item: string) => labels[item] ?? item
  return diffArrays(before.map(memberText), after.map(memberText)).flatMap(part =>
    part.added || part.removed
      ? part.value.map(item => ({ joins: part.added, name: name(item) }))
      : [],
  )
}

const memberText = (item: Json): string =>
  typeof item === 'object' ? showJson(item) : String(item)

/** What applying takes, as a sentence; `rate` says at how many calls a second. */
export const costText = ({ calls, seconds }: Cost, rate = '', activations = 0): string =>
  calls === 0
    ? 'Applying makes no call.'
    : `Applying takes ${count(calls, 'call')}, ${seconds < 1 ? '' : 'about '}${duration(seconds)}${rate}. It activates ${
        activations === 0 ? 'no SIM' : `${count(activations, 'SIM')}, which may be charged`
      }.`

/** SIMs that changes activate for the first time. */
export const activationsOf = (changes: readonly Change[]): number =>
  changes.filter(
    change =>
      change.action === 'update' &&
      change.fields.some(({ field, account }) => field === 'lifecycle' && account === 'Pre-Active'),
  ).length

/** What a change means for people, in words: SKUs first, then whoever holds what was sold. */
export function impactWords(change: Change, impact: Impact): readonly string[] {
  const { skus } = impact
  const parts = [
    ...(skus.length === 0
      ? []
      : [`SKU ${skus.slice(0, SKUS).join(', ')}${skus.length > SKUS ? ' …' : ''}`]),
    ...peopleWords(change, impact),
  ]
  return parts.length === 0 ? [] : [parts.join('; ')]
}

/** Whoever holds what was sold, and what was not sold; none where sales are not known. */
export function peopleWords(change: Change, impact: Impact): readonly string[] {
  const sold = soldText(change, impact)
  const { soldEndpoints, unsoldEndpoints: unsold = 0 } = impact
  const isOnlyUnsold = unsold > 0 && soldEndpoints === 0
  return [
    ...(sold === undefined || isOnlyUnsold ? [] : [sold]),
    ...(unsold === 0 ? [] : [count(unsold, 'unsold endpoint')]),
  ]
}

/** What becomes of what was sold; undefined where that is not known. */
function soldText(change: Change, { soldEndpoints: sold }: Impact): string | undefined {
  if (sold === undefined) return undefined
  const { travellers } = kindOf(change.kind)
  // An old revision is not what the record says.
  const isOld = change.action === 'retire' && change.superseded !== undefined
  const before = 'record' in change && !isOld ? change.record?.spec : undefined
  return travellers === undefined
    ? count(sold, 'sold endpoint')
    : travellers({ action: change.action, sold, ...(before !== undefined && { before }) })
}

/** A value for people; what has no ID yet by its address. */
export const showJson = (value: Json): string =>
  typeof value === 'object' && value !== null
    ? (refOf(value) ?? JSON.stringify(value))
    : String(value)

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
