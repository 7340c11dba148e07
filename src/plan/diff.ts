import type { Observation } from '../account/observation.ts'
import { kinds } from '../resources/kinds.ts'
import { refOf } from '../resources/references.ts'
import { idOf, recordsOf } from '../state/records.ts'
import { type State, splitAddress } from '../state/state.ts'
import { diffAbsent, diffUnrecorded } from './diff-absent.ts'
import { settleNames } from './diff-names.ts'
import { diffOrphan, type OrphanOptions } from './diff-orphans.ts'
import { openOutcomes } from './diff-outcomes.ts'
import { diffRecorded } from './diff-recorded.ts'
import {
  blockedBy,
  notKnownYet,
  ownersOf,
  type Scope,
  type Subject,
  subjectOf,
} from './diff-subject.ts'
import { findRecorded, indexObserved } from './observed-index.ts'
import type { Change } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

/** Catalog, state and account → what becomes of every address, in dependency order. */
export function diffCatalog(
  graph: ResourceGraph,
  state: State,
  observation: Observation,
  options: OrphanOptions,
): readonly Change[] {
  const movedFrom = new Map(options.moved.map(move => [move.to, move.from]))
  const outcomes = openOutcomes(state, movedFrom)
  const comparison = { graph, state, observation, options, movedFrom, outcomes }
  return kinds().flatMap(kind => {
    const owners = once(() => ownersOf(kind, recordsOf(state, kind)))
    return diffKind({ ...comparison, kind, index: indexObserved(kind, observation), owners })
  })
}

/** What becomes of the resources of a kind, and of what the state has beyond them. */
function diffKind(scope: Scope): readonly Change[] {
  const { graph, state, options, kind, index, owners, outcomes } = scope
  const wanted: Change[] = []
  const taken = new Set<string>()
  for (const resource of graph.resources.values()) {
    if (resource.kind !== kind.kind) continue
    const subject = subjectOf(scope, resource)
    taken.add(resource.key)
    if (subject.moved !== undefined) taken.add(splitAddress(subject.moved)[1])
    wanted.push(diffResource(subject))
  }
  const settled = settleNames(kind, wanted, index, owners)
  for (const change of settled) outcomes.remember(change)
  const left = Object.keys(recordsOf(state, kind)).filter(key => !taken.has(key))
  return [
    ...settled,
    ...left.flatMap(key => diffOrphan(`${kind.kind}/${key}`, state, index, options)),
  ]
}

/** What becomes of a resource, unless that depends on what is not known. */
function diffResource(subject: Subject): Change {
  const { kind, resource, observation, options } = subject
  const change = diffSubject(subject)
  const makes = change.action === 'create' || change.action === 'replace'
  if (makes && options.unsettled?.has(resource.address))
    return notKnownYet(subject, 'whether an earlier run has made it is not known yet')
  const unsure = kind.unsure?.(observation)
  return unsure !== undefined && (makes || touchesField(change, unsure.field))
    ? notKnownYet(subject, unsure.reason)
    : change
}

function diffSubject(subject: Subject): Change {
  const { kind, index, resource, record, moved, spec, notes } = subject
  if (resource.blocked !== undefined)
    return resource.blocked.notKnown
      ? notKnownYet(subject, resource.blocked.reason)
      : blockedBy(subject, resource.blocked.reason)
  const lacking = subject.outcomes.lacking(resource.needs)
  if (lacking !== undefined && (record === undefined || Object.values(spec).some(refOf)))
    return {
      ...blockedBy(subject, `it needs ${lacking.addresses.join(', ')}, which is blocked`),
      ...(lacking.notKnown && { notKnown: true }),
    }
  if (moved !== undefined) notes.push(`renamed from ${moved}`)
  if (record === undefined) return diffUnrecorded(subject)
  const found = findRecorded(kind, index, record, resource.naturalKey)
  switch (found.kind) {
    case 'there':
      return diffRecorded(subject, record, found.value)
    case 'not known':
      return notKnownYet(subject, found.reason)
    case 'not there':
      notes.push(`${kind.title} ${idOf(kind, record)} is gone from the account: ${found.evidence}`)
      return diffAbsent(subject)
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Whether a change says something about a field, what is blocked of it included. */
const touchesField = (change: Change, name: string): boolean =>
  [
    ...('fields' in change ? change.fields : []),
    ...('blocked' in change ? change.blocked : []),
  ].some(({ field }) => field === name)
