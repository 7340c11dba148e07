import type { JsonObject } from '../model.ts'
import { planOf } from './plans.ts'
import { CODES, Rejection } from './rejection.ts'
import {
  formatDate,
  networkKey,
  nextId,
  type SimulatedEndpoint,
  type SimulatedInstance,
  type SimulatedNetwork,
  type SimulatedPlan,
  type World,
} from './world.ts'
import { zoneOf } from './zones.ts'

const MEGABYTE = 1024 * 1024

/** Subscribes an add-on: a new instance with its own, growing `uniqueId` each time (contract 4.10). */
export function subscribe(
  world: World,
  endpoint: SimulatedEndpoint,
  plan: SimulatedPlan,
  now: number,
  occurrence = 1,
): SimulatedInstance {
  const data = plan.benefit.find(benefit => benefit.benefitId === '1')
  const granted = Number(data?.value ?? 0) * MEGABYTE
  const instance: SimulatedInstance = {
    uniqueId: nextId(world, 'instance'),
    planId: plan.planId,
    endPointId: endpoint.endPointId,
    planName: plan.basicInfo.planName,
    rateZoneId: data?.rateZone ?? '',
    grantedBytes: granted,
    leftBytes: granted,
    subscribedAt: now,
    occurrence,
  }
  endpoint.instances.push(instance)
  if (plan.subscription.activatedBy === '0') start(instance, plan, now)
  return instance
}

/** Rejected where the plan's zone has no network left: that blocks add-ons (contract 2). */
export function refuseEmptyZone(world: World, plan: SimulatedPlan): void {
  for (const benefit of plan.benefit) {
    const zone = zoneOf(world, benefit.rateZone)
    if (zone.networks.length === 0) {
      throw new Rejection(CODES.wrongState, `rate zone ${zone.id} of plan ${plan.planId} is empty`)
    }
  }
}

/** Removes one instance; rejected where the endpoint has none with this `uniqueId`. */
export function removeInstance(endpoint: SimulatedEndpoint, uniqueId: string): void {
  const instance = liveInstances(endpoint).find(one => one.uniqueId === uniqueId)
  if (instance === undefined) {
    throw new Rejection(
      CODES.notFound,
      `endpoint ${endpoint.endPointId} has no add-on with uniqueId ${uniqueId}`,
    )
  }
  instance.ended = 'removed'
}

/** Instances that the platform still has on the endpoint. */
export function liveInstances(endpoint: SimulatedEndpoint): SimulatedInstance[] {
  return endpoint.instances.filter(instance => instance.ended === undefined)
}

/** Ends what has expired by now and renews what renews itself (contract 4.4). */
export function settleAddons(world: World, endpoint: SimulatedEndpoint, now: number): void {
  // A renewal is appended and may have expired too: the loop comes to it.
  for (const instance of endpoint.instances) {
    if (instance.ended !== undefined) continue
    if (instance.expiresAt === undefined || instance.expiresAt > now) continue
    end(world, endpoint, instance, 'expired', instance.expiresAt)
  }
}

function start(instance: SimulatedInstance, plan: SimulatedPlan, now: number): void {
  instance.startedAt = now
  const expiresAt = expiryOf(plan, now)
  if (expiresAt !== undefined) instance.expiresAt = expiresAt
}

function expiryOf(plan: SimulatedPlan, from: number): number | undefined {
  const factor = Number(plan.validity.validityFactor)
  const date = new Date(from)
  switch (plan.validity.validityType) {
    case '0':
      return undefined
    case '2':
    case '4':
      return date.setUTCMonth(date.getUTCMonth() + factor)
    case '3':
      return date.setUTCFullYear(date.getUTCFullYear() + factor)
    default:
      return from + factor * 86_400_000
  }
}

function end(
  world: World,
  endpoint: SimulatedEndpoint,
  instance: SimulatedInstance,
  reason: 'expired' | 'exhausted',
  at: number,
): void {
  const plan = world.plans.get(instance.planId)
  const { reSubscription, reSubscriptionRule, occurrences } = plan?.subscription ?? {}
  const renews = reSubscription === 'true' && instance.occurrence < Number(occurrences)
  // Rule 1 renews on expiry only, so an exhausted instance waits for its expiry.
  if (reason === 'exhausted' && renews && reSubscriptionRule === '1') return
  instance.ended = reason
  if (plan !== undefined && renews) subscribe(world, endpoint, plan, at, instance.occurrence + 1)
}

/** What became of simulated traffic, in bytes. */
export interface Traffic {
  readonly usedBytes: number
  /** Found no add-on that covers it: there was no service. */
  readonly blockedBytes: number
  /** The instances that it used, in that order. */
  readonly uniqueIds: readonly string[]
}

/**
 * Traffic of an endpoint in a network: starts the on-usage add-ons whose rate zone has the network,
 * uses up balances oldest first, running ones before waiting ones, and records statistics.
 */
export function useData(
  world: World,
  endpoint: SimulatedEndpoint,
  network: SimulatedNetwork,
  bytes: number,
  now: number,
): Traffic {
  settleAddons(world, endpoint, now)
  const key = networkKey(network)
  let left = bytes
  const uniqueIds: string[] = []
  while (left > 0) {
    const usable = liveInstances(endpoint).filter(
      instance =>
        instance.leftBytes > 0 &&
        (world.zones.get(instance.rateZoneId)?.networks ?? []).some(one => networkKey(one) === key),
    )
    const instance = usable.find(one => one.startedAt !== undefined) ?? usable[0]
    if (instance === undefined) break
    if (instance.startedAt === undefined) start(instance, planOf(world, instance.planId), now)
    const used = Math.min(left, instance.leftBytes)
    instance.leftBytes -= used
    left -= used
    uniqueIds.push(instance.uniqueId)
    if (instance.leftBytes === 0) end(world, endpoint, instance, 'exhausted', now)
  }
  recordUsage(endpoint, (bytes - left) / MEGABYTE, now)
  return { usedBytes: bytes - left, blockedBytes: left, uniqueIds }
}

function recordUsage(endpoint: SimulatedEndpoint, megabytes: number, now: number): void {
  if (megabytes === 0) return
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '')
  const before = endpoint.usage[day] ?? { uplinkMB: 0, downlinkMB: 0 }
  endpoint.usage[day] = {
    uplinkMB: before.uplinkMB + megabytes * 0.1,
    downlinkMB: before.downlinkMB + megabytes * 0.9,
  }
}

/** An instance as a plan of `promotionalPlans` (contract 4.11). */
export function promotionalPlan(instance: SimulatedInstance): JsonObject {
  return {
    uniqueId: instance.uniqueId,
    planId: instance.planId,
    planName: instance.planName,
    planServiceName: 'DATA',
    planStartDate: dateOrNone(instance.startedAt),
    planExpiryDate: dateOrNone(instance.expiresAt),
  }
}

/** An instance as a benefit of `benefitInfo`: balances in bytes (contract 4.11). */
export function benefitRow(instance: SimulatedInstance): JsonObject {
  return {
    name: 'DATA',
    uniqueId: instance.uniqueId,
    balance: String(instance.leftBytes),
    actualBalance: String(instance.grantedBytes),
    startDate: dateOrNone(instance.startedAt),
    expiryDate: dateOrNone(instance.expiresAt),
  }
}

function dateOrNone(ms: number | undefined): string {
  return ms === undefined ? '-' : formatDate(ms)
}
