import type { Json, JsonObject } from '../model.ts'
import type { CustomerProfile, ReportedRateZone, ReportedRoamingProfile, SftReader } from './api.ts'
import { answerOf, type ListReader, type Page, pageOf, readList } from './lists.ts'
import { createNetworkReads } from './network-reads.ts'
import { networksOfList } from './networks-in.ts'
import { createPlanReads } from './plan-reads.ts'
import { asList, asObject, asText, compact, firstText, nameIn, valuesUnder } from './values.ts'
import type { WireForm } from './wire-form.ts'

/** Reads of what the account as a whole has: profile, networks, zones, plans. */
export function createAccountReads(
  reader: ListReader,
  form: WireForm,
): Pick<
  SftReader,
  | 'customerProfile'
  | 'networks'
  | 'rateZones'
  | 'addonPlans'
  | 'basePlans'
  | 'roamingProfiles'
  | 'addonPlan'
> {
  return {
    ...createNetworkReads(reader, form),
    ...createPlanReads(reader, form),
    async customerProfile(options) {
      return answerOf(await reader.read('GetCustomerProfile', {}, customerProfileOf, options))
    },
    async rateZones(options) {
      const call = {
        operation: 'GetRateZone',
        query: {},
        pageOf: zonesOf,
        idOf: (zone: ReportedRateZone) => zone.id,
      } as const
      return answerOf(await readList(reader, call, options))
    },
    async roamingProfiles(options) {
      const call = {
        operation: 'GetRoamingProfiles',
        query: {},
        pageOf: reportedProfilesOf,
        idOf: ({ id }: ReportedRoamingProfile) => id,
      } as const
      return answerOf(await readList(reader, call, options))
    },
  }
}

/**
 * ASSUMED (contract 4.1, U4): destGroupId stands anywhere in the body, as text, number or list; several
 * mean that configuration must choose.
 */
function customerProfileOf(response: JsonObject): CustomerProfile | undefined {
  const found = valuesUnder(response, ['destGroupId', 'destinationGroupId'])
    .flatMap((value): readonly Json[] => asList(value) ?? [value])
    .map(value => {
      const group = asObject(value)
      return group === undefined ? asText(value) : firstText(group, 'destGroupId', 'id')
    })
  const destGroupIds = [...new Set(found.filter(id => id !== undefined))]
  const hasPayload = response['responseParam'] !== undefined || response['info'] !== undefined
  return destGroupIds.length > 0 || hasPayload ? { destGroupIds } : undefined
}

const reportedProfilesOf = (response: JsonObject): Page<ReportedRoamingProfile> | undefined =>
  pageOf(response, ['rows'], row => {
    const id = firstText(row, 'roamingProfileId')
    const { networks } = networksOfList(asList(row['tadigList']) ?? [], {})
    return id === undefined
      ? undefined
      : {
          id,
          ...compact({ name: firstText(row, 'roamingProfileName') }),
          networks: networks.length,
        }
  })

const zonesOf = (response: JsonObject): Page<ReportedRateZone> | undefined =>
  pageOf(response, ['rateZoneList', 'rows'], rateZoneOf)

/** A row without ID or name is no zone that is known: it would look as if the zone did not exist. */
function rateZoneOf(row: JsonObject): ReportedRateZone | undefined {
  const id = firstText(row, 'id', 'rateZoneId')
  const name = nameIn(row, 'name')
  if (id === undefined || name === undefined) return undefined
  const list = asList(row['operatorIdList'])
  const found = list && networksOfList(list, {})
  // A zone whose networks cannot all be read does not tell them, which is not to have fewer.
  const isRead = found !== undefined && found.unread === 0
  return { id, name, ...(isRead && { networks: found.networks }) }
}
