import type { KindList } from '../account/kind-list.ts'
import { type Finding, findIn, type Listing, mapFinding, seenIn, there } from '../finding.ts'
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject, Resource, Spec } from '../model.ts'
import { normaliseName } from '../names.ts'
import type {
  CreatePlanRequest,
  ModifyPlanRequest,
  ReportedPlan,
  Sft,
  SftReader,
} from '../sft/api.ts'
import { SftMissingPrerequisiteError } from '../sft/errors.ts'
import type { AnyRecord, MappingRow } from '../state/state.ts'
import { formatMB, formatSpeed, normaliseAmount, type Validity } from '../units.ts'
import { planEdits } from './addon-plan-accept.ts'
import { addonPlanAdoption } from './addon-plan-adopt.ts'
import { ADDON_PLAN, type AddonPlanEntry, addonPlanPart } from './addon-plan-entry.ts'
import { ACTIVATED_BY, observedPlan, PLAN_TYPE, RENEWAL_RULE } from './addon-plan-observed.ts'
import {
  type EditRequest,
  type EditResult,
  findNamed,
  type Kind,
  keptOf,
  type ObservedObject,
  type ResolveContext,
  recordText,
  sftOf,
} from './kind.ts'
import { refTo } from './references.ts'

/** What the state has of an add-on plan. */
export interface AddonPlanRecord extends AnyRecord {
  readonly planId: string
  /** Key of the catalog's zone; absent for one kept elsewhere. */
  readonly rateZone?: string
  readonly rateZoneId: string
  readonly portal?: JsonObject
}

declare module '../account/observation.ts' {
  interface Observation {
    readonly addonPlans: Listing<ReportedPlan>
  }
}

declare module '../state/state.ts' {
  interface State {
    readonly addonPlans: Readonly<Record<string, AddonPlanRecord>>
  }
  interface Mapping {
    readonly addonPlans: readonly MappingRow[]
  }
}

function resources({
  catalog: { account },
  entries,
}: ResolveContext<AddonPlanRecord, AddonPlanEntry>): readonly Resource[] {
  return entries.map((entry): Resource => {
    const zone = entry.rateZone
    return {
      kind: 'addonPlan',
      address: `addonPlan/${entry.key}`,
      key: entry.key,
      naturalKey: entry.name,
      spec: {
        name: entry.name,
        ...(entry.description && { description: entry.description }),
        status: 'Active',
        rateZone: 'key' in zone ? refTo(`rateZone/${zone.key}`) : zone.id,
        dataMB: entry.dataMB,
        ...(entry.dataPer && { dataPer: entry.dataPer }),
        ...(entry.smsCount !== undefined && { smsCount: entry.smsCount }),
        ...(entry.throttleKbps !== undefined && { throttleKbps: entry.throttleKbps }),
        validityDays: entry.validityDays,
        activation: entry.activation,
        renewal:
          entry.renewal === undefined ? null : { on: entry.renewal.on, times: entry.renewal.times },
        charge: normaliseAmount(entry.charge),
        ...(entry.recurringCharge !== undefined && {
          recurringCharge: normaliseAmount(entry.recurringCharge),
        }),
        priority: entry.priority,
        serviceProfile: entry.serviceProfile ?? account.addonServiceProfile ?? null,
        currencyId: entry.currencyId ?? account.currencyId ?? null,
        planType: account.planType,
        destinationGroup:
          entry.destinationGroup ?? account.destinationGroup ?? account.roamingProfiles[0] ?? null,
        ...(entry.sft && { sft: entry.sft }),
      },
      local: {
        ...(entry.portal && { portal: entry.portal }),
        ...('key' in zone && { rateZone: zone.key }),
        ...(entry.lifecycle.preventRetire && { preventRetire: true }),
      },
      needs: 'key' in zone ? [`rateZone/${zone.key}`] : [],
      position: entry.position,
    }
  })
}

