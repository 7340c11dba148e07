import type { Observation } from '../account/observation.ts'
import type { Address, Catalog, KindName, Resource, Spec } from '../model.ts'
import { diffCatalog } from '../plan/diff.ts'
import { diffFields } from '../plan/diff-fields.ts'
import { indexObserved } from '../plan/observed-index.ts'
import type { Change } from '../plan/plan.ts'
import type { ResourceGraph } from '../plan/resolve.ts'
import { datedRecord, type Kind, type ObservedObject } from '../resources/kind.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import { platformSpec } from '../resources/references.ts'
import { memoryState } from '../state/memory-store.ts'
import { idsIn, knownId, recordOf } from '../state/records.ts'
import type { AnyRecord, PutEntry, State } from '../state/state.ts'
import { putEntry } from '../state/state.ts'
import type { Chosen } from './proposal.ts'

/** Records for the state, and what was found to have one without being new to the catalog. */
export interface AdoptionRecords {
  readonly entries: readonly PutEntry[]
  /** Entries that the catalog had, and the state did not. */
  readonly rejoined: readonly Address[]
}

/**
 * Records for every entry of the catalog that the state lacks and the account has: those just drafted, and
 * those that were there before, such as after a run that was cut short or a lost state. `now` is the ISO time from which
 * endpoints are in stock here: since when the account has them it does not report.
 */
export function adoptionRecords(
  graph: ResourceGraph,
  state: State,
  observation: Observation,
  chosen: ReadonlyMap<Address, Chosen>,
  chosenKinds: ReadonlySet<KindName>,
  now: string,
): AdoptionRecords {
  const entries: PutEntry[] = []
  const rejoined: Address[] = []
  const ids = new Map<Address, string>()
  for (const kind of kinds().filter(({ kind }) => chosenKinds.has(kind))) {
    const find = finder(kind, state, observation)
    for (const resource of graph.resources.values()) {
      if (resource.kind !== kind.kind || recordOf(state, resource.address) !== undefined) continue
      const drafted = chosen.get(resource.address)
      const found = drafted ?? foundOf(resource, find)
      if (found === undefined) continue
      const { spec, open } = platformSpec(
        resource,
        kind.identity,
        found.revision,
        ref => ids.get(ref) ?? knownId(state, ref),
      )
      if (open.length > 0 || !isAlike(kind, spec, found)) continue
      if (drafted === undefined) rejoined.push(resource.address)
      ids.set(resource.address, found.id)
      entries.push(putEntry(kind.kind, resource.key, recordOfFound(resource, spec, found, now)))
    }
  }
  return { entries, rejoined }
}

/** An object that was found to be what an address stands for, as the account reports it. */
interface FoundObject extends Chosen {
  readonly object?: ObservedObject
}

function foundOf(resource: Resource, find: ReturnType<typeof finder>): FoundObject | undefined {
  const found = find(resource)
  return found === undefined
    ? undefined
    : {
        id: found.object.id,
        object: found.object,
        ...(found.revision !== undefined && { revision: found.revision }),
      }
}

const recordOfFound = (
  resource: Resource,
  spec: Spec,
  { id, revision }: Chosen,
  now: string,
): AnyRecord => ({
  ...kindOf(resource.kind).record(resource, spec, id, datedRecord(kindOf(resource.kind), now)),
  ...(revision !== undefined && { revision }),
})

/** What is known by its SIM is that; another object must also be as the catalog says. */
const isAlike = (kind: Kind, spec: Spec, { object }: FoundObject): boolean =>
  kind.identity === 'iccid' || object === undefined || !differs(kind, spec, object)

/** A state as it would be with these entries. */
export async function stateWith(state: State, entries: readonly PutEntry[]): Promise<State> {
  const store = memoryState(state)
  await store.append(...entries)
  return store.state
}

/** What the next plan would have to say of entries: nothing, where they were adopted well. */
export function remainingChanges(
  catalog: Catalog,
  graph: ResourceGraph,
  state: State,
  observation: Observation,
): readonly Change[] {
  return diffCatalog(graph, state, observation, { prune: false, moved: catalog.moved }).filter(
    change => change.action !== 'keep',
  )
}

/** What a change is about, in words for a report. */
export function explainChange(change: Change): string {
  if (change.action === 'blocked') return change.reason
  const fields = 'fields' in change ? change.fields : []
  if (fields.length === 0) return `the next plan would ${change.action} it`
  return fields
    .map(
      ({ field, wanted, account }) =>
        `${field} is ${JSON.stringify(account ?? null)} on the account and ${JSON.stringify(wanted ?? null)} in the catalog`,
    )
    .join('; ')
}

/** An object of the account, and its revision from 2 on. */
interface Found {
  readonly object: ObservedObject
  readonly revision?: number
}

/**
 * Finds an object of the account by its natural key, the last revision of a name, where exactly one has it
 * and nobody else owns it.
 */
function finder(
  kind: Kind,
  state: State,
  observation: Observation,
): (resource: Resource) => Found | undefined {
  const owned = idsIn(state, kind)
  const { byName, latest } = indexObserved(kind, observation)
  return resource => {
    const { revision = 1, objects = [] } =
      kind.identity === 'name'
        ? (latest.get(resource.naturalKey) ?? {})
        : { objects: byName.get(resource.naturalKey) ?? [] }
    const [object] = objects
    if (object === undefined || objects.length > 1 || owned.has(object.id)) return undefined
    return { object, ...(revision > 1 && { revision }) }
  }
}

function differs(kind: Kind, spec: Spec, found: ObservedObject): boolean {
  const { fields, blocked } = diffFields(kind, spec, undefined, found.spec, {
    replaceRemoved: false,
  })
  return fields.length + blocked.length > 0
}
