import type { JsonObject } from '../model.ts'
import { oneOf, text, without } from './fields.ts'
import { CODES, Rejection } from './rejection.ts'
import { nextId, type World } from './world.ts'

/** Countries of the coverage, each with an ID (shape ASSUMED, contract 6). */
export function countries(world: World): JsonObject[] {
  const names = new Set([...world.networks.values()].map(network => network.countryName))
  return [...names]
    .toSorted((a, b) => a.localeCompare(b))
    .map((countryName, index) => ({ countryId: String(index + 1), countryName }))
}

/** Service profiles as GetServiceProfile lists them (contract 6). */
export function serviceProfileRows(world: World, profileId: string | undefined): JsonObject[] {
  return [...world.serviceProfiles.values()]
    .filter(profile => profileId === undefined || profile.profileId === profileId)
    .map(({ profileId: id, name, category, extra }) => ({
      profileId: id,
      profileName: name,
      category,
      serviceName: 'DATA',
      ratTypeName: '2G/3G/4G/5G',
      ...extra,
    }))
}

/** CreateServiceProfile on `serviceProfile` (contract 6). Returns the new ID. */
export function createServiceProfile(world: World, given: JsonObject): string {
  const name = text(given, 'name')
  const category = oneOf(given, 'category', ['0', '1'])
  oneOf(given, 'status', ['0', '1'])
  text(given, 'service')
  for (const profile of world.serviceProfiles.values()) {
    if (profile.name === name) {
      throw new Rejection(
        CODES.duplicateServiceProfile,
        `a service profile named ${name} exists already`,
      )
    }
  }
  const profileId = `SP_${nextId(world, 'serviceProfile')}`
  const extra = without(given, ['name', 'category'])
  world.serviceProfiles.set(profileId, { profileId, name, category, extra })
  return profileId
}
