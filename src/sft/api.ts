/**
 * The platform as two ports. `SftReader` cannot write; whoever only plans is handed nothing else.
 * Types only: what implements them stands in client.ts. All IDs are strings here, whatever the wire
 * said; `undefined` means that the platform did not report a thing.
 */
import type { Finding, Listing } from '../finding.ts'
import type { Json, JsonObject, NetworkId } from '../model.ts'
import type { Validity } from '../units.ts'
import type { WireForm } from './wire-form.ts'

/** Who waits for a call: lanes of one budget, the first goes first. */
export type Lane = 'traveller' | 'normal' | 'background'

/** What was made durable of a write before it is sent. */
export interface Announcement {
  /**
   * Called just before the bytes go, after every wait. Makes the announcement anew where somebody else may
   * have acted upon it since, and throws where this process may not send the write any more.
   */
  readonly beforeSending: () => Promise<void>
  /** Whether it is to be made anew, which takes a while: its time goes to somebody else meanwhile. */
  readonly isOld?: () => boolean
}

export interface CallOptions {
  readonly lane?: Lane
  /** Of a write that was announced. */
  readonly announcement?: Announcement
  /** Gives up waiting for a place in the budget; a call that was sent is always waited for. */
  readonly signal?: AbortSignal
}

export interface ListOptions<Item> extends CallOptions {
  /**
   * Asked with what was read so far: true ends the reading before the list is known to be whole, and its
   * `doubt` then says so. For callers who look for certain things, and for whom absence matters only where
   * one of these is missing.
   */
  readonly enough?: (items: readonly Item[]) => boolean
  /** A second reading, to be held against a first one: it waits a moment, since silence is often short. */
  readonly again?: true
}

/** GetCustomerProfile (contract 4.1). Several IDs mean that configuration must choose. */
export interface CustomerProfile {
  readonly destGroupIds: readonly string[]
}

/** A network that the account can use (contract 4.2). */
export interface Network extends NetworkId {
  readonly tadig?: string
  readonly operatorName?: string
  /** The platform's own country name. */
  readonly countryName?: string
}

/** A rate zone as reported (contract 4.3); `networks` undefined: not reported. */
export interface ReportedRateZone {
  readonly id: string
  readonly name: string
  readonly networks?: readonly (NetworkId & { readonly tadig?: string })[]
}

/** A roaming profile as reported (contract 6). */
export interface ReportedRoamingProfile {
  readonly id: string
  readonly name?: string
  /** How many networks it has, as far as they can be read. */
  readonly networks: number
}

/** An add-on plan as reported by QueryRatePlan (contract 4.5); everything but ID and name may be absent. */
export interface ReportedPlan {
  readonly planId: string
  readonly name: string
  readonly category?: string
  readonly description?: string
  /** `Active` or `In-Active`. */
  readonly status?: string
  /** `0` prepaid, `1` postpaid. */
  readonly planType?: string
  readonly serviceProfile?: string
  readonly currencyId?: string
  readonly destinationGroup?: string
  readonly priority?: string
  /** Data benefits only (benefitId 1): MB, or `unlimited`, and rate zone ID. */
  readonly benefits?: readonly { readonly value?: string; readonly rateZone?: string }[]
  /** Whether the data is given anew each `day`, or once in the `validity`. */
  readonly dataPer?: 'day' | 'validity'
  /** SMS by count; `0`: it has none. */
  readonly smsCount?: string
  /** Speed in kbps after the data; `none`: none that is known. */
  readonly throttleKbps?: string
  readonly charge?: string
  /** `none`: it has none. */
  readonly recurringCharge?: string
  /** `1`: days; `months`, `years`, `unlimited` where these are known; else the platform's word. */
  readonly validity?: { readonly type?: string; readonly factor?: string }
  readonly subscription?: {
    readonly reSubscription?: string
    readonly rule?: string
    /** A number, or `unlimited`. */
    readonly occurrences?: string
    readonly activatedBy?: string
  }
  /**
   * Every field as it was reported, by its path below the row: scalars as text, lists and what is no section whole.
   * `benefit` is the row of the data, `benefit.*` has the others; `charge` all charges, and `charge.NAME` the one.
   */
  readonly fields?: Readonly<Record<string, Json>>
  /** Paths that wire settings name for what the fields above say, and the benefitId of SMS. */
  readonly settings?: {
    readonly data: readonly string[]
    readonly throttle: readonly string[]
    readonly sms?: string
  }
}

export type SimStatus = 'Ready To Activate' | 'Pre-Active' | 'Active' | 'Suspended' | (string & {})

