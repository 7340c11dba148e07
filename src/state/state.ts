/** The state: what the catalog's things are called on the platform, and what we last wrote there. */
import type { Address, Json, KindName, Spec } from '../model.ts'
import type { ApplyLog } from './apply-log.ts'

/** 1 is that of release 0.1.0, whose files have no digest. */
export const STATE_VERSION = 2

/** Which account a state belongs to; another account's state is refused. */
export interface AccountIdentity {
  readonly host: string
  readonly targetAccountId?: string
  readonly destGroupId?: string
  /** The environment that it was first applied in, where one was named. */
  readonly environment?: string
}

/** What the platform did not take of an in-place edit, so that it is not tried for ever. */
export type RefusedFields = Readonly<
  Record<string, { readonly wanted: Json; readonly message: string }>
>

/** What the state has of one object, whatever its kind; the kind adds the ID and what else is its own. */
export interface AnyRecord {
  /** Platform-side name. */
  readonly name: string
  /** What we last wrote, or adopted, with references resolved to IDs. */
  readonly spec: Spec
  readonly refused?: RefusedFields
  /** From 1; each replacement adds one, and the platform-side name carries it from 2 on. */
  readonly revision?: number
  readonly superseded?: readonly SupersededObject[]
  readonly preventRetire?: boolean
  /** ISO time at which it was made, or taken over; of endpoints, and none of release 0.1.0. */
  readonly since?: string
  /** Set when the object has been taken out of use and its record stays. */
  readonly retired?: boolean
}

/** A former platform object of an entry, kept until `--prune`: a plan's old revision, a replaced zone. */
export interface SupersededObject {
  readonly id: string
  readonly name: string
  readonly since: string
}

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

/** A record as an announced write would leave it. */
export interface IntentDraft {
  readonly kind: KindName
  readonly key: string
  readonly naturalKey: string
  readonly record: AnyRecord
  /** The object that stood there before: replaced, edited, retired, or gone and made anew. */
  readonly id?: string
}

/** What was learnt of an account whose wire is partly assumed. */
export interface Learnt {
  /** CreateBulkEndPoint (contract 4.7). */
  readonly bulk?: 'works' | 'unknown' | 'wrong'
  /** ModifyRateZone (contract 4.3): whether the list sent adds or replaces. */
  readonly modifyRateZone?: 'adds' | 'replaces'
}

/**
 * A state. Beside these fields it has a section a kind, with the kind's records by key: each kind's file
 * declares its own.
 */
export interface State {
  readonly version: typeof STATE_VERSION
  /** Made once for a state; a restored or copied state keeps it. */
  readonly lineage: string
  /** Grows with every durable entry. */
  readonly serial: number
  readonly account?: AccountIdentity
  readonly learnt: Learnt
  readonly pending: Readonly<Record<string, Intent>>
}

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

/** A record as it is from now on. */
export interface PutEntry {
  readonly type: 'put'
  readonly kind: KindName
  readonly key: string
  readonly record: AnyRecord
}

/** An address in its two parts. */
export function splitAddress(address: Address): [KindName, string] {
  const at = address.indexOf('/')
  return [address.slice(0, at), address.slice(at + 1)]
}

export const putEntry = (kind: KindName, key: string, record: AnyRecord): PutEntry => ({
  type: 'put',
  kind,
  key,
  record,
})

export const intentDraft = (
  kind: KindName,
  key: string,
  naturalKey: string,
  record: AnyRecord,
  id?: string,
): IntentDraft => ({ kind, key, naturalKey, record, ...(id !== undefined && { id }) })

/** A row of a mapping table: columns in order, absent ones left out. */
export type MappingRow = Readonly<Record<string, Json>>

/** The mapping tables of a state, by section: each kind's file declares its own. */
// biome-ignore lint/suspicious/noEmptyInterface: the kinds fill it.
export interface Mapping {}

/**
 * The store port. `state` is a live, read-only view that every durable `append` moves on. A store opened
 * for writing holds the lock until it is disposed, and folds its journal then.
 */
export interface StateStore extends AsyncDisposable {
  /** For messages: a path or an address without secrets. */
  readonly location: string
  readonly state: State
  /** Keeps the applies of this state; absent where nothing does. */
  readonly log?: ApplyLog
  /** Resolves when the entries, all or none of them, are safe on disk. */
  append(...entries: readonly StateEntry[]): Promise<void>
  /** Writes the snapshot and empties the journal. */
  fold(): Promise<void>
}
