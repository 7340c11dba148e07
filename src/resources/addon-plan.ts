import { isDeepStrictEqual } from 'node:util'
import type { KindList } from '../account/kind-list.ts'
import { grouped } from '../counts.ts'
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
import { formatMB, formatSpeed, formatValidity, type Validity } from '../units.ts'
import { planEdits } from './addon-plan-accept.ts'
import { addonPlanAdoption } from './addon-plan-adopt.ts'
import { ADDON_PLAN, type AddonPlanEntry, addonPlanPart } from './addon-plan-entry.ts'
import { grantedBy } from './addon-plan-granted.ts'
import { copyText, isLikeSource, type LikeSource, seenOf } from './addon-plan-like.ts'
import { ACTIVATED_BY, observedPlan, PLAN_TYPE, RENEWAL_RULE } from './addon-plan-observed.ts'
import { addonPlanPolicy } from './addon-plan-policy.ts'
import { openTemplates, templatesOf } from './addon-plan-templates.ts'
import type { TravellersOf } from './impact.ts'
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
import type { Offer } from './offer.ts'
import { refTo } from './references.ts'

/** What the state has of an add-on plan. */
export interface AddonPlanRecord extends AnyRecord {
  readonly planId: string
  /** Key of the catalog's zone; absent for one kept elsewhere. */
  readonly rateZone?: string
  readonly rateZoneId: string
  readonly portal?: JsonObject
  /** The plan from which `spec.like` was copied. */
  readonly likeSource?: LikeSource
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
  observation,
  recordOf,
  report,
}: ResolveContext<AddonPlanRecord, AddonPlanEntry>): readonly Resource[] {
  const templates = openTemplates(observation)
  return entries.map((entry): Resource => {
    const zone = entry.rateZone
    const like = entry.like && templates.resolve(entry, entry.like, recordOf(entry.key), report)
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
        ...grantedBy(entry),
        serviceProfile: entry.serviceProfile ?? account.addonServiceProfile ?? null,
        currencyId: entry.currencyId ?? account.currencyId ?? null,
        planType: account.planType,
        destinationGroup:
          entry.destinationGroup ?? account.destinationGroup ?? account.roamingProfiles[0] ?? null,
        ...(entry.sft && { sft: entry.sft }),
        ...(like?.copied && { like: like.copied }),
      },
      local: {
        ...(entry.portal && { portal: entry.portal }),
        ...('key' in zone && { rateZone: zone.key }),
        ...(entry.lifecycle.preventRetire && { preventRetire: true }),
        ...(like?.source && { likeSource: { ...like.source } }),
      },
      ...(like?.notes && { notes: like.notes }),
      ...(like?.blocked && { blocked: like.blocked }),
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
  // With a template, what is left out is the template's.
  unset: ({ like }: Spec) => (like === undefined ? null : undefined),
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
    value === 'unlimited'
      ? 'no end'
      : formatValidity(typeof value === 'number' ? value : String(value)),
  ),
  activation: fixed('the subscription is fixed once created', '4.4'),
  renewal: fixed('the subscription is fixed once created', '4.4', value =>
    isJsonObject(value) ? `on ${value['on']}, ${timesText(value['times'])}` : 'one time',
  ),
  recurringCharge: notKnown('no client edits it', value =>
    value === null ? 'none' : `${value} again and again`,
  ),
  serviceProfile: { ...fixed('fixed after plan creation', '2'), trust: 'CONFIRMED' },
  currencyId: fixed('no client edits it', '4.4'),
  planType: fixed('no client edits it', '4.4'),
  destinationGroup: fixed('no client edits it', '4.4'),
  like: {
    mutability: 'replace',
    reason: 'copied from another plan when the plan is created, compared with the copy',
    trust: 'UNKNOWN',
    section: '4.5',
    reported: true,
    show: value => (isJsonObject(value) ? copyText(value) : 'nothing'),
    seen: (reported, copied) => {
      if (!isJsonObject(reported) || !isJsonObject(copied)) return undefined
      const seen = seenOf(reported, copied)
      // What is not reported is as it was.
      return Object.keys(seen).length === 0 ? undefined : { ...copied, ...seen }
    },
  },
  sft: {
    mutability: 'replace',
    reason: 'sent as it stands when the plan is created, never compared with the account',
    trust: 'UNKNOWN',
    section: '4.4',
    reported: false,
  },
}

