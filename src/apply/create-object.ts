import { type Finding, notKnown, notThere, seenIn, there } from '../finding.ts'
import type { Address, Spec } from '../model.ts'
import { diffFields } from '../plan/diff-fields.ts'
import type { CreateChange, ReplaceChange, UpdateChange } from '../plan/plan.ts'
import {
  AmbiguousNameError,
  type CreatedObject,
  datedRecord,
  type Kind,
} from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { SftError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { idOf, recordOf } from '../state/records.ts'
import type { AnyRecord, StateEntry } from '../state/state.ts'
import { intentDraft, putEntry } from '../state/state.ts'
import { failed, unfinished, unlessStopped } from './endings.ts'
import type { Result } from './report.ts'
import { type ApplyRun, concluded, resolveReferences } from './run.ts'
import { writeObject } from './write-object.ts'

/** Creates the object of a change, or its next revision: announced, sent, settled, recorded. */
export const createObject = (
  run: ApplyRun,
  change: CreateChange | ReplaceChange,
): Promise<Result> => unlessStopped(change, () => create(run, change))

async function create(run: ApplyRun, change: CreateChange | ReplaceChange): Promise<Result> {
  const { kind: name, key } = change
  const kind: Kind = kindOf(name)
  const spec = resolveReferences(change.spec, run.store.state)
  const naturalKey = naturalKeyOf(kind, change)
  // An answer of success would prove little: what is there under its name already must not be made twice.
  const readsBack = kind.readsBack?.(spec) === true
  const before = readsBack ? await takeOver(run, change, spec) : undefined
  if (before !== undefined) return before
  const draft = draftRecord(run, kind, change, spec)
  const outcome = await writeObject<string>(run, change, {
    operation: kind.createOperation,
    action: change.action,
    draft: () => intentDraft(name, key, naturalKey, draft, formerId(change)),
    async send(sft) {
      const id = await kind.create(sft, change.resource, spec)
      if (id !== undefined && run.ids.claim(name, id)) return id
      throw new SftUnknownOutcomeError(
        id === undefined
          ? `${kind.createOperation} answered success without an ID`
          : `${kind.createOperation} answered with ${id}, which is another ${kind.title}`,
      )
    },
    async find() {
      const found = await kind.find(run.sft.read, naturalKey)
      // What stood there before is not what the write made.
      return seenIn(found, `${kind.title} "${naturalKey}" is the one from before`, ({ id }) =>
        id === formerId(change) ? undefined : id,
      )
    },
    findRefused: () => findTaken(run, change, spec),
    // Of two, which one is ours cannot be told, and one that is other is not ours: plans block the entry.
    endsBy: error =>
      error instanceof AmbiguousNameError || error instanceof TakenError ? 'absent' : undefined,
  })
  if (outcome.is !== 'done') return unfinished(run, change, outcome)
  if (readsBack) {
    const id = outcome.result
    const fit = await readBack(run, change, id, spec)
    if (fit.kind === 'not known') return failed(change, fit.reason)
    if (fit.kind === 'not there') {
      await run.store.append(concluded(outcome.intentId, 'failed'))
      return failed(change, fit.evidence)
    }
  }
  await recordCreated(run, change, { id: outcome.result }, spec, outcome.intentId)
  return created(change, outcome.result, outcome.how)
}

/**
 * Reads a new object back. *There*: it has what it was given. *Not there*: it has not, and nothing refers to it.
 * *Not known*: its announcement stands, and the next run looks.
 */
async function readBack(
  run: ApplyRun,
  change: CreateChange | ReplaceChange,
  id: string,
  spec: Spec,
): Promise<Finding<true>> {
  const kind: Kind = kindOf(change.kind)
  let has: Finding<Spec>
  try {
    has = await kind.read(run.sft.read, id, naturalKeyOf(kind, change))
  } catch (error) {
    if (!(error instanceof SftError)) throw error
    has = notKnown(error.message)
  }
  if (has.kind !== 'there')
    return notKnown(
      `${kind.title} ${id} was made and could not be read back yet (${has.kind === 'not there' ? has.evidence : has.reason}): run apply again`,
    )
  const unfit = kind.unfit?.(spec, has.value)
  return unfit === undefined
    ? there(true)
    : notThere(
        `${kind.title} ${id} was made and ${unfit}: it is not put on sale. Look at it in the portal, rename or delete it there, and correct the entry or account.wire`,
      )
}

/** What an object is found by: its name, revision and all, or its SIM. */
const naturalKeyOf = (kind: Kind, change: CreateChange | ReplaceChange): string =>
  kind.identity === 'name' ? change.name : change.resource.naturalKey

/** The object that a new one takes the place of, if there was one. */
export const formerId = (change: CreateChange | ReplaceChange): string | undefined =>
  change.action === 'replace'
    ? change.id
    : change.record && idOf(kindOf(change.kind), change.record)

/** What has the name or the SIM of a creation that was refused, and is not as the catalog wants it. */
class TakenError extends Error {
  override readonly name = 'TakenError'
}

/**
 * Looks for what a refused creation was to make. The platform may have made it all the same, or somebody
 * else has: where it is as the catalog wants it, it is ours; where it is not, throws a `TakenError`.
 */
async function findTaken(
  run: ApplyRun,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): Promise<Finding<string>> {
  const kind: Kind = kindOf(change.kind)
  const name = naturalKeyOf(kind, change)
  const found = await kind.find(run.sft.read, name)
  if (found.kind !== 'there') return found
  const { id } = found.value
  if (id === formerId(change)) return notThere(`${kind.title} "${name}" is the one from before`)
  const conflict = kind.conflict?.(found.value)
  if (conflict !== undefined) throw new TakenError(conflict)
  const has = await kind.read(run.sft.read, id, name)
  if (has.kind !== 'there') return notKnown(`${kind.title} ${id} is there, and does not read back`)
  const unfit = kind.unfit?.(spec, has.value)
  if (unfit !== undefined)
    throw new TakenError(
      `${kind.title} "${name}" (${id}) is there already and ${unfit}: look at it in the portal, and rename or delete it there`,
    )
  const other = misfits(kind, spec, has.value)
  if (other.length > 0)
    throw new TakenError(
      `${kind.title} ${id} is there already, with ${other.join(', ')}: change it in the portal, or run "sft-catalog adopt"`,
    )
  return there(id)
}

/** What of an object is not as the catalog wants it, for people. */
function misfits(kind: Kind, wanted: Spec, has: Spec): readonly string[] {
  const { fields, blocked } = diffFields(kind, wanted, undefined, has, { replaceRemoved: false })
  return [...fields, ...blocked].map(({ field, account }) => `${field} ${JSON.stringify(account)}`)
}

/** A creation that was refused because the object exists: adopted where it fits, else a conflict. */
export async function takeOver(
  run: ApplyRun,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): Promise<Result | undefined> {
  let found: Finding<string>
  try {
    found = await findTaken(run, change, spec)
  } catch (error) {
    if (error instanceof TakenError) return failed(change, error.message)
    if (!(error instanceof SftError)) throw error
    found = notKnown(error.message)
  }
  if (found.kind === 'not there') return undefined
  if (found.kind === 'not known')
    return failed(change, `refused, and why could not be read: ${found.reason}`)
  await recordCreated(run, change, { id: found.value }, spec, undefined)
  return created(change, found.value, 'adopted')
}

const created = (
  { address, kind, action }: CreateChange | ReplaceChange,
  id: string,
  how: 'answered' | 'found' | 'adopted',
): Result => ({ address, kind, status: 'done', action, id, how })

/** What a record takes over that is made now; `before` is what the state had. */
export const datedNow = (
  run: Pick<ApplyRun, 'clock'>,
  kind: Kind,
  before: AnyRecord | undefined,
): AnyRecord | undefined => datedRecord(kind, new Date(run.clock.now()).toISOString(), before)

/** The record that a creation leaves, its ID still empty. */
export function draftRecord(
  run: ApplyRun,
  kind: Kind,
  change: CreateChange | ReplaceChange,
  spec: Spec,
): AnyRecord {
  if (change.action === 'create')
    return kind.record(change.resource, spec, '', datedNow(run, kind, change.record))
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
async function recordCreated(
  run: ApplyRun,
  change: CreateChange | ReplaceChange,
  { id }: CreatedObject,
  spec: Spec,
  intentId: string | undefined,
): Promise<void> {
  const kind: Kind = kindOf(change.kind)
  const draft = draftRecord(run, kind, change, spec)
  run.ids.claim(change.kind, id)
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
