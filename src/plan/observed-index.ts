import type { Observation } from '../account/observation.ts'
import { type Finding, notKnown, notThere, there } from '../finding.ts'
import type { Spec } from '../model.ts'
import type { Kind, ObservedObject } from '../resources/kind.ts'
import { type LatestRevision, latestRevisions } from '../resources/revision.ts'
import { idOf } from '../state/records.ts'
import type { AnyRecord } from '../state/state.ts'

/** What the account has of one kind, by platform ID and by natural key, and what is certain of the rest. */
export interface ObservedIndex {
  readonly byId: ReadonlyMap<string, ObservedObject>
  readonly byName: ReadonlyMap<string, readonly ObservedObject[]>
  /** By a name without its revision, for kinds that are found by name. */
  readonly latest: ReadonlyMap<string, LatestRevision<ObservedObject>>
  /** Why something that is not here is not known; absent: there is none. */
  readonly doubt?: string
  /** IDs that are gone by two readings, with what was read. */
  readonly gone: ReadonlyMap<string, string>
}

/** Objects of one kind that the account reports, by ID and by name. */
export function indexObserved(kind: Kind, observation: Observation): ObservedIndex {
  const byId = new Map<string, ObservedObject>()
  const byName = new Map<string, ObservedObject[]>()
  for (const object of kind.observed(observation)) {
    byId.set(object.id, object)
    const same = byName.get(object.naturalKey)
    if (same === undefined) byName.set(object.naturalKey, [object])
    else same.push(object)
  }
  const latest = kind.identity === 'name' ? latestRevisions(byId.values()) : new Map()
  const doubt = kind.doubt(observation)
  return {
    byId,
    byName,
    latest,
    gone: observation.gone[kind.kind] ?? new Map(),
    ...(doubt !== undefined && { doubt }),
  }
}

/**
 * What the account says of a recorded object: what it reports of it, that it is gone by two readings, or
 * neither. An endpoint is there until its SIM shows another one; planning reads no profiles.
 */
export function findRecorded(
  kind: Kind,
  index: ObservedIndex,
  record: AnyRecord,
  naturalKey: string,
): Finding<Spec> {
  const id = idOf(kind, record)
  const observed = index.byId.get(id)
  if (observed !== undefined) return there(observed.spec)
  const evidence = index.gone.get(id)
  if (evidence !== undefined) return notThere(evidence)
  if (kind.identity === 'name')
    return notKnown(
      `whether ${kind.title} ${id} is still there is not known: ${index.doubt ?? 'the list lacks it, and it was not looked for again'}`,
    )
  // A SIM row names its endpoint: another one there means that ours is gone.
  const other = index.byName.get(naturalKey)?.[0]
  return other === undefined ? there({}) : notThere(`SIM ${naturalKey} has endpoint ${other.id}`)
}
