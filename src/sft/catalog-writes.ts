import type { JsonObject, NetworkId } from '../model.ts'
import { normaliseName } from '../names.ts'
import type { CreatePlanRequest, ModifyPlanRequest, SftWriter } from './api.ts'
import type { Write } from './calls.ts'
import { createdId } from './envelope.ts'
import { SftMissingPrerequisiteError } from './errors.ts'
import { requireId, requireIds } from './prerequisites.ts'
import { asList, asObject, compact, firstText, mergeUnder, valuesUnder } from './values.ts'
import { toWire, type WireForm } from './wire-form.ts'

/** Writes of rate zones and add-on plans. */
export function createCatalogWrites(
  write: Write,
  form: WireForm,
): Pick<SftWriter, 'createRateZone' | 'modifyRateZone' | 'createPlan' | 'modifyPlan'> {
  return {
    async createRateZone(request, options) {
      const { name, networks } = request
      requireIds(
        'CreateRateZone',
        'operatorIdList',
        networks.map(network => network.operatorId),
      )
      const details = {
        name,
        destGroupId: requireId('CreateRateZone', 'destGroupId', request.destGroupId),
        status: form.zoneStatus,
        operatorIdList: networks.map(networkOnWire),
      }
      const body = zoneBody(mergeUnder(details, request.sft))
      const response = await write('CreateRateZone', body, options)
      const id = createdZoneId(response, normaliseName(name))
      return id === undefined ? {} : { id }
    },
    async modifyRateZone(request, options) {
      const details = compact({
        id: requireId('ModifyRateZone', 'rateZoneId', request.id),
        name: request.name,
        operatorIdList: request.networks?.map(networkOnWire),
      })
      await write('ModifyRateZone', zoneBody(mergeUnder(details, request.sft)), options)
    },
    async createPlan(request, options) {
      const plan = mergeUnder(planOnWire(request, form), request.sft)
      // ASSUMED (contract 4.4, U14): what totalCount means is not known; add-ons were seen with "1".
      const body = {
        Request: { plan, ...(form.totalCount !== undefined && { totalCount: form.totalCount }) },
      }
      const response = await write('CreatePlan', body, options)
      const isOther = isOtherThan(normaliseName(request.name), 'planName', 'name')
      const planId = createdId(response, 'planId', isOther)
      return planId === undefined ? {} : { planId }
    },
    async modifyPlan(request, options) {
      await write('ModifyPlan', { Request: { plan: planEditOnWire(request, form) } }, options)
    },
  }
}

function zoneBody(ratezoneDetails: JsonObject): JsonObject {
  return { Request: { requestParam: { ratezoneDetails } } }
}

function networkOnWire(network: NetworkId): JsonObject {
  return { operatorId: network.operatorId, sponsorId: network.sponsorId }
}

/**
 * ASSUMED (contract 4.3, U6): the new ID stands in `rateZoneList`, a list or an object, wherever that is. The
 * list may be that of all zones: an ID is taken where it is the only one, or where its name is ours alone;
 * who finds none reads GetRateZone by name.
 */
function createdZoneId(response: JsonObject, name: string): string | undefined {
  const [value] = valuesUnder(response, ['rateZoneList'])
  const list = asList(value)
  if (list === undefined) return createdId(response, 'rateZoneId', isOtherThan(name, ...ZONE_NAMES))
  const zones = list.map(item => asObject(item) ?? {})
  const nameOf = (zone: JsonObject | undefined) => zone && nameIn(zone, ...ZONE_NAMES)
  const named = zones.filter(zone => nameOf(zone) === name)
  const [zone] = named.length > 0 ? named : zones
  const isSure = named.length === 1 || (zones.length === 1 && nameOf(zones[0]) === undefined)
  return zone !== undefined && isSure ? firstText(zone, 'id', 'rateZoneId') : undefined
}

const ZONE_NAMES = ['name', 'rateZoneName']

const nameIn = (row: JsonObject, ...keys: readonly string[]): string | undefined => {
  const name = firstText(row, ...keys)
  return name === undefined ? undefined : normaliseName(name)
}

/** Whether a row has a name that is not this one. */
const isOtherThan =
  (name: string, ...keys: readonly string[]) =>
  (row: JsonObject): boolean =>
    (nameIn(row, ...keys) ?? name) !== name

/** ASSUMED (contract 4.4, U13): every field of basicInfo that was seen is sent. */
function planOnWire(request: CreatePlanRequest, form: WireForm): JsonObject {
  const field = (name: 'serviceProfile' | 'currencyId' | 'destinationGroup'): string =>
    requireId('CreatePlan', name, request[name])
  const once = request.occurrences === '1'
  return {
    basicInfo: compact({
      planName: request.name,
      planCategory: 'ADDON',
      planDescription: request.description,
      planType: toWire(form.planType, request.planType),
      serviceProfile: field('serviceProfile'),
      currencyId: field('currencyId'),
      destinationGroup: field('destinationGroup'),
      planStatus: toWire(form.planStatus, 'Active'),
      addOnPriority: request.priority,
    }),
    benefit: [
      {
        // ASSUMED (contract 7): benefitId 1 is data.
        benefitId: form.dataBenefit,
        value: dataOnWire(request.dataMB, form),
        rateZone: requireId('CreatePlan', 'rateZone', request.rateZoneId),
      },
    ],
    charge: [{ chargeAmount: request.charge }],
    subscription: {
      reSubscription: reSubscriptionOnWire(request, form),
      reSubscriptionRule: toWire(form.renewalRule, request.reSubscriptionRule),
      occurrences: once ? form.oneTime.occurrences : request.occurrences,
      activatedBy: toWire(form.activatedBy, request.activatedBy),
    },
    // ASSUMED (contract 7, U17): validityType 1 is days.
    validity: {
      validityType: toWire(form.validityType, '1'),
      validityFactor: String(request.validityDays),
    },
  }
}

/** ASSUMED (contract 7): "true" with one occurrence is a plan without renewal. */
function reSubscriptionOnWire(request: CreatePlanRequest, { oneTime }: WireForm): string {
  if (request.occurrences === '1') return oneTime.reSubscription
  return request.reSubscription === 'true' ? oneTime.renewing : request.reSubscription
}

/** ASSUMED (contract 4.4, U16): benefits of data are in MB. A volume that the unit cannot say is refused. */
function dataOnWire(dataMB: number, { planUnit, megabyte }: WireForm): string {
  const value = (dataMB * megabyte) / planUnit.bytes
  if (Number.isInteger(value)) return String(value)
  throw new SftMissingPrerequisiteError(
    `CreatePlan: ${dataMB} MB is no whole number of ${planUnit.name}, the unit of plans on this account: choose another volume`,
  )
}

function planEditOnWire(request: ModifyPlanRequest, form: WireForm): JsonObject {
  const { charge, status } = request
  return compact({
    basicInfo: compact({
      planId: requireId('ModifyPlan', 'planId', request.planId),
      planName: request.name,
      planDescription: request.description,
      addOnPriority: request.priority,
      planStatus: status && toWire(form.planStatus, status),
    }),
    charge: charge === undefined ? undefined : [{ chargeAmount: charge }],
  })
}
