/** The account against the state: what was changed elsewhere since it was last written or adopted. */

import type { Observation } from '../account/observation.ts'
import type { Issue } from '../issues.ts'
import type { Address, Catalog, Json, KindName, Moved, Position, Resource, Spec } from '../model.ts'
import { wordsOf } from '../networks.ts'
import type { Outcome } from '../outcome.ts'
import { diffFields } from '../plan/diff-fields.ts'
import { labelsOf } from '../plan/labels.ts'
import type { FieldChange } from '../plan/plan.ts'
import type { ResourceGraph } from '../plan/resolve.ts'
import type { Kind, ObservedObject } from '../resources/kind.ts'
import { byKind, kindOf, kinds } from '../resources/kinds.ts'
import { platformSpec } from '../resources/references.ts'
import { idOf, idsOf, knownId, recordsOf } from '../state/records.ts'
import type { AnyRecord, State } from '../state/state.ts'

/** Where a value changed since it was last applied. */
type Direction = 'there' | 'here' | 'both'

/** One field that differs. `applied` is what was last written, `wanted` what the catalog says now. */
export interface FieldDrift {
  readonly field: string
  readonly direction: Direction
  readonly applied?: Json
  readonly wanted?: Json
  readonly account?: Json
  readonly notes: readonly string[]
}

/** What became of one thing of the state. */
export interface EntryDrift {
  readonly address: Address
  readonly kind: KindName
  readonly name: string
  readonly id: string
  /** `relinked`: the SIM has another endpoint now. */
  readonly status: 'changed' | 'gone' | 'relinked'
  readonly fields: readonly FieldDrift[]
  readonly notes: readonly string[]
  /** Where the catalog has it; absent for what only the state has. */
  readonly position?: Position
}

/** Account against state. */
export interface DriftReport {
  readonly entries: readonly EntryDrift[]
  /** Records that were compared, by kind. */
  readonly compared: Readonly<Record<KindName, number>>
  /** Fields that the account did not report, and of how many. */
  readonly notReported: readonly {
    readonly kind: KindName
    readonly field: string
    readonly count: number
  }[]
  /** Endpoints of the state by the status of their SIM; undefined where the stock was not read. */
  readonly statuses?: Readonly<Record<string, number>>
  /** Objects of the account that the state does not know, by kind. */
  readonly unmanaged: Readonly<Record<KindName, number>>
  /** What the catalog wants and the account does not let resolve: of that nothing is known. */
  readonly unresolved: readonly Issue[]
  /** Names of networks by `operatorId/sponsorId`. */
  readonly labels: Readonly<Record<string, string>>
}

/** Whether the account moved, which is what drift means; changes of the catalog alone are none. */
export const hasDrift = ({ entries }: DriftReport): boolean => entries.some(isDrift)

/** What a comparison comes to: `blocked` where something that the catalog wants is not known. */
export const driftOutcome = (report: DriftReport): Outcome =>
  report.unresolved.length > 0 ? 'blocked' : hasDrift(report) ? 'changes' : 'ok'

/** Whether an entry has moved on the account. */
export const isDrift = (entry: EntryDrift): boolean =>
  entry.status !== 'changed' || entry.fields.some(field => field.direction !== 'here')

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
    for (const [key, record] of Object.entries(recordsOf(state, kind))) {
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

/** What the catalog wants of an address, with IDs for references, as far as the state has them. */
const wantedSpec = (resource: Resource, state: State, revision: number | undefined): Spec =>
  platformSpec(resource, kindOf(resource.kind).identity, revision, ref => knownId(state, ref)).spec

/** The resource that a record stands for, under its new key where it was moved. */
export function resourceOf(
  graph: ResourceGraph,
  moved: readonly Moved[],
  address: Address,
): Resource | undefined {
  const to = moved.find(move => move.from === address)?.to
  return graph.resources.get(address) ?? (to === undefined ? undefined : graph.resources.get(to))
}

function fieldDrifts(
  kind: KindName,
  record: AnyRecord,
  resource: Resource | undefined,
  observed: ObservedObject,
  state: State,
  observation: Observation,
): readonly FieldDrift[] {
  const wanted = resource === undefined ? record.spec : wantedSpec(resource, state, record.revision)
  const { fields, blocked } = diffFields(kindOf(kind), wanted, record.spec, observed.spec, {
    replaceRemoved: false,
  })
  const drifts: FieldDrift[] = []
  const seen = new Set<string>()
  for (const change of [...fields, ...blocked]) {
    // An additive list may have its additions and its removals told apart.
    if (seen.has(change.field)) continue
    seen.add(change.field)
    const drift = Array.isArray(change.applied)
      ? listDrift(
          kindOf(kind),
          { ...change, ...valuesOf(change.field, wanted, record.spec, observed.spec) },
          observation,
        )
      : scalarDrift(change)
    if (drift !== undefined) drifts.push(drift)
  }
  return drifts
}

function valuesOf(field: string, wanted: Spec, applied: Spec, account: Spec) {
  const value = (name: string, json: Json | undefined) =>
    json === undefined ? {} : { [name]: json }
  return {
    ...value('wanted', wanted[field]),
    ...value('applied', applied[field]),
    ...value('account', account[field]),
  }
}

const DIRECTION = { ours: 'here', drift: 'there', both: 'both' } as const

function scalarDrift(change: FieldChange): FieldDrift {
  const { field, applied, wanted, account } = change
  return {
    field,
    direction: DIRECTION[change.origin],
    ...(applied !== undefined && { applied }),
    ...(wanted !== undefined && { wanted }),
    ...(account !== undefined && { account }),
    notes: [],
  }
}

/** Members of a list move one by one; those that go by themselves were moved by nobody here. */
function listDrift(
  kind: Kind,
  change: FieldChange,
  observation: Observation,
): FieldDrift | undefined {
  const applied = wordsOf(change.applied)
  const account = change.account === undefined ? applied : wordsOf(change.account)
  const wanted = wordsOf(change.wanted)
  const standing = kind.standing?.of({ [change.field]: [...applied] }, observation)[change.field]
  const stay = new Set(standing === undefined ? applied : wordsOf(standing))
  const without = (left: readonly string[], right: readonly string[]) => {
    const set = new Set(right)
    return left.filter(word => !set.has(word))
  }
  const lostThere = without(applied, account)
  const gainedThere = without(account, applied)
  const lostHere = without(applied, wanted).filter(word => stay.has(word))
  const gainedHere = without(wanted, applied).filter(word => !gainedThere.includes(word))
  const there = lostThere.length + gainedThere.length > 0
  const here =
    without(lostHere, lostThere).length + gainedHere.length > 0 ||
    without(gainedThere, wanted).length < gainedThere.length
  if (!there && !here) return undefined
  const left = lostThere.filter(word => !stay.has(word))
  return {
    ...scalarDrift(change),
    direction: there && here ? 'both' : there ? 'there' : 'here',
    notes:
      left.length === 0 || kind.standing === undefined ? [] : [kind.standing.note(left.length)],
  }
}

function unreported(
  kind: KindName,
  record: AnyRecord,
  observed: ObservedObject,
): readonly string[] {
  return Object.entries(kindOf(kind).fields)
    .filter(
      ([field, rule]) =>
        rule.reported &&
        record.spec[field] !== undefined &&
        record.spec[field] !== null &&
        observed.spec[field] === undefined,
    )
    .map(([field]) => field)
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
