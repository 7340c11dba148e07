import type { Observation } from '../account/observation.ts'
import type { Issue } from '../issues.ts'
import type { Address, Catalog, Resource } from '../model.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { eachRecord, recordAt, recordsOf } from '../state/records.ts'
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

/** ICCIDs of the catalog that the state has nothing for: the only reason to read the SIM stock. */
export function iccidsWithoutId(
  catalog: Catalog,
  state: State,
  targets: readonly string[] = [],
): readonly string[] {
  return membersBySim(catalog).flatMap(({ kind, entry, members }) =>
    members.filter(
      iccid =>
        !Object.hasOwn(recordsOf(state, kind), iccid) && isTarget(targets, kind, iccid, entry.key),
    ),
  )
}

/** ICCIDs of the state that the catalog no longer has. */
export function orphanedIccids(
  catalog: Catalog,
  state: State,
  targets: readonly string[] = [],
): readonly string[] {
  const wanted = new Set(membersBySim(catalog).flatMap(({ members }) => members))
  const orphans: string[] = []
  for (const kind of kindsBySim())
    for (const [iccid, record] of eachRecord(recordsOf(state, kind))) {
      const group: unknown = kind.grouping && Reflect.get(record, kind.grouping.field)
      if (!wanted.has(iccid) && isTarget(targets, kind, iccid, group)) orphans.push(iccid)
    }
  return orphans
}

const kindsBySim = (): readonly Kind[] => kinds().filter(({ identity }) => identity === 'iccid')

/** Entries of what is found by SIM, with the ICCIDs that they stand for. */
const membersBySim = (catalog: Catalog) =>
  kindsBySim().flatMap(kind =>
    entriesOf(catalog, kind).map(entry => ({
      kind,
      entry,
      members: kind.grouping?.membersOf(entry) ?? [entry.key],
    })),
  )

/** Whether a run that is limited to targets can touch a resource: only of these is the SIM read. */
const isTarget = (
  targets: readonly string[],
  { kind, grouping }: Kind,
  key: string,
  group: unknown,
): boolean =>
  targets.length === 0 ||
  targets.includes(`${kind}/${key}`) ||
  (grouping !== undefined && targets.includes(`${grouping.prefix}/${String(group)}`))
