import type { Observation } from '../account/observation.ts'
import { isJsonObject } from '../json.ts'
import type { Address, Catalog, Json, KindName, Resource, Spec } from '../model.ts'
import { diffCatalog } from '../plan/diff.ts'
import { diffFields } from '../plan/diff-fields.ts'
import { indexObserved } from '../plan/observed-index.ts'
import type { Change } from '../plan/plan.ts'
import type { ResourceGraph } from '../plan/resolve.ts'
import { observedPlan } from '../resources/addon-plan.ts'
import { type ObservedObject, putEntry } from '../resources/kind.ts'
import { KIND_NAMES, KINDS } from '../resources/kinds.ts'
import { revisionName } from '../resources/revision.ts'
import type { ReportedPlan } from '../sft/api.ts'
import { memoryState } from '../state/memory-store.ts'
import {
  type AnyRecord,
  idOf,
  type PutEntry,
  recordOf,
  SECTION,
  type State,
} from '../state/state.ts'

/** The object of the account that an address of the catalog is to stand for. */
export interface Chosen {
  readonly id: string
  readonly revision?: number
}

/** Records for the state, and what was found to have one without being new to the catalog. */
export interface AdoptionRecords {
  readonly entries: readonly PutEntry[]
  /** Entries that the catalog had, and the state did not. */
  readonly rejoined: readonly Address[]
}

/**
 * Records for every entry of the catalog that the state lacks and the account has: those just drafted, and
 * those that were there before, such as after a run that was cut short or a lost state.
 */
export function adoptionRecords(
  graph: ResourceGraph,
  state: State,
  observation: Observation,
  chosen: ReadonlyMap<Address, Chosen>,
  kinds: ReadonlySet<KindName>,
): AdoptionRecords {
  const entries: PutEntry[] = []
  const rejoined: Address[] = []
  const ids = new Map<Address, string>()
  for (const kind of KIND_NAMES.filter(name => kinds.has(name))) {
    const find = finder(kind, state, observation)
    for (const resource of graph.resources.values()) {
      if (resource.kind !== kind || recordOf(state, resource.address) !== undefined) continue
      const drafted = chosen.get(resource.address)
      const found = drafted ?? foundOf(resource, find)
      if (found === undefined) continue
      const spec = resolveSpec(resource, state, ids, found.revision)
      if (spec === undefined || !isAlike(kind, spec, found)) continue
      if (drafted === undefined) rejoined.push(resource.address)
      ids.set(resource.address, found.id)
      entries.push(putEntry(kind, resource.key, recordOfFound(resource, spec, found)))
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

const recordOfFound = (resource: Resource, spec: Spec, { id, revision }: Chosen): AnyRecord => ({
  ...KINDS[resource.kind].record(resource, spec, id),
  ...(revision !== undefined && { revision }),
})

/** An endpoint is known by its SIM; another object must also be as the catalog says. */
const isAlike = (kind: KindName, spec: Spec, { object }: FoundObject): boolean =>
  kind === 'endpoint' || object === undefined || !differs(kind, spec, object)

/** A record for an inactive plan, which the catalog has no entry for. */
export function retiredRecord(key: string, plan: ReportedPlan): PutEntry {
  const { spec } = observedPlan(plan)
  return putEntry('addonPlan', key, {
    planId: plan.planId,
    name: plan.name,
    rateZoneId: typeof spec['rateZone'] === 'string' ? spec['rateZone'] : '',
    spec,
    retired: true,
  })
}

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

/** A spec with its references as IDs; undefined where one of them has none yet. */
function resolveSpec(
  resource: Resource,
  state: State,
  ids: ReadonlyMap<Address, string>,
  revision: number | undefined,
): Spec | undefined {
  const spec: Record<string, Json> = {}
  for (const [field, value] of Object.entries(resource.spec)) {
    if (!isJsonObject(value) || typeof value['ref'] !== 'string') {
      spec[field] = value
      continue
    }
    const address = value['ref'] as Address
    const record = recordOf(state, address)
    const id = ids.get(address) ?? (record && idOf(record))
    if (id === undefined) return undefined
    spec[field] = id
  }
  if (KINDS[resource.kind].identity === 'name')
    spec['name'] = revisionName(resource.naturalKey, revision)
  return spec
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
  kind: KindName,
  state: State,
  observation: Observation,
): (resource: Resource) => Found | undefined {
  const owned = new Set(
    Object.values<AnyRecord>(state[SECTION[kind]]).flatMap(record => [
      idOf(record),
      ...(record.superseded ?? []).map(old => old.id),
    ]),
  )
  const { byName, latest } = indexObserved(KINDS[kind], observation)
  return resource => {
    const { revision = 1, objects = [] } =
      KINDS[kind].identity === 'name'
        ? (latest.get(resource.naturalKey) ?? {})
        : { objects: byName.get(resource.naturalKey) ?? [] }
    const [object] = objects
    if (object === undefined || objects.length > 1 || owned.has(object.id)) return undefined
    return { object, ...(revision > 1 && { revision }) }
  }
}

function differs(kind: KindName, spec: Spec, found: ObservedObject): boolean {
  const { fields, blocked } = diffFields(KINDS[kind], spec, undefined, found.spec, {
    replaceRemoved: false,
  })
  return fields.length + blocked.length > 0
}
