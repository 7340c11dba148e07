import type { Observation } from '../account/observation.ts'
import type { Address, Resource, Spec } from '../model.ts'
import { type Kind, type ObservedObject, seenAs } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { platformSpec, refOf } from '../resources/references.ts'
import { revisionName } from '../resources/revision.ts'
import {
  idOf,
  idsOf,
  knownId,
  type Records,
  recordAt,
  recordOf,
  recordsOf,
} from '../state/records.ts'
import { type AnyRecord, type State, splitAddress } from '../state/state.ts'
import { diffFields, localChanges } from './diff-fields.ts'
import { nameTaken, settleNames } from './diff-names.ts'
import { diffOrphan, type OrphanOptions } from './diff-orphans.ts'
import { findRecorded, indexObserved, type ObservedIndex } from './observed-index.ts'
import type { BlockedChange, Change, FieldChange } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

/** What is known while the changes of a kind are made. */
interface Scope {
  readonly kind: Kind
  readonly index: ObservedIndex
  /** Address of each platform ID of the state, old revisions included; made when first asked for. */
  readonly owners: () => ReadonlyMap<string, Address>
}

/** One wanted resource, with what the state has of it. */
interface Subject extends Scope {
  readonly resource: Resource
  readonly record: AnyRecord | undefined
  readonly movedFrom: Address | undefined
  /** Platform-side spec: revision name; references resolved as far as IDs are known. */
  readonly spec: Spec
  readonly name: string
  /** Of an object that the account has and the state does not. */
  readonly revision?: number
  readonly notes: string[]
}

const NO_NOTES: readonly string[] = []

