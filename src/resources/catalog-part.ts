import type { z } from 'zod'
import type { Draft } from '../catalog/drafts.ts'
import type { IssueLog } from '../catalog/issue-log.ts'
import type { OwnedFields } from '../catalog/owned-fields.ts'
import type { IssueCode } from '../issues.ts'
import type { Catalog, Entry } from '../model.ts'
import type { PlanSetting } from '../plan-words.ts'

/** What a kind's entries are in the catalog: their schema, and what it cannot say. */
export interface CatalogPart<Entry_ extends Entry = Entry> {
  /** The section of a catalog file, and of a loaded catalog. */
  readonly section: string
  /** For people: `endpoint batch`, `endpoint batches`. */
  readonly title: string
  readonly plural: string
  /** Plain JSON types only, with a description each. */
  readonly schema: z.ZodType
  /** The order in which the fields of an entry are written. */
  readonly fieldOrder: readonly string[]
  /** What `sft:` may not touch, since this program sends it itself. */
  readonly owned: OwnedFields
  /** Values that no two entries may have, beside the key. */
  readonly unique: readonly UniqueValue[]
  /** Fields that `account:` may give instead of the entry. */
  readonly settings: readonly Setting[]
  /** Entries list ICCIDs, in `iccids` and in the file that `iccidFile` names. */
  readonly listsIccids?: true
  /** Pure: what of an entry takes wire values that nothing is assumed of (docs/wire.md). Absent: nothing. */
  wireNeeds?(entry: Entry_): readonly WireNeed[]
  /** Pure: what `sft:` may not touch either, since wire settings make it a field of the entry. Absent: nothing. */
  wireOwned?(entry: Entry_, settings: PlanSettings): OwnedFields
  /** Logs what the schema cannot say of one entry. The draft may have faults. */
  readonly check: (draft: Draft, log: IssueLog) => void
  /** The entry of a draft in which no fault was found; `iccids` are those that it lists, normalised. */
  readonly build: (draft: Draft, iccids: readonly string[]) => Entry_
}

/** Wire settings of what plans say, as they were checked; what is not set is absent. */
export type PlanSettings = { readonly [Name in PlanSetting]?: unknown }

/** Something that an entry says, and for which the account's wire value must have been set. */
export interface WireNeed {
  /** Where the entry says it: `validity`, `benefits.sms`. */
  readonly field: string
  /** The setting, and the value of it: `['validity-type', 'months']`. */
  readonly setting: readonly [key: PlanSetting, value?: string]
  /** For people: `a validity in months`. */
  readonly what: string
  /** A line for `account.wire`. */
  readonly example: string
}

interface UniqueValue {
  readonly path: readonly string[]
  /** For people: `SKU`. */
  readonly what: string
  readonly code: IssueCode
}

interface Setting {
  readonly field: string
  /** Fields of `account:` of which one is enough. */
  readonly sources: readonly string[]
}

/** The entries of a kind in a catalog. */
export function entriesOf(
  catalog: Catalog,
  { catalog: { section } }: { readonly catalog: Pick<CatalogPart, 'section'> },
): readonly Entry[] {
  const entries: readonly Entry[] | undefined = Reflect.get(catalog, section)
  return entries ?? []
}
