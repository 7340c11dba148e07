import type { JsonObject, NetworkId } from '../model.ts'
import { benefitRows, counterRow, liveInstances, promotionalPlan, settleAddons } from './addons.ts'
import { type Answer, type Call, ok } from './answer.ts'
import { wholeNumber } from './fields.ts'
import { addonBlocks } from './forms.ts'
import { CODES, Rejection } from './rejection.ts'
import type { AddonForm } from './settings.ts'
import { imsiOf, msisdnOf, pageOfSims, simRow } from './sims.ts'
import { networkKey, type SimulatedEndpoint, type SimulatedInstance, type World } from './world.ts'

/** fetchSIM: one SIM, or a page of those that match (contract 4.8). */
export function fetchSims(call: Call): Answer {
  const { world, query } = call
  const iccid = query.get('iccid')
  if (iccid !== null) {
    const sim = world.sims.get(iccid)
    if (sim === undefined && call.settings.wire.unknownSim === 'failure')
      throw new Rejection(CODES.notFound, 'This card is not yours')
    return ok({
      list: {
        field: 'rows',
        items: sim === undefined ? [] : [simRow(sim, call.settings.wire)],
        pages: 1,
      },
    })
  }
  const { page, perPage } = paging(call)
  const simStatusId = query.get('simStatusId')
  const simAttachStatusId = query.get('simAttachStatusId')
  const filter = {
    ...(simStatusId === null ? {} : { simStatusId }),
    ...(simAttachStatusId === null ? {} : { simAttachStatusId }),
  }
  const { sims, total } = pageOfSims(world.stock, filter, page, perPage)
  return ok({
    list: {
      field: 'rows',
      items: sims.map(sim => simRow(sim, call.settings.wire)),
      pages: Math.ceil(total / perPage),
    },
  })
}

/** `page` and `perPage` of a query, as far as they are granted. */
export function paging(call: Call): { readonly page: number; readonly perPage: number } {
  const most = call.settings.wire.maxPerPage ?? 250
  const given = Object.fromEntries(call.query)
  const page = given['page'] === undefined ? '1' : wholeNumber(given, 'page', 1)
  const perPage = given['perPage'] === undefined ? String(most) : wholeNumber(given, 'perPage', 1)
  if (Number(perPage) > most && call.settings.wire.longPages === 'refused')
    throw new Rejection(CODES.badRequest, `perPage must be at most ${most}`)
  return { page: Number(page), perPage: Math.min(Number(perPage), most) }
}

/** Networks as lists of them report each (contract 4.2). */
export function networkRows(world: World, networks: 'all' | readonly NetworkId[]): JsonObject[] {
  const wanted =
    networks === 'all'
      ? [...world.networks.values()]
      : networks.flatMap(one => world.networks.get(networkKey(one)) ?? [])
  return wanted.map(network => ({
    operatorId: network.operatorId,
    operatorName: network.operatorName,
    categoryGroupId: network.sponsorId,
    tadigCode: network.tadig,
    countryName: network.countryName,
  }))
}

/** An endpoint without its add-ons (contract 4.11). */
export function basicInfo(world: World, endpoint: SimulatedEndpoint): JsonObject {
  const sim = endpoint.iccid === undefined ? undefined : world.sims.get(endpoint.iccid)
  // ASSUMED (contract 4.11): only name to imeiLockStatus are seen; the rest has its names from requests.
  return {
    endPointId: endpoint.endPointId,
    name: endpoint.name,
    iccid: endpoint.iccid ?? '-',
    msisdn: sim === undefined ? '-' : msisdnOf(sim),
    imsi: sim === undefined ? '-' : imsiOf(sim),
    imeiLockStatus: 'Disabled',
    status: endpoint.status,
    planId: endpoint.planId,
    apnGroupId: endpoint.apnGroupId,
    roamingProfileId: endpoint.roamingProfileIds.join('|'),
  }
}

/** The add-on instances that the platform lists, filtered where asked for. */
export function instancesOf(
  { world, settings, now }: Call,
  endpoint: SimulatedEndpoint,
  filter: { readonly uniqueId?: string | undefined; readonly addonId?: string | undefined } = {},
): readonly SimulatedInstance[] {
  settleAddons(world, endpoint, now)
  const listed =
    settings.wire.endedAddons === 'kept'
      ? endpoint.instances.filter(instance => instance.ended !== 'removed')
      : liveInstances(endpoint)
  return listed.filter(
    instance =>
      (filter.uniqueId === undefined || instance.uniqueId === filter.uniqueId) &&
      (filter.addonId === undefined || instance.planId === filter.addonId),
  )
}

/** The blocks of an endpoint with these add-ons (contract 4.11). */
export function endpointInfo(
  { world, settings }: Call,
  endpoint: SimulatedEndpoint,
  instances: readonly SimulatedInstance[],
  form: AddonForm | undefined,
  hasCounters: boolean,
): JsonObject {
  const plans = instances.map(promotionalPlan)
  const benefits = instances.flatMap(instance => benefitRows(instance, settings.wire))
  return {
    basicInfo: basicInfo(world, endpoint),
    ...addonBlocks(plans, benefits, form),
    // ASSUMED (contract 4.11): that there are counters is confirmed, and nothing of their form.
    ...(hasCounters && { counterInfo: { counter: instances.map(counterRow) } }),
  }
}
