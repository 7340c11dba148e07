import type { JsonObject } from '../model.ts'
import { refuseEmptyZone, removeInstance, subscribe } from './addons.ts'
import { oneOf, optionalText, text, texts, without } from './fields.ts'
import { attachablePlan } from './plans.ts'
import { CODES, Rejection } from './rejection.ts'
import { changeSim, type SimulatedSim, type SimulatedSimStatus } from './sims.ts'
import {
  nextId,
  type SimulatedEndpoint,
  type SimulatedEndpointStatus,
  type SimulatedInstance,
  type World,
} from './world.ts'

const BOOLEANS = ['true', 'false'] as const
const CREATE_FIELDS = [
  'name',
  'isLinkSIM',
  'isDefaultActivation',
  'roamingProfileId',
  'apnGroupId',
  'planId',
  'iccid',
  'addonPlanIds',
]
const SIM_STATUS: Readonly<Record<SimulatedEndpointStatus, SimulatedSimStatus>> = {
  'Pre-Active': 'Pre-Active',
  Active: 'Active',
  Suspended: 'Suspended',
  Hold: 'Ready To Activate',
}

interface Settings {
  readonly roamingProfileIds: string[]
  readonly apnGroupId: string
  readonly planId: string
  readonly linkSim: boolean
  readonly activate: boolean
  readonly addonPlanIds: readonly string[]
  readonly extra: JsonObject
}

/** CreateEndPoint on `Request.requestParam` (contract 4.6). Returns the new ID. */
export function createEndpoint(world: World, given: JsonObject, now: number): string {
  const settings = readSettings(world, given)
  return addEndpoint(world, settings, given, now).endPointId
}

/** One row of a bulk: what became of one endpoint of the list. */
export interface BulkOutcome {
  readonly name: string
  readonly iccid: string
  readonly endPointId: string
  readonly code: string
  readonly description: string
}

/** ASSUMED (contract 4.7): up to 100 endpoints that share settings; rows fail one by one. */
export function createEndpoints(
  world: World,
  given: JsonObject,
  list: readonly JsonObject[],
  now: number,
): BulkOutcome[] {
  if (list.length > 100)
    throw new Rejection(CODES.badRequest, 'endPointList has more than 100 items')
  const settings = readSettings(world, given)
  return list.map(item => {
    const row = {
      name: optionalText(item, 'name') ?? '-',
      iccid: optionalText(item, 'iccid') ?? '-',
    }
    try {
      const { endPointId } = addEndpoint(world, settings, item, now)
      return { ...row, endPointId, code: CODES.done, description: 'Success' }
    } catch (error) {
      if (!(error instanceof Rejection)) throw error
      return { ...row, endPointId: '-', code: error.code, description: error.message }
    }
  })
}

function readSettings(world: World, given: JsonObject): Settings {
  const linkSim = oneOf(given, 'isLinkSIM', BOOLEANS) === 'true'
  const activate = oneOf(given, 'isDefaultActivation', BOOLEANS) === 'true'
  if (activate && !linkSim) {
    throw new Rejection(CODES.noSim, 'isDefaultActivation needs a SIM: isLinkSIM is false')
  }
  const planId = text(given, 'planId')
  attachablePlan(world, planId, 'NORMAL')
  const addonPlanIds = texts(given, 'addonPlanIds')
  for (const id of addonPlanIds) refuseEmptyZone(world, attachablePlan(world, id, 'ADDON'))
  return {
    roamingProfileIds: readRoamingProfiles(world, text(given, 'roamingProfileId')),
    apnGroupId: readApnGroup(world, text(given, 'apnGroupId')),
    planId,
    linkSim,
    activate,
    addonPlanIds,
    extra: without(given, [...CREATE_FIELDS, 'endPointList']),
  }
}

