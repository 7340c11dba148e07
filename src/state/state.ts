/**
 * The state: what the catalog's things are called on the platform, and what we last wrote there.
 * Types and the pure function that applies an entry; stores keep it durable.
 */
import type { Address, Json, JsonObject, KindName, NetworkId, Spec } from '../model.ts'

/** 1 is that of release 0.1.0, whose files have no digest. */
export const STATE_VERSION = 2

/** Which account a state belongs to; another account's state is refused. */
export interface AccountIdentity {
  readonly host: string
  readonly targetAccountId?: string
  readonly destGroupId?: string
}

/** What the platform did not take of an in-place edit, so that it is not tried for ever. */
export type RefusedFields = Readonly<
  Record<string, { readonly wanted: Json; readonly message: string }>
>

interface RecordBase {
  /** What we last wrote, or adopted, with references resolved to IDs. */
  readonly spec: Spec
  readonly refused?: RefusedFields
  /** From 1; each replacement adds one, and the platform-side name carries it from 2 on. */
  readonly revision?: number
  readonly superseded?: readonly SupersededObject[]
  readonly preventRetire?: boolean
}

/** A former platform object of an entry, kept until `--prune`: a plan's old revision, a replaced zone. */
export interface SupersededObject {
  readonly id: string
  readonly name: string
  readonly since: string
}

export interface RateZoneRecord extends RecordBase {
  readonly id: string
  readonly name: string
  readonly networks: readonly (NetworkId & { readonly tadig?: string })[]
  readonly portal?: JsonObject
}

export interface AddonPlanRecord extends RecordBase {
  readonly planId: string
  readonly name: string
  /** Key of the catalog's zone; absent for one kept elsewhere. */
  readonly rateZone?: string
  readonly rateZoneId: string
  readonly portal?: JsonObject
  /** Set when the plan has been made inactive. */
  readonly retired?: boolean
}

export interface EndpointRecord extends RecordBase {
  readonly endpointId: string
  readonly name: string
  readonly batch: string
  readonly tags: readonly string[]
}

/** A record of each kind, by kind. */
export interface RecordOf {
  readonly rateZone: RateZoneRecord
  readonly addonPlan: AddonPlanRecord
  readonly endpoint: EndpointRecord
}
export type AnyRecord = RecordOf[KindName]

/**
 * A write that was announced and whose end is not known yet. `drafts` are the records that its success
 * would leave, lacking only the ID (`''`), each with the natural key by which reading finds it.
 */
export interface Intent {
  readonly id: string
  readonly operation: string
  /** ISO time of the announcement. */
  readonly at: string
  /** Seconds after `at` by which it has happened or never will. */
  readonly settleSeconds: number
  readonly action: 'create' | 'update' | 'replace' | 'retire'
  readonly drafts: readonly IntentDraft[]
}

export type IntentDraft = {
  readonly [Kind in KindName]: {
    readonly kind: Kind
    readonly key: string
    readonly naturalKey: string
    readonly record: RecordOf[Kind]
    /** The object that stood there before: replaced, edited, retired, or gone and made anew. */
    readonly id?: string
  }
}[KindName]

/** What was learnt of an account whose wire is partly assumed. */
export interface Learnt {
  /** CreateBulkEndPoint (contract 4.7). */
  readonly bulk?: 'works' | 'unknown' | 'wrong'
  /** ModifyRateZone (contract 4.3): whether the list sent adds or replaces. */
  readonly modifyRateZone?: 'adds' | 'replaces'
}

export interface State {
  readonly version: typeof STATE_VERSION
  /** Made once for a state; a restored or copied state keeps it. */
  readonly lineage: string
  /** Grows with every durable entry. */
  readonly serial: number
  readonly account?: AccountIdentity
  readonly rateZones: Readonly<Record<string, RateZoneRecord>>
  readonly addonPlans: Readonly<Record<string, AddonPlanRecord>>
  readonly endpoints: Readonly<Record<string, EndpointRecord>>
  readonly learnt: Learnt
  readonly pending: Readonly<Record<string, Intent>>
}

/** Where the records of a kind stand in a state. */
export const SECTION = {
  rateZone: 'rateZones',
  addonPlan: 'addonPlans',
  endpoint: 'endpoints',
} as const satisfies Record<KindName, keyof State>

/** One durable change of a state. */
export type StateEntry =
  | { readonly type: 'intent'; readonly intent: Intent }
  /** The intent's end is known; `absent` and `failed` mean that nothing happened. */
  | {
      readonly type: 'conclude'
      readonly id: string
      readonly outcome: 'done' | 'failed' | 'absent'
    }
  | PutEntry
  | { readonly type: 'remove'; readonly kind: KindName; readonly key: string }
  | { readonly type: 'account'; readonly account: AccountIdentity }
  | { readonly type: 'learn'; readonly learnt: Learnt }

export type PutEntry = {
  readonly [Kind in KindName]: {
    readonly type: 'put'
    readonly kind: Kind
    readonly key: string
    readonly record: RecordOf[Kind]
  }
}[KindName]

/** The platform ID that a record holds. */
export const idOf = (record: AnyRecord): string =>
  'planId' in record ? record.planId : 'endpointId' in record ? record.endpointId : record.id

/** The record of an address, if the state has one. */
export function recordOf(state: State, address: Address): AnyRecord | undefined {
  return recordAt(state, ...splitAddress(address))
}

/** The record of a key, if the state has one. */
export function recordAt(state: State, kind: KindName, key: string): AnyRecord | undefined {
  const records: Readonly<Record<string, AnyRecord>> = state[SECTION[kind]]
  return Object.hasOwn(records, key) ? records[key] : undefined
}

/** An address in its two parts. */
export function splitAddress(address: Address): [KindName, string] {
  const at = address.indexOf('/')
  return [address.slice(0, at) as KindName, address.slice(at + 1)]
}

/**
 * The store port. `state` is a live, read-only view that every durable `append` moves on. A store opened
 * for writing holds the lock until it is disposed, and folds its journal then.
 */
export interface StateStore extends AsyncDisposable {
  /** For messages: a path or an address without secrets. */
  readonly location: string
  readonly state: State
  /** Resolves when the entries, all or none of them, are safe on disk. */
  append(...entries: readonly StateEntry[]): Promise<void>
  /** Writes the snapshot and empties the journal. */
  fold(): Promise<void>
}
