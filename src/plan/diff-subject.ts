import type { Observation } from '../account/observation.ts'
import type { Address, Resource, Spec } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { platformSpec } from '../resources/references.ts'
import { eachRecord, idOf, idsOf, type Records, recordAt, recordOf } from '../state/records.ts'
import type { AnyRecord, State } from '../state/state.ts'
import type { OrphanOptions } from './diff-orphans.ts'
import type { Outcomes } from './diff-outcomes.ts'
import type { ObservedIndex } from './observed-index.ts'
import type { BlockedChange, Change, FieldChange } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

/** The three sides that are compared, and what was found of them so far. */
interface Comparison {
  readonly graph: ResourceGraph
  readonly state: State
  readonly observation: Observation
  readonly options: OrphanOptions
  readonly movedFrom: ReadonlyMap<Address, Address>
  readonly outcomes: Outcomes
}

/** What is known while the changes of a kind are made. */
export interface Scope extends Comparison {
  readonly kind: Kind
  readonly index: ObservedIndex
  /** Address of each platform ID of the state, old revisions included; made when first asked for. */
  readonly owners: () => ReadonlyMap<string, Address>
}

/** One wanted resource, with what the state has of it. */
export interface Subject extends Scope {
  readonly resource: Resource
  readonly record: AnyRecord | undefined
  /** The address under which the state has it, where that is another one. */
  readonly moved: Address | undefined
  /** Platform-side spec: revision name; references resolved as far as IDs are known. */
  readonly spec: Spec
  readonly name: string
  /** Of an object that the account has and the state does not. */
  readonly revision?: number
  readonly notes: string[]
}

/** A resource with its record, which a `moved:` may name under another key. */
export function subjectOf(scope: Scope, resource: Resource): Subject {
  const { graph, state, observation, options, movedFrom, outcomes, kind, index, owners } = scope
  const own = recordAt(state, resource.kind, resource.key)
  const from = own === undefined ? movedFrom.get(resource.address) : undefined
  const record = own ?? (from && recordOf(state, from))
  const spec = specOf(scope, resource, record?.revision)
  // Written out: spread, it is most of what comparing a hundred thousand endpoints costs.
  return {
    graph,
    state,
    observation,
    options,
    movedFrom,
    outcomes,
    kind,
    index,
    owners,
    resource,
    record,
    moved: record === undefined ? undefined : from,
    spec,
    name: String(spec['name'] ?? resource.naturalKey),
    notes: [...(resource.notes ?? [])],
  }
}

/** What the platform is to have of a revision of a resource. */
export function specOf(
  { kind, outcomes }: Scope,
  resource: Resource,
  revision: number | undefined,
): Spec {
  // Where nothing depends on the state, the catalog's spec is the platform's.
  if (kind.identity === 'iccid' && kind.references.length === 0) return resource.spec
  return platformSpec(resource, kind.identity, revision, outcomes.idOf).spec
}

/** Address of each platform ID of a kind's records, old revisions included. */
export function ownersOf(kind: Kind, records: Records): ReadonlyMap<string, Address> {
  const owners = new Map<string, Address>()
  for (const [key, record] of eachRecord(records)) {
    const address: Address = `${kind.kind}/${key}`
    for (const id of idsOf(kind, record)) owners.set(id, address)
  }
  return owners
}

/** What every change has that brings about what the catalog wants. */
export const wantedOf = ({ resource, spec, name, notes, moved }: Subject) => ({
  address: resource.address,
  kind: resource.kind,
  key: resource.key,
  name,
  resource,
  spec,
  notes,
  ...(moved !== undefined && { movedFrom: moved }),
  ...(resource.position && { position: resource.position }),
})

export const createdAs = (subject: Subject): Change => ({
  ...wantedOf(subject),
  action: 'create',
  ...(subject.record !== undefined && { record: subject.record }),
})

export const blockedBy = (
  { kind, resource, record, name, notes }: Subject,
  reason: string,
  fields: readonly FieldChange[] = [],
): BlockedChange => ({
  action: 'blocked',
  address: resource.address,
  kind: resource.kind,
  key: resource.key,
  name,
  notes,
  reason,
  fields,
  ...(record !== undefined && { id: idOf(kind, record) }),
  ...(resource.position && { position: resource.position }),
})

/** Nothing is done about what is not known, whatever the flags. */
export const notKnownYet = (subject: Subject, reason: string): BlockedChange => ({
  ...blockedBy(subject, reason),
  notKnown: true,
})
