import type { JsonObject, NetworkId } from '../model.ts'
import { objects, oneOf, optionalText, text, without } from './fields.ts'
import { CODES, Rejection } from './rejection.ts'
import { networkKey, nextId, SIMULATED_ACCOUNT, type SimulatedZone, type World } from './world.ts'

const ZONE_FIELDS = ['id', 'name', 'destGroupId', 'status', 'operatorIdList']

/** CreateRateZone on `ratezoneDetails` (contract 4.3). Returns the new ID. */
export function createZone(
  world: World,
  details: JsonObject,
  duplicateNames: 'refused' | 'accepted',
): string {
  const name = text(details, 'name')
  const destGroupId = text(details, 'destGroupId')
  const status = details['status'] === undefined ? '1' : oneOf(details, 'status', ['0', '1'])
  if (destGroupId !== SIMULATED_ACCOUNT.destGroupId) {
    throw new Rejection(
      CODES.notOfAccount,
      `destination group ${destGroupId} is not of this account`,
    )
  }
  const networks = readNetworks(world, details)
  if (duplicateNames === 'refused') refuseTakenName(world, name)
  const id = nextId(world, 'zone')
  world.zones.set(id, {
    id,
    name,
    status,
    destGroupId,
    networks,
    extra: without(details, ZONE_FIELDS),
  })
  return id
}

/** ModifyRateZone (contract 4.3): adds networks, or replaces them where the account does so. */
export function modifyZone(
  world: World,
  details: JsonObject,
  mode: 'adds' | 'replaces',
  zoneNames: 'fixed' | 'editable',
): void {
  const zone = zoneOf(world, text(details, 'id'))
  const name = optionalText(details, 'name')
  if (name === undefined && details['operatorIdList'] === undefined) {
    throw new Rejection(CODES.badRequest, 'nothing to modify: give name or operatorIdList')
  }
  const networks =
    details['operatorIdList'] === undefined ? undefined : readNetworks(world, details)
  if (name !== undefined && name !== zone.name) {
    if (zoneNames === 'fixed')
      throw new Rejection(CODES.badRequest, 'the name of a rate zone cannot be modified')
    refuseTakenName(world, name)
  }
  if (name !== undefined) zone.name = name
  if (networks !== undefined && mode === 'replaces') zone.networks = networks
  if (networks !== undefined && mode === 'adds') {
    const has = new Set(zone.networks.map(networkKey))
    zone.networks.push(...networks.filter(network => !has.has(networkKey(network))))
  }
  zone.extra = { ...zone.extra, ...without(details, ZONE_FIELDS) }
}

/** A zone as GetRateZone lists it; without networks where the account does not report them. */
export function zoneRow(world: World, zone: SimulatedZone, withNetworks: boolean): JsonObject {
  const row = {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    destGroupId: zone.destGroupId,
    ...zone.extra,
  }
  if (!withNetworks) return row
  return {
    ...row,
    operatorIdList: zone.networks.map(({ operatorId, sponsorId }) => ({
      operatorId,
      sponsorId,
      tadig: world.networks.get(networkKey({ operatorId, sponsorId }))?.tadig ?? '-',
    })),
  }
}

/** The zone with this ID; rejected where there is none. */
export function zoneOf(world: World, id: string): SimulatedZone {
  const zone = world.zones.get(id)
  if (zone === undefined) throw new Rejection(CODES.notFound, `no rate zone ${id}`)
  return zone
}

function refuseTakenName(world: World, name: string): void {
  for (const zone of world.zones.values()) {
    if (zone.name === name) {
      throw new Rejection(CODES.nameExists, `a rate zone named ${name} exists already`)
    }
  }
}

function readNetworks(world: World, details: JsonObject): NetworkId[] {
  const seen = new Set<string>()
  return objects(details, 'operatorIdList').map(item => {
    const network = { operatorId: text(item, 'operatorId'), sponsorId: text(item, 'sponsorId') }
    const key = networkKey(network)
    if (!world.networks.has(key)) {
      throw new Rejection(
        CODES.notFound,
        `operator ${network.operatorId} with sponsor ${network.sponsorId} is not in the destination group`,
      )
    }
    if (seen.has(key)) {
      throw new Rejection(
        CODES.operatorTwice,
        `operator ${network.operatorId} is already in the list`,
      )
    }
    seen.add(key)
    return network
  })
}
