import { isDeepStrictEqual } from 'node:util'
import { type Finding, seenIn } from '../finding.ts'
import type { Address, Spec } from '../model.ts'
import type { CreateChange, ReplaceChange, UpdateChange } from '../plan/plan.ts'
import {
  AmbiguousNameError,
  type CreatedObject,
  intentDraft,
  type Kind,
  type ObservedObject,
  putEntry,
} from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { type WriteOutcome, writeOnce } from '../sft/once.ts'
import { type AnyRecord, idOf, recordOf, type StateEntry } from '../state/state.ts'
import { failed, unfinished, unlessStopped } from './endings.ts'
import type { Result } from './report.ts'
import { announce, concluded, newIntent, type Run, resolveReferences } from './run.ts'

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
  const find = async (): Promise<Finding<string>> => {
    const found = await kind.find(run.sft.read, naturalKey)
    // What stood there before is not what the write made.
    return seenIn(found, `${kind.title} "${naturalKey}" is the one from before`, ({ id }) =>
      id === formerId(change) ? undefined : id,
    )
  }
  let outcome: WriteOutcome<string>
  try {
    outcome = await writeOnce<string>(
      {
        announce: async () => {
          const intent = newIntent(run, kind.createOperation, change.action, [
            intentDraft(name, key, naturalKey, draft, formerId(change)),
          ])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: announcement =>
          run.send(async () => {
            const sft = withAnnouncement(run.sft, announcement)
            const id = await kind.create(sft, change.resource, spec)
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
    if (!(error instanceof AmbiguousNameError)) throw error
    // Which of the two is ours cannot be told; as long as there are two, plans block the entry.
    await run.store.append(concluded(intentId, 'absent'))
    return failed(change, error.message)
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
  return unfinished(run, change, outcome)
}

/** The object that a new one takes the place of, if there was one. */
export const formerId = (change: CreateChange | ReplaceChange): string | undefined =>
  change.action === 'replace' ? change.id : change.record && idOf(change.record)

/** A creation that was refused because the object exists: adopted where it fits, else a conflict. */
export async function takeOver(
  run: Run,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): Promise<Result | undefined> {
  const kind: Kind = KINDS[change.kind]
  let found: ObservedObject | undefined
  let conflict: string | undefined
  try {
    const finding = await kind.find(run.sft.read, change.resource.naturalKey)
    if (finding.kind === 'not known')
      return failed(change, `refused, and why could not be read: ${finding.reason}`)
    found = finding.kind === 'there' ? finding.value : undefined
    conflict = found && (kind.conflict?.(found) ?? (await misfit(run, change, found.id, spec)))
  } catch (error) {
    if (!(error instanceof SftError)) throw error
    return failed(change, `refused, and why could not be read: ${error.message}`)
  }
  if (found === undefined) return undefined
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

/** What of an object that is there already is not as the catalog wants it. */
async function misfit(
  run: Run,
  change: CreateChange | ReplaceChange,
  id: string,
  spec: Spec,
): Promise<string | undefined> {
  const kind: Kind = KINDS[change.kind]
  const has = await kind.read(run.sft.read, id, change.resource.naturalKey)
  if (has.kind !== 'there') return `${kind.title} ${id} is there already, and does not read back`
  const other = Object.entries(has.value).filter(
    ([field, value]) => !isDeepStrictEqual(value, spec[field]),
  )
  if (other.length === 0) return undefined
  const told = other.map(([field, value]) => `${field} ${JSON.stringify(value)}`).join(', ')
  return `${kind.title} ${id} is there already, with ${told}: change it in the portal, or run "sft-catalog adopt"`
}

/** The record that a creation leaves, its ID still empty. */
export function draftRecord(
  run: Run,
  kind: Kind,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): AnyRecord {
  if (change.action === 'create') return kind.record(change.resource, spec, '', change.record)
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

/** What a move takes out of the state once its entry stands under the new key. */
export const moveEntries = (change: {
  readonly movedFrom?: Address
  readonly kind: UpdateChange['kind']
}): readonly StateEntry[] =>
  change.movedFrom === undefined
    ? []
    : [{ type: 'remove', kind: change.kind, key: change.movedFrom.slice(change.kind.length + 1) }]
