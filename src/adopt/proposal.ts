/** What taking over an account would write: the values that pass between its steps. */

import type { Observation } from '../account/observation.ts'
import type { PrintedEntry } from '../catalog/entry-edit.ts'
import type {
  AccountDefaults,
  Address,
  Catalog,
  Entry,
  Json,
  JsonObject,
  KindName,
} from '../model.ts'
import type { EndpointProfile, Sft } from '../sft/api.ts'
import type { PutEntry, State } from '../state/state.ts'

/** Something of the account that stays out of the catalog, and why. */
export interface LeftOut {
  readonly kind: KindName
  /** For people: `add-on plan "Europe 5 GB" (885543)`. */
  readonly what: string
  readonly why: string
}

/** The object of the account that an address of the catalog is to stand for. */
export interface Chosen {
  readonly id: string
  /** From 2 on: the account's object has a name like `NAME (r2)`. */
  readonly revision?: number
}

/** An entry for the catalog that stands for one object of the account. */
export interface EntryDraft extends PrintedEntry, Chosen {
  readonly address: Address
}

/** A file of ICCIDs. */
interface IccidList {
  /** Path below the folder of the new files. */
  readonly path: string
  readonly iccids: readonly string[]
}

/** What would be written of one kind. */
export interface KindProposal {
  /** In the order in which they are written. */
  readonly entries: readonly PrintedEntry[]
  /** What the entries stand for. */
  readonly chosen: ReadonlyMap<Address, Chosen>
  readonly lists?: readonly IccidList[]
  /** Records of what the catalog has no entry for. */
  readonly records?: readonly PutEntry[]
  readonly left: readonly LeftOut[]
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

/** What people told of what the account does not report. */
export interface Answers {
  /** What each kind asked for, by its name. */
  readonly facts: ReadonlyMap<KindName, unknown>
  readonly account: Partial<AccountFacts>
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
  /** Record what is out of use as retired. */
  readonly inactive: boolean
  /** Folder of the new files below the catalog. */
  readonly into: string
  readonly answers: Answers
  /** What turned out not to be valid: the reason by address. */
  readonly without: ReadonlyMap<string, string>
}

/** What a kind's proposal may use besides. */
export interface ProposalContext<Facts = unknown> {
  /** The defaults in force: those of the catalog where it has a section, else what was found. */
  readonly defaults: Defaults
  /** Keys by platform ID of the kinds before it: what entries can name by key. */
  readonly keys: ReadonlyMap<KindName, ReadonlyMap<string, string>>
  /** Its own entries of the catalog. */
  readonly entries: readonly Entry[]
  readonly facts: Facts | undefined
}

/** Asks a person one question; an empty answer leaves the thing out. */
export type Ask = (question: string) => Promise<string>

/** One default of the account that a person may tell. */
export interface AccountQuestion {
  readonly field: keyof AccountFacts
  readonly question: string
  readonly isList?: true
}

/** How profiles are read for a proposal. */
export interface ProfileOptions extends Pick<ProposalInput, 'catalog' | 'state' | 'observation'> {
  /** Every one of them, a call each. */
  readonly all: boolean
  readonly say: (line: string) => void
  readonly onRead: (count: number) => void
}

/** How a kind is taken over from an account. `Facts` is what people tell of it. */
export interface Adoption<Facts = unknown> {
  /** The file of its entries, below the folder of the new files. */
  readonly file: string
  /** Comment lines at its top. */
  readonly head: readonly string[]
  /** What is out of use has no entry, and can be recorded as retired. */
  readonly recordsInactive?: true
  /** Reads what the lists do not tell. */
  readonly readProfiles?: (
    sft: Sft,
    options: ProfileOptions,
  ) => Promise<Pick<ProposalInput, 'profiles' | 'profilesRead'>>
  /** Asks for what the account does not report and entries cannot do without. */
  ask?(input: ProposalInput, ask: Ask, say: (line: string) => void): Promise<Facts>
  /** Pure: defaults of the account that are not reported, and that a person may tell. */
  readonly questions?: (input: ProposalInput) => readonly AccountQuestion[]
  /** Pure: defaults that the account itself tells: what most of its objects have. */
  readonly defaults?: (input: ProposalInput) => Partial<Defaults>
  /** Pure: what the account section says for this kind, and of it. */
  readonly account?: (
    found: Defaults,
    input: ProposalInput,
  ) => {
    readonly fields: Readonly<Record<string, Json | undefined>>
    readonly comments: readonly string[]
  }
  /** Pure: entries for what nobody manages yet. */
  propose(input: ProposalInput, context: ProposalContext<Facts>): KindProposal
  /** Pure: what people should know besides what is left out. */
  readonly notes?: (input: ProposalInput, entries: readonly PrintedEntry[]) => readonly string[]
}

/** What would be written. */
export interface Proposal {
  readonly account?: { readonly fields: JsonObject; readonly comments: readonly string[] }
  readonly kinds: ReadonlyMap<KindName, KindProposal>
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

/** Fields that have a value, in their order. */
export const present = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, Json] => field[1] !== undefined),
  )

/** Entries in the order of their keys. */
export const byKey = <Draft extends PrintedEntry>(drafts: readonly Draft[]): readonly Draft[] =>
  drafts.toSorted((a, b) => (String(a.fields['key']) < String(b.fields['key']) ? -1 : 1))
