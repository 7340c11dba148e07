import type { Json, JsonObject } from '../model.ts'
import {
  isObject,
  objects,
  oneOf,
  optionalText,
  section,
  text,
  wholeNumber,
  without,
} from './fields.ts'
import { DATA, termsOf, validityTypes } from './plan-terms.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedPlanTerms } from './settings.ts'
import { nextId, type SimulatedPlan, type SimulatedPlanInfo, type World } from './world.ts'
import { zoneOf } from './zones.ts'

const CATEGORIES = ['ADDON', 'NORMAL', 'TEST', 'INVENTORY'] as const
const STATUSES = ['Active', 'In-Active'] as const
const PLAN_SECTIONS = ['basicInfo', 'benefit', 'charge', 'subscription', 'validity']
const INFO_FIELDS = [
  'planId',
  'planName',
  'planCategory',
  'planDescription',
  'planType',
  'serviceProfile',
  'currencyId',
  'destinationGroup',
  'planStatus',
  'addOnPriority',
]
const SUBSCRIPTION_FIELDS = ['reSubscription', 'reSubscriptionRule', 'occurrences', 'activatedBy']
const VALIDITY_FIELDS = ['validityType', 'validityFactor']

/** CreatePlan on `Request.plan` (contract 4.4). Returns the new ID. */
export function createPlan(
  world: World,
  plan: JsonObject,
  duplicateNames: 'refused' | 'accepted',
  known: SimulatedPlanTerms = {},
): string {
  const given = section(plan, 'basicInfo')
  const basicInfo: SimulatedPlanInfo = {
    planName: text(given, 'planName'),
    planCategory: oneOf(given, 'planCategory', CATEGORIES),
    planDescription: optionalText(given, 'planDescription') ?? '',
    planType: oneOf(given, 'planType', ['0', '1']),
    serviceProfile: text(given, 'serviceProfile'),
    currencyId: wholeNumber(given, 'currencyId', 1),
    destinationGroup: text(given, 'destinationGroup'),
    planStatus: given['planStatus'] === undefined ? 'Active' : oneOf(given, 'planStatus', STATUSES),
    addOnPriority: '',
    extra: without(given, [...INFO_FIELDS, 'activatedBy']),
  }
  const addon = basicInfo.planCategory === 'ADDON'
  if (addon) basicInfo.addOnPriority = wholeNumber(given, 'addOnPriority', 1)
  checkProfiles(world, basicInfo)
  const made: Omit<SimulatedPlan, 'planId'> = {
    basicInfo,
    benefit: readBenefits(world, plan, addon, known),
    charge: readCharges(plan),
    subscription: readSubscription(plan, addon, known),
    validity: readValidity(plan, addon, known),
    terms: termsOf(plan, known),
    extra: without(plan, PLAN_SECTIONS),
  }
  if (duplicateNames === 'refused') refuseTakenName(world, basicInfo.planName)
  const planId = nextId(world, 'plan')
  world.plans.set(planId, { planId, ...made })
  return planId
}

function checkProfiles(world: World, info: SimulatedPlanInfo): void {
  const profile = world.serviceProfiles.get(info.serviceProfile)
  if (profile === undefined) {
    throw new Rejection(CODES.notFound, `no service profile ${info.serviceProfile}`)
  }
  if (profile.category !== (info.planCategory === 'ADDON' ? '1' : '0')) {
    throw new Rejection(
      CODES.badRequest,
      `service profile ${info.serviceProfile} is not of the category that a plan ${info.planCategory} needs`,
    )
  }
  // Contract 4.4: it equals a roaming profile's ID, not destGroupId.
  if (!world.roamingProfiles.has(info.destinationGroup)) {
    throw new Rejection(
      CODES.notOfAccount,
      `destinationGroup ${info.destinationGroup} is not known`,
    )
  }
}

function readBenefits(
  world: World,
  plan: JsonObject,
  addon: boolean,
  known: SimulatedPlanTerms,
): SimulatedPlan['benefit'] {
  if (!addon && plan['benefit'] === undefined) return []
  const { unlimited } = termsOf(plan, known)
  return objects(plan, 'benefit').map(benefit => {
    const rateZone = zoneOf(world, text(benefit, 'rateZone')).id
    const benefitId = oneOf(benefit, 'benefitId', [
      DATA,
      ...(known['benefit-id']?.['sms'] === undefined ? [] : [known['benefit-id']['sms']]),
    ])
    const value =
      unlimited && benefitId === DATA
        ? (optionalText(benefit, 'value') ?? '')
        : wholeNumber(benefit, 'value', 1)
    return { ...benefit, benefitId, value, rateZone }
  })
}