/** Catalog, state and account → what becomes of every address, in dependency order. */
export function diffCatalog(
  graph: ResourceGraph,
  state: State,
  observation: Observation,
  options: OrphanOptions,
): readonly Change[] {
  const changes: Change[] = []
  const newIds = new Set<Address>()
  const adoptedIds = new Map<Address, string>()
  const unavailable = new Set<Address>()
  const unknown = new Set<Address>()
  const movedFrom = new Map(options.moved.map(move => [move.to, move.from]))

  for (const kind of kinds()) {
    const { kind: name } = kind
    const records = recordsOf(state, kind)
    const owners = once(() => ownersOf(kind, records))
    const scope = { kind, index: indexObserved(kind, observation), owners }
    const taken = new Set<string>()
    const wanted: Change[] = []
    for (const resource of graph.resources.values()) {
      if (resource.kind !== name) continue
      taken.add(resource.key)
      wanted.push(diffResource(scope, resource, taken))
    }
    const settled = settleNames(kind, wanted, scope.index, owners())
    for (const change of settled) remember(change)
    changes.push(...settled)
    for (const key of Object.keys(records))
      if (!taken.has(key))
        changes.push(...diffOrphan(`${name}/${key}`, state, scope.index, options))
  }
  return changes

  /** What those that refer to it must know. */
  function remember(change: Change): void {
    if (change.action === 'create' || change.action === 'replace') newIds.add(change.address)
    if (change.action === 'adopt') adoptedIds.set(change.address, change.id)
    if (change.action !== 'blocked') return
    if (change.id === undefined || change.notKnown) unavailable.add(change.address)
    if (change.notKnown) unknown.add(change.address)
  }

  function diffResource(scope: Scope, resource: Resource, taken: Set<string>): Change {
    const { subject, change } = compare(scope, resource, taken)
    const makes = change.action === 'create' || change.action === 'replace'
    if (makes && options.unsettled?.has(resource.address))
      return notKnownYet(subject, 'whether an earlier run has made it is not known yet')
    const unsure = scope.kind.unsure?.(observation)
    return unsure !== undefined && (makes || touchesField(change, unsure.field))
      ? notKnownYet(subject, unsure.reason)
      : change
  }

  function compare(
    { kind, index, owners }: Scope,
    resource: Resource,
    taken: Set<string>,
  ): { readonly subject: Subject; readonly change: Change } {
    const own = recordAt(state, resource.kind, resource.key)
    const from = own === undefined ? movedFrom.get(resource.address) : undefined
    const record = own ?? (from && recordOf(state, from))
    const moved = own === undefined && record !== undefined ? from : undefined
    if (moved !== undefined) taken.add(splitAddress(moved)[1])
    const spec = specOf(kind, resource, record?.revision)
    const subject: Subject = {
      kind,
      index,
      owners,
      resource,
      record,
      movedFrom: moved,
      spec,
      name: String(spec['name'] ?? resource.naturalKey),
      notes: [...(resource.notes ?? [])],
    }
    return { subject, change: diffSubject(subject) }
  }

  function diffSubject(subject: Subject): Change {
    const { kind, index, resource, record, movedFrom: moved, spec } = subject
    if (resource.blocked !== undefined)
      return resource.blocked.notKnown
        ? notKnownYet(subject, resource.blocked.reason)
        : blockedBy(subject, resource.blocked.reason)
    const lacking = resource.needs.filter(address => unavailable.has(address))
    if (lacking.length > 0 && (record === undefined || Object.values(spec).some(refOf)))
      return {
        ...blockedBy(subject, `it needs ${lacking.join(', ')}, which is blocked`),
        ...(lacking.some(address => unknown.has(address)) && { notKnown: true }),
      }
    if (moved !== undefined) subject.notes.push(`renamed from ${moved}`)
    if (record === undefined) return diffUnrecorded(subject)
    const found = findRecorded(kind, index, record, resource.naturalKey)
    switch (found.kind) {
      case 'there':
        return diffRecorded(subject, record, found.value)
      case 'not known':
        return notKnownYet(subject, found.reason)
      case 'not there':
        subject.notes.push(
          `${kind.title} ${idOf(kind, record)} is gone from the account: ${found.evidence}`,
        )
        return diffAbsent(subject)
    }
  }

  /** An object of the state that is there, as far as the account tells. */
  function diffRecorded(subject: Subject, record: AnyRecord, reported: Spec): Change {
    const { kind, resource, spec, notes } = subject
    const id = idOf(kind, record)
    const { fields, blocked, current } = diffFields(kind, spec, record.spec, reported, {
      refused: record.refused,
      replaceRemoved: resource.onNetworkRemoval === 'replace',
      standing: kind.standing?.of(record.spec, observation),
    })
    const local = localChanges(kind, resource, record)
    if (fields.length + local.length + blocked.length === 0 && subject.movedFrom === undefined) {
      const { address, key } = resource
      const { name } = subject
      return { action: 'keep', address, kind: resource.kind, key, name, id, notes: NO_NOTES }
    }
    if (record.superseded?.length)
      notes.push(
        `keeps ${record.superseded.map(old => old.id).join(', ')} from before, ${kind.retirement ? 'until --prune' : 'until it is deleted in the portal'}`,
      )
    if (fields.some(field => field.mutability === 'replace')) {
      const revision = (record.revision ?? 1) + 1
      return {
        ...wantedOf(subject),
        name: revisionName(resource.naturalKey, revision),
        spec: specOf(kind, resource, revision),
        action: 'replace',
        id,
        record,
        revision,
        fields,
      }
    }
    const all = [...fields, ...local]
    if (all.length > 0 || subject.movedFrom !== undefined)
      return { ...wantedOf(subject), action: 'update', id, record, current, fields: all, blocked }
    const reasons = blocked.map(field => `${field.field}: ${field.message}`)
    return blockedBy(subject, reasons.join('; '), blocked)
  }

  /** The state has nothing of it: the account may have a revision of it, from a state that was lost. */
  function diffUnrecorded(subject: Subject): Change {
    const { kind, index, resource, name } = subject
    const latest = index.latest.get(resource.naturalKey)
    if (latest === undefined) return diffAbsent(subject)
    if (index.doubt !== undefined)
      return notKnownYet(
        subject,
        `which revision of ${kind.title} "${name}" is the last one is not known: ${index.doubt}`,
      )
    const older = latest.older.map(object => `"${object.naturalKey}" (${object.id})`)
    if (older.length > 0)
      subject.notes.push(`${older.join(', ')} counts as an older revision and stays as it is`)
    const owner = subject.owners().get(latest.objects[0]?.id ?? '')
    if (latest.revision === 1 || owner !== undefined) return diffAbsent(subject)
    return diffAbsent({
      ...subject,
      spec: specOf(kind, resource, latest.revision),
      name: revisionName(resource.naturalKey, latest.revision),
      revision: latest.revision,
    })
  }

  /** Nothing of the state is there: created, adopted, or in the way of something. */
  function diffAbsent(subject: Subject): Change {
    const { kind, index, owners, resource, name } = subject
    const named = index.byName.get(kind.identity === 'name' ? name : resource.naturalKey) ?? []
    const found = named[0]
    if (found === undefined) return diffNew(subject)
    if (named.length > 1)
      return blockedBy(
        subject,
        `the account has ${named.length} ${kind.plural} named "${name}" (${named.map(object => object.id).join(', ')}): rename all but one in the portal`,
      )
    const owner = owners().get(found.id)
    if (owner !== undefined && owner !== resource.address)
      return givesUpName(kind, owner, found.id, name)
        ? createdAs(subject)
        : blockedBy(subject, nameTaken(kind, name, found.id, owner))
    // Made on demand and sold since: that it is Active is our own doing.
    const isOurs = options.known?.get(resource.naturalKey) === found.id
    const conflict = isOurs ? undefined : kind.conflict?.(found)
    return conflict === undefined ? diffAdopted(subject, found) : blockedBy(subject, conflict)
  }

  /** The account has nothing of its name or SIM, as far as it tells. */
  function diffNew(subject: Subject): Change {
    const { kind, index, resource, name, notes } = subject
    if (kind.identity === 'name' && index.doubt !== undefined)
      return notKnownYet(
        subject,
        `whether the account has ${kind.title} "${name}" is not known: ${index.doubt}`,
      )
    const obstacle = kind.obstacle?.(resource, observation)
    if (obstacle === undefined) return createdAs(subject)
    if ('blocked' in obstacle)
      return obstacle.notKnown === true
        ? notKnownYet(subject, obstacle.blocked)
        : blockedBy(subject, obstacle.blocked)
    notes.push(obstacle.note)
    return createdAs(subject)
  }

  /** The account has one object of its name or SIM, and nobody else owns it. */
  function diffAdopted(subject: Subject, found: ObservedObject): Change {
    const { kind, resource, spec, name, notes } = subject
    const { fields, blocked } = diffFields(kind, spec, undefined, found.spec, {
      replaceRemoved: false,
    })
    const conflicts = fields.filter(field => field.mutability === 'replace')
    if (conflicts.length > 0)
      return blockedBy(
        subject,
        `the ${kind.title} "${name}" (${found.id}) of the account has other ${conflicts.map(field => field.field).join(', ')}: ${
          subject.revision === undefined
            ? 'rename the entry, or rename that one in the portal'
            : `if a state of this entry was lost, "sft-catalog state import ${resource.address} ${found.id}" takes it in, and the next plan replaces it`
        }`,
        conflicts,
      )
    const unfit = kind.unfit?.(spec, found.spec)
    if (unfit !== undefined)
      return blockedBy(
        subject,
        `the ${kind.title} "${name}" (${found.id}) of the account ${unfit}: rename the entry, or rename that one in the portal`,
      )
    const unreported = Object.keys(kind.fields).filter(
      field => spec[field] !== undefined && found.spec[field] === undefined,
    )
    if (unreported.length > 0) notes.push(`taken on trust, not reported: ${unreported.join(', ')}`)
    const current = { ...spec, ...seenAs(kind, found.spec, spec) }
    return {
      ...wantedOf(subject),
      action: 'adopt',
      id: found.id,
      current,
      fields,
      blocked,
      ...(subject.revision !== undefined && { revision: subject.revision }),
    }
  }

  /** Whether the catalog wants another name for the object; whether it gets it is settled for all at once. */
  function givesUpName(kind: Kind, owner: Address, id: string, name: string): boolean {
    const record = recordOf(state, owner)
    const wanted = graph.resources.get(owner)
    return (
      kind.fields['name']?.mutability === 'in-place' &&
      record !== undefined &&
      idOf(kind, record) === id &&
      wanted !== undefined &&
      revisionName(wanted.naturalKey, record.revision) !== name
    )
  }

  function specOf(kind: Kind, resource: Resource, revision: number | undefined): Spec {
    // Where nothing depends on the state, the catalog's spec is the platform's.
    if (kind.identity === 'iccid' && kind.references.length === 0) return resource.spec
    return platformSpec(resource, kind.identity, revision, idOfRef).spec
  }

  function idOfRef(ref: Address): string | undefined {
    const adopted = adoptedIds.get(ref)
    if (adopted !== undefined || newIds.has(ref)) return adopted
    return knownId(state, ref) ?? knownId(state, movedFrom.get(ref) ?? ref)
  }
}

