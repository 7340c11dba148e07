/** The calls of add-on plans: how one is made, found, edited and seen out of use. */
import { type Finding, findIn, mapFinding, seenIn, there } from '../finding.ts'
import { isJsonObject } from '../json.ts'
import type { Spec } from '../model.ts'
import { normaliseName } from '../names.ts'
import type {
  CreatePlanRequest,
  ModifyPlanRequest,
  ReportedPlan,
  Sft,
  SftReader,
} from '../sft/api.ts'
import { SftMissingPrerequisiteError } from '../sft/errors.ts'
import type { Validity } from '../units.ts'
import { ADDON_PLAN } from './addon-plan-entry.ts'
import { ACTIVATED_BY, observedPlan, PLAN_TYPE, RENEWAL_RULE } from './addon-plan-observed.ts'
import { type EditRequest, type EditResult, findNamed, type ObservedObject, sftOf } from './kind.ts'

/** What CreatePlan is asked for (contract 4.4). */
export function createRequest(spec: Spec): CreatePlanRequest {
  const text = (field: string, step: string): string => {
    const value = spec[field]
    if (typeof value !== 'string' || value === '')
      throw new SftMissingPrerequisiteError(`CreatePlan needs ${field}, which ${step}`)
    return value
  }
  return {
    name: text('name', 'the catalog gives'),
    ...(typeof spec['description'] === 'string' && { description: spec['description'] }),
    planType: PLAN_TYPE[spec['planType'] === 'postpaid' ? 'postpaid' : 'prepaid'],
    serviceProfile: text('serviceProfile', 'account.addonServiceProfile of the catalog gives'),
    currencyId: text('currencyId', 'account.currencyId of the catalog gives'),
    destinationGroup: text('destinationGroup', 'account.roamingProfiles of the catalog gives'),
    rateZoneId: text('rateZone', 'CreateRateZone yields'),
    ...grantRequest(spec),
    ...sftOf(spec),
  }
}

/** What is granted, as far as the spec says it; the rest stands in what was copied. */
function grantRequest(spec: Spec): Partial<CreatePlanRequest> {
  const { dataMB, dataPer, smsCount, throttleKbps, validityDays, activation, charge } = spec
  const { like, priority } = spec
  return {
    ...(dataMB !== undefined && { dataMB: dataMB === 'unlimited' ? dataMB : Number(dataMB) }),
    ...(dataPer === 'day' && { dataPer }),
    ...(typeof smsCount === 'number' && { smsCount }),
    ...(typeof throttleKbps === 'number' && { throttleKbps }),
    ...(validityDays !== undefined && { validityDays: validityIn(spec) }),
    ...(charge !== undefined && { charge: String(charge) }),
    ...recurringIn(spec),
    ...(priority !== undefined && { priority: String(priority) }),
    ...(activation !== undefined && {
      activatedBy: ACTIVATED_BY[activation === 'immediate' ? 'immediate' : 'first-use'],
    }),
    ...renewalRequest(spec),
    ...(isJsonObject(like) && { copied: like }),
  }
}

function renewalRequest({ renewal }: Spec): Partial<CreatePlanRequest> {
  if (renewal === undefined) return {}
  const { on, times = 1 } = isJsonObject(renewal) ? renewal : {}
  return {
    // A one-time pack as a public client creates it: one occurrence, so that the rule never acts.
    reSubscription: 'true',
    reSubscriptionRule: RENEWAL_RULE[on === 'expiry' ? 'expiry' : 'exhaustion'],
    occurrences: String(times),
  }
}

const validityIn = ({ validityDays }: Spec): Validity =>
  typeof validityDays === 'string' ? validityDays : Number(validityDays)

const recurringIn = ({ recurringCharge }: Spec): { readonly recurringCharge?: string } =>
  typeof recurringCharge === 'string' ? { recurringCharge } : {}

/** A plan by its name. */
export async function findPlan(read: SftReader, name: string): Promise<Finding<ObservedObject>> {
  return mapFinding(
    findNamed(await read.addonPlans(), ADDON_PLAN, normaliseName(name)),
    observedPlan,
  )
}

/** A plan by its ID; the list is read no further than to it. */
export async function readPlan(read: SftReader, id: string): Promise<Finding<ReportedPlan>> {
  const isIt = (plan: ReportedPlan) => plan.planId === id
  const plans = await read.addonPlans({ enough: plans => plans.some(isIt) })
  return findIn(plans, `add-on plan ${id}`, isIt)
}

/** In-Active, or gone: that a plan which we know is gone takes the list and a look for itself. */
export async function isRetired(read: SftReader, id: string): Promise<Finding<true>> {
  const listed = await readPlan(read, id)
  const plan = listed.kind === 'there' ? listed : await read.addonPlan(id)
  if (plan.kind === 'not there') return listed.kind === 'not known' ? listed : there(true)
  return seenIn(plan, `add-on plan ${id} is still in use`, ({ status }) =>
    status === 'In-Active' ? true : undefined,
  )
}

/** ModifyPlan, and what the plan is afterwards (contract 4.5). */
export async function editPlan(sft: Sft, { id, fields, spec }: EditRequest): Promise<EditResult> {
  const request: ModifyPlanRequest = {
    planId: id,
    ...(fields.includes('name') && { name: String(spec['name']) }),
    ...(fields.includes('description') && { description: String(spec['description']) }),
    ...(fields.includes('priority') && { priority: String(spec['priority']) }),
    ...(fields.includes('status') && {
      status: spec['status'] === 'Active' ? 'Active' : 'In-Active',
    }),
    // Charges are one list: the recurring one, which stays, goes with the other.
    ...(fields.includes('charge') && { charge: String(spec['charge']), ...recurringIn(spec) }),
  }
  await sft.write.modifyPlan(request)
  const after = await readPlan(sft.read, id)
  const reported = after.kind === 'there' ? observedPlan(after.value).spec : {}
  const refused: Record<string, string> = {}
  for (const field of fields) {
    const value = reported[field]
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(spec[field]))
      refused[field] =
        `ModifyPlan answered success, but the plan still has ${field} ${JSON.stringify(value)}: change it in the portal`
  }
  return { refused }
}