function createRequest(spec: Spec): CreatePlanRequest {
  const text = (field: string, step: string): string => {
    const value = spec[field]
    if (typeof value !== 'string' || value === '')
      throw new SftMissingPrerequisiteError(`CreatePlan needs ${field}, which ${step}`)
    return value
  }
  const renewal = isJsonObject(spec['renewal']) ? spec['renewal'] : undefined
  const on = renewal?.['on'] === 'expiry' ? 'expiry' : 'exhaustion'
  return {
    name: text('name', 'the catalog gives'),
    ...(typeof spec['description'] === 'string' && { description: spec['description'] }),
    planType: PLAN_TYPE[spec['planType'] === 'postpaid' ? 'postpaid' : 'prepaid'],
    serviceProfile: text('serviceProfile', 'account.addonServiceProfile of the catalog gives'),
    currencyId: text('currencyId', 'account.currencyId of the catalog gives'),
    destinationGroup: text('destinationGroup', 'account.roamingProfiles of the catalog gives'),
    priority: String(spec['priority']),
    rateZoneId: text('rateZone', 'CreateRateZone yields'),
    dataMB: spec['dataMB'] === 'unlimited' ? 'unlimited' : Number(spec['dataMB']),
    ...(spec['dataPer'] === 'day' && { dataPer: 'day' }),
    ...(typeof spec['smsCount'] === 'number' && { smsCount: spec['smsCount'] }),
    ...(typeof spec['throttleKbps'] === 'number' && { throttleKbps: spec['throttleKbps'] }),
    validityDays: validityIn(spec),
    charge: String(spec['charge']),
    ...recurringIn(spec),
    activatedBy: ACTIVATED_BY[spec['activation'] === 'immediate' ? 'immediate' : 'first-use'],
    // A one-time pack as a public client creates it: one occurrence, so that the rule never acts.
    reSubscription: 'true',
    reSubscriptionRule: RENEWAL_RULE[on],
    occurrences: String(renewal?.['times'] ?? 1),
    ...sftOf(spec),
  }
}

const validityIn = ({ validityDays }: Spec): Validity =>
  typeof validityDays === 'string' ? validityDays : Number(validityDays)

const recurringIn = ({ recurringCharge }: Spec): { readonly recurringCharge?: string } =>
  typeof recurringCharge === 'string' ? { recurringCharge } : {}

async function find(read: SftReader, name: string): Promise<Finding<ObservedObject>> {
  return mapFinding(
    findNamed(await read.addonPlans(), ADDON_PLAN, normaliseName(name)),
    observedPlan,
  )
}

/** A plan by its ID; the list is read no further than to it. */
async function readPlan(read: SftReader, id: string): Promise<Finding<ReportedPlan>> {
  const isIt = (plan: ReportedPlan) => plan.planId === id
  const plans = await read.addonPlans({ enough: plans => plans.some(isIt) })
  return findIn(plans, `add-on plan ${id}`, isIt)
}

/** In-Active, or gone: that a plan which we know is gone takes the list and a look for itself. */
async function isRetired(read: SftReader, id: string): Promise<Finding<true>> {
  const listed = await readPlan(read, id)
  const plan = listed.kind === 'there' ? listed : await read.addonPlan(id)
  if (plan.kind === 'not there') return listed.kind === 'not known' ? listed : there(true)
  return seenIn(plan, `add-on plan ${id} is still in use`, ({ status }) =>
    status === 'In-Active' ? true : undefined,
  )
}

