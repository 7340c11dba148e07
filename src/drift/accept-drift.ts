import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Observation } from '../account/observation.ts'
import { stateWith } from '../adopt/adoption-records.ts'
import { type EntrySection, editEntry, writtenField, YamlEditError } from '../catalog/edit-yaml.ts'
import type { EntryEdit } from '../catalog/entry-edit.ts'
import type { LoadOptions } from '../catalog/index.ts'
import { loadStaged } from '../catalog/stage-catalog.ts'
import type { Address, Catalog, Json, Spec } from '../model.ts'
import { resolveCatalog } from '../plan/resolve.ts'
import { type FieldEdits, noForm } from '../resources/accept.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { idOf, recordOf, withId } from '../state/records.ts'
import {
  type AnyRecord,
  type PutEntry,
  putEntry,
  type State,
  splitAddress,
} from '../state/state.ts'
import { compareDrift, resourceOf } from './compare-drift.ts'
import { type EntryDrift, type FieldDrift, isDrift } from './drift-report.ts'

/** Drift that cannot be accepted; the message says what to do instead. */
export class AcceptError extends Error {
  override readonly name = 'AcceptError'
}

/** What accepting one address writes; nothing is written yet. */
export interface Accepted {
  readonly address: Address
  /** The catalog file with its new text; undefined where the catalog says it already. */
  readonly file?: { readonly path: string; readonly text: string }
  readonly entry: PutEntry
  readonly fields: readonly string[]
  /** What stays drift, since the catalog cannot say it. */
  readonly refused: readonly string[]
}

/** What accepting needs to know. */
export interface AcceptOptions {
  readonly catalog: Catalog
  readonly folder: string
  readonly load: LoadOptions
  readonly state: State
  readonly observation: Observation
}

/** What the state has of an address whose drift is to be accepted. Throws an `AcceptError`. */
export function acceptable(state: State, address: Address): AnyRecord {
  const record = recordOf(state, address)
  if (record !== undefined) return record
  throw new AcceptError(`${address} is not in the state; "sft-catalog state list" shows what is`)
}

/**
 * Works out how the account's values of one address come into its YAML entry and into the state, and proves
 * on a copy that no drift of it is left. Throws an `AcceptError`.
 */
export async function acceptDrift(address: Address, options: AcceptOptions): Promise<Accepted> {
  const { catalog, state, observation } = options
  const record = acceptable(state, address)
  const graph = resolveCatalog(catalog, observation, state)
  const report = compareDrift(catalog, graph, state, observation)
  const entry = report.entries.find(entry => entry.address === address)
  if (entry === undefined || !isDrift(entry))
    throw new AcceptError(
      kindOf(splitAddress(address)[0]).identity === 'iccid' && observation.simsRead !== 'all'
        ? `${address}: ${kindOf(splitAddress(address)[0]).plural} are compared with --endpoints only`
        : `${address} has no drift to accept`,
    )
  if (entry.status === 'gone') throw new AcceptError(goneAdvice(entry))
  const resource = resourceOf(graph, catalog.moved, address)
  if (resource === undefined)
    throw new AcceptError(
      `${address} is not in the catalog, so there is no entry to write to: write one with its values, or take it out of the state (sft-catalog state rm ${address})`,
    )
  if (resource.address !== address)
    throw new AcceptError(
      `${address} is moved to ${resource.address} by the catalog: run "sft-catalog apply" first`,
    )
  if (entry.status === 'relinked') return acceptLink(entry, record)
  return await acceptFields(entry, record, options)
}

/** Another endpoint on the same SIM: the state follows, the catalog names the SIM only. */
function acceptLink(entry: EntryDrift, record: AnyRecord): Accepted {
  const [kind, key] = splitAddress(entry.address)
  const id = String(entry.fields[0]?.account)
  return {
    address: entry.address,
    entry: putEntry(kind, key, withId(kindOf(kind), record, id)),
    fields: [kindOf(kind).idField],
    refused: [],
  }
}

