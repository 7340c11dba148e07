/** What a plan is made of. A plan is data: no functions, no clients inside. */
import type { Issue } from '../issues.ts'
import type { Address, Json, JsonObject, KindName, Position, Resource, Spec } from '../model.ts'
import type { Impact } from '../resources/impact.ts'
import type { Mutability } from '../resources/kind.ts'
import type { AccountIdentity, AnyRecord, SupersededObject } from '../state/state.ts'

/** One field that differs. `account` undefined: not reported. */
export interface FieldChange {
  readonly field: string
  readonly mutability: Mutability
  /** `ours`: the catalog moved. `drift`: the account moved. `both`: each moved. */
  readonly origin: 'ours' | 'drift' | 'both'
  readonly applied?: Json
  readonly wanted?: Json
  readonly account?: Json
  /** Why it is blocked, and what to do. */
  readonly message?: string
}

/** What every change has. */
export interface ChangeBase {
  readonly address: Address
  readonly kind: KindName
  readonly key: string
  /** Platform-side name. */
  readonly name: string
  readonly position?: Position
  /** For people: what was found, what is not reported, what is kept. */
  readonly notes: readonly string[]
  readonly impact?: Impact
  /** Changes that must be done first, since they give up the name that this one takes. */
  readonly after?: readonly Address[]
}

/** What a change that the catalog asks for has. */
export interface Wanted {
  readonly resource: Resource
  /** Platform-side spec: revision name; references resolved as far as IDs are known. */
  readonly spec: Spec
  readonly movedFrom?: Address
}

export type CreateChange = ChangeBase &
  Wanted & { readonly action: 'create'; readonly record?: AnyRecord }
export type AdoptChange = ChangeBase &
  Wanted & {
    readonly action: 'adopt'
    readonly id: string
    /** From 2: the object is `NAME (rN)`, made by an earlier state of this entry. */
    readonly revision?: number
    readonly current: Spec
    readonly fields: readonly FieldChange[]
    readonly blocked: readonly FieldChange[]
  }
export type UpdateChange = ChangeBase &
  Wanted & {
    readonly action: 'update'
    readonly id: string
    readonly record: AnyRecord
    /** What the account has: reported values over last applied ones. */
    readonly current: Spec
    /** What this change does; the rest stands in `blocked`. */
    readonly fields: readonly FieldChange[]
    readonly blocked: readonly FieldChange[]
  }
export type ReplaceChange = ChangeBase &
  Wanted & {
    readonly action: 'replace'
    readonly id: string
    readonly record: AnyRecord
    readonly revision: number
    readonly fields: readonly FieldChange[]
  }
export type RetireChange = ChangeBase & {
  readonly action: 'retire'
  readonly id: string
  readonly record: AnyRecord
  /** An old object of an entry that lives on. */
  readonly superseded?: SupersededObject
}
export type ForgetChange = ChangeBase & { readonly action: 'forget'; readonly id: string }
export type KeepChange = ChangeBase & { readonly action: 'keep'; readonly id: string }
export type OrphanChange = ChangeBase & { readonly action: 'orphan'; readonly id: string }
export type BlockedChange = ChangeBase & {
  readonly action: 'blocked'
  readonly id?: string
  readonly reason: string
  readonly fields: readonly FieldChange[]
  /** Blocked because the account did not tell, not for what it is: `--force` never lifts it. */
  readonly notKnown?: true
}

/** The closed union of what can become of one address. */
export type Change =
  | CreateChange
  | AdoptChange
  | UpdateChange
  | ReplaceChange
  | RetireChange
  | ForgetChange
  | KeepChange
  | OrphanChange
  | BlockedChange

export type Action = Change['action']
export const ACTIONS: readonly Action[] = [
  'create',
  'adopt',
  'update',
  'replace',
  'retire',
  'forget',
  'keep',
  'orphan',
  'blocked',
]

/** What a change does to the account, for people: adopting that writes is an update. */
export const shownAs = (change: Change): Action =>
  change.action === 'adopt' && writes(change.fields) ? 'update' : change.action

/** Whether some of the fields are written to the account. */
export const writes = (fields: readonly FieldChange[]): boolean =>
  fields.some(field => field.mutability !== 'local')

/**
 * A unit of work: one change, or up to a bulk of endpoint creations. `needs` are operations that must be
 * done first. `record` writes the state only.
 */
export interface Operation {
  readonly id: string
  readonly kind: KindName
  readonly action: 'create' | 'adopt' | 'update' | 'replace' | 'retire' | 'forget' | 'record'
  /** What it brings about: one change, or the endpoints that share a call. */
  readonly changes: readonly Change[]
  /** IDs of operations. */
  readonly needs: readonly string[]
  /** With canaries: `canary` goes first, `main` waits for the word to go on. */
  readonly stage?: 'canary' | 'main'
  /** Calls it takes when all answers are clear. */
  readonly calls: number
}

/** What applying takes at the account's rate, logins not counted. */
export interface Cost {
  readonly calls: number
  readonly seconds: number
  readonly callsPerSecond: number
}

export interface Plan {
  /** Which account was read, to be kept in a new state. */
  readonly account?: AccountIdentity
  /** Wire settings of the catalog, by which it is applied. */
  readonly wire?: JsonObject
  readonly changes: readonly Change[]
  readonly operations: readonly Operation[]
  readonly summary: Readonly<Record<Action, number>>
  readonly cost: Cost
  /** Warnings and, from checkPlan, refusals. */
  readonly issues: readonly Issue[]
  /** Names of networks that stand in the diffs, by `operatorId/sponsorId`. */
  readonly labels: Readonly<Record<string, string>>
}
