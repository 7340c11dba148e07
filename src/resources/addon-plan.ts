import type { KindList } from '../account/kind-list.ts'
import { type Listing, mapFinding } from '../finding.ts'
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject, Resource, Spec } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'
import type { AnyRecord, MappingRow } from '../state/state.ts'
import { planEdits } from './addon-plan-accept.ts'
import { addonPlanAdoption } from './addon-plan-adopt.ts'
import { createRequest, editPlan, findPlan, isRetired, readPlan } from './addon-plan-calls.ts'
import { ADDON_PLAN, type AddonPlanEntry, addonPlanPart } from './addon-plan-entry.ts'
import { ADDON_PLAN_FIELDS, brief, offer, travellers } from './addon-plan-fields.ts'
import { grantedBy } from './addon-plan-granted.ts'
import { isLikeSource, type LikeSource } from './addon-plan-like.ts'
import { observedPlan } from './addon-plan-observed.ts'
import { addonPlanPolicy } from './addon-plan-policy.ts'
import { readsBack, unfit } from './addon-plan-read-back.ts'
import { openTemplates, templatesOf } from './addon-plan-templates.ts'
import { type Kind, keptOf, type ResolveContext, recordText } from './kind.ts'
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
  fields: ADDON_PLAN_FIELDS,
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
  find: findPlan,
  read: async (read, id) => mapFinding(await readPlan(read, id), plan => observedPlan(plan).spec),
  editOperation: 'ModifyPlan',
  editCalls: () => 2,
  edit: editPlan,
  retirement: {
    operation: 'ModifyPlan',
    calls: 1,
    leaves: record => ({ ...record, spec: { ...record.spec, status: 'In-Active' } }),
    // Instances that travellers hold live on; the plan can no longer be subscribed to (contract 2).
    retire: async (sft, planId) => sft.write.modifyPlan({ planId, status: 'In-Active' }),
    isRetired,
  },
}