async function edit(sft: Sft, { id, fields, spec }: EditRequest): Promise<EditResult> {
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

const fixed = (reason: string, section: string, show?: (value: Json) => string) => ({
  mutability: 'replace' as const,
  reason,
  trust: 'INFERRED' as const,
  section,
  reported: true,
  ...(show && { show }),
})
/** What plans say by wire values that have to be set first (docs/wire.md). */
const notKnown = (reason: string, show: (value: Json) => string) => ({
  ...fixed(reason, '4.4', show),
  trust: 'UNKNOWN' as const,
  unset: null,
})
const basic = (trust: 'SEEN' | 'INFERRED') => ({
  mutability: 'in-place' as const,
  reason: 'ModifyPlan basicInfo, read back',
  trust,
  section: '4.5',
  reported: true,
})

/**
 * What a plan's row tells of its spec. What is no number of MB or days has a column of its own, so that nobody
 * reads it as one.
 */
function mappedFields(spec: Spec): Readonly<Record<string, Json>> {
  const { dataMB, dataPer, smsCount, throttleKbps, validityDays, activation } = spec
  const columns: Readonly<Record<string, Json | undefined>> = {
    ...(typeof dataMB === 'number' ? { dataMB } : { data: dataMB }),
    dataPer,
    smsCount,
    throttleKbps,
    ...(typeof validityDays === 'number' ? { validityDays } : { validity: validityDays }),
    activation,
  }
  return Object.fromEntries(
    Object.entries(columns).filter((column): column is [string, Json] => column[1] !== undefined),
  )
}

/** The row of the table "add-on to portal product" of the platform's guide for backend configuration. */
const mappingRow = (key: string, plan: AddonPlanRecord): MappingRow => ({
  planId: plan.planId,
  planName: plan.name,
  key,
  rateZoneId: plan.rateZoneId,
  ...(plan.rateZone !== undefined && { rateZone: plan.rateZone }),
  ...mappedFields(plan.spec),
  ...(plan.retired === true && { retired: true }),
  ...(plan.portal !== undefined && { portal: plan.portal }),
})

const FIELDS: Kind['fields'] = {
  name: basic('INFERRED'),
  description: basic('INFERRED'),
  priority: basic('INFERRED'),
  status: basic('INFERRED'),
  charge: {
    mutability: 'in-place',
    reason: 'ModifyPlan charge, read back: edits outside basicInfo may be dropped',
    trust: 'UNKNOWN',
    section: '4.5',
    reported: true,
  },
  rateZone: fixed('the benefit is fixed once created', '4.4'),
  dataMB: fixed('the benefit is fixed once created', '4.4', value =>
    value === 'unlimited' ? 'unlimited data' : formatMB(Number(value)),
  ),
  dataPer: notKnown('the benefit is fixed once created', value =>
    value === 'day' ? 'a day' : 'once',
  ),
  smsCount: notKnown('the benefit is fixed once created', value =>
    value === null ? 'none' : `${value} SMS`,
  ),
  throttleKbps: notKnown('fixed once created', value =>
    value === null ? 'none' : `then ${formatSpeed(Number(value))}`,
  ),
  validityDays: fixed('the validity is fixed once created', '4.4', value =>
    value === 'unlimited' ? 'no end' : typeof value === 'string' ? value : `${value} days`,
  ),
  activation: fixed('the subscription is fixed once created', '4.4'),
  renewal: fixed('the subscription is fixed once created', '4.4', value =>
    isJsonObject(value)
      ? `on ${value['on']}, ${value['times'] === 'unlimited' ? 'without end' : `${value['times']} times`}`
      : 'one time',
  ),
  recurringCharge: notKnown('no client edits it', value =>
    value === null ? 'none' : `${value} again and again`,
  ),
  serviceProfile: { ...fixed('fixed after plan creation', '2'), trust: 'CONFIRMED' },
  currencyId: fixed('no client edits it', '4.4'),
  planType: fixed('no client edits it', '4.4'),
  destinationGroup: fixed('no client edits it', '4.4'),
  sft: {
    mutability: 'replace',
    reason: 'sent as it stands when the plan is created, never compared with the account',
    trust: 'UNKNOWN',
    section: '4.4',
    reported: false,
  },
}

/** What a plan is, in a few words. */
const brief = (spec: Spec): string =>
  [
    'dataMB',
    'dataPer',
    'throttleKbps',
    'smsCount',
    'validityDays',
    'activation',
    'renewal',
    'charge',
    'recurringCharge',
  ]
    .flatMap(field => {
      const value = spec[field]
      if (value === undefined || value === null) return []
      return field === 'charge'
        ? `charge ${value}`
        : (FIELDS[field]?.show?.(value) ?? String(value))
    })
    .join(', ')

const LIST: KindList<ReportedPlan> = {
  section: 'addonPlans',
  operation: 'QueryRatePlan',
  read: (read, options) => read.addonPlans(options),
  idOf: ({ planId }) => planId,
  nameOf: ({ name }) => name,
  lookUp: {
    question: id => `QueryRatePlan with planId=${id}`,
    find: (read, id) => read.addonPlan(id),
  },
}

/** Add-on plans (contract 4.4, 4.5). */
export const addonPlan: Kind<AddonPlanRecord, AddonPlanEntry> = {
  ...ADDON_PLAN,
  exampleKey: 'eu-10gb',
  catalog: addonPlanPart,
  section: 'addonPlans',
  sectionSince: 1,
  idField: 'planId',
  recordShape: { rateZoneId: recordText },
  references: [
    {
      field: 'rateZone',
      to: 'rateZone',
      keyField: 'rateZone',
      missing: 'add the zone, or write { id: "…" } for one that is kept elsewhere',
      unused: { code: 'ZONE_UNUSED', hint: 'add a plan with it, or remove the zone' },
    },
  ],
  mapping: { place: 2, row: mappingRow },
  fields: FIELDS,
  identity: 'name',
  brief,
  localFields: ['portal', 'rateZone', 'preventRetire'],
  // What an inactive plan grants is not reported, and nobody looked at it when it was taken out of use.
  conflict: ({ id, naturalKey, spec }) =>
    spec['status'] !== undefined && spec['status'] !== 'Active'
      ? `the account has an inactive plan "${naturalKey}" (${id}), and does not report what it grants: name the entry otherwise, rename that one in the portal, or, where it is known to be as the entry says, "sft-catalog state import" takes it in`
      : undefined,
  resources,
  list: LIST,
  observed: observation => observation.addonPlans.items.map(observedPlan),
  doubt: observation => observation.addonPlans.doubt,
  record: (resource, spec, id, previous) => ({
    planId: id,
    name: String(spec['name']),
    ...(typeof resource.local['rateZone'] === 'string' && { rateZone: resource.local['rateZone'] }),
    rateZoneId: String(spec['rateZone']),
    ...(isJsonObject(resource.local['portal']) && {
      portal: resource.local['portal'] as JsonObject,
    }),
    spec,
    ...keptOf(resource, previous),
  }),
  impact: ({ record, ids }, sales) => {
    const sku = record.portal?.['sku']
    const skus = typeof sku === 'string' ? [sku] : []
    if (sales === undefined) return skus.length === 0 ? undefined : { skus }
    const sold = ids.map(id => sales.endpointsByPlan.get(id) ?? 0)
    return { skus, soldEndpoints: sold.reduce((sum, one) => sum + one, 0) }
  },
  accept: planEdits,
  adoption: addonPlanAdoption,
  createOperation: 'CreatePlan',
  create: async (sft, _resource, spec) => (await sft.write.createPlan(createRequest(spec))).planId,
  find,
  read: async (read, id) => mapFinding(await readPlan(read, id), plan => observedPlan(plan).spec),
  editOperation: 'ModifyPlan',
  editCalls: () => 2,
  edit,
  retirement: {
    operation: 'ModifyPlan',
    calls: 1,
    leaves: record => ({ ...record, spec: { ...record.spec, status: 'In-Active' } }),
    // Instances that travellers hold live on; the plan can no longer be subscribed to (contract 2).
    retire: async (sft, planId) => sft.write.modifyPlan({ planId, status: 'In-Active' }),
    isRetired,
  },
}
