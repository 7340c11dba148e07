/** What taking over an account would write: the values that pass between its steps. */

import type { Observation } from '../account/observation.ts'
import type { AccountDefaults, Address, Catalog, JsonObject, KindName } from '../model.ts'
import type { EndpointProfile, ReportedPlan } from '../sft/api.ts'
import type { State } from '../state/state.ts'

/** Something of the account that stays out of the catalog, and why. */
export interface LeftOut {
  readonly kind: KindName
  /** For people: `add-on plan "Europe 5 GB" (885543)`. */
  readonly what: string
  readonly why: string
}

/** An entry for the catalog that stands for one object of the account. */
export interface EntryDraft {
  readonly address: Address
  readonly id: string
  /** From 2 on: the account's object has a name like `NAME (r2)`. */
  readonly revision?: number
  readonly fields: JsonObject
  readonly comments: readonly string[]
}

/** A batch for the catalog; its ICCIDs go into a file of their own. */
export interface BatchDraft {
  readonly key: string
  readonly fields: JsonObject
  readonly comments: readonly string[]
  readonly iccids: readonly string[]
}

/** What people told of what the account does not report. */
export interface Answers {
  /** Networks of a zone by its ID: countries and TADIG codes, as they stand in YAML. */
  readonly zones: ReadonlyMap<
    string,
    { readonly countries: readonly string[]; readonly networks: readonly string[] }
  >
  /** Benefit and validity of a plan by its ID. */
  readonly plans: ReadonlyMap<string, PlanAnswer>
  readonly account: Partial<AccountFacts>
}

/** What a plan needs in YAML and may not be reported. */
export interface PlanAnswer {
  readonly dataMB?: number
  readonly validityDays?: number
  readonly rateZoneId?: string
}

/** The account's defaults that this program cannot do without. */
export interface AccountFacts {
  readonly addonServiceProfile: string
  readonly currencyId: string
  readonly destinationGroup: string
  readonly basePlan: string
  readonly apnGroup: string
  readonly roamingProfiles: readonly string[]
  readonly destGroupId: string
}

/** What a proposal is made from. */
export interface ProposalInput {
  /** What the folder has already; undefined: nothing. */
  readonly catalog: Catalog | undefined
  readonly state: State
  readonly observation: Observation
  /** Profiles of endpoints by endpoint ID, as far as they were read. */
  readonly profiles: ReadonlyMap<string, EndpointProfile>
  /** Whether `profiles` has every endpoint, or a few of them as a sample. */
  readonly profilesRead: 'all' | 'sample' | 'none'
  readonly kinds: ReadonlySet<KindName>
  /** Record inactive plans as retired. */
  readonly inactive: boolean
  /** Folder of the new files below the catalog. */
  readonly into: string
  readonly answers: Answers
  /** What turned out not to be valid: the reason by address, or by `endpoint/<iccid>`. */
  readonly without: ReadonlyMap<string, string>
}

/** What would be written. */
export interface Proposal {
  readonly account?: { readonly fields: JsonObject; readonly comments: readonly string[] }
  readonly zones: readonly EntryDraft[]
  readonly plans: readonly EntryDraft[]
  readonly batches: readonly BatchDraft[]
  /** Inactive plans that the state will know as retired, by key. */
  readonly retired: ReadonlyMap<string, ReportedPlan>
  readonly left: readonly LeftOut[]
  /** Facts that people should know. */
  readonly notes: readonly string[]
}

/** Whether a catalog has its own account section. */
export const hasAccountSection = (catalog: Catalog | undefined): boolean =>
  catalog !== undefined && Object.keys(catalog.account.positions).length > 0

/** The defaults in force: those of the catalog where it has a section, else what was found. */
export type Defaults = Pick<
  AccountDefaults,
  | 'addonServiceProfile'
  | 'currencyId'
  | 'planType'
  | 'destinationGroup'
  | 'basePlan'
  | 'apnGroup'
  | 'roamingProfiles'
>

/** The value that most have; the first of them in order where two are as common. */
export function mostCommon(values: Iterable<string | undefined>): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0]
}
