import type { Observation } from '../account/observation.ts'
import type { Issue } from '../issues.ts'
import type { Address, Catalog, Resource } from '../model.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import { kinds } from '../resources/kinds.ts'
import { recordAt } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** What a catalog wants of an account, in dependency order, and what is wrong with wanting it. */
export interface ResourceGraph {
  readonly resources: ReadonlyMap<Address, Resource>
  readonly issues: readonly Issue[]
}

/** Catalog → resources: countries become networks, entries become nodes, references addresses. */
export function resolveCatalog(
  catalog: Catalog,
  observation: Observation,
  state: State,
): ResourceGraph {
  const issues: Issue[] = []
  const resources = new Map<Address, Resource>()
  const report = (issue: Issue) => {
    issues.push(issue)
  }
  for (const kind of kinds()) {
    const recordOf = (key: string) => recordAt(state, kind.kind, key)
    const context = { catalog, entries: entriesOf(catalog, kind), observation, recordOf, report }
    for (const resource of kind.resources(context)) resources.set(resource.address, resource)
  }
  return { resources, issues }
}

/** ICCIDs of the catalog that the state has no endpoint for: the only reason to read the SIM stock. */
export function endpointsWithoutId(
  catalog: Catalog,
  state: State,
  targets: readonly string[] = [],
): readonly string[] {
  const missing: string[] = []
  for (const batch of catalog.endpointBatches)
    for (const iccid of batch.iccids)
      if (!Object.hasOwn(state.endpoints, iccid) && targetsEndpoint(targets, iccid, batch.key))
        missing.push(iccid)
  return missing
}

/** ICCIDs of the state that the catalog no longer has. */
export function orphanedEndpoints(
  catalog: Catalog,
  state: State,
  targets: readonly string[] = [],
): readonly string[] {
  const wanted = new Set(catalog.endpointBatches.flatMap(batch => batch.iccids))
  return Object.keys(state.endpoints).filter(
    iccid => !wanted.has(iccid) && targetsEndpoint(targets, iccid, state.endpoints[iccid]?.batch),
  )
}

/** Whether a run that is limited to targets can touch an endpoint: only of these is the SIM read. */
function targetsEndpoint(
  targets: readonly string[],
  iccid: string,
  batch: string | undefined,
): boolean {
  return (
    targets.length === 0 ||
    targets.includes(`endpoint/${iccid}`) ||
    (batch !== undefined && targets.includes(`endpointBatch/${batch}`))
  )
}