function addEndpoint(
  world: World,
  settings: Settings,
  given: JsonObject,
  now: number,
): SimulatedEndpoint {
  const name = text(given, 'name')
  const sim = settings.linkSim ? freeSim(world, text(given, 'iccid')) : undefined
  const endpoint: SimulatedEndpoint = {
    endPointId: nextId(world, 'endpoint'),
    name,
    status: 'Pre-Active',
    planId: settings.planId,
    apnGroupId: settings.apnGroupId,
    roamingProfileIds: [...settings.roamingProfileIds],
    instances: [],
    usage: {},
    extra: { ...settings.extra, ...without(given, CREATE_FIELDS) },
  }
  world.endpoints.set(endpoint.endPointId, endpoint)
  if (sim !== undefined) attach(world, endpoint, sim.iccid)
  if (settings.activate) setStatus(world, endpoint, 'Active')
  for (const id of settings.addonPlanIds) {
    subscribe(world, endpoint, attachablePlan(world, id, 'ADDON'), now)
  }
  return endpoint
}

function readRoamingProfiles(world: World, piped: string): string[] {
  const ids = piped.split('|')
  for (const id of ids) {
    if (!world.roamingProfiles.has(id))
      throw new Rejection(CODES.notFound, `no roaming profile ${id}`)
  }
  return ids
}

function readApnGroup(world: World, id: string): string {
  if (world.apnGroups.has(id)) return id
  throw new Rejection(CODES.notFound, `no APN group ${id}`)
}

function freeSim(world: World, iccid: string): SimulatedSim {
  const sim = world.sims.get(iccid)
  if (sim === undefined) throw new Rejection(CODES.notFound, `no SIM with iccid ${iccid}`)
  if (sim.endPointId !== undefined) {
    throw new Rejection(CODES.simAttached, `SIM ${iccid} is already attached to an endpoint`)
  }
  return sim
}

/** The endpoint with this ID; rejected where there is none. */
export function endpointOf(world: World, endPointId: string): SimulatedEndpoint {
  const endpoint = world.endpoints.get(endPointId)
  if (endpoint === undefined) throw new Rejection(CODES.notFound, `no endpoint ${endPointId}`)
  return endpoint
}

/** EndPointActivation (contract 4.9): for the first activation only. */
export function activateEndpoint(world: World, endpoint: SimulatedEndpoint): void {
  requireSim(endpoint)
  if (endpoint.status === 'Active') {
    throw new Rejection(CODES.alreadyActive, 'End Point is already active')
  }
  if (endpoint.status !== 'Pre-Active') {
    throw new Rejection(CODES.wrongState, `End Point is ${endpoint.status}, not Pre-Active`)
  }
  setStatus(world, endpoint, 'Active')
}

/** EndPointLifeCycleChange (contract 4.9). Returns the status before. */
export function changeLifecycle(
  world: World,
  endpoint: SimulatedEndpoint,
  given: JsonObject,
  fromPreActive: boolean,
): SimulatedEndpointStatus {
  const lifeCycle = oneOf(given, 'lifeCycle', ['A', 'S'])
  oneOf(given, 'reason', ['1', '2', '3'])
  requireSim(endpoint)
  const wanted = lifeCycle === 'A' ? 'Active' : 'Suspended'
  const before = endpoint.status
  if (before === wanted) {
    throw new Rejection(CODES.alreadyInState, `End Point is already in state ${wanted}`)
  }
  if (before === 'Pre-Active' && (wanted === 'Suspended' || !fromPreActive)) {
    throw new Rejection(CODES.wrongState, `End Point cannot go from Pre-Active to ${wanted}`)
  }
  setStatus(world, endpoint, wanted)
  return before
}

/** LinkSim (contract 5): the endpoint must be activated again afterwards. */
export function linkSim(world: World, endpoint: SimulatedEndpoint, iccid: string): void {
  const sim = freeSim(world, iccid)
  if (endpoint.iccid !== undefined) {
    throw new Rejection(CODES.simAttached, 'End Point has a SIM already: de-link it first')
  }
  endpoint.status = 'Pre-Active'
  attach(world, endpoint, sim.iccid)
}

