import { z } from 'zod'
import type { KindList } from '../account/kind-list.ts'
import type { Observation } from '../account/observation.ts'
import type { Adoption } from '../adopt/proposal.ts'
import { type Finding, findIn, type Listing } from '../finding.ts'
import type { Issue, IssueCode } from '../issues.ts'
import { isJsonObject } from '../json.ts'
import type {
  Catalog,
  Entry,
  Json,
  JsonObject,
  KindName,
  NetworkId,
  Resource,
  Spec,
} from '../model.ts'
import type { BulkRow, CallOptions, OperationName, Sft, SftReader } from '../sft/api.ts'
import type { AnyRecord, Learnt, MappingRow } from '../state/state.ts'
import type { AcceptContext, DriftedField, FieldEdits } from './accept.ts'
import type { CatalogPart } from './catalog-part.ts'
import type { Impact, Sales, Touched, TravellersOf } from './impact.ts'
import type { Offer } from './offer.ts'
import type { PolicyPart } from './policy-part.ts'

/**
 * What a change of one field means on the platform.
 * `in-place`: one modify call. `additive`: members may join, not leave. `replace`: needs a new object.
 * `blocked`: no public call does it. `local`: kept in the state only.
 */
export type Mutability = 'in-place' | 'additive' | 'replace' | 'blocked' | 'local'

/** One row of a kind's field table, printed in the docs as it stands. */
export interface FieldRule {
  readonly mutability: Mutability
  readonly reason: string
  /** What somebody can do who wants the change all the same. */
  readonly waysOut?: string
  /** Trust tag and section of the contract. */
  readonly trust: 'CONFIRMED' | 'SEEN' | 'INFERRED' | 'UNKNOWN'
  readonly section: string
  /** False: the account never reports it, so it is compared with what was last applied only. */
  readonly reported: boolean
  /** What a spec stands for that leaves the field out; undefined: it does not manage it. */
  readonly unset?: (spec: Spec) => Json | undefined
  /** Pure: of what the account reports, what is to be compared with a value. Absent: the whole. */
  readonly seen?: (reported: Json, value: Json | undefined) => Json | undefined
  /** How a value is shown to people; JSON otherwise. */
  readonly show?: (value: Json) => string
}

/** What the account has under a natural key, as far as it reports it. */
export interface ObservedObject {
  readonly id: string
  readonly naturalKey: string
  /** Only reported fields are present. */
  readonly spec: Spec
  /** Platform status text of an endpoint's SIM. */
  readonly status?: string
}

/** What the platform told of an object that was just created or found. */
export interface CreatedObject {
  readonly id: string
}

/** An in-place edit: the fields to change with their new values, and all that should be true after it. */
export interface EditRequest {
  readonly id: string
  readonly resource: Resource
  readonly fields: readonly string[]
  readonly spec: Spec
  /** What the account has: reported values, else what was last applied. */
  readonly current: Spec
  /** Fields whose value in `current` the account did not report. */
  readonly unreported: readonly string[]
  readonly learnt: Learnt
}

/** What an edit showed of a field or an account. */
export interface EditResult {
  /** Fields that the platform answered with success and did not take. */
  readonly refused: Readonly<Record<string, string>>
  readonly learnt?: Learnt
}

/** How an object that nobody wants any more is taken out of use, as far as calls can do it. */
interface Retirement {
  readonly operation: OperationName
  readonly calls: number
  /** Why an object, as observed in this run, must stay. */
  readonly obstacle?: (observed: ObservedObject | undefined) => string | undefined
  /** Reads the object's state first; throws `RetirementRefusedError` where it must stay. */
  readonly retire: (sft: Sft, id: string, naturalKey: string) => Promise<void>
  /** Looks for the effect of retiring: *there* means that the object is out of use. */
  readonly isRetired: (read: SftReader, id: string, naturalKey: string) => Promise<Finding<true>>
  /** What is left of the record, which stays, marked as retired. Absent: it goes. */
  readonly leaves?: (record: AnyRecord) => AnyRecord
}

/** An object that must not be removed: sold, Active or Suspended. */
export class RetirementRefusedError extends Error {
  override readonly name = 'RetirementRefusedError'
}

/** Text as it stands in a record. */
export const recordText = z.string({ error: 'is not text' })

/** A field of a spec that stands for the ID of an object of another kind. */
export interface Reference {
  readonly field: string
  readonly to: KindName
  /** The record's field that keeps the key of what it refers to. */
  readonly keyField: string
  /** What to do where the catalog has nothing of that key. */
  readonly missing: string
  /** Where what nothing refers to is worth a warning. */
  readonly unused?: { readonly code: IssueCode; readonly hint: string }
}

/** Entries of the catalog that stand for many resources each, such as a batch of endpoints. */
export interface Grouping<Entry_ extends Entry = Entry> {
  /** For people: `batch`, `batches`. */
  readonly title: string
  readonly plural: string
  /** How the catalog's entry is addressed: `endpointBatch/<key>`. */
  readonly prefix: string
  /** The field of `Resource.local` that has the key of the entry. */
  readonly field: string
  /** Keys of the resources that an entry stands for. */
  membersOf(entry: Entry_): readonly string[]
}

