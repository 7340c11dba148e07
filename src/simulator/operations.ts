import type { JsonObject } from '../model.ts'
import { benefitRows, promotionalPlan, settleAddons } from './addons.ts'
import { type Answer, type Call, ok } from './answer.ts'
import {
  activateEndpoint,
  changeLifecycle,
  changePlan,
  createEndpoint,
  createEndpoints,
  deLinkSim,
  deleteEndpoint,
  endpointOf,
  linkSim,
  modifyEndpoint,
  subscribeAddon,
} from './endpoints.ts'
import { objects, section, text, wholeNumber, without } from './fields.ts'
import { countries, createServiceProfile, serviceProfileRows } from './look-ups.ts'
import { createRoamingProfile } from './networks.ts'
import { createPlan, deletePlan, modifyPlan, planRow } from './plans.ts'
import { CODES, Rejection } from './rejection.ts'
import { basicInfo, endpointInfo, fetchSims, instancesOf, networkRows, paging } from './reports.ts'
import type { SimulatedWire } from './settings.ts'
import { readStatistics } from './statistics.ts'
import { SIMULATED_ACCOUNT, type SimulatedPlan } from './world.ts'
import { createZone, modifyZone, zoneRow } from './zones.ts'

/** An operation of the platform: where it is found, who may call it, what it does. */
export interface Operation {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly write: boolean
  /** Refused to a reseller that has not entered a child account (contract 1.8). */
  readonly enterpriseOnly: boolean
  readonly run: (call: Call) => Answer
}

function read(name: string, run: Operation['run'], enterpriseOnly = true): Operation {
  return { name, method: 'GET', path: `/api/${name}`, write: false, enterpriseOnly, run }
}

function write(name: string, run: Operation['run'], enterpriseOnly = true): Operation {
  return { name, method: 'POST', path: `/api/${name}`, write: true, enterpriseOnly, run }
}

/** What PATCH endpoint changes of an endpoint itself; nobody has seen it (contract 4.12). */
const ENDPOINT_EDITS = ['name', 'apnGroupId', 'roamingProfileId']

function destGroups(told: SimulatedWire['customerProfile']): JsonObject {
  if (told === 'none') return {}
  const { destGroupId } = SIMULATED_ACCOUNT
  return { destGroupId: told === 'several' ? [destGroupId, '2516'] : destGroupId }
}

const isAddon = ({ basicInfo }: SimulatedPlan): boolean => basicInfo.planCategory === 'ADDON'

/** The ID that a creation answers with, beside those of its kind, the oldest first. */
function answeredId({ settings }: Call, ids: Iterable<string>, id: string): string {
  const [oldest] = settings.wire.answeredIds === 'oldest' ? ids : []
  return oldest ?? id
}

