import type { Kind, ObservedObject } from '../resources/kind.ts'
import { type AnyRecord, idOf } from '../state/state.ts'
import type { Observation } from './observation.ts'

/** What the account has of one kind, by platform ID and by natural key. */
export interface ObservedIndex {
  readonly byId: ReadonlyMap<string, ObservedObject>
  readonly byName: ReadonlyMap<string, readonly ObservedObject[]>
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
  return { byId, byName }
}

/** Whether the account no longer has a recorded object. Only a list that was read whole can tell. */
export function isGone(
  kind: Kind,
  index: ObservedIndex,
  record: AnyRecord,
  naturalKey: string,
): boolean {
  if (index.byId.has(idOf(record))) return false
  if (kind.identity === 'name') return true
  // A SIM row names its endpoint: another one there means that ours is gone.
  return (index.byName.get(naturalKey)?.length ?? 0) > 0
}
