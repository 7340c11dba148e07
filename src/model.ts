/**
 * The types that flow, in the order in which they flow: catalog → resources → changes → plan →
 * operations → results. This file imports nothing.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** Where something stands in a source file; line and column count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

// ---------------------------------------------------------------- catalog

/** A network as the platform names it: an operator reached through a sponsor (contract 2). */
export interface NetworkId {
  readonly operatorId: string
  /** The network's `categoryGroupId` on the platform. */
  readonly sponsorId: string
}

/** One network picked in a catalog: by TADIG code (every sponsor of it) or by its IDs. */
export type NetworkSelector = { readonly tadig: string } | NetworkId

/** Protection of one catalog entry. */
export interface Lifecycle {
  /** Never retired, `--prune` or not. */
  readonly preventRetire: boolean
}

/** What every catalog entry has. */
export interface Entry {
  readonly key: string
  /** Position of the entry; `positions` has that of its parts by path, such as `networks.0`. */
  readonly position: Position
  readonly positions: Readonly<Record<string, Position>>
  readonly portal?: JsonObject
  /** Merged into the request body as it stands; never compared with the account. */
  readonly sft?: JsonObject
  readonly lifecycle: Lifecycle
}

/** Defaults of the whole catalog. */
export interface AccountDefaults {
  readonly addonServiceProfile?: string
  readonly currencyId?: string
  readonly planType: PlanType
  readonly basePlan?: string
  readonly apnGroup?: string
  readonly roamingProfiles: readonly string[]
  /** The plans' `destinationGroup` (contract 4.4); the first roaming profile where it is not given. */
  readonly destinationGroup?: string
  readonly destGroupId?: string
  /** The environment that the files were read with, where one was named. */
  readonly environment?: string
  /** What to do when a network leaves a zone of the catalog; SFT has no public call for it. */
  readonly onNetworkRemoval: NetworkRemovalPolicy
  /** Wire values that this account was found to have (docs/wire.md); settings of the client win over them. */
  readonly wire?: JsonObject
  readonly positions: Readonly<Record<string, Position>>
}

export type PlanType = 'prepaid' | 'postpaid'
export type NetworkRemovalPolicy = 'block' | 'replace'

/** A rename in the catalog that keeps the platform object: same object, new key. */
export interface Moved {
  readonly from: Address
  readonly to: Address
  readonly position: Position
}

/** Largest share (0 to 1) of what exists that one plan may change or retire without `--force`. */
export type ChangeShareLimits = Readonly<Record<KindName, number>>

/**
 * A validated catalog. Beside these fields it has a section for the entries of each kind, which the kind's
 * file declares.
 */
export interface Catalog {
  readonly account: AccountDefaults
  readonly moved: readonly Moved[]
  readonly limits: ChangeShareLimits
  /** SHA-256 over the source files, for saved plans. */
  readonly hash: string
}

// ---------------------------------------------------------------- resources

/** Name of a kind of resource, such as `rateZone`: the `kind` of its file in `resources/`. */
export type KindName = string

/** The catalog side's name of a thing: `rateZone/europe`, `addonPlan/eu-10gb`, `endpoint/<iccid>`. */
export type Address = `${KindName}/${string}`

/**
 * What of a resource is written to the platform, field by field. A value `{ ref: Address }` stands for
 * the ID of another resource and is resolved to that ID once it is known.
 */
export type Spec = Readonly<Record<string, Json>>

/** A node of the resource graph: what the catalog wants to exist. */
export interface Resource {
  readonly kind: KindName
  readonly address: Address
  /** Key in the state: catalog key, or ICCID of an endpoint. */
  readonly key: string
  /** The platform-side natural key: zone name, plan name; an endpoint's is its ICCID. */
  readonly naturalKey: string
  readonly spec: Spec
  /** Kept in the state only: portal mapping, tags, batch, protection. */
  readonly local: JsonObject
  /** Facts about the spec that are kept or shown, never compared: TADIG codes of the networks. */
  readonly hints?: JsonObject
  /** For people, where something is made of it: what the spec was taken from. */
  readonly notes?: readonly string[]
  /** What it should be is not there to be known: nothing is done about it. */
  readonly blocked?: { readonly reason: string; readonly notKnown?: true }
  /** Addresses that must have an ID first. */
  readonly needs: readonly Address[]
  readonly onNetworkRemoval?: NetworkRemovalPolicy
  readonly position?: Position
}
