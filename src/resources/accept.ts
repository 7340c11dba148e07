/** How what changed on the account comes into an entry of the catalog: the values that kinds make of it. */
import type { Observation } from '../account/observation.ts'
import type { EntryEdit } from '../catalog/entry-edit.ts'
import type { Catalog, Entry, Json } from '../model.ts'
import type { AnyRecord, State } from '../state/state.ts'
import { parseRevision } from './revision.ts'

/** One field that was changed on the account. */
export interface DriftedField {
  readonly field: string
  readonly applied?: Json
  readonly wanted?: Json
  readonly account?: Json
}

/** What one drifted field comes to in YAML. */
export type FieldEdits =
  | { readonly edits: readonly EntryEdit[]; readonly revision?: number }
  /** The catalog cannot say it; in words, and what to do. */
  | { readonly impossible: string }

/** What edits may look at. */
export interface AcceptContext<
  Record_ extends AnyRecord = AnyRecord,
  Entry_ extends Entry = Entry,
> {
  readonly catalog: Catalog
  readonly state: State
  readonly observation: Observation
  readonly entry: Entry_
  readonly record: Record_
  /** How a scalar field of the entry is written now. */
  readonly written: (field: string) => string | undefined
}

export const setField = (field: string, value: Json): FieldEdits => ({
  edits: [{ edit: 'set', field, value }],
})

export const noForm = (field: string): FieldEdits => ({
  impossible: `${field} has no form in the catalog`,
})

/** The name of an object as the catalog has it, with the revision that its ending tells. */
export function nameEdits(name: string): FieldEdits {
  const parsed = parseRevision(name)
  if (parsed === undefined || parsed.base === '')
    return {
      impossible: `the name "${name}" has the form kept for revisions: rename it in the portal`,
    }
  const { base, revision = 1 } = parsed
  return { edits: [{ edit: 'set', field: 'name', value: base }], revision }
}