/** A SIM row of fetchSIM (contract 4.8). `endpointId` undefined: none. */
export interface Sim {
  readonly iccid: string
  readonly simId?: string
  readonly eid?: string
  readonly msisdn?: string
  readonly status?: SimStatus
  readonly attached?: boolean
  readonly endpointId?: string
  readonly product?: string
  /** The LPA string. A secret: never logged, never put into an error. */
  readonly activationCode?: string
}

export interface SimQuery {
  /** From 1. */
  readonly page: number
  /** Asked for; the platform may grant fewer. */
  readonly perPage: number
  /** Only SIMs that are Pre-Active and attached (simStatusId 12, simAttachStatusId 1). */
  readonly sellable?: boolean
}

export interface SimPage {
  readonly sims: readonly Sim[]
  /** As told; where it is not, one more than this page as long as there are SIMs on it. */
  readonly totalPages: number
  /** Why the page may say less than there is, for people. */
  readonly doubt?: string
  /** What is odd about it all the same, for people. */
  readonly note?: string
}

/** A benefit that is counted. */
export interface CountedBenefit {
  readonly name: string
  readonly granted?: number
  readonly left?: number
}

/** One add-on instance on one endpoint (contract 4.10, 4.11). Volumes in bytes. */
export interface AddonInstance {
  readonly uniqueId: string
  readonly planId?: string
  readonly planName?: string
  readonly grantedBytes?: number
  readonly leftBytes?: number
  /** Benefits beside data, such as SMS, under the platform's names: counts, as they are reported. */
  readonly benefits?: readonly CountedBenefit[]
  /** As the platform writes them; undefined: not started. */
  readonly startDate?: string
  readonly expiryDate?: string
}

/**
 * A counter of an endpoint as the platform reports it, scalars as text. Which fields it has is not public (contract
 * 4.11); `uniqueId` is that of its instance, where it is told.
 */
export type Counter = Readonly<Record<string, string>>

/** Add-on instances, and the counters beside them; without `counters` none are reported. */
export interface InstanceListing extends Listing<AddonInstance> {
  readonly counters?: readonly Counter[]
}

/** GetEndPointProfile (contract 4.11). */
export interface EndpointProfile {
  readonly endpointId: string
  readonly name?: string
  readonly iccid?: string
  readonly msisdn?: string
  readonly basePlan?: string
  readonly apnGroup?: string
  readonly roamingProfiles?: readonly string[]
  /** Text of the contract, such as `Active` or `Suspended`; undefined where the profile does not tell. */
  readonly status?: string
  /** Its add-on instances, and whether they are all. */
  readonly instances: InstanceListing
}

/** Add-on instances, and which call told them. */
export interface AddonListing extends InstanceListing {
  readonly by: 'details' | 'profile'
  /** State of the endpoint, where the profile was read and tells it. */
  readonly endpointStatus?: string
}

/** GetStatistics (contract 5), volumes in MB. */
export interface EndpointStatistics {
  readonly days: readonly {
    readonly date: string
    readonly uplinkMB: number
    readonly downlinkMB: number
    readonly totalMB: number
  }[]
  readonly totalMB: number
}

/** Reads. None of them changes the account; each throws an `SftError`. */
export interface SftReader {
  customerProfile(options?: CallOptions): Promise<CustomerProfile>
  /** All networks; falls back to the DEFAULT roaming profile where fetchNetworkList is not known. */
  networks(options?: ListOptions<Network>): Promise<Listing<Network>>
  rateZones(options?: ListOptions<ReportedRateZone>): Promise<Listing<ReportedRateZone>>
  /** All add-on plans, whatever their planType. */
  addonPlans(options?: ListOptions<ReportedPlan>): Promise<Listing<ReportedPlan>>
  /** All base plans, whatever their planType; of plans that are reported without a category all. */
  basePlans(options?: ListOptions<ReportedPlan>): Promise<Listing<ReportedPlan>>
  roamingProfiles(
    options?: ListOptions<ReportedRoamingProfile>,
  ): Promise<Listing<ReportedRoamingProfile>>
  /** One add-on plan by its ID, in one call unless that leaves it open. */
  addonPlan(planId: string, options?: CallOptions): Promise<Finding<ReportedPlan>>
  sims(query: SimQuery, options?: CallOptions): Promise<SimPage>
  sim(iccid: string, options?: CallOptions): Promise<Finding<Sim>>
  endpointProfile(endpointId: string, options?: CallOptions): Promise<EndpointProfile>
  /**
   * Add-on instances of an endpoint, by the add-on details or, wherever these are not understood in full,
   * by the profile; `knownGood` asks the profile at once. A profile that is not understood either is a
   * doubt of the listing: nothing follows from what is not in it.
   */
  addons(
    endpointId: string,
    options?: CallOptions & { readonly knownGood?: boolean },
  ): Promise<AddonListing>
  statistics(
    request: { readonly endpointId: string; readonly from: Date; readonly to: Date },
    options?: CallOptions,
  ): Promise<EndpointStatistics>
}

