import type { JsonObject } from '../model.ts'
import { DATA } from './plan-terms.ts'
import { planOf } from './plans.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedWire } from './settings.ts'
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
  const data = plan.benefit.find(benefit => benefit.benefitId === DATA)
  const { terms } = plan
  const granted = terms?.unlimited ? 0 : Number(data?.value ?? 0) * MEGABYTE
  const instance: SimulatedInstance = {
    uniqueId: nextId(world, 'instance'),
    planId: plan.planId,
    endPointId: endpoint.endPointId,
    planName: plan.basicInfo.planName,
    rateZoneId: data?.rateZone ?? '',
    grantedBytes: granted,
    leftBytes: granted,
    ...(terms !== undefined && { terms }),
    ...(terms?.sms !== undefined && { smsLeft: terms.sms }),
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
    giveDaily(instance, now)
    if (instance.expiresAt === undefined || instance.expiresAt > now) continue
    end(world, endpoint, instance, 'expired', instance.expiresAt)
  }
}

function start(instance: SimulatedInstance, plan: SimulatedPlan, now: number): void {
  instance.startedAt = now
  const expiresAt = expiryOf(plan, now)
  if (expiresAt !== undefined) instance.expiresAt = expiresAt
}

const DAY_MS = 86_400_000

/** Daily data begins anew with each day from its start on, until its end. */
function giveDaily(instance: SimulatedInstance, now: number): void {
  const { startedAt, expiresAt = Number.POSITIVE_INFINITY, terms } = instance
  if (terms?.daily !== true || startedAt === undefined || now >= expiresAt) return
  const day = Math.floor((now - startedAt) / DAY_MS)
  if (day === (instance.day ?? 0)) return
  instance.day = day
  instance.leftBytes = instance.grantedBytes
}

function expiryOf(plan: SimulatedPlan, from: number): number | undefined {
  const factor = Number(plan.validity.validityFactor)
  switch (plan.terms?.lasts ?? 'days') {
    case 'unlimited':
      return undefined
    case 'months':
      return monthsLater(from, factor)
    case 'years':
      return monthsLater(from, 12 * factor)
    default:
      return from + factor * DAY_MS
  }
}

/** By the calendar: a month from 31 January on ends with February. */
function monthsLater(from: number, months: number): number {
  const date = new Date(from)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  return date.setUTCDate(Math.min(day, last))
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
  const renews =
    reSubscription === 'true' &&
    (plan?.terms?.renewsForEver === true || instance.occurrence < Number(occurrences))
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
  /** Went at the speed that is left once the data is used up. */
  readonly throttledBytes: number
  /** The instances that it used, in that order. */
  readonly uniqueIds: readonly string[]
}

/** Bytes that an instance carries at full speed, and after it. */
const fullBytes = ({ terms, leftBytes }: SimulatedInstance): number =>
  terms?.unlimited === true ? Number.POSITIVE_INFINITY : leftBytes
const isUsable = (instance: SimulatedInstance): boolean =>
  fullBytes(instance) > 0 || instance.terms?.throttle !== undefined

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
  let throttledBytes = 0
  const uniqueIds: string[] = []
  while (left > 0) {
    const usable = covering(world, endpoint, key).filter(isUsable)
    const fast = usable.filter(one => fullBytes(one) > 0)
    const instance = fast.find(one => one.startedAt !== undefined) ?? fast[0] ?? usable[0]
    if (instance === undefined) break
    if (instance.startedAt === undefined) start(instance, planOf(world, instance.planId), now)
    uniqueIds.push(instance.uniqueId)
    if (fullBytes(instance) === 0) {
      throttledBytes = left
      left = 0
      break
    }
    const used = Math.min(left, fullBytes(instance))
    left -= used
    if (instance.terms?.unlimited !== true) instance.leftBytes -= used
    if (endsEmpty(instance)) end(world, endpoint, instance, 'exhausted', now)
  }
  recordUsage(endpoint, (bytes - left) / MEGABYTE, now)
  return { usedBytes: bytes - left, blockedBytes: left, throttledBytes, uniqueIds }
}

/** Whether nothing is left of an instance, now and later. */
const endsEmpty = ({ terms, leftBytes }: SimulatedInstance): boolean =>
  leftBytes === 0 && !terms?.unlimited && !terms?.daily && terms?.throttle === undefined

/** Instances whose rate zone has a network. */
const covering = (
  world: World,
  endpoint: SimulatedEndpoint,
  key: string,
): readonly SimulatedInstance[] =>
  liveInstances(endpoint).filter(instance =>
    (world.zones.get(instance.rateZoneId)?.networks ?? []).some(one => networkKey(one) === key),
  )

/** Messages of an endpoint in a network: they start add-ons and use up their SMS, the oldest first. */
export function useMessages(
  world: World,
  endpoint: SimulatedEndpoint,
  network: SimulatedNetwork,
  count: number,
  now: number,
): { readonly sent: number; readonly blocked: number } {
  settleAddons(world, endpoint, now)
  let left = count
  for (const instance of covering(world, endpoint, networkKey(network))) {
    const used = Math.min(left, instance.smsLeft ?? 0)
    if (used === 0) continue
    if (instance.startedAt === undefined) start(instance, planOf(world, instance.planId), now)
    instance.smsLeft = (instance.smsLeft ?? 0) - used
    left -= used
  }
  return { sent: count - left, blocked: left }
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

/** An instance as benefits of `benefitInfo`: balances in bytes (contract 4.11), SMS by count. */
export function benefitRows(instance: SimulatedInstance, wire: SimulatedWire): JsonObject[] {
  const { uniqueId, terms, smsLeft } = instance
  const dates = {
    startDate: dateOrNone(instance.startedAt),
    expiryDate: dateOrNone(instance.expiresAt),
  }
  const endless = wire.unlimitedBalance ?? '-'
  const data = terms?.unlimited
    ? { balance: endless, actualBalance: endless }
    : { balance: String(instance.leftBytes), actualBalance: String(instance.grantedBytes) }
  const rows = [{ name: 'DATA', uniqueId, ...data, ...dates }]
  if (smsLeft === undefined) return rows
  const sms = { balance: String(smsLeft), actualBalance: String(terms?.sms ?? 0) }
  return [...rows, { name: 'SMS', uniqueId, ...sms, ...dates }]
}

/** What an instance has counted, in bytes. */
export function counterRow({ uniqueId, grantedBytes, leftBytes }: SimulatedInstance): JsonObject {
  return { counterId: '1', uniqueId, name: 'DATA', value: String(grantedBytes - leftBytes) }
}

function dateOrNone(ms: number | undefined): string {
  return ms === undefined ? '-' : formatDate(ms)
}