function readCharges(plan: JsonObject): JsonObject[] {
  if (plan['charge'] === undefined) return []
  return objects(plan, 'charge').map(charge => {
    const chargeAmount = text(charge, 'chargeAmount')
    if (!/^\d+(\.\d+)?$/.test(chargeAmount)) {
      throw new Rejection(CODES.badRequest, `chargeAmount must be an amount, not ${chargeAmount}`)
    }
    return { ...charge, chargeAmount }
  })
}

function readSubscription(
  plan: JsonObject,
  addon: boolean,
  known: SimulatedPlanTerms,
): SimulatedPlan['subscription'] {
  if (!addon && plan['subscription'] === undefined) {
    return {
      reSubscription: '',
      reSubscriptionRule: '',
      occurrences: '',
      activatedBy: '',
      extra: {},
    }
  }
  const given = section(plan, 'subscription')
  const forEver = known['unlimited-renewals']
  const occurrences =
    forEver !== undefined && text(given, 'occurrences') === forEver
      ? forEver
      : wholeNumber(given, 'occurrences', 1)
  if (occurrences.length > 5) {
    throw new Rejection(CODES.badRequest, 'occurrences has more than 5 digits')
  }
  return {
    reSubscription: oneOf(given, 'reSubscription', ['true', 'false']),
    reSubscriptionRule: oneOf(given, 'reSubscriptionRule', ['1', '2']),
    occurrences,
    activatedBy: oneOf(given, 'activatedBy', ['0', '1']),
    extra: without(given, SUBSCRIPTION_FIELDS),
  }
}

function readValidity(
  plan: JsonObject,
  addon: boolean,
  known: SimulatedPlanTerms,
): SimulatedPlan['validity'] {
  if (!addon && plan['validity'] === undefined) {
    return { validityType: '0', validityFactor: '', extra: {} }
  }
  const given = section(plan, 'validity')
  const types = validityTypes(known)
  const validityType = oneOf(given, 'validityType', [...types.keys()])
  const hasEnd = types.get(validityType) !== 'unlimited'
  return {
    validityType,
    validityFactor: hasEnd
      ? wholeNumber(given, 'validityFactor', 1)
      : (optionalText(given, 'validityFactor') ?? ''),
    extra: without(given, VALIDITY_FIELDS),
  }
}

/**
 * ModifyPlan on `Request.plan` (contract 4.5). Name, description, priority and status are taken; the
 * charge and `activatedBy` where the account takes more than that. Everything else is answered with
 * success and dropped.
 */
export function modifyPlan(
  world: World,
  request: JsonObject,
  beyondBasicInfo: 'taken' | 'dropped',
): void {
  const given = section(request, 'basicInfo')
  const plan = planOf(world, text(given, 'planId'))
  const name = given['planName'] === undefined ? plan.basicInfo.planName : text(given, 'planName')
  if (name !== plan.basicInfo.planName) refuseTakenName(world, name)
  const info = plan.basicInfo
  const changed: SimulatedPlanInfo = {
    ...info,
    planName: name,
    planDescription: optionalText(given, 'planDescription') ?? info.planDescription,
    planStatus:
      given['planStatus'] === undefined ? info.planStatus : oneOf(given, 'planStatus', STATUSES),
    addOnPriority:
      given['addOnPriority'] === undefined
        ? info.addOnPriority
        : wholeNumber(given, 'addOnPriority', 1),
  }
  const charge = request['charge'] === undefined ? plan.charge : readCharges(request)
  const activatedBy =
    given['activatedBy'] === undefined
      ? plan.subscription.activatedBy
      : oneOf(given, 'activatedBy', ['0', '1'])
  plan.basicInfo = changed
  if (beyondBasicInfo === 'dropped') return
  plan.charge = charge
  plan.subscription.activatedBy = activatedBy
}

