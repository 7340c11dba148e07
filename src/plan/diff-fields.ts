import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject, Resource, Spec } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import type { AnyRecord } from '../state/state.ts'
import type { FieldChange } from './plan.ts'

const same = (left: Json | undefined, right: Json | undefined): boolean =>
  left === right || isDeepStrictEqual(left, right)

const list = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

/** How one object differs, field by field. */
export interface FieldDiff {
  readonly fields: readonly FieldChange[]
  readonly blocked: readonly FieldChange[]
  readonly current: Spec
}

/**
 * The three-way comparison of one object: what the catalog wants, what was last applied, what the
 * account reports. What is not reported is taken to be as applied, and is never drift.
 */
export function diffFields(
  kind: Kind,
  wanted: Spec,
  applied: Spec | undefined,
  reported: Spec,
  context: {
    readonly refused?: AnyRecord['refused'] | undefined
    readonly replaceRemoved: boolean
    /** What is left of `applied` by itself, where the account does not report it. */
    readonly standing?: Spec | undefined
  },
): FieldDiff {
  const fields: FieldChange[] = []
  const blocked: FieldChange[] = []
  const standing = context.standing ?? applied
  for (const field of Object.keys(kind.fields)) {
    const rule = kind.fields[field]
    if (rule === undefined) continue
    const want = wanted[field]
    const last = applied?.[field]
    const account = rule.reported ? reported[field] : undefined
    const have = account === undefined ? standing?.[field] : account
    // Adopting: what the account does not report is taken on trust.
    if (applied === undefined && account === undefined) continue
    if (same(want, have) && (applied === undefined || same(last, want))) continue
    const values = {
      field,
      ...(last !== undefined && { applied: last }),
      ...(want !== undefined && { wanted: want }),
      ...(account !== undefined && { account }),
    }
    // A field that the catalog does not set is not managed: the account's value is not drift.
    if (want === undefined && (rule.reported || rule.mutability !== 'replace')) {
      if (last !== undefined)
        fields.push({
          ...values,
          mutability: 'local',
          origin: 'ours',
          message:
            'left the catalog: it stays on the account as it is, and is not managed any more',
        })
      continue
    }
    if (same(want, have)) {
      fields.push({ ...values, mutability: 'local', origin: 'both' })
      continue
    }
    const origin =
      account === undefined || applied === undefined || same(account, last)
        ? 'ours'
        : same(want, last)
          ? 'drift'
          : 'both'
    const refusal = context.refused?.[field]
    if (refusal !== undefined && same(refusal.wanted, want)) {
      blocked.push({ ...values, mutability: 'blocked', origin, message: refusal.message })
    } else if (rule.mutability === 'additive') {
      const added = list(want).filter(member => !list(have).includes(member))
      const removed = list(have).filter(member => !list(want).includes(member))
      if (removed.length > 0 && context.replaceRemoved) {
        fields.push({ ...values, mutability: 'replace', origin })
        continue
      }
      if (removed.length > 0)
        blocked.push({
          ...values,
          mutability: 'blocked',
          origin,
          message: `${rule.reason}: take out ${removed.join(', ')} in the portal, put it back into the catalog, or set onNetworkRemoval: replace`,
        })
      if (added.length > 0)
        fields.push({
          ...values,
          mutability: 'in-place',
          origin,
          wanted: [...list(have), ...added].sort(),
        })
    } else if (rule.mutability === 'blocked') {
      blocked.push({
        ...values,
        mutability: 'blocked',
        origin,
        message: rule.waysOut === undefined ? rule.reason : `${rule.reason}: ${rule.waysOut}`,
      })
    } else {
      fields.push({ ...values, mutability: rule.mutability, origin })
    }
  }
  return { fields, blocked, current: currentSpec(kind, standing ?? {}, reported) }
}

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
