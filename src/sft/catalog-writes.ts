import type { Json, JsonObject, NetworkId } from '../model.ts'
import { normaliseName } from '../names.ts'
import type { FieldValues } from '../plan-words.ts'
import { formatSpeed, type Validity, validityParts } from '../units.ts'
import type { CreatePlanRequest, ModifyPlanRequest, SftWriter } from './api.ts'
import type { Write } from './calls.ts'
import { createdId } from './envelope.ts'
import { SftMissingPrerequisiteError } from './errors.ts'
import { fieldsUnder } from './plan-fields.ts'
import { requireId, requireIds } from './prerequisites.ts'
import {
  asList,
  asObject,
  asObjects,
  compact,
  firstText,
  mergeUnder,
  nameIn,
  valuesUnder,
} from './values.ts'
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

/** Whether a row has a name that is not this one. */
const isOtherThan =
  (name: string, ...keys: readonly string[]) =>
  (row: JsonObject): boolean =>
    (nameIn(row, ...keys) ?? name) !== name

/**
 * ASSUMED (contract 4.4, U13): every field of basicInfo that was seen is sent. What a setting says, or another plan
 * has, is sent in the section that its path names, beside what stands there.
 */
function planOnWire(request: CreatePlanRequest, form: WireForm): JsonObject {
  const field = (name: 'serviceProfile' | 'currencyId' | 'destinationGroup'): string =>
    requireId('CreatePlan', name, request[name])
  const { copied = {} } = request
  const said = [...settingsOf(request, form), copied]
  const section = (name: string, ours: JsonObject): JsonObject =>
    mergeUnder(ours, fieldsUnder(name, ...said))
  return {
    basicInfo: section(
      'basicInfo',
      compact({
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
    ),
    benefit: benefitsOnWire(request, form, said),
    charge: chargesOf(request, form, copied),
    subscription: section('subscription', subscriptionOnWire(request, form)),
    validity: section(
      'validity',
      request.validityDays === undefined ? {} : validityOnWire(request.validityDays, form),
    ),
    ...Object.fromEntries(Object.entries(copied).filter(([path]) => isWhole(path))),
  }
}

/** A path of something that stands beside the sections that are sent. */
const isWhole = (path: string): boolean => !path.includes('.') && path !== 'charge'

/** What settings say of a plan. Throws where it says something that no setting tells. */
function settingsOf(request: CreatePlanRequest, form: WireForm): readonly FieldValues[] {
  const { dataMB, dataPer, throttleKbps } = request
  return [
    ...(dataMB === 'unlimited' ? [known(form.unlimitedData, 'unlimited-data')] : []),
    ...(dataPer === 'day' ? [known(form.dailyData, 'daily-data')] : []),
    ...(throttleKbps === undefined
      ? []
      : [known(form.throttles.get(throttleKbps), `throttle.${formatSpeed(throttleKbps)}`)]),
    ...(request.recurringCharge === undefined
      ? []
      : [known(form.recurringCharge, 'recurring-charge')]),
  ]
}

/** A value that must have been set. */
function known<Value>(value: Value | undefined, setting: string): Value {
  if (value !== undefined) return value
  throw new SftMissingPrerequisiteError(
    `CreatePlan: what the account has for ${setting} is not known: set it under account.wire of the catalog, or in SFT_WIRE`,
  )
}

function benefitsOnWire(
  request: CreatePlanRequest,
  form: WireForm,
  said: readonly Readonly<Record<string, Json>>[],
): readonly JsonObject[] {
  const { dataMB, smsCount, copied = {} } = request
  const rateZone = requireId('CreatePlan', 'rateZone', request.rateZoneId)
  // ASSUMED (contract 7): benefitId 1 is data.
  const data = compact({
    benefitId: form.dataBenefit,
    value: typeof dataMB === 'number' ? dataOnWire(dataMB, form) : undefined,
    rateZone,
  })
  const others = (asObjects(copied['benefit.*']) ?? []).map(row =>
    row['rateZone'] === '' ? { ...row, rateZone } : row,
  )
  const rows = [mergeUnder(data, fieldsUnder('benefit', ...said)), ...others]
  if (smsCount === undefined) return rows
  const benefitId = known(form.smsBenefit, 'benefit-id.sms')
  return [...rows, { benefitId, value: String(smsCount), rateZone }]
}

/** The charges of a new plan: its own, or those of the plan that it copies. */
function chargesOf(
  { charge, recurringCharge }: CreatePlanRequest,
  form: WireForm,
  copied: Readonly<Record<string, Json>>,
): readonly JsonObject[] {
  if (charge === undefined) return asObjects(copied['charge']) ?? []
  const [once, ...rest] = chargesOnWire(
    { charge, ...(recurringCharge !== undefined && { recurringCharge }) },
    form,
  )
  return [mergeUnder(once ?? {}, fieldsUnder('charge', copied)), ...rest]
}

/** The one-time charge, and the recurring one where there is one. */
function chargesOnWire(
  { charge, recurringCharge }: { readonly charge: string; readonly recurringCharge?: string },
  form: WireForm,
): readonly JsonObject[] {
  const rows = [{ chargeAmount: charge }]
  if (recurringCharge === undefined) return rows
  const fields = known(form.recurringCharge, 'recurring-charge')
  return [...rows, mergeUnder({ chargeAmount: recurringCharge }, fieldsUnder('charge', fields))]
}

function subscriptionOnWire(request: CreatePlanRequest, form: WireForm): JsonObject {
  const { reSubscriptionRule, occurrences, activatedBy } = request
  return compact({
    reSubscription: reSubscriptionOnWire(request, form),
    reSubscriptionRule: reSubscriptionRule && toWire(form.renewalRule, reSubscriptionRule),
    occurrences: occurrences && occurrencesOnWire(occurrences, form),
    activatedBy: activatedBy && toWire(form.activatedBy, activatedBy),
  })
}

function occurrencesOnWire(occurrences: string, form: WireForm): string {
  if (occurrences === '1') return form.oneTime.occurrences
  return occurrences === 'unlimited'
    ? known(form.unlimitedRenewals, 'unlimited-renewals')
    : occurrences
}

/** ASSUMED (contract 7): "true" with one occurrence is a plan without renewal. */
function reSubscriptionOnWire(
  { occurrences, reSubscription }: CreatePlanRequest,
  { oneTime }: WireForm,
): string | undefined {
  if (occurrences === '1') return oneTime.reSubscription
  return reSubscription === 'true' ? oneTime.renewing : reSubscription
}

/** ASSUMED (contract 7, U17): validityType 1 is days. */
function validityOnWire(validity: Validity, form: WireForm): JsonObject {
  const type = (unit: string) => known(form.validityType[unit], `validity-type.${unit}`)
  const parts = validityParts(validity)
  if (parts === undefined)
    return compact({ validityType: type('unlimited'), validityFactor: form.unlimitedFactor })
  return {
    validityType: type(parts.unit === 'days' ? '1' : parts.unit),
    validityFactor: String(parts.count),
  }
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
  const { charge, recurringCharge, status } = request
  return compact({
    basicInfo: compact({
      planId: requireId('ModifyPlan', 'planId', request.planId),
      planName: request.name,
      planDescription: request.description,
      addOnPriority: request.priority,
      planStatus: status && toWire(form.planStatus, status),
    }),
    charge:
      charge === undefined
        ? undefined
        : chargesOnWire(
            { charge, ...(recurringCharge !== undefined && { recurringCharge }) },
            form,
          ),
  })
}
