import { isDeepStrictEqual } from 'node:util'
import type { Address, Spec } from '../model.ts'
import type {
  AdoptChange,
  CreateChange,
  FieldChange,
  ReplaceChange,
  RetireChange,
  UpdateChange,
} from '../plan/plan.ts'
import {
  AmbiguousNameError,
  type CreatedObject,
  type EditResult,
  intentDraft,
  type Kind,
  putEntry,
  RetirementRefusedError,
} from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import { SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { type WriteOutcome, writeOnce } from '../sft/once.ts'
import {
  type AddonPlanRecord,
  type AnyRecord,
  type RefusedFields,
  recordOf,
  type StateEntry,
} from '../state/state.ts'
import type { Result } from './report.ts'
import { announce, concluded, newIntent, type Run, resolveReferences, StoppedError } from './run.ts'

/** Creates the object of a change, or its next revision: announced, sent, settled, recorded. */
export const createObject = (run: Run, change: CreateChange | ReplaceChange): Promise<Result> =>
  unlessStopped(change, () => create(run, change))

async function create(run: Run, change: CreateChange | ReplaceChange): Promise<Result> {
  const { kind: name, key, address } = change
  const kind: Kind = KINDS[name]
  const spec = resolveReferences(change.spec, run.store.state)
  const naturalKey = kind.identity === 'name' ? change.name : change.resource.naturalKey
  const draft = draftRecord(run, kind, change, spec)
  let intentId = ''
  const find = async (): Promise<string | undefined> =>
    (await kind.find(run.sft.read, naturalKey))?.id
  let outcome: WriteOutcome<string>
  try {
    outcome = await writeOnce<string>(
      {
        announce: async () => {
          const intent = newIntent(run, kind.createOperation, change.action, [
            intentDraft(name, key, naturalKey, draft),
          ])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: () =>
          run.send(async () => {
            const id = await kind.create(run.sft, change.resource, spec)
            if (id !== undefined) return id
            throw new SftUnknownOutcomeError(
              `${kind.createOperation} answered success without an ID`,
            )
          }),
        find,
        conclude: (id, ending) => run.store.append(concluded(id, ending)),
        settleSeconds: run.sft.settleSeconds(kind.createOperation),
        slot: run.slot(name),
        onSettling: error =>
          run.emit({
            type: 'settling',
            operation: kind.createOperation,
            addresses: [address],
            message: error.message,
          }),
      },
      run.clock,
      run.stop,
    )
  } catch (error) {
    if (error instanceof AmbiguousNameError) return failed(change, error.message)
    throw error
  }
  if (outcome.status === 'done') {
    await recordCreated(run, change, { id: outcome.result }, spec, intentId)
    return {
      address,
      kind: name,
      status: 'done',
      action: change.action,
      id: outcome.result,
      how: outcome.how,
    }
  }
  if (
    outcome.status === 'failed' &&
    outcome.error instanceof SftRejectedError &&
    kind.conflict !== undefined
  ) {
    const taken = await takeOver(run, change, spec)
    if (taken !== undefined) return taken
  }
  return unfinished(change, outcome)
}

/** A creation that was refused because the object exists: adopted where it fits, else a conflict. */
export async function takeOver(
  run: Run,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): Promise<Result | undefined> {
  const kind: Kind = KINDS[change.kind]
  const found = await kind.find(run.sft.read, change.resource.naturalKey)
  if (found === undefined) return undefined
  const conflict = kind.conflict?.(found)
  if (conflict !== undefined) return failed(change, conflict)
  await recordCreated(run, change, found, spec, undefined)
  return {
    address: change.address,
    kind: change.kind,
    status: 'done',
    action: change.action,
    id: found.id,
    how: 'adopted',
  }
}

/** The record that a creation leaves, its ID still empty. */
export function draftRecord(
  run: Run,
  kind: Kind,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): AnyRecord {
  if (change.action === 'create') return kind.record(change.resource, spec, '', undefined)
  const previous = recordOf(run.store.state, change.address) ?? change.record
  const superseded = [
    ...(previous.superseded ?? []),
    { id: change.id, name: previous.name, since: new Date(run.clock.now()).toISOString() },
  ]
  return kind.record(change.resource, spec, '', {
    ...previous,
    revision: change.revision,
    superseded,
  })
}

/** Makes the new ID and the end of its intent durable, in one entry. */
export async function recordCreated(
  run: Run,
  change: CreateChange | ReplaceChange,
  { id }: CreatedObject,
  spec: Spec,
  intentId: string | undefined,
): Promise<void> {
  const kind: Kind = KINDS[change.kind]
  const draft = draftRecord(run, kind, change, spec)
  await run.store.append(
    ...(intentId === undefined ? [] : [concluded(intentId, 'done')]),
    putEntry(change.kind, change.key, kind.record(change.resource, spec, id, draft)),
    ...moveEntries(change),
  )
}

const moveEntries = (change: {
  readonly movedFrom?: Address
  readonly kind: UpdateChange['kind']
}): readonly StateEntry[] =>
  change.movedFrom === undefined
    ? []
    : [{ type: 'remove', kind: change.kind, key: change.movedFrom.slice(change.kind.length + 1) }]

const editsOf = (fields: readonly FieldChange[]): readonly string[] =>
  fields.filter(field => field.mutability !== 'local').map(field => field.field)

/** Brings an object that exists to what the catalog wants, reads it back, and records it. */
export const editObject = (run: Run, change: UpdateChange | AdoptChange): Promise<Result> =>
  unlessStopped(change, () => edit(run, change))

async function edit(run: Run, change: UpdateChange | AdoptChange): Promise<Result> {
  const { kind: name, key, address, id } = change
  const kind: Kind = KINDS[name]
  const previous =
    change.action === 'update' ? (recordOf(run.store.state, address) ?? change.record) : undefined
  const edits = editsOf(change.fields)
  const wanted = wantedSpec(change, resolveReferences(change.spec, run.store.state))
  let refused: EditResult['refused'] = {}
  let intentId: string | undefined
  if (edits.length > 0) {
    const draft = kind.record(change.resource, wanted, id, previous)
    const outcome = await writeOnce<EditResult>(
      {
        announce: async () => {
          const intent = newIntent(run, kind.editOperation, 'update', [
            intentDraft(name, key, change.resource.naturalKey, draft),
          ])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: () =>
          run.send(() =>
            kind.edit(run.sft, {
              id,
              resource: change.resource,
              fields: edits,
              spec: wanted,
              current: change.current,
              learnt: run.store.state.learnt,
            }),
          ),
        find: async () => {
          const now = await kind.read(run.sft.read, id, change.resource.naturalKey)
          const there =
            now !== undefined && edits.every(field => isDeepStrictEqual(now[field], wanted[field]))
          return there ? { refused: {} } : undefined
        },
        conclude: (intent, ending) => run.store.append(concluded(intent, ending)),
        settleSeconds: run.sft.settleSeconds(kind.editOperation),
        slot: run.slot(name),
        onSettling: error =>
          run.emit({
            type: 'settling',
            operation: kind.editOperation,
            addresses: [address],
            message: error.message,
          }),
      },
      run.clock,
      run.stop,
    )
    if (outcome.status !== 'done') return unfinished(change, outcome)
    refused = outcome.result.refused
    if (outcome.result.learnt !== undefined) {
      await run.store.append({
        type: 'learn',
        learnt: { ...run.store.state.learnt, ...outcome.result.learnt },
      })
      run.emit({
        type: 'learnt',
        message:
          kind.learntMessage?.(outcome.result.learnt) ?? JSON.stringify(outcome.result.learnt),
      })
    }
  }
  await run.store.append(
    ...(intentId === undefined ? [] : [concluded(intentId, 'done')]),
    putEntry(
      name,
      key,
      withRefused(
        kind.record(change.resource, recordedSpec(wanted, change.current, refused), id, previous),
        wanted,
        refused,
      ),
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

/** What should be there after the edit: the catalog's values, but for fields that are blocked. */
function wantedSpec(change: UpdateChange | AdoptChange, spec: Spec): Spec {
  const wanted = { ...spec }
  for (const field of change.blocked) {
    const value = change.current[field.field]
    if (value !== undefined) wanted[field.field] = value
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

function withRefused(record: AnyRecord, wanted: Spec, refused: EditResult['refused']): AnyRecord {
  const fields = Object.entries(refused)
  if (fields.length === 0) return record
  const marks: RefusedFields = Object.fromEntries(
    fields.map(([field, message]) => [field, { wanted: wanted[field] ?? null, message }]),
  )
  return { ...record, refused: marks }
}

/** Takes an object out of use, having read its state in this run. */
export const retireObject = (run: Run, change: RetireChange): Promise<Result> =>
  unlessStopped(change, () => retire(run, change))

async function retire(run: Run, change: RetireChange): Promise<Result> {
  const { kind: name, key, address, id } = change
  const kind: Kind = KINDS[name]
  const { retirement } = kind
  const record = recordOf(run.store.state, address) ?? change.record
  if (retirement === undefined)
    return failed(change, kind.manualRetirement ?? `no call retires a ${kind.title}`)
  let intentId = ''
  let outcome: WriteOutcome<true>
  try {
    outcome = await writeOnce<true>(
      {
        announce: async () => {
          const intent = newIntent(run, retirement.operation, 'retire', [
            intentDraft(name, key, key, record),
          ])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: () =>
          run.send(async () => {
            await retirement.retire(run.sft, id, key)
            return true as const
          }),
        find: async () => ((await retirement.isRetired(run.sft.read, id, key)) ? true : undefined),
        conclude: (intent, ending) => run.store.append(concluded(intent, ending)),
        settleSeconds: run.sft.settleSeconds(retirement.operation),
        slot: run.slot(name),
        onSettling: error =>
          run.emit({
            type: 'settling',
            operation: retirement.operation,
            addresses: [address],
            message: error.message,
          }),
      },
      run.clock,
      run.stop,
    )
  } catch (error) {
    if (!(error instanceof RetirementRefusedError)) throw error
    await run.store.append(concluded(intentId, 'failed'))
    return failed(change, error.message)
  }
  if (outcome.status !== 'done') return unfinished(change, outcome)
  await run.store.append(
    concluded(intentId, 'done'),
    retiredEntry(change, record, retirement.keepsRecord),
  )
  return { address, kind: name, status: 'done', action: 'retire', id }
}

function retiredEntry(change: RetireChange, record: AnyRecord, keepsRecord: boolean): StateEntry {
  const { kind, key, superseded } = change
  if (superseded !== undefined) {
    const left = (record.superseded ?? []).filter(old => old.id !== superseded.id)
    const { superseded: _before, ...rest } = record
    return putEntry(
      kind,
      key,
      left.length === 0 ? (rest as AnyRecord) : { ...record, superseded: left },
    )
  }
  if (!keepsRecord) return { type: 'remove', kind, key }
  const retired: AddonPlanRecord = {
    ...(record as AddonPlanRecord),
    retired: true,
    spec: { ...record.spec, status: 'In-Active' },
  }
  return putEntry(kind, key, retired)
}

interface Addressed {
  readonly address: Address
  readonly kind: Result['kind']
}

async function unlessStopped(change: Addressed, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoppedError) return deferred(change, error.message)
    throw error
  }
}

export const deferred = (change: Addressed, message: string): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'deferred',
  message,
})

export const failed = (change: Addressed, message: string): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'failed',
  message,
})

/** A write that did not end well, as a result. */
export function unfinished(
  change: Addressed,
  outcome: Exclude<WriteOutcome<unknown>, { readonly status: 'done' }>,
): Result {
  if (outcome.status === 'failed') return failed(change, outcome.error.message)
  return deferred(
    change,
    `outcome not known yet, the next run looks for it first: ${outcome.error.message}`,
  )
}