function ownersOf(kind: Kind, records: Records): ReadonlyMap<string, Address> {
  const owners = new Map<string, Address>()
  for (const [key, record] of Object.entries(records)) {
    const address: Address = `${kind.kind}/${key}`
    for (const id of idsOf(kind, record)) owners.set(id, address)
  }
  return owners
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const createdAs = (subject: Subject): Change => ({
  ...wantedOf(subject),
  action: 'create',
  ...(subject.record !== undefined && { record: subject.record }),
})

const wantedOf = ({ resource, spec, name, notes, movedFrom }: Subject) => ({
  address: resource.address,
  kind: resource.kind,
  key: resource.key,
  name,
  resource,
  spec,
  notes,
  ...(movedFrom !== undefined && { movedFrom }),
  ...(resource.position && { position: resource.position }),
})

/** Whether a change says something about a field, what is blocked of it included. */
const touchesField = (change: Change, name: string): boolean =>
  [
    ...('fields' in change ? change.fields : []),
    ...('blocked' in change ? change.blocked : []),
  ].some(({ field }) => field === name)

/** Nothing is done about what is not known, whatever the flags. */
const notKnownYet = (subject: Subject, reason: string): BlockedChange => ({
  ...blockedBy(subject, reason),
  notKnown: true,
})

const blockedBy = (
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