export interface CreateRateZoneRequest {
  readonly name: string
  readonly destGroupId: string
  readonly networks: readonly NetworkId[]
  readonly sft?: JsonObject
}

export interface ModifyRateZoneRequest {
  readonly id: string
  readonly name?: string
  /** Sent as they are: additions, or the union where the account was learnt to replace. */
  readonly networks?: readonly NetworkId[]
  readonly sft?: JsonObject
}

/** CreatePlan for an add-on (contract 4.4). */
export interface CreatePlanRequest {
  readonly name: string
  readonly description?: string
  readonly planType: string
  readonly serviceProfile: string
  readonly currencyId: string
  readonly destinationGroup: string
  /** What is left out here and below stands in `copied`. */
  readonly priority?: string
  readonly rateZoneId: string
  readonly dataMB?: number | 'unlimited'
  /** The data is given anew each day. */
  readonly dataPer?: 'day'
  readonly smsCount?: number
  /** Speed after the data. */
  readonly throttleKbps?: number
  /** Days as a number; else `1 month`, `2 years`, `unlimited`. */
  readonly validityDays?: Validity
  readonly charge?: string
  readonly recurringCharge?: string
  /** `1` on usage, `0` immediate (contract 7). */
  readonly activatedBy?: string
  readonly reSubscription?: string
  readonly reSubscriptionRule?: string
  /** A number, or `unlimited`. */
  readonly occurrences?: string
  /** Fields of another plan, by path as `ReportedPlan.fields` has them; a zone that is an empty text is the plan's. */
  readonly copied?: Readonly<Record<string, Json>>
  readonly sft?: JsonObject
}

/** ModifyPlan: only what is given is sent. */
export interface ModifyPlanRequest {
  readonly planId: string
  readonly name?: string
  readonly description?: string
  readonly priority?: string
  readonly status?: 'Active' | 'In-Active'
  readonly charge?: string
  /** The recurring one that goes with the charge: charges are sent together. */
  readonly recurringCharge?: string
}

/** What endpoints of one bulk share, and what a single one needs besides name and ICCID. */
export interface EndpointSettings {
  readonly basePlan: string
  readonly apnGroup: string
  readonly roamingProfiles: readonly string[]
  readonly sft?: JsonObject
}

export interface CreateEndpointRequest extends EndpointSettings {
  readonly name: string
  readonly iccid: string
}

/** `endpointId` undefined: the row failed (`code` says why) or its outcome is unknown (`unknown`). */
export interface BulkRow {
  readonly iccid: string
  readonly endpointId?: string
  readonly code?: string
  readonly description?: string
  readonly unknown: boolean
}

export interface PatchEndpointRequest {
  readonly endpointId: string
  readonly name?: string
  readonly apnGroup?: string
  readonly roamingProfiles?: readonly string[]
  readonly addAddonPlanIds?: readonly string[]
  readonly removeAddonUniqueIds?: readonly string[]
}

/**
 * Writes. Each throws an `SftError`; where `error.executed` is `unknown` the outcome must be settled by
 * reading. Throttled writes, writes that found no connection and writes refused for an old token are
 * resent inside, since they are known not to have happened.
 */
