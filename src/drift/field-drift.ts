/** Who moved which field of one record. */
import type { Observation } from '../account/observation.ts'
import type { Json, KindName, Resource, Spec } from '../model.ts'
import { wordsOf } from '../networks.ts'
import { diffFields } from '../plan/diff-fields.ts'
import type { FieldChange } from '../plan/plan.ts'
import type { Kind, ObservedObject } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { platformSpec } from '../resources/references.ts'
import { knownId } from '../state/records.ts'
import type { AnyRecord, State } from '../state/state.ts'
import type { FieldDrift } from './drift-report.ts'

/** What the catalog wants of an address, with IDs for references, as far as the state has them. */
const wantedSpec = (resource: Resource, state: State, revision: number | undefined): Spec =>
  platformSpec(resource, kindOf(resource.kind).identity, revision, ref => knownId(state, ref)).spec

/** The fields of a record that moved, there or here. */
export function fieldDrifts(
  kind: KindName,
  record: AnyRecord,
  resource: Resource | undefined,
  observed: ObservedObject,
  state: State,
  observation: Observation,
): readonly FieldDrift[] {
  const wanted = resource === undefined ? record.spec : wantedSpec(resource, state, record.revision)
  const { fields, blocked } = diffFields(kindOf(kind), wanted, record.spec, observed.spec, {
    replaceRemoved: false,
  })
  const drifts: FieldDrift[] = []
  const seen = new Set<string>()
  for (const change of [...fields, ...blocked]) {
    // An additive list may have its additions and its removals told apart.
    if (seen.has(change.field)) continue
    seen.add(change.field)
    const drift = Array.isArray(change.applied)
      ? listDrift(
          kindOf(kind),
          { ...change, ...valuesOf(change.field, wanted, record.spec, observed.spec) },
          observation,
        )
      : scalarDrift(change)
    if (drift !== undefined) drifts.push(drift)
  }
  return drifts
}

function valuesOf(field: string, wanted: Spec, applied: Spec, account: Spec) {
  const value = (name: string, json: Json | undefined) =>
    json === undefined ? {} : { [name]: json }
  return {
    ...value('wanted', wanted[field]),
    ...value('applied', applied[field]),
    ...value('account', account[field]),
  }
}

const DIRECTION = { ours: 'here', drift: 'there', both: 'both' } as const

function scalarDrift(change: FieldChange): FieldDrift {
  const { field, applied, wanted, account } = change
  return {
    field,
    direction: DIRECTION[change.origin],
    ...(applied !== undefined && { applied }),
    ...(wanted !== undefined && { wanted }),
    ...(account !== undefined && { account }),
    notes: [],
  }
}

/** Members of a list move one by one; those that go by themselves were moved by nobody here. */
function listDrift(
  kind: Kind,
  change: FieldChange,
  observation: Observation,
): FieldDrift | undefined {
  const applied = wordsOf(change.applied)
  const account = change.account === undefined ? applied : wordsOf(change.account)
  const wanted = wordsOf(change.wanted)
  const standing = kind.standing?.of({ [change.field]: [...applied] }, observation)[change.field]
  const stay = new Set(standing === undefined ? applied : wordsOf(standing))
  const without = (left: readonly string[], right: readonly string[]) => {
    const set = new Set(right)
    return left.filter(word => !set.has(word))
  }
  const lostThere = without(applied, account)
  const gainedThere = without(account, applied)
  const lostHere = without(applied, wanted).filter(word => stay.has(word))
  const gainedHere = without(wanted, applied).filter(word => !gainedThere.includes(word))
  const there = lostThere.length + gainedThere.length > 0
  const here =
    without(lostHere, lostThere).length + gainedHere.length > 0 ||
    without(gainedThere, wanted).length < gainedThere.length
  if (!there && !here) return undefined
  const left = lostThere.filter(word => !stay.has(word))
  return {
    ...scalarDrift(change),
    direction: there && here ? 'both' : there ? 'there' : 'here',
    notes:
      left.length === 0 || kind.standing === undefined ? [] : [kind.standing.note(left.length)],
  }
}

/** Fields of a record that the account does not report. */
export function unreported(
  kind: KindName,
  record: AnyRecord,
  observed: ObservedObject,
): readonly string[] {
  return Object.entries(kindOf(kind).fields)
    .filter(
      ([field, rule]) =>
        rule.reported &&
        record.spec[field] !== undefined &&
        record.spec[field] !== null &&
        observed.spec[field] === undefined,
    )
    .map(([field]) => field)
}