async function acceptFields(
  entry: EntryDrift,
  record: AnyRecord,
  options: AcceptOptions,
): Promise<Accepted> {
  const { address, position } = entry
  const [name, key] = splitAddress(address)
  const kind = kindOf(name)
  if (kind.accept === undefined || position === undefined)
    throw new AcceptError(`${address} has no entry of its own in the catalog`)
  const before = await readFile(position.file, 'utf8')
  const drifted = entry.fields.filter(
    field => field.direction !== 'here' && field.account !== undefined,
  )
  const edits: EntryEdit[] = []
  const refused: string[] = []
  const spec: Record<string, Json> = { ...record.spec }
  const fields: string[] = []
  let revision = record.revision
  for (const field of drifted) {
    const found = editsOf(field, before, kind, key, record, options)
    if ('impossible' in found) {
      refused.push(`${field.field}: ${found.impossible}`)
      continue
    }
    if (found.revision !== undefined) revision = found.revision
    // What both sides changed to the same needs no edit; a list may still name what is gone.
    const agrees = JSON.stringify(field.wanted) === JSON.stringify(field.account)
    if (!agrees || Array.isArray(field.account)) edits.push(...found.edits)
    if (field.account !== undefined) spec[field.field] = field.account
    fields.push(field.field)
  }
  if (fields.length === 0) throw new AcceptError(`${address}: ${refused.join('; ')}`)
  const text = edited(before, kind.catalog, key, edits, address, position.file)
  const put = await proveAccepted(
    { address, text, file: position.file },
    { spec, revision, fields },
    record,
    options,
  )
  return {
    address,
    ...(text !== before && { file: { path: position.file, text } }),
    entry: put,
    fields,
    refused,
  }
}

function editsOf(
  field: FieldDrift,
  text: string,
  kind: Kind,
  key: string,
  record: AnyRecord,
  { catalog, state, observation }: AcceptOptions,
): FieldEdits {
  const entry = entriesOf(catalog, kind).find(one => one.key === key)
  if (entry === undefined || kind.accept === undefined) return noForm(field.field)
  const written = (name: string) => writtenField(text, kind.catalog, key, name)
  return kind.accept(field, { catalog, state, observation, entry, record, written })
}

function edited(
  before: string,
  section: EntrySection,
  key: string,
  edits: readonly EntryEdit[],
  address: Address,
  file: string,
): string {
  try {
    return editEntry(before, section, key, edits)
  } catch (error) {
    if (!(error instanceof YamlEditError)) throw error
    throw new AcceptError(`${address} in ${file}: ${error.message}`, { cause: error })
  }
}

/** Loads the catalog with the new text, makes the record, and sees that none of the fields drifts any more. */
async function proveAccepted(
  {
    address,
    text,
    file,
  }: { readonly address: Address; readonly text: string; readonly file: string },
  accepted: {
    readonly spec: Spec
    readonly revision: number | undefined
    readonly fields: readonly string[]
  },
  previous: AnyRecord,
  { folder, load, state, observation }: AcceptOptions,
): Promise<PutEntry> {
  const path = relative(folder, file).replaceAll('\\', '/')
  return await loadStaged(folder, [{ path, text }], load, async ({ catalog, issues }) => {
    const problem = issues.find(issue => issue.severity === 'error')
    if (catalog === undefined)
      throw new AcceptError(
        `${address}: the catalog could not say it: ${problem?.message ?? 'it is not valid'}`,
      )
    const [kind, key] = splitAddress(address)
    const resource = resolveCatalog(catalog, observation, state).resources.get(address)
    if (resource === undefined)
      throw new AcceptError(`${address}: the catalog would lose the entry: change it by hand`)
    const { refused: _refused, revision: _revision, ...kept } = previous
    const refused = Object.fromEntries(
      Object.entries(previous.refused ?? {}).filter(([field]) => !accepted.fields.includes(field)),
    )
    const { revision: _old, ...made } = kindOf(kind).record(
      resource,
      accepted.spec,
      idOf(kindOf(kind), previous),
      kept,
    )
    const record = {
      ...made,
      ...(accepted.revision !== undefined &&
        accepted.revision > 1 && { revision: accepted.revision }),
      ...(Object.keys(refused).length > 0 && { refused }),
    }
    const put = putEntry(kind, key, record)
    const after = await stateWith(state, [put])
    const graph = resolveCatalog(catalog, observation, after)
    const left = compareDrift(catalog, graph, after, observation)
      .entries.find(entry => entry.address === address)
      ?.fields.filter(
        ({ field, direction }) => direction !== 'here' && accepted.fields.includes(field),
      )
    if (left !== undefined && left.length > 0)
      throw new AcceptError(
        `${address}: ${left.map(({ field }) => field).join(', ')} would still differ: change the entry by hand`,
      )
    return put
  })
}

function goneAdvice(entry: EntryDrift): string {
  const where =
    entry.position === undefined
      ? 'it is not in the catalog either: "sft-catalog apply" forgets it'
      : `take the entry out of ${entry.position.file}:${entry.position.line} where that is meant, and "sft-catalog apply" forgets it; with the entry kept, "sft-catalog apply" makes it anew`
  return `${entry.address} is gone from the account (${entry.notes.join('; ')}): ${where}`
}