export interface SftWriter {
  createRateZone(
    request: CreateRateZoneRequest,
    options?: CallOptions,
  ): Promise<{ readonly id?: string }>
  modifyRateZone(request: ModifyRateZoneRequest, options?: CallOptions): Promise<void>
  createPlan(
    request: CreatePlanRequest,
    options?: CallOptions,
  ): Promise<{ readonly planId?: string }>
  modifyPlan(request: ModifyPlanRequest, options?: CallOptions): Promise<void>
  createEndpoint(
    request: CreateEndpointRequest,
    options?: CallOptions,
  ): Promise<{ readonly endpointId?: string }>
  /** ASSUMED wire (contract 4.7): 1 to `bulkSize` endpoints. Rows stand for every ICCID asked for. */
  createEndpoints(
    request: EndpointSettings & {
      readonly endpoints: readonly { readonly name: string; readonly iccid: string }[]
    },
    options?: CallOptions,
  ): Promise<readonly BulkRow[]>
  /** Resolves too where the endpoint is active already (2507); `already` says so. */
  activateEndpoint(
    endpointId: string,
    options?: CallOptions,
  ): Promise<{ readonly already: boolean }>
  /** Resolves too where the endpoint has the state already (1254); `already` says so. */
  changeLifecycle(
    request: {
      readonly endpointId: string
      readonly lifecycle: 'A' | 'S'
      readonly reason?: string
    },
    options?: CallOptions,
  ): Promise<{ readonly already: boolean }>
  /** A new instance at each success (contract 4.10); empty where the answer did not tell. */
  subscribeAddon(
    request: { readonly endpointId: string; readonly planId: string },
    options?: CallOptions,
  ): Promise<readonly AddonInstance[]>
  patchEndpoint(request: PatchEndpointRequest, options?: CallOptions): Promise<void>
  changePlan(
    request: { readonly endpointId: string; readonly planId: string },
    options?: CallOptions,
  ): Promise<void>
  linkSim(
    request: { readonly endpointId: string; readonly iccid: string },
    options?: CallOptions,
  ): Promise<void>
  /** Resolves too where no SIM is attached (6420). */
  deLinkSim(endpointId: string, options?: CallOptions): Promise<void>
  deleteEndpoint(endpointId: string, options?: CallOptions): Promise<void>
}

/** Names of the operations that carry a documented timeout (contract 1.9). */
export type OperationName =
  | 'Login'
  | 'RefreshToken'
  | 'GetCustomerProfile'
  | 'fetchNetworkList'
  | 'GetRoamingProfiles'
  | 'GetRateZone'
  | 'CreateRateZone'
  | 'ModifyRateZone'
  | 'QueryRatePlan'
  | 'CreatePlan'
  | 'ModifyPlan'
  | 'CreateEndPoint'
  | 'CreateBulkEndPoint'
  | 'fetchSIM'
  | 'EndPointActivation'
  | 'EndPointLifeCycleChange'
  | 'SubscribeAddon'
  | 'GetEndpointAddonDetails'
  | 'GetEndPointProfile'
  | 'ModifyEndPoint'
  | 'LinkSim'
  | 'DeLinkSim'
  | 'DeleteEndPoint'
  | 'ChangePlan'
  | 'GetStatistics'

/** An answer as it came, for who examines the wire itself. */
export type Probed =
  /** What stands under `Response`. */
  | { readonly kind: 'answered'; readonly response: JsonObject }
  | { readonly kind: 'rejected'; readonly code: string; readonly description: string }
  /** HTTP 404. */
  | { readonly kind: 'missing' }

/** Reads as they came. */
export interface Probe {
  /** One GET. Throws what a read throws, and a `TypeError` for an operation that writes. */
  ask(operation: OperationName, query: Readonly<Record<string, string>>): Promise<Probed>
  /** How long the latest access token lives, and whether it tells so itself; undefined before a login. */
  tokenLife(): { readonly seconds: number; readonly told: boolean } | undefined
}

/** An open account. Dispose it to close its connections and save the budget. */
export interface Sft extends AsyncDisposable {
  readonly read: SftReader
  readonly write: SftWriter
  /** Host and port of the base URL: part of the account's identity in a state. */
  readonly host: string
  readonly targetAccountId: string | undefined
  /** Endpoints a bulk call may carry. */
  readonly bulkSize: number
  readonly bulkMode: 'on' | 'off' | 'auto'
  /** Seconds after sending by which a write has happened or never will: documented timeout or the override. */
  settleSeconds(operation: OperationName): number
  readonly budget: BudgetView
  /** How this account writes what it writes, as far as was set. */
  readonly form: WireForm
  /**
   * The same account with wire settings besides, such as `account.wire` of a catalog; those that it was opened with
   * win. Throws a `TypeError` for what cannot be set.
   */
  readonly withWire: (settings: JsonObject) => Sft
  /** Reads as they came, for who examines the wire itself. */
  readonly probe: Probe
}

/** What progress and cost estimates may know of the budget. */
export interface BudgetView {
  /** Configured calls per second. */
  readonly callsPerSecond: number
  /** What it runs at now, after throttling. */
  currentRate(): number
  /** Calls made through it so far, logins included. */
  calls(): number
  /** Smoothed seconds a call takes, for choosing how many to keep in flight. */
  latencySeconds(): number
}
