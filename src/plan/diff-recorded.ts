import type { Spec } from '../model.ts'
import { revisionName } from '../resources/revision.ts'
import { idOf } from '../state/records.ts'
import type { AnyRecord } from '../state/state.ts'
import { diffFields, localChanges } from './diff-fields.ts'
import { blockedBy, type Subject, specOf, wantedOf } from './diff-subject.ts'
import type { Change } from './plan.ts'

const NO_NOTES: readonly string[] = []

/** An object of the state that is there, as far as the account tells. */
export function diffRecorded(subject: Subject, record: AnyRecord, reported: Spec): Change {
  const { kind, resource, spec, notes, moved, observation } = subject
  const id = idOf(kind, record)
  const { fields, blocked, current } = diffFields(kind, spec, record.spec, reported, {
    refused: record.refused,
    replaceRemoved: resource.onNetworkRemoval === 'replace',
    standing: kind.standing?.of(record.spec, observation),
    labels: () => kind.labels?.(observation) ?? {},
  })
  const local = localChanges(kind, resource, record)
  if (fields.length + local.length + blocked.length === 0 && moved === undefined) {
    const { address, key } = resource
    const { name } = subject
    return { action: 'keep', address, kind: resource.kind, key, name, id, notes: NO_NOTES }
  }
  if (record.superseded?.length)
    notes.push(
      `keeps ${record.superseded.map(old => old.id).join(', ')} from before, ${kind.retirement ? 'until --prune' : 'until it is deleted in the portal'}`,
    )
  if (fields.some(field => field.mutability === 'replace')) {
    const revision = (record.revision ?? 1) + 1
    return {
      ...wantedOf(subject),
      name: revisionName(resource.naturalKey, revision),
      spec: specOf(subject, resource, revision),
      action: 'replace',
      id,
      record,
      revision,
      fields,
    }
  }
  const all = [...fields, ...local]
  if (all.length > 0 || moved !== undefined)
    return { ...wantedOf(subject), action: 'update', id, record, current, fields: all, blocked }
  const reasons = blocked.map(field => `${field.field}: ${field.message}`)
  return blockedBy(subject, reasons.join('; '), blocked)
}