/** Every operation but login and refresh, which server.ts has with the tokens. */
export const OPERATIONS: readonly Operation[] = [
  read('GetCustomerProfile', ({ settings }) =>
    ok({
      responseParam: {
        customerName: 'Simulated Travel',
        tierId: '4',
        ...destGroups(settings.wire.customerProfile),
        currencyId: SIMULATED_ACCOUNT.currencyId,
      },
    }),
  ),
  read('fetchNetworkList', ({ world }) =>
    ok({ list: { field: 'rows', items: networkRows(world, 'all') } }),
  ),
  read('GetRoamingProfiles', ({ world, query }) => {
    const wanted = query.get('roamingProfileId')
    const items = [...world.roamingProfiles.values()]
      .filter(profile => wanted === null || profile.roamingProfileId === wanted)
      .map(profile => ({
        roamingProfileId: profile.roamingProfileId,
        roamingProfileName: profile.name,
        tadigList: networkRows(world, profile.networks),
      }))
    return ok({ list: { field: 'rows', items } })
  }),
  write('createRoamingProfile', ({ world, body }) => {
    const info = section(body, 'roamingProfileInfo')
    const networks = objects(info, 'tadigCodeList').map(item => ({
      tadig: text(item, 'tadigCode'),
      sponsorId: text(item, 'categoryGroupId'),
    }))
    const id = createRoamingProfile(world, text(info, 'roamingProfileName'), networks)
    return ok({ created: { field: 'roamingProfileId', id } })
  }),
  read(
    'GetRateZone',
    ({ world, settings }) => {
      const withNetworks = settings.wire.zoneNetworks ?? true
      const items = [...world.zones.values()].map(zone => zoneRow(world, zone, withNetworks))
      return ok({ list: { field: 'rateZoneList', items } })
    },
    false,
  ),
  write(
    'CreateRateZone',
    call => {
      const { world, settings, body } = call
      const details = section(body, 'Request', 'requestParam', 'ratezoneDetails')
      const id = createZone(world, details, settings.wire.duplicateNames ?? 'refused')
      const all = [...world.zones.values()].map(zone => zoneRow(world, zone, false))
      if (settings.wire.createdZones === 'all') return ok({ responseParam: { rateZoneList: all } })
      return ok({
        created: { field: 'rateZoneList', id: answeredId(call, world.zones.keys(), id) },
      })
    },
    false,
  ),
  write(
    'ModifyRateZone',
    ({ world, settings, body }) => {
      const details = section(body, 'Request', 'requestParam', 'ratezoneDetails')
      modifyZone(world, details, settings.modifyRateZone, settings.wire.zoneNames ?? 'fixed')
      return ok()
    },
    false,
  ),
  read(
    'QueryRatePlan',
    ({ world, settings, query }) => {
      const { planCategory, planId, ...given } = Object.fromEntries(query)
      const hides = settings.wire.plansWithoutType === 'postpaid' && planId === undefined
      const planType = given['planType'] ?? (hides ? '1' : undefined)
      const items = [...world.plans.values()]
        .filter(
          plan =>
            (planCategory === undefined || plan.basicInfo.planCategory === planCategory) &&
            (planType === undefined || plan.basicInfo.planType === planType) &&
            (planId === undefined || plan.planId === planId),
        )
        .map(plan => planRow(plan, settings.wire.planQuery ?? 'full'))
      return ok({ list: { field: 'plan', items } })
    },
    false,
  ),
  write(
    'CreatePlan',
    call => {
      const { world, settings, body } = call
      const plan = section(body, 'Request', 'plan')
      const id = createPlan(
        world,
        plan,
        settings.wire.duplicateNames ?? 'refused',
        settings.wire.planTerms,
      )
      const addons = [...world.plans.values()].filter(isAddon).map(({ planId }) => planId)
      return ok({ created: { field: 'planId', id: answeredId(call, addons, id) } })
    },
    false,
  ),
  write(
    'ModifyPlan',
    ({ world, settings, body }) => {
      const beyond = settings.wire.editsBeyondBasicInfo ?? 'taken'
      modifyPlan(world, section(body, 'Request', 'plan'), beyond)
      return ok()
    },
    false,
  ),
  write(
    'DeleteRatePlan',
    ({ world, body }) => {
      // ASSUMED (contract 4.5): the body of DeleteRatePlan is not known.
      deletePlan(world, text(section(body, 'Request', 'requestParam'), 'planId'))
      return ok()
    },
    false,
  ),
  write('CreateEndPoint', call => {
    const { world, body, now } = call
    const id = createEndpoint(world, section(body, 'Request', 'requestParam'), now)
    return ok({
      created: { field: 'endPointId', id: answeredId(call, world.endpoints.keys(), id) },
    })
  }),
  write('CreateBulkEndPoint', call => {
    const { world, settings, body, now } = call
    if (settings.bulk === 'wrong') return ok()
    const param = section(body, 'Request', 'requestParam')
    const rows = createEndpoints(world, param, objects(param, 'endPointList'), now)
    const items = rows.map(({ code, description, ...row }) => ({
      ...row,
      endPointId: answeredId(call, world.endpoints.keys(), row.endPointId),
      resultCode: code,
      resultDescription: description,
    }))
    return ok({ responseParam: { rows: items } })
  }),
  read('fetchSIM', fetchSims),
  read('GetEndpoints', call => {
    const { page, perPage } = paging(call)
    const all = [...call.world.endpoints.values()]
    const items = all
      .slice((page - 1) * perPage, page * perPage)
      .map(endpoint => basicInfo(call.world, endpoint))
    return ok({ list: { field: 'rows', items, pages: Math.ceil(all.length / perPage) } })
  }),
  write('EndPointActivation', ({ world, body }) => {
    activateEndpoint(world, endpointOf(world, text(section(body, 'Request'), 'endPointId')))
    return { code: CODES.activated, description: 'End Point activated' }
  }),
  write('EndPointLifeCycleChange', ({ world, settings, body }) => {
    const endpoint = endpointOf(world, text(section(body, 'Request'), 'endPointId'))
    const param = section(body, 'Request', 'requestParam')
    const byLifecycle = settings.wire.activateByLifecycle ?? true
    const previousStatus = changeLifecycle(world, endpoint, param, byLifecycle)
    const active = endpoint.status === 'Active'
    return {
      code: active ? CODES.lifecycleActive : CODES.lifecycleSuspended,
      description: 'Life cycle changed',
      responseParam: { currentStatus: endpoint.status, previousStatus },
    }
  }),
  write('SubscribeAddon', ({ world, settings, body, now }) => {
    const param = section(body, 'Request', 'requestParam')
    const endpoint = endpointOf(world, text(param, 'endPointId'))
    settleAddons(world, endpoint, now)
    const instance = subscribeAddon(world, endpoint, text(param, 'planId'), now)
    const rows = benefitRows(instance, settings.wire)
    return ok({
      info: {
        promotionalPlans: { plan: promotionalPlan(instance) },
        benefitInfo: { benefit: rows.length === 1 ? (rows[0] ?? {}) : rows },
      },
    })
  }),
  read('GetEndpointAddonDetails', call => {
    const endpoint = endpointOf(call.world, text(Object.fromEntries(call.query), 'endPointId'))
    const { uniqueId, addonId } = Object.fromEntries(call.query)
    const { addonDetailsForm: form, counters, emptyAs } = call.settings.wire
    const instances = instancesOf(call, endpoint, { uniqueId, addonId })
    if (instances.length === 0 && emptyAs === 'failure')
      throw new Rejection(CODES.noData, 'No data available')
    const info = endpointInfo(call, endpoint, instances, form, counters !== 'none')
    return form === 'rows' ? ok({ responseParam: info }) : ok({ info })
  }),
  read('GetEndPointProfile', call => {
    const endpoint = endpointOf(call.world, text(Object.fromEntries(call.query), 'endPointId'))
    const instances = instancesOf(call, endpoint)
    const { profileForm, counters } = call.settings.wire
    return ok({
      info: endpointInfo(call, endpoint, instances, profileForm, counters === 'both'),
    })
  }),
  {
    ...write('ModifyEndPoint', ({ world, settings, body, now }) => {
      const endpoint = endpointOf(world, text(section(body, 'Request'), 'endPointId'))
      settleAddons(world, endpoint, now)
      const param = section(body, 'Request', 'requestParam')
      const dropped = settings.wire.endpointEdits === 'dropped' ? ENDPOINT_EDITS : []
      modifyEndpoint(world, endpoint, without(param, dropped), now)
      return ok()
    }),
    method: 'PATCH',
    path: '/api/endpoint',
  },
  write('LinkSim', ({ world, body }) => {
    const endpoint = endpointOf(world, text(section(body, 'Request'), 'endPointId'))
    linkSim(world, endpoint, text(section(body, 'Request', 'requestParam'), 'iccid'))
    return ok()
  }),
  write('DeLinkSim', ({ world, body }) => {
    deLinkSim(world, endpointOf(world, text(section(body, 'Request'), 'endPointId')))
    return { code: CODES.deLinked, description: 'SIM de-linked' }
  }),
  write('DeleteEndPoint', ({ world, body }) => {
    deleteEndpoint(world, endpointOf(world, text(section(body, 'Request'), 'endPointId')))
    return { code: CODES.deleted, description: 'End Point deleted' }
  }),
  write('ChangePlan', ({ world, body }) => {
    const endpoint = endpointOf(world, text(section(body, 'Request'), 'endPointId'))
    changePlan(world, endpoint, text(section(body, 'Request', 'requestParam'), 'planId'))
    return { code: CODES.planChanged, description: 'Plan changed' }
  }),
  write('UpdateThreshold', ({ world, body }) => {
    const endpoint = endpointOf(world, text(section(body, 'Request'), 'endPointId'))
    const param = section(body, 'Request', 'requestParam')
    text(param, 'planId')
    text(param, 'counterId')
    const threshold = wholeNumber(param, 'threshold', 0)
    endpoint.extra = { ...endpoint.extra, threshold }
    return { code: CODES.thresholdSet, description: 'Threshold updated' }
  }),
  read('GetStatistics', ({ world, query }) => {
    const given = Object.fromEntries(query)
    const endpoint = endpointOf(world, text(given, 'endPointId'))
    return ok({
      responseParam: readStatistics(endpoint, text(given, 'from_date'), text(given, 'to_date')),
    })
  }),
  read(
    'GetServiceProfile',
    ({ world, query }) => {
      const items = serviceProfileRows(world, query.get('serviceProfileId') ?? undefined)
      return ok({ list: { field: 'rows', items } })
    },
    false,
  ),
  write(
    'CreateServiceProfile',
    ({ world, body }) => {
      const profile = section(body, 'Request', 'requestParam', 'serviceProfile')
      const id = createServiceProfile(world, profile)
      return {
        code: CODES.serviceProfileCreated,
        description: 'Service profile created',
        created: { field: 'serviceProfile', id },
      }
    },
    false,
  ),
  read(
    'GetCurrency',
    () => ok({ list: { field: 'rows', items: [{ currencyId: '44', currencyCode: 'EUR' }] } }),
    false,
  ),
  read(
    'GetCountries',
    ({ world }) => ok({ list: { field: 'rows', items: countries(world) } }),
    false,
  ),
  read(
    'GetTimeZone',
    () => ok({ list: { field: 'rows', items: [{ timeZoneId: '1', timeZoneName: 'UTC' }] } }),
    false,
  ),
]
