import { isDeepStrictEqual } from 'node:util'
import type { Address, Json, KindName, Moved, Resource, Spec } from '../model.ts'
import { isJsonObject, type Kind, type ObservedObject } from '../resources/kind.ts'
import { KIND_NAMES, KINDS } from '../resources/kinds.ts'
import { revisionName } from '../resources/revision.ts'
import {
  type AnyRecord,
  idOf,
  recordOf,
  SECTION,
  type State,
  splitAddress,
} from '../state/state.ts'
import type { Observation } from './observation.ts'
import type { BlockedChange, Change, FieldChange } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

/** Whether a spec value stands for the ID of another resource. */
const refOf = (value: Json | undefined): Address | undefined =>
  isJsonObject(value) && typeof value['ref'] === 'string' ? (value['ref'] as Address) : undefined

interface DiffOptions {
  /** Retire what left the catalog, and old revisions. */
  readonly prune: boolean
  readonly moved: readonly Moved[]
  /** ICCIDs that orders hold. */
  readonly sold?: ReadonlySet<string>
}

interface ObservedIndex {
  readonly byId: ReadonlyMap<string, ObservedObject>
  readonly byName: ReadonlyMap<string, readonly ObservedObject[]>
}

function indexObserved(kind: Kind, observation: Observation): ObservedIndex {
  const byId = new Map<string, ObservedObject>()
  const byName = new Map<string, ObservedObject[]>()
  for (const object of kind.observed(observation)) {
    byId.set(object.id, object)
    const same = byName.get(object.naturalKey)
    if (same === undefined) byName.set(object.naturalKey, [object])
    else same.push(object)
  }
  return { byId, byName }
}

const same = (left: Json | undefined, right: Json | undefined): boolean =>
  isDeepStrictEqual(left, right)

const list = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

interface FieldDiff {
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
    readonly refused?: AnyRecord['refused']
    readonly replaceRemoved: boolean
    /** What is left of `applied` by itself, where the account does not report it. */
    readonly standing?: Spec
  },
): FieldDiff {
  const fields: FieldChange[] = []
  const blocked: FieldChange[] = []
  const standing = context.standing ?? applied
  const current: Record<string, Json> = { ...standing }
  for (const [field, value] of Object.entries(reported))
    if (kind.fields[field]?.reported) current[field] = value
  for (const [field, rule] of Object.entries(kind.fields)) {
    const want = wanted[field]
    const last = applied?.[field]
    const account = rule.reported ? reported[field] : undefined
    const have = account === undefined ? standing?.[field] : account
    // Adopting: what the account does not report is taken on trust.
    if (applied === undefined && account === undefined) continue
    const values = {
      field,
      ...(last !== undefined && { applied: last }),
      ...(want !== undefined && { wanted: want }),
      ...(account !== undefined && { account }),
    }
    // A field that the catalog does not set is not managed: the account's value is not drift.
    if (want === undefined && rule.reported) {
      if (last !== undefined) fields.push({ ...values, mutability: 'local', origin: 'ours' })
      continue
    }
    if (same(want, have)) {
      if (applied !== undefined && !same(last, want))
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
      blocked.push({ ...values, mutability: 'blocked', origin, message: rule.reason })
    } else {
      fields.push({ ...values, mutability: rule.mutability, origin })
    }
  }
  return { fields, blocked, current }
}

