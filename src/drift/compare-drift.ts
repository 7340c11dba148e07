/** The account against the state: what was changed elsewhere since it was last written or adopted. */
import type { Observation } from '../account/observation.ts'
import type { Issue } from '../issues.ts'
import type { Address, Catalog, KindName, Moved, Resource } from '../model.ts'
import { labelsOf } from '../plan/labels.ts'
import type { ResourceGraph } from '../plan/resolve.ts'
import type { Kind, ObservedObject } from '../resources/kind.ts'
import { byKind, kindOf, kinds } from '../resources/kinds.ts'
import { eachRecord, idOf, idsOf, recordsOf } from '../state/records.ts'
import type { AnyRecord, State } from '../state/state.ts'
import type { DriftReport, EntryDrift } from './drift-report.ts'
import { fieldDrifts, unreported } from './field-drift.ts'

type Base = Omit<EntryDrift, 'status' | 'fields' | 'notes'>

/** What one record of the state came to, besides being compared. */
interface Comparison {
  readonly entry?: EntryDrift
  /** The account did not tell whether it has it. */
  readonly isOpen?: boolean
  /** The status of an endpoint's SIM. */
  readonly status?: string
  /** Fields that the account does not report. */
  readonly unreported?: readonly string[]
}

/** Compares account and state, the catalog telling who moved. Pure. */
export function compareDrift(
  catalog: Catalog,
  graph: ResourceGraph,
  state: State,
  observation: Observation,
): DriftReport {
  const tally = newTally()
  for (const kind of kinds()) {
    if (kind.identity === 'iccid' && observation.simsRead !== 'all') continue
    const objects = [...kind.observed(observation)]
    const account = {
      byId: new Map(objects.map(object => [object.id, object])),
      byName: new Map(objects.map(object => [object.naturalKey, object])),
    }
    const known = new Set<string>()
    for (const [key, record] of eachRecord(recordsOf(state, kind))) {
      for (const id of idsOf(kind, record)) known.add(id)
      if (record.retired === true) continue
      const resource = resourceOf(graph, catalog.moved, `${kind.kind}/${key}`)
      const base = baseOf(kind, key, record, resource)
      const side = { record, resource, state, observation, ...account }
      tally.count(base, kind.identity === 'iccid' ? ofSim(base, key, side) : ofObject(base, side))
    }
    tally.unmanaged[kind.kind] = [...account.byId.keys()].filter(id => !known.has(id)).length
  }
  const { entries, open, statuses } = tally
  return {
    entries,
    compared: tally.compared,
    unmanaged: tally.unmanaged,
    notReported: tally.notReported(),
    ...(observation.simsRead === 'all' && { statuses }),
    unresolved: [
      ...graph.issues.filter(issue => issue.severity === 'error'),
      ...open.filter(({ position }) => position !== undefined).map(notKnownIssue),
    ],
    labels: labelsOf(
      observation,
      entries.map(({ kind }) => kind),
    ),
  }
}

/** Both sides of one record. */
interface Side {
  readonly record: AnyRecord
  readonly resource: Resource | undefined
  readonly state: State
  readonly observation: Observation
  readonly byId: ReadonlyMap<string, ObservedObject>
  readonly byName: ReadonlyMap<string, ObservedObject>
}

function newTally() {
  const noneYet = () => ({
    ...byKind(
      ({ kind }) => kind,
      () => 0,
    ),
  })
  const entries: EntryDrift[] = []
  const compared = noneYet()
  const statuses: Record<string, number> = {}
  const open: Base[] = []
  const missing = new Map<string, { kind: KindName; field: string; count: number }>()
  return {
    entries,
    compared,
    unmanaged: noneYet(),
    statuses,
    open,
    notReported: () => [...missing.values()],
    count(base: Base, { entry, isOpen, status, unreported = [] }: Comparison): void {
      const { kind } = base
      compared[kind] = (compared[kind] ?? 0) + 1
      if (entry !== undefined) entries.push(entry)
      if (isOpen === true) open.push(base)
      if (status !== undefined) statuses[status] = (statuses[status] ?? 0) + 1
      for (const field of unreported) {
        const place = `${kind}/${field}`
        missing.set(place, { kind, field, count: (missing.get(place)?.count ?? 0) + 1 })
      }
    },
  }
}