/** Creation of many by one call, which answers row by row (contract 4.7). */
interface BulkCreation {
  readonly operation: OperationName
  readonly create: (
    sft: Sft,
    members: readonly { readonly key: string; readonly spec: Spec }[],
    options: CallOptions,
  ) => Promise<readonly BulkRow[]>
}

/**
 * One kind of resource, whole: how it follows from the catalog, what the state keeps of it, what of it the
 * account reports, what a change of each field means, and the calls that bring it about. Everything else
 * is generic over kinds. `Record_` is what the state has of one, `Entry_` what the catalog has.
 */
export interface Kind<Record_ extends AnyRecord = AnyRecord, Entry_ extends Entry = Entry> {
  /** First part of an address: `rateZone`. */
  readonly kind: KindName
  /** For people: `rate zone`, `rate zones`. */
  readonly title: string
  readonly plural: string
  /** A key for messages that say what an address looks like. */
  readonly exampleKey: string
  readonly catalog: CatalogPart<Entry_>
  /** What a team's own rules may ask of its entries. Absent: nothing. */
  readonly policy?: PolicyPart<Entry_>
  /** Where the records stand in a state, and the name of the mapping table. */
  readonly section: string
  /** The version of the state's form from which on every state has the section. */
  readonly sectionSince: number
  /** The record's field that holds the platform ID. */
  readonly idField: string
  /** What a record must have beside its ID, its name and its spec. */
  readonly recordShape: Readonly<Record<string, z.ZodType>>
  readonly references: readonly Reference[]
  /** Why the key of a record cannot be changed, and what to do. */
  readonly fixedKey?: string
  readonly grouping?: Grouping<Entry_>
  /** The row of a mapping table, and its place among the tables. */
  readonly mapping: { readonly place: number; row(key: string, record: Record_): MappingRow }
  readonly fields: Readonly<Record<string, FieldRule>>
  /**
   * `name`: found by a platform-side name, listed whole, replaced by revisions of that name.
   * `iccid`: found by the SIM, which tells the one object that it has.
   */
  readonly identity: 'name' | 'iccid'
  /** Pure: what a new one is, in a few words for a plan. */
  readonly brief?: (spec: Spec) => string
  /** Fields that live in the state only: they stand in a record as they stand in `Resource.local`. */
  readonly localFields: readonly string[]
  /** Pure: the resources of this kind that a catalog wants. */
  resources(context: ResolveContext<Record_, Entry_>): Iterable<Resource>
  /** How the platform lists them. Absent: they are found by their SIMs. */
  readonly list?: KindList
  /** Pure: the networks that a record has, which the account's list must have too. */
  networks?(record: Record_): readonly (NetworkId & { readonly tadig?: string })[]
  /** Pure: the networks in which what has such a spec is valid, as `operatorId/sponsorId`. Absent: none of its own. */
  readonly covers?: (spec: Spec) => readonly string[]
  /** Pure: what somebody buys of such a spec. Absent: it is not sold. */
  readonly offer?: (spec: Spec) => Offer
  /** Pure: the objects of this kind that the account reports, in its order. */
  readonly observed: (observation: Observation) => Iterable<ObservedObject>
  /** Pure: why something that was asked for and is not among them is not known; undefined: there is none. */
  readonly doubt: (observation: Observation) => string | undefined
  /** Pure: what a change of a record means for people. Absent: what it means for those that refer to it. */
  impact?(touched: Touched<Record_>, sales: Sales | undefined): Impact | undefined
  /** Pure: what becomes of `sold` things that travellers hold, in words. Absent: they are endpoints, and counted. */
  readonly travellers?: (about: TravellersOf) => string
  readonly standing?: {
    /** Pure: what is left of an applied spec by itself, for what the account does not report. */
    readonly of: (applied: Spec, observation: Observation) => Spec
    /** Says to people that so many members of a list went by themselves. */
    readonly note: (count: number) => string
  }
  /** Pure: names for people of what stands in specs as a word. */
  readonly labels?: (observation: Observation) => Readonly<Record<string, string>>
  /** Creation of many by one call; without it each takes a call. */
  readonly bulk?: BulkCreation
  /** Pure: why an object that was found, but is not in the state, must not be taken over. */
  readonly conflict?: (object: ObservedObject) => string | undefined
  /** Pure: what stands against creating, or what is open about it. */
  readonly obstacle?: (
    resource: Resource,
    observation: Observation,
  ) =>
    | { readonly blocked: string; readonly notKnown?: true }
    | { readonly note: string }
    | undefined
  /** Pure: objects besides its own of which its entries depend, by platform ID, and whether the whole list matters. */
  alsoReads?(
    entries: readonly Entry_[],
    recordOf: (key: string) => AnyRecord | undefined,
  ): { readonly ids: readonly string[]; readonly whole: boolean }
  /**
   * Pure: why an object, as it is read, does not have what its making must have given it; undefined: it has. Absent,
   * or `readsBack` false: an answer of success is enough.
   */
  readonly unfit?: (spec: Spec, reported: Spec) => string | undefined
  readonly readsBack?: (spec: Spec) => boolean
  /** Pure: a field of which it is not known what the catalog wants, since the account did not tell. */
  readonly unsure?: (
    observation: Observation,
  ) => { readonly field: string; readonly reason: string } | undefined
  /** Pure: the record of an object, its spec resolved. `previous` is what the state had. */
  readonly record: (resource: Resource, spec: Spec, id: string, previous?: AnyRecord) => Record_
  /** Pure: a field that was changed on the account, as edits of the entry. Absent: it has none of its own. */
  accept?(drift: DriftedField, context: AcceptContext<Record_, Entry_>): FieldEdits
  /** How it is taken over from an account. Absent: it is not. */
  readonly adoption?: Adoption
  /** Calls a create takes. */
  readonly createOperation: OperationName
  readonly create: (sft: Sft, resource: Resource, spec: Spec) => Promise<string | undefined>
  /** Finds an object by natural key, freshly read; throws `AmbiguousNameError` for two of one name. */
  readonly find: (read: SftReader, naturalKey: string) => Promise<Finding<ObservedObject>>
  /** What the account reports of an object now, by its ID. */
  readonly read: (read: SftReader, id: string, naturalKey: string) => Promise<Finding<Spec>>
  /** The slowest operation of an edit: its timeout bounds settling. */
  readonly editOperation: OperationName
  /** Calls of an in-place edit of these fields, its reading back included. */
  readonly editCalls: (fields: readonly string[]) => number
  readonly edit: (sft: Sft, request: EditRequest) => Promise<EditResult>
  /** Where an edit takes several writes: the fields of each, in their order. Absent: one changes all. */
  readonly editParts?: (fields: readonly string[]) => readonly (readonly string[])[]
  /** Says to people what an edit taught of the account. */
  readonly learntMessage?: (learnt: Learnt) => string
  /** Undefined: no public call does it; `manualRetirement` says what a person does. */
  readonly retirement?: Retirement
  readonly manualRetirement?: string
}

