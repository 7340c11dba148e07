import { isDeepStrictEqual } from 'node:util'
import { type Finding, seenIn } from '../finding.ts'
import type { Spec } from '../model.ts'
import type { AdoptChange, FieldChange, UpdateChange } from '../plan/plan.ts'
import type { EditResult, Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { recordOf } from '../state/records.ts'
import type { AnyRecord, Learnt, RefusedFields } from '../state/state.ts'
import { intentDraft, putEntry } from '../state/state.ts'
import { datedNow, moveEntries } from './create-object.ts'
import { failed, unfinished, unlessStopped } from './endings.ts'
import type { Result } from './report.ts'
import { type ApplyRun, concluded, resolveReferences } from './run.ts'
import { type ObjectOutcome, writeObject } from './write-object.ts'

const editsOf = (fields: readonly FieldChange[]): readonly string[] =>
  fields.filter(field => field.mutability !== 'local').map(field => field.field)

/** What one write of an edit is about. */
interface EditPart {
  readonly fields: readonly string[]
  /** What is true once all of the edit is done. */
  readonly wanted: Spec
  readonly previous: AnyRecord | undefined
}

/** Brings an object that exists to what the catalog wants, reads it back, and records it. */
export const editObject = (run: ApplyRun, change: UpdateChange | AdoptChange): Promise<Result> =>
  unlessStopped(change, () => edit(run, change))

/** The record that an edit leaves; an adopted revision keeps its number. */
const editedRecord = (
  change: UpdateChange | AdoptChange,
  spec: Spec,
  previous: AnyRecord | undefined,
): AnyRecord => ({
  ...kindOf(change.kind).record(change.resource, spec, change.id, previous),
  ...(change.action === 'adopt' && change.revision !== undefined && { revision: change.revision }),
})

async function edit(run: ApplyRun, change: UpdateChange | AdoptChange): Promise<Result> {
  const { kind: name, key, address, id } = change
  const kind: Kind = kindOf(name)
  const known = recordOf(run.store.state, address)
  const previous =
    known ?? (change.action === 'update' ? change.record : datedNow(run, kind, undefined))
  const edits = editsOf(change.fields)
  const wanted = wantedSpec(change, resolveReferences(change.spec, run.store.state))
  let refused: EditResult['refused'] = {}
  for (const fields of edits.length === 0 ? [] : (kind.editParts?.(edits) ?? [edits])) {
    const outcome = await write(run, change, { fields, wanted, previous })
    if (outcome.is !== 'done') return unfinished(run, change, outcome)
    refused = { ...refused, ...outcome.result.refused }
    if (outcome.result.learnt !== undefined) await keepLearnt(run, kind, outcome.result.learnt)
  }
  await run.store.append(
    putEntry(
      name,
      key,
      withRefused(editedRecord(change, recordedSpec(wanted, change.current, refused), previous), {
        ...stillRefused(change, previous),
        ...refusals(change, refused),
      }),
    ),
    ...moveEntries(change),
  )
  if (Object.keys(refused).length > 0) return failed(change, Object.values(refused).join('; '))
  return {
    address,
    kind: name,
    status: 'done',
    action: edits.length === 0 && change.action === 'update' ? 'record' : change.action,
    id,
  }
}

/** One write of an edit, settled by itself: what an unclear answer left undone is not waited for with it. */
async function write(
  run: ApplyRun,
  change: UpdateChange | AdoptChange,
  { fields, wanted, previous }: EditPart,
): Promise<ObjectOutcome<EditResult>> {
  const { kind: name, key, id } = change
  const { naturalKey } = change.resource
  const kind: Kind = kindOf(name)
  const draft = editedRecord(change, wanted, previous)
  const find = async (): Promise<Finding<EditResult>> => {
    const now = await kind.read(run.sft.read, id, naturalKey)
    return seenIn(now, `${kind.title} ${id} is not as it should be`, spec =>
      fields.every(field => isDeepStrictEqual(spec[field], wanted[field]))
        ? { refused: {} }
        : undefined,
    )
  }
  const outcome = await writeObject<EditResult>(run, change, {
    operation: kind.editOperation,
    action: 'update',
    draft: () => intentDraft(name, key, naturalKey, draft, id),
    send: sft =>
      kind.edit(sft, {
        id,
        resource: change.resource,
        fields,
        spec: wanted,
        current: change.current,
        unreported: change.fields
          .filter(field => field.account === undefined)
          .map(field => field.field),
        learnt: run.store.state.learnt,
      }),
    find,
    findRefused: find,
  })
  if (outcome.is === 'done') await run.store.append(concluded(outcome.intentId, 'done'))
  return outcome
}

/** Keeps what an edit taught of the account, and says it once. */
async function keepLearnt(run: ApplyRun, kind: Kind, learnt: Learnt): Promise<void> {
  const known = run.store.state.learnt
  const after = { ...known, ...learnt }
  if (isDeepStrictEqual(known, after)) return
  await run.store.append({ type: 'learn', learnt: after })
  run.emit({ type: 'learnt', message: kind.learntMessage?.(learnt) ?? JSON.stringify(learnt) })
}

/** What should be there after the edit: the catalog's values, but for fields that are blocked. */
function wantedSpec(change: UpdateChange | AdoptChange, spec: Spec): Spec {
  const wanted = { ...spec }
  for (const field of change.blocked) {
    const value = change.current[field.field]
    if (value === undefined) delete wanted[field.field]
    else wanted[field.field] = value
  }
  for (const field of change.fields)
    if (field.wanted !== undefined && field.mutability === 'in-place')
      wanted[field.field] = field.wanted
  return wanted
}

/** A refused field is recorded as the account has it. */
function recordedSpec(wanted: Spec, current: Spec, refused: EditResult['refused']): Spec {
  const spec = { ...wanted }
  for (const field of Object.keys(refused)) {
    const value = current[field]
    if (value === undefined) delete spec[field]
    else spec[field] = value
  }
  return spec
}

/** Marks of fields that the platform did not take: kept as long as the catalog wants the same. */
function refusals(
  change: UpdateChange | AdoptChange,
  refused: EditResult['refused'],
): RefusedFields {
  return Object.fromEntries(
    Object.entries(refused).map(([field, message]) => [
      field,
      { wanted: change.spec[field] ?? null, message },
    ]),
  )
}

/** Earlier marks of fields that this change leaves blocked. */
function stillRefused(
  change: UpdateChange | AdoptChange,
  previous: AnyRecord | undefined,
): RefusedFields {
  const blocked = new Set(change.blocked.map(field => field.field))
  return Object.fromEntries(
    Object.entries(previous?.refused ?? {}).filter(([field]) => blocked.has(field)),
  )
}

const withRefused = (record: AnyRecord, refused: RefusedFields): AnyRecord =>
  Object.keys(refused).length === 0 ? record : { ...record, refused }
