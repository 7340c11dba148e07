import type { Json, JsonObject } from '../model.ts'
import { deLinkSim, deleteEndpoint, endpointOf, setStatus } from './endpoints.ts'
import { isObject, oneOf, optionalText, section, text } from './fields.ts'
import { pickNetworks } from './networks.ts'
import { deletePlan, editPlan } from './plans.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedPlanTerms } from './settings.ts'
import type { World } from './world.ts'
import { zoneOf } from './zones.ts'

const STATUSES = ['Pre-Active', 'Active', 'Suspended', 'Hold'] as const

/** What a colleague does in the portal by hand. */
export function editByHand(
  world: World,
  given: JsonObject,
  known: SimulatedPlanTerms = {},
): JsonObject {
  const plan = optionalText(given, 'plan')
  const zone = optionalText(given, 'zone')
  const endpoint = optionalText(given, 'endpoint')
  const remove = given['delete'] === true
  if (plan !== undefined) {
    if (remove) deletePlan(world, plan)
    else editPlan(world, plan, section(given, 'set'), known)
    return { plan }
  }
  if (zone !== undefined) {
    if (remove) world.zones.delete(zoneOf(world, zone).id)
    else editZone(world, zone, section(given, 'set'))
    return { zone }
  }
  if (endpoint !== undefined) {
    const found = endpointOf(world, endpoint)
    if (remove) {
      if (found.iccid !== undefined) deLinkSim(world, found)
      deleteEndpoint(world, found)
      return { endpoint }
    }
    const set = section(given, 'set')
    if (set['name'] !== undefined) found.name = text(set, 'name')
    if (set['status'] !== undefined) setStatus(world, found, oneOf(set, 'status', STATUSES))
    return { endpoint }
  }
  throw new Rejection(CODES.badRequest, 'give plan, zone or endpoint: the ID of what to edit')
}

function editZone(world: World, id: string, set: JsonObject): void {
  const zone = zoneOf(world, id)
  const networks = set['networks']
  if (set['name'] !== undefined) zone.name = text(set, 'name')
  if (networks === undefined) return
  if (!Array.isArray(networks)) throw new Rejection(CODES.badRequest, 'networks must be a list')
  zone.networks = networks.flatMap((item: Json) => {
    const pick = isObject(item) ? pickFrom(item) : { tadig: String(item) }
    const found = pickNetworks(world, pick)
    if (found.length === 0) {
      throw new Rejection(CODES.notFound, `no network ${JSON.stringify(item)} in coverage`)
    }
    return found.map(({ operatorId, sponsorId }) => ({ operatorId, sponsorId }))
  })
}

function pickFrom(item: JsonObject): { operatorId: string; sponsorId: string } {
  return { operatorId: text(item, 'operatorId'), sponsorId: text(item, 'sponsorId') }
}