/** What the account reports of an object, as it is to be compared with a spec. */
export function seenAs(
  { fields }: Pick<Kind, 'fields'>,
  reported: Spec,
  specAt: (field: string) => Json | undefined,
): Spec {
  const seen = Object.entries(reported).flatMap(([field, value]): [string, Json][] => {
    const rule = fields[field]
    const shown = rule?.seen === undefined ? value : rule.seen(value, specAt(field))
    return shown === undefined ? [] : [[field, shown]]
  })
  return Object.fromEntries(seen)
}

/** Two objects of one name on the account: never picked from. */
export class AmbiguousNameError extends Error {
  override readonly name = 'AmbiguousNameError'
}

/** The one object of a name in a list. */
export function findNamed<Item extends { readonly name: string }>(
  listing: Listing<Item>,
  { title, plural }: Pick<Kind, 'title' | 'plural'>,
  name: string,
): Finding<Item> {
  const count = listing.items.filter(item => item.name === name).length
  if (count > 1)
    throw new AmbiguousNameError(
      `the account has ${count} ${plural} named "${name}": rename all but one in the portal`,
    )
  return findIn(listing, `${title} "${name}"`, item => item.name === name)
}

/** What resolving a catalog may use, and where its issues go. */
export interface ResolveContext<
  Record_ extends AnyRecord = AnyRecord,
  Entry_ extends Entry = Entry,
> {
  readonly entries: readonly Entry_[]
  readonly catalog: Catalog
  readonly observation: Observation
  /** What the state has of a key of this kind. */
  readonly recordOf: (key: string) => Record_ | undefined
  readonly report: (issue: Issue) => void
}

/** What a new record takes over from the one before it, and from the catalog's protection. */
export function keptOf(resource: Resource, previous: AnyRecord | undefined) {
  return {
    ...(previous?.revision !== undefined && { revision: previous.revision }),
    ...(previous?.superseded !== undefined && { superseded: previous.superseded }),
    ...(resource.local['preventRetire'] === true && { preventRetire: true }),
    ...(previous?.since !== undefined && { since: previous.since }),
  }
}

/**
 * What a new record takes over from the one before it, dated: what is in stock by its SIM has the ISO time from which it
 * is there.
 */
export const datedRecord = (
  { identity }: Pick<Kind, 'identity'>,
  since: string,
  before?: AnyRecord,
): AnyRecord | undefined =>
  identity === 'iccid' ? { name: '', spec: {}, ...before, since } : before

/** The `sft:` escape of a spec, in the form that requests take it. */
export const sftOf = (spec: Spec): { readonly sft?: JsonObject } =>
  isJsonObject(spec['sft']) ? { sft: spec['sft'] } : {}