const baseOf = (
  kind: Kind,
  key: string,
  record: AnyRecord,
  resource: Resource | undefined,
): Base => ({
  address: `${kind.kind}/${key}`,
  kind: kind.kind,
  name: record.name,
  id: idOf(kind, record),
  ...(resource?.position && { position: resource.position }),
})

function ofSim(base: Base, iccid: string, { observation, byName }: Side): Comparison {
  const sim = observation.sims.get(iccid)
  if (sim === undefined && observation.gone[base.kind]?.has(base.id) !== true)
    return { isOpen: true }
  const entry = endpointDrift(base, iccid, observation, byName)
  return {
    status: sim?.endpointId === undefined ? 'without endpoint' : (sim.status ?? 'not reported'),
    ...(entry && { entry }),
  }
}

function ofObject(base: Base, side: Side): Comparison {
  const { record, resource, observation, byId, byName } = side
  const observed = byId.get(base.id)
  if (observed === undefined) {
    const evidence = observation.gone[base.kind]?.get(base.id)
    if (evidence === undefined) return { isOpen: true }
    const notes = [goneNote(base, byName), evidence]
    return { entry: { ...base, status: 'gone', fields: [], notes } }
  }
  const fields = fieldDrifts(base.kind, record, resource, observed, side.state, observation)
  const notes = resource === undefined ? ['in the state, not in the catalog'] : []
  return {
    unreported: unreported(base.kind, record, observed),
    ...(fields.length > 0 && { entry: { ...base, status: 'changed', fields, notes } }),
  }
}

/** Something that the catalog wants, and that the account did not tell about. */
const notKnownIssue = ({ address, kind, id, position }: Base): Issue => ({
  code: 'NOT_KNOWN',
  severity: 'warning',
  message: `${address}: whether the account still has ${kindOf(kind).title} ${id} is not known`,
  hint: 'run it again; where that does not help, "sft-catalog doctor" tells what the lists leave out',
  ...(position && { position }),
})

/** The resource that a record stands for, under its new key where it was moved. */
export function resourceOf(
  graph: ResourceGraph,
  moved: readonly Moved[],
  address: Address,
): Resource | undefined {
  const to = moved.find(move => move.from === address)?.to
  return graph.resources.get(address) ?? (to === undefined ? undefined : graph.resources.get(to))
}

function goneNote(
  { kind, name }: { readonly kind: KindName; readonly name: string },
  byName: ReadonlyMap<string, ObservedObject>,
): string {
  const other = byName.get(name)
  return other === undefined
    ? `the account has no such ${kindOf(kind).title} any more`
    : `the account has another ${kindOf(kind).title} of this name: ${other.id}`
}

function endpointDrift(
  base: Base,
  iccid: string,
  { sims }: Observation,
  byName: ReadonlyMap<string, ObservedObject>,
): EntryDrift | undefined {
  const sim = sims.get(iccid)
  const linked = byName.get(iccid)
  if (linked === undefined) {
    const note =
      sim === undefined
        ? 'the account has no SIM with this ICCID'
        : `its SIM has no endpoint; it is ${sim.status ?? 'in a state that is not reported'}`
    return { ...base, status: 'gone', fields: [], notes: [note] }
  }
  if (linked.id === base.id) return undefined
  return {
    ...base,
    status: 'relinked',
    fields: [
      { field: 'endpointId', direction: 'there', applied: base.id, account: linked.id, notes: [] },
    ],
    notes: [`its SIM is ${linked.status ?? 'in a state that is not reported'}`],
  }
}