/** Catalog, state and account → what becomes of every address, in dependency order. */
export function diffCatalog(
  graph: ResourceGraph,
  state: State,
  observation: Observation,
  options: DiffOptions,
): readonly Change[] {
  const changes: Change[] = []
  const newIds = new Set<Address>()
  const adoptedIds = new Map<Address, string>()
  const unavailable = new Set<Address>()
  const movedFrom = new Map(options.moved.map(move => [move.to, move.from]))
  const matched = new Set<Address>()

  for (const name of KIND_NAMES) {
    const kind = KINDS[name]
    const index = indexObserved(kind, observation)
    const owners = new Map<string, Address>()
    for (const [key, record] of Object.entries<AnyRecord>(state[SECTION[name]]))
      for (const id of [idOf(record), ...(record.superseded ?? []).map(old => old.id)])
        owners.set(id, `${name}/${key}`)
    for (const resource of graph.resources.values()) {
      if (resource.kind !== name) continue
      const change = diffResource(kind, resource, index, owners)
      changes.push(change)
      if (change.action === 'create' || change.action === 'replace') newIds.add(resource.address)
      if (change.action === 'adopt') adoptedIds.set(resource.address, change.id)
      if (change.action === 'blocked' && change.id === undefined) unavailable.add(resource.address)
    }
    for (const key of Object.keys(state[SECTION[name]])) {
      const address: Address = `${name}/${key}`
      if (!matched.has(address))
        changes.push(...(diffMoved(address) ?? diffOrphan(kind, address, index)))
    }
  }
  return changes

  function diffResource(
    kind: Kind,
    resource: Resource,
    index: ObservedIndex,
    owners: ReadonlyMap<string, Address>,
  ): Change {
    const from = movedFrom.get(resource.address)
    const own = recordOf(state, resource.address)
    const movedRecord = own === undefined && from !== undefined ? recordOf(state, from) : undefined
    const record = own ?? movedRecord
    matched.add(resource.address)
    if (movedRecord !== undefined && from !== undefined) matched.add(from)

    const unresolved = resource.needs.filter(address => unavailable.has(address))
    const spec = resolveSpec(resource, record?.revision)
    const name = String(spec['name'] ?? resource.naturalKey)
    const notes: string[] = []
    const base = {
      address: resource.address,
      kind: resource.kind,
      key: resource.key,
      name,
      resource,
      spec,
      notes,
      ...(movedRecord !== undefined && from !== undefined && { movedFrom: from }),
      ...(resource.position && { position: resource.position }),
    }
    const block = (reason: string, fields: readonly FieldChange[] = []): BlockedChange => ({
      action: 'blocked',
      address: resource.address,
      kind: resource.kind,
      key: resource.key,
      name,
      notes,
      reason,
      fields,
      ...(record !== undefined && { id: idOf(record) }),
      ...(resource.position && { position: resource.position }),
    })
    if (unresolved.length > 0 && (record === undefined || Object.values(spec).some(refOf)))
      return block(`it needs ${unresolved.join(', ')}, which is blocked`)
    if (movedRecord !== undefined) notes.push(`renamed from ${from}`)

    const named = index.byName.get(kind.identity === 'name' ? name : resource.naturalKey) ?? []
    const gone = record !== undefined && isGone(kind, index, record, resource.naturalKey)
    if (record !== undefined && !gone) {
      const id = idOf(record)
      const observed = index.byId.get(id)
      const { fields, blocked, current } = diffFields(
        kind,
        spec,
        record.spec,
        observed?.spec ?? {},
        {
          ...(record.refused && { refused: record.refused }),
          replaceRemoved: resource.onNetworkRemoval === 'replace',
          ...(kind.standing && { standing: kind.standing(record.spec, observation) }),
        },
      )
      if (record.superseded?.length)
        notes.push(
          `keeps ${record.superseded.map(old => old.id).join(', ')} from before, ${kind.retirement ? 'until --prune' : 'until it is deleted in the portal'}`,
        )
      const local = localChanges(kind, resource, record)
      if (fields.some(field => field.mutability === 'replace')) {
        const revision = (record.revision ?? 1) + 1
        return {
          ...base,
          name: revisionName(resource.naturalKey, revision),
          spec: resolveSpec(resource, revision),
          action: 'replace',
          id,
          record,
          revision,
          fields,
        }
      }
      const all = [...fields, ...local]
      if (all.length > 0 || base.movedFrom !== undefined)
        return { ...base, action: 'update', id, record, current, fields: all, blocked }
      if (blocked.length > 0)
        return block(blocked.map(field => `${field.field}: ${field.message}`).join('; '), blocked)
      return { ...base, action: 'keep', id }
    }

    if (gone && record !== undefined)
      notes.push(`${kind.title} ${idOf(record)} is gone from the account`)
    const taken = named.filter(object => {
      const owner = owners.get(object.id)
      return owner !== undefined && owner !== resource.address
    })
    if (named.length > 1)
      return block(
        `the account has ${named.length} ${kind.plural} named "${name}" (${named.map(object => object.id).join(', ')}): rename all but one in the portal`,
      )
    if (taken[0] !== undefined)
      return block(
        `"${name}" (${taken[0].id}) is ${owners.get(taken[0].id)} of the state already: use moved: to rename an entry, or another name`,
      )
    const found = named[0]
    if (found === undefined) {
      const obstacle = kind.obstacle?.(resource, observation)
      if (obstacle !== undefined && 'blocked' in obstacle) return block(obstacle.blocked)
      if (obstacle !== undefined) notes.push(obstacle.note)
      return { ...base, action: 'create', ...(record !== undefined && { record }) }
    }
    const conflict = kind.conflict?.(found)
    if (conflict !== undefined) return block(conflict)
    const { fields, blocked } = diffFields(kind, spec, undefined, found.spec, {
      replaceRemoved: false,
    })
    const conflicts = fields.filter(field => field.mutability === 'replace')
    if (conflicts.length > 0)
      return block(
        `the ${kind.title} "${name}" (${found.id}) of the account has other ${conflicts.map(field => field.field).join(', ')}: rename the entry, or rename that one in the portal`,
        conflicts,
      )
    const unreported = Object.keys(kind.fields).filter(
      field => spec[field] !== undefined && found.spec[field] === undefined,
    )
    if (unreported.length > 0) notes.push(`taken on trust, not reported: ${unreported.join(', ')}`)
    return {
      ...base,
      action: 'adopt',
      id: found.id,
      current: { ...spec, ...found.spec },
      fields,
      blocked,
    }
  }

  function resolveSpec(resource: Resource, revision: number | undefined): Spec {
    const spec: Record<string, Json> = {}
    for (const [field, value] of Object.entries(resource.spec)) {
      const ref = refOf(value)
      if (ref === undefined) spec[field] = value
      else {
        const record = newIds.has(ref)
          ? undefined
          : (recordOf(state, ref) ?? recordOf(state, movedFrom.get(ref) ?? ref))
        const id = adoptedIds.get(ref) ?? (record && idOf(record))
        spec[field] = id ?? value
      }
    }
    if (KINDS[resource.kind].identity === 'name')
      spec['name'] = revisionName(resource.naturalKey, revision)
    return spec
  }

  /** The old key of an entry whose move a killed run had not ended: its object has the new key too. */
  function diffMoved(from: Address): readonly Change[] | undefined {
    const move = options.moved.find(move => move.from === from)
    const left = recordOf(state, from)
    const moved = move && recordOf(state, move.to)
    if (move === undefined || left === undefined || moved === undefined) return undefined
    const id = idOf(left)
    const ids = [idOf(moved), ...(moved.superseded ?? []).map(old => old.id)]
    if (!ids.includes(id)) return undefined
    const [kind, key] = splitAddress(from)
    const notes = [`moved to ${move.to}`]
    return [{ action: 'forget', address: from, kind, key, name: left.name, id, notes }]
  }

  function diffOrphan(kind: Kind, address: Address, index: ObservedIndex): readonly Change[] {
    const record = recordOf(state, address)
    if (record === undefined) return []
    const id = idOf(record)
    const base = {
      address,
      kind: kind.kind as KindName,
      key: address.slice(kind.kind.length + 1),
      name: record.name,
    }
    if (isGone(kind, index, record, base.key))
      return [
        { ...base, action: 'forget', id, notes: ['gone from the account and from the catalog'] },
      ]
    if ('retired' in record && record.retired === true) return []
    if (record.preventRetire === true)
      return [{ ...base, action: 'orphan', id, notes: ['protected by lifecycle.preventRetire'] }]
    if (kind.retirement === undefined)
      return [{ ...base, action: 'orphan', id, notes: [kind.manualRetirement ?? ''] }]
    if (!options.prune)
      return [
        { ...base, action: 'orphan', id, notes: ['left the catalog; "apply --prune" retires it'] },
      ]
    const obstacle = options.sold?.has(base.key)
      ? 'sold, or reserved for an order'
      : kind.retirement.obstacle?.(index.byId.get(id))
    if (obstacle !== undefined)
      return [{ ...base, action: 'orphan', id, notes: [`kept: ${obstacle}`] }]
    return [{ ...base, action: 'retire', id, record, notes: [] }]
  }
}