/** DeLinkSim (contract 2.1): the endpoint goes on hold, the SIM back into stock. */
export function deLinkSim(world: World, endpoint: SimulatedEndpoint): void {
  const iccid = requireSim(endpoint)
  delete endpoint.iccid
  endpoint.status = 'Hold'
  changeSim(world.stock, iccid, 'Ready To Activate', undefined)
}

/** DeleteEndPoint (contract 5): refused while a SIM is attached. */
export function deleteEndpoint(world: World, endpoint: SimulatedEndpoint): void {
  if (endpoint.iccid !== undefined) {
    throw new Rejection(CODES.wrongState, 'a SIM is attached to the End Point: de-link it first')
  }
  world.endpoints.delete(endpoint.endPointId)
}

/** SubscribeAddon (contract 4.10). */
export function subscribeAddon(
  world: World,
  endpoint: SimulatedEndpoint,
  planId: string,
  now: number,
): SimulatedInstance {
  const plan = attachablePlan(world, planId, 'ADDON')
  refuseEmptyZone(world, plan)
  if (endpoint.status === 'Hold') {
    throw new Rejection(CODES.wrongState, 'End Point is on hold: link a SIM first')
  }
  return subscribe(world, endpoint, plan, now)
}

/** PATCH endpoint on `Request.requestParam` (contract 4.12): all of it or nothing. */
export function modifyEndpoint(
  world: World,
  endpoint: SimulatedEndpoint,
  given: JsonObject,
  now: number,
): void {
  const name = given['name'] === undefined ? endpoint.name : text(given, 'name')
  const apnGroupId =
    given['apnGroupId'] === undefined
      ? endpoint.apnGroupId
      : readApnGroup(world, text(given, 'apnGroupId'))
  const roamingProfileIds =
    given['roamingProfileId'] === undefined
      ? endpoint.roamingProfileIds
      : readRoamingProfiles(world, text(given, 'roamingProfileId'))
  const plans = texts(given, 'addAddonPlanIds').map(id => attachablePlan(world, id, 'ADDON'))
  for (const plan of plans) refuseEmptyZone(world, plan)
  const removed = texts(given, 'removeAddonUniqueIds')
  const live = new Set(
    endpoint.instances.filter(one => one.ended === undefined).map(one => one.uniqueId),
  )
  for (const uniqueId of removed) {
    if (!live.delete(uniqueId)) {
      throw new Rejection(CODES.notFound, `End Point has no add-on with uniqueId ${uniqueId}`)
    }
  }
  endpoint.name = name
  endpoint.apnGroupId = apnGroupId
  endpoint.roamingProfileIds = roamingProfileIds
  for (const uniqueId of removed) removeInstance(endpoint, uniqueId)
  for (const plan of plans) subscribe(world, endpoint, plan, now)
  const known = [...CREATE_FIELDS, 'addAddonPlanIds', 'removeAddonUniqueIds']
  endpoint.extra = { ...endpoint.extra, ...without(given, known) }
}

/** ChangePlan (contract 5). */
export function changePlan(world: World, endpoint: SimulatedEndpoint, planId: string): void {
  endpoint.planId = attachablePlan(world, planId, 'NORMAL').planId
}

/** Sets an endpoint's status, and that of its SIM with it (contract 2.1). */
export function setStatus(
  world: World,
  endpoint: SimulatedEndpoint,
  status: SimulatedEndpointStatus,
): void {
  endpoint.status = status
  if (endpoint.iccid === undefined) return
  changeSim(world.stock, endpoint.iccid, SIM_STATUS[status], endpoint.endPointId)
}

function attach(world: World, endpoint: SimulatedEndpoint, iccid: string): void {
  endpoint.iccid = iccid
  setStatus(world, endpoint, endpoint.status)
}

function requireSim(endpoint: SimulatedEndpoint): string {
  if (endpoint.iccid !== undefined) return endpoint.iccid
  throw new Rejection(CODES.noSim, 'SIM is not attached to the End Point')
}
