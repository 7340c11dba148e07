import type { Address } from '../model.ts'
import { type ObservedObject, seenAs } from '../resources/kind.ts'
import { revisionName } from '../resources/revision.ts'
import { idOf, recordOf } from '../state/records.ts'
import { diffFields } from './diff-fields.ts'
import { nameTaken } from './diff-names.ts'
import {
  blockedBy,
  createdAs,
  notKnownYet,
  type Subject,
  specOf,
  wantedOf,
} from './diff-subject.ts'
import type { Change } from './plan.ts'

/** The state has nothing of it: the account may have a revision of it, from a state that was lost. */
export function diffUnrecorded(subject: Subject): Change {
  const { kind, index, resource, name } = subject
  const latest = index.latest.get(resource.naturalKey)
  if (latest === undefined) return diffAbsent(subject)
  if (index.doubt !== undefined)
    return notKnownYet(
      subject,
      `which revision of ${kind.title} "${name}" is the last one is not known: ${index.doubt}`,
    )
  const older = latest.older.map(object => `"${object.naturalKey}" (${object.id})`)
  if (older.length > 0)
    subject.notes.push(`${older.join(', ')} counts as an older revision and stays as it is`)
  const owner = subject.owners().get(latest.objects[0]?.id ?? '')
  if (latest.revision === 1 || owner !== undefined) return diffAbsent(subject)
  return diffAbsent({
    ...subject,
    spec: specOf(subject, resource, latest.revision),
    name: revisionName(resource.naturalKey, latest.revision),
    revision: latest.revision,
  })
}

/** Nothing of the state is there: created, adopted, or in the way of something. */
export function diffAbsent(subject: Subject): Change {
  const { kind, index, owners, resource, name, options } = subject
  const named = index.byName.get(kind.identity === 'name' ? name : resource.naturalKey) ?? []
  const found = named[0]
  if (found === undefined) return diffNew(subject)
  if (named.length > 1)
    return blockedBy(
      subject,
      `the account has ${named.length} ${kind.plural} named "${name}" (${named.map(object => object.id).join(', ')}): rename all but one in the portal`,
    )
  const owner = owners().get(found.id)
  if (owner !== undefined && owner !== resource.address)
    return givesUpName(subject, owner, found.id)
      ? createdAs(subject)
      : blockedBy(subject, nameTaken(kind, name, found.id, owner))
  // Made on demand and sold since: that it is Active is our own doing.
  const isOurs = options.known?.get(resource.naturalKey) === found.id
  const conflict = isOurs ? undefined : kind.conflict?.(found)
  return conflict === undefined ? diffAdopted(subject, found) : blockedBy(subject, conflict)
}

/** The account has nothing of its name or SIM, as far as it tells. */
function diffNew(subject: Subject): Change {
  const { kind, index, resource, name, notes, observation } = subject
  if (kind.identity === 'name' && index.doubt !== undefined)
    return notKnownYet(
      subject,
      `whether the account has ${kind.title} "${name}" is not known: ${index.doubt}`,
    )
  const obstacle = kind.obstacle?.(resource, observation)
  if (obstacle === undefined) return createdAs(subject)
  if ('blocked' in obstacle)
    return obstacle.notKnown === true
      ? notKnownYet(subject, obstacle.blocked)
      : blockedBy(subject, obstacle.blocked)
  notes.push(obstacle.note)
  return createdAs(subject)
}

/** The account has one object of its name or SIM, and nobody else owns it. */
function diffAdopted(subject: Subject, found: ObservedObject): Change {
  const { kind, resource, spec, name, notes } = subject
  const { fields, blocked } = diffFields(kind, spec, undefined, found.spec, {
    replaceRemoved: false,
  })
  const conflicts = fields.filter(field => field.mutability === 'replace')
  if (conflicts.length > 0)
    return blockedBy(
      subject,
      `the ${kind.title} "${name}" (${found.id}) of the account has other ${conflicts.map(field => field.field).join(', ')}: ${
        subject.revision === undefined
          ? 'rename the entry, or rename that one in the portal'
          : `if a state of this entry was lost, "sft-catalog state import ${resource.address} ${found.id}" takes it in, and the next plan replaces it`
      }`,
      conflicts,
    )
  const unfit = kind.unfit?.(spec, found.spec)
  if (unfit !== undefined)
    return blockedBy(
      subject,
      `the ${kind.title} "${name}" (${found.id}) of the account ${unfit}: rename the entry, or rename that one in the portal`,
    )
  const unreported = Object.keys(kind.fields).filter(
    field => spec[field] !== undefined && found.spec[field] === undefined,
  )
  if (unreported.length > 0) notes.push(`taken on trust, not reported: ${unreported.join(', ')}`)
  const current = { ...spec, ...seenAs(kind, found.spec, field => spec[field]) }
  return {
    ...wantedOf(subject),
    action: 'adopt',
    id: found.id,
    current,
    fields,
    blocked,
    ...(subject.revision !== undefined && { revision: subject.revision }),
  }
}

/** Whether the catalog wants another name for the object; whether it gets it is settled for all at once. */
function givesUpName({ kind, state, graph, name }: Subject, owner: Address, id: string): boolean {
  const record = recordOf(state, owner)
  const wanted = graph.resources.get(owner)
  return (
    kind.fields['name']?.mutability === 'in-place' &&
    record !== undefined &&
    idOf(kind, record) === id &&
    wanted !== undefined &&
    revisionName(wanted.naturalKey, record.revision) !== name
  )
}