/** Whether the account no longer has a recorded object. Only a list that was read whole can tell. */
function isGone(kind: Kind, index: ObservedIndex, record: AnyRecord, naturalKey: string): boolean {
  if (index.byId.has(idOf(record))) return false
  if (kind.identity === 'name') return true
  // A SIM row names its endpoint: another one there means that ours is gone.
  return (index.byName.get(naturalKey)?.length ?? 0) > 0
}

/** Superseded objects that `--prune` takes out of use. */
export function retireSuperseded(changes: readonly Change[], state: State): readonly Change[] {
  return changes.flatMap(change => {
    const kind = KINDS[change.kind]
    const record = recordOf(state, change.address)
    if (kind.retirement === undefined || record === undefined || record.preventRetire === true)
      return []
    if (change.action === 'retire' || change.action === 'forget' || change.action === 'blocked')
      return []
    return (record.superseded ?? []).map(
      (superseded): Change => ({
        action: 'retire',
        address: change.address,
        kind: change.kind,
        key: change.key,
        name: superseded.name,
        id: superseded.id,
        record,
        superseded,
        notes: [`old revision, replaced ${superseded.since}`],
      }),
    )
  })
}

/** Differences that live in the state only. */
function localChanges(kind: Kind, resource: Resource, record: AnyRecord): readonly FieldChange[] {
  const next = kind.record(resource, record.spec, idOf(record), record)
  const fields: FieldChange[] = []
  for (const field of kind.localFields) {
    const before = fieldOf(record, field)
    const after = fieldOf(next, field)
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

const fieldOf = (record: AnyRecord, field: string): Json | undefined =>
  Object.entries(record).find(([name]) => name === field)?.[1]
