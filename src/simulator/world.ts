/**
 * The simulated platform's data. Rules stand beside it, by subject: networks, zones, plans, sims,
 * endpoints, addons. None of them knows HTTP, and time is handed in.
 */
import type { JsonObject, NetworkId } from '../model.ts'
import type { SimStock, SimulatedSim } from './sims.ts'

/** Identifiers of every simulated account; the forms are those seen on the platform (contract 2). */
export const SIMULATED_ACCOUNT = {
  destGroupId: '2515',
  roamingProfileId: '3017',
  basePlanId: 'DEFAULTPRE41274807',
  apnGroupId: 'PDP_1785',
  baseServiceProfileId: 'SP_1249',
  addonServiceProfileId: 'SP_1335',
  currencyId: '44',
  /** What a reseller gives as `targetAccountId`. */
  childAccountId: '41274807',
} as const

/** A network that the account can use: an operator reached through a sponsor (contract 2). */
export interface SimulatedNetwork extends NetworkId {
  readonly tadig: string
  readonly operatorName: string
  readonly countryName: string
}

/** A rate zone; `extra` has the fields of the request that the simulator gives no meaning. */
export interface SimulatedZone {
  readonly id: string
  name: string
  status: string
  destGroupId: string
  networks: NetworkId[]
  extra: JsonObject
}

/** The `basicInfo` of a plan; `extra` has the fields that the simulator gives no meaning. */
export interface SimulatedPlanInfo {
  planName: string
  planCategory: string
  planDescription: string
  /** `0` prepaid, `1` postpaid. */
  planType: string
  serviceProfile: string
  currencyId: string
  destinationGroup: string
  /** `Active` or `In-Active`. */
  planStatus: string
  addOnPriority: string
  extra: JsonObject
}

/** One benefit: `benefitId` 1 is data, `value` then in MB. */
export interface SimulatedBenefit extends JsonObject {
  readonly benefitId: string
  readonly value: string
  readonly rateZone: string
}

/** What a plan says beyond data for some days. */
export interface SimulatedTerms {
  readonly unlimited?: true
  /** The data is given anew each day from its start on. */
  readonly daily?: true
  /** What the speed falls to once the data is used up. */
  readonly throttle?: string
  readonly sms?: number
  readonly renewsForEver?: true
  readonly lasts?: 'days' | 'months' | 'years' | 'unlimited'
}

/** A plan as CreatePlan made it (contract 4.4); `extra` has the sections without meaning here. */
export interface SimulatedPlan {
  readonly planId: string
  basicInfo: SimulatedPlanInfo
  benefit: SimulatedBenefit[]
  charge: JsonObject[]
  subscription: {
    reSubscription: string
    reSubscriptionRule: string
    occurrences: string
    activatedBy: string
    extra: JsonObject
  }
  validity: { validityType: string; validityFactor: string; extra: JsonObject }
  extra: JsonObject
  /** Absent: data for some days. */
  terms?: SimulatedTerms
}

/** One subscription of a plan on an endpoint (contract 4.10). Volumes in bytes, times in ms. */
export interface SimulatedInstance {
  readonly uniqueId: string
  readonly planId: string
  readonly endPointId: string
  /** Name and zone as they were at subscription. */
  readonly planName: string
  readonly rateZoneId: string
  readonly grantedBytes: number
  leftBytes: number
  /** As its plan said at subscription. */
  readonly terms?: SimulatedTerms
  /** Of daily data, the day from its start on that `leftBytes` is of. */
  day?: number
  smsLeft?: number
  readonly subscribedAt: number
  startedAt?: number
  expiresAt?: number
  /** 1 for the first subscription, 2 for its first renewal, and so on. */
  readonly occurrence: number
  /** Why it has ended; an ended one is gone from the platform's answers. */
  ended?: 'expired' | 'exhausted' | 'removed'
}

export type SimulatedEndpointStatus = 'Pre-Active' | 'Active' | 'Suspended' | 'Hold'

/** An endpoint; `extra` has the fields of its creation without meaning here. */
export interface SimulatedEndpoint {
  readonly endPointId: string
  name: string
  status: SimulatedEndpointStatus
  iccid?: string
  planId: string
  apnGroupId: string
  roamingProfileIds: string[]
  /** In order of subscription, ended ones included. */
  readonly instances: SimulatedInstance[]
  /** Megabytes by day, `YYYYMMDD`. */
  readonly usage: Record<string, { uplinkMB: number; downlinkMB: number }>
  extra: JsonObject
}

export interface SimulatedRoamingProfile {
  readonly roamingProfileId: string
  readonly name: string
  /** `all`: follows the coverage by itself. */
  networks: 'all' | NetworkId[]
}

export interface SimulatedServiceProfile {
  readonly profileId: string
  readonly name: string
  /** `0` base, `1` add-on. */
  readonly category: string
  readonly extra: JsonObject
}

/** Everything that the simulated account holds. */
export interface World {
  readonly seed: number
  /** How far the world's clock is ahead of the machine's, in ms. */
  clockOffsetMs: number
  /** By `operatorId/sponsorId`. The destination group and the DEFAULT roaming profile have them all. */
  readonly networks: Map<string, SimulatedNetwork>
  /** By ID. */
  readonly zones: Map<string, SimulatedZone>
  /** By ID. */
  readonly plans: Map<string, SimulatedPlan>
  /** By ID. */
  readonly endpoints: Map<string, SimulatedEndpoint>
  /** By ICCID. Look here; SIMs are changed through the rules only, which keep an index. */
  readonly sims: ReadonlyMap<string, SimulatedSim>
  readonly stock: SimStock
  readonly roamingProfiles: Map<string, SimulatedRoamingProfile>
  readonly serviceProfiles: Map<string, SimulatedServiceProfile>
  readonly apnGroups: Set<string>
  /** How often each operation was executed, whatever was answered. */
  readonly executions: Map<string, number>
  /** Next number of each sort of ID. */
  readonly next: Record<IdSort, number>
}

export type IdSort =
  | 'zone'
  | 'plan'
  | 'endpoint'
  | 'instance'
  | 'roamingProfile'
  | 'serviceProfile'
  | 'operator'

/** Takes the next ID of its sort. */
export function nextId(world: World, sort: IdSort): string {
  const id = world.next[sort]
  world.next[sort] = id + 1
  return String(id)
}

export function networkKey(network: NetworkId): string {
  return `${network.operatorId}/${network.sponsorId}`
}

/** `dd/mm/yyyy hh:mm:ss`, in UTC (contract 1.7). */
export function formatDate(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${formatDay(ms)} ${iso.slice(11, 19)}`
}

/** `dd/mm/yyyy`, in UTC. */
function formatDay(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`
}