/** How often it renews, for people. */
const timesText = (times: Json | undefined): string =>
  times === 'unlimited' ? 'without end' : times === 1 ? 'once' : `${times} times`

/** What becomes of instances of a plan that were sold before a change: their balance and life are their own. */
function travellers({ action, sold, before }: TravellersOf): string {
  if (sold === 0) return 'no sold instance'
  const one = sold === 1
  const held = `${grouped(sold)} sold ${one ? 'instance' : 'instances'}`
  const dataMB = before?.['dataMB']
  const data =
    dataMB === undefined ? 'what it holds' : `its ${FIELDS['dataMB']?.show?.(dataMB) ?? dataMB}`
  if (action === 'replace' || action === 'retire')
    return one
      ? `${held} keeps ${data} until it ends`
      : `${held} keep ${data.replace('what it holds', 'what they hold').replace('its ', 'their ')} until they end`
  return held
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

/** What of a plan can be drawn: prices of another currency are not those of this one. */
function offer(spec: Spec): Offer {
  const { dataMB, validityDays, charge, currencyId } = spec
  return {
    inWords: brief(spec),
    ...(typeof dataMB === 'number' && { dataMB }),
    ...(typeof validityDays === 'number' && { days: validityDays }),
    ...(typeof charge === 'string' && { charge }),
    ...(typeof currencyId === 'string' && { currencyId }),
  }
}

/** What is given by fields whose very names had to be found out: an account that does not know them ignores them. */
const BY_FIELDS = ['dataPer', 'throttleKbps', 'recurringCharge'] as const

/** What is given by values that had to be found out. */
const saidByWire = ({ smsCount, validityDays, renewal }: Spec): boolean =>
  typeof smsCount === 'number' ||
  typeof validityDays === 'string' ||
  (isJsonObject(renewal) && renewal['times'] === 'unlimited')

const isGiven = (value: Json | undefined): boolean => value !== undefined && value !== null

/** Whether more was asked for than everybody's plans have, so that an answer of success proves little. */
const readsBack = (spec: Spec): boolean =>
  isJsonObject(spec['like']) ||
  spec['dataMB'] === 'unlimited' ||
  BY_FIELDS.some(field => isGiven(spec[field])) ||
  saidByWire(spec)

/** What of a plan, as it is read, is not what was asked for. */
function unfit(spec: Spec, reported: Spec): string | undefined {
  const copied = isJsonObject(spec['like']) ? spec['like'] : {}
  const told = isJsonObject(reported['like']) ? reported['like'] : {}
  const seen = seenOf(told, copied)
  const other = Object.keys(copied).find(path => !isDeepStrictEqual(seen[path], copied[path]))
  if (other !== undefined) return `does not have ${copyText({ [other]: copied[other] ?? null })}`
  const differs = (field: string) => !isDeepStrictEqual(reported[field], spec[field])
  const lacking = [...BY_FIELDS, ...(spec['dataMB'] === 'unlimited' ? ['dataMB'] : [])].find(
    field => isGiven(spec[field]) && differs(field),
  )
  const wrong = ['smsCount', 'validityDays', 'renewal'].find(
    field => isGiven(spec[field]) && reported[field] !== undefined && differs(field),
  )
  const field = lacking ?? (saidByWire(spec) ? wrong : undefined)
  if (field === undefined) return undefined
  const value = FIELDS[field]?.show?.(spec[field] ?? null) ?? String(spec[field])
  const verb = reported[field] === undefined ? 'does not report' : 'does not have'
  return `${verb} its ${field}, ${value}`
}

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
  policy: addonPlanPolicy,
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
  offer,
  travellers,
  localFields: ['portal', 'rateZone', 'preventRetire', 'likeSource'],
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
    ...(isLikeSource(resource.local['likeSource']) && {
      likeSource: resource.local['likeSource'],
    }),
    spec,
    ...keptOf(resource, previous),
  }),
  alsoReads: templatesOf,
  readsBack,
  unfit,
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