/** DeleteRatePlan (contract 4.5): refused while an endpoint uses the plan. */
export function deletePlan(world: World, planId: string): void {
  const plan = planOf(world, planId)
  for (const endpoint of world.endpoints.values()) {
    const used =
      endpoint.planId === planId ||
      endpoint.instances.some(one => one.planId === planId && one.ended === undefined)
    if (used) {
      throw new Rejection(
        CODES.wrongState,
        `plan ${planId} is attached to endpoints: detach it first`,
      )
    }
  }
  world.plans.delete(plan.planId)
}

/** A plan as QueryRatePlan lists it; `basicInfo` alone where the account reports no more. */
export function planRow(plan: SimulatedPlan, form: 'full' | 'basicInfo'): JsonObject {
  const { extra: infoExtra, ...info } = plan.basicInfo
  const basicInfo: JsonObject = { planId: plan.planId, ...info, ...infoExtra }
  if (form === 'basicInfo') return { basicInfo }
  const { extra: subscriptionExtra, ...subscription } = plan.subscription
  const { extra: validityExtra, ...validity } = plan.validity
  return {
    basicInfo,
    benefit: plan.benefit,
    charge: plan.charge,
    subscription: { ...subscription, ...subscriptionExtra },
    validity: { ...validity, ...validityExtra },
    ...plan.extra,
  }
}

/** The plan with this ID; rejected where there is none. */
export function planOf(world: World, planId: string): SimulatedPlan {
  const plan = world.plans.get(planId)
  if (plan === undefined) throw new Rejection(CODES.notFound, `no plan ${planId}`)
  return plan
}

/** The plan with this ID if it can be attached now: of this category, and active (contract 2). */
export function attachablePlan(
  world: World,
  planId: string,
  category: (typeof CATEGORIES)[number],
): SimulatedPlan {
  const plan = planOf(world, planId)
  if (plan.basicInfo.planCategory !== category) {
    throw new Rejection(CODES.badRequest, `plan ${planId} is not of category ${category}`)
  }
  if (plan.basicInfo.planStatus !== 'Active') {
    throw new Rejection(CODES.wrongState, `plan ${planId} is not active`)
  }
  return plan
}

/** A colleague's edit in the portal: any field of any section, as QueryRatePlan names them. */
export function editPlan(
  world: World,
  planId: string,
  set: JsonObject,
  known: SimulatedPlanTerms,
): void {
  const plan = planOf(world, planId)
  const { basicInfo, benefit, charge, subscription, validity } = planRow(plan, 'full')
  const merged = (base: Json | undefined, over: Json | undefined): JsonObject => ({
    ...(isObject(base) ? base : {}),
    ...(isObject(over) ? over : {}),
  })
  const info = merged(merged(basicInfo, without(set, PLAN_SECTIONS)), set['basicInfo'])
  const charges = set['charge'] ?? charge ?? []
  const edited: JsonObject = {
    basicInfo: info,
    benefit: set['benefit'] ?? benefit ?? [],
    charge: Array.isArray(charges)
      ? charges
      : [{ chargeAmount: isObject(charges) ? '0' : charges }],
    subscription: merged(subscription, set['subscription']),
    validity: merged(validity, set['validity']),
  }
  const addon = text(info, 'planCategory') === 'ADDON'
  const name = text(info, 'planName')
  if (name !== plan.basicInfo.planName) refuseTakenName(world, name)
  plan.basicInfo = {
    ...plan.basicInfo,
    planName: name,
    planDescription: optionalText(info, 'planDescription') ?? '',
    planStatus: oneOf(info, 'planStatus', STATUSES),
    addOnPriority: optionalText(info, 'addOnPriority') ?? '',
    currencyId: text(info, 'currencyId'),
    extra: without(info, [...INFO_FIELDS, 'activatedBy']),
  }
  if (addon) {
    plan.benefit = readBenefits(world, edited, true, known)
    plan.subscription = readSubscription(edited, true, known)
    plan.validity = readValidity(edited, true, known)
    plan.terms = termsOf(edited, known)
  }
  plan.charge = readCharges(edited)
}

function refuseTakenName(world: World, name: string): void {
  for (const plan of world.plans.values()) {
    if (plan.basicInfo.planName === name) {
      throw new Rejection(CODES.nameExists, `a plan named ${name} exists already`)
    }
  }
}
