import { z } from 'zod'
import { type Finding, notKnown, notThere, seenIn, there } from '../finding.ts'
import type { Resource, Spec } from '../model.ts'
import type {
  CreateEndpointRequest,
  EndpointProfile,
  EndpointSettings,
  PatchEndpointRequest,
  Sft,
  SftReader,
  Sim,
} from '../sft/api.ts'
import { SftMissingPrerequisiteError, SftRejectedError } from '../sft/errors.ts'
import type { AnyRecord, MappingRow } from '../state/state.ts'
import { endpointAdoption } from './endpoint-adopt.ts'
import { type EndpointBatchEntry, endpointBatchPart } from './endpoint-entry.ts'
import { endpointBatchPolicy } from './endpoint-policy.ts'
import {
  type EditRequest,
  type EditResult,
  type Kind,
  keptOf,
  type ObservedObject,
  type ResolveContext,
  RetirementRefusedError,
  recordText,
  sftOf,
} from './kind.ts'

/** What the state has of an endpoint. */
export interface EndpointRecord extends AnyRecord {
  readonly endpointId: string
  readonly batch: string
  readonly tags: readonly string[]
}

declare module '../state/state.ts' {
  interface State {
    readonly endpoints: Readonly<Record<string, EndpointRecord>>
  }
  interface Mapping {
    readonly endpoints: readonly MappingRow[]
  }
}

/** Names of a batch's endpoints. */
function namesBy(template: string, batch: string): (iccid: string, n: number) => string {
  const parts = template.replaceAll('{batch}', batch).split(/(\{iccid\}|\{n\})/)
  return (iccid, n) =>
    parts.map(part => (part === '{iccid}' ? iccid : part === '{n}' ? String(n) : part)).join('')
}

/** The endpoints of a batch. */
export function* endpointResources(
  entry: EndpointBatchEntry,
  { catalog: { account } }: Pick<ResolveContext, 'catalog'>,
): Iterable<Resource> {
  const shared = {
    basePlan: entry.basePlan ?? account.basePlan ?? null,
    apnGroup: entry.apnGroup ?? account.apnGroup ?? null,
    roamingProfiles: entry.roamingProfiles ?? account.roamingProfiles,
    ...(entry.sft && { sft: entry.sft }),
  }
  const local = {
    batch: entry.key,
    tags: entry.tags,
    ...(entry.lifecycle.preventRetire && { preventRetire: true }),
  }
  const nameOf = namesBy(entry.name, entry.key)
  let n = 0
  for (const iccid of entry.iccids) {
    n += 1
    yield {
      kind: 'endpoint',
      address: `endpoint/${iccid}`,
      key: iccid,
      naturalKey: iccid,
      spec: { name: nameOf(iccid, n), ...shared },
      local,
      needs: [],
      position: entry.position,
    }
  }
}

/** Of a batch that is made on demand, only what was made: apply takes it over, and makes none. */
function* resources(
  context: ResolveContext<EndpointRecord, EndpointBatchEntry>,
): Iterable<Resource> {
  const { sims } = context.observation
  const isMade = ({ key }: Resource) =>
    context.recordOf(key) !== undefined || sims.get(key)?.endpointId !== undefined
  for (const entry of context.entries)
    for (const resource of endpointResources(entry, context))
      if (entry.create === 'in-advance' || isMade(resource)) yield resource
}

/** fetchSIM tells which endpoint a SIM has, and nothing of that endpoint's settings. */
const observedSim = (sim: Sim): ObservedObject | undefined =>
  sim.endpointId === undefined
    ? undefined
    : {
        id: sim.endpointId,
        naturalKey: sim.iccid,
        spec: {},
        ...(sim.status !== undefined && { status: sim.status }),
      }

async function find(read: SftReader, iccid: string): Promise<Finding<ObservedObject>> {
  return seenIn(await read.sim(iccid), `SIM ${iccid} has no endpoint`, observedSim)
}

/** ASSUMED (contract 3): a refusal with this code is a mistake of the platform, and says nothing. */
const UNEXPECTED = '10057'

/**
 * Gone by two readings of its profile, once its SIM has another endpoint or none: a SIM that was de-linked
 * says nothing of an endpoint that was not deleted yet.
 */
async function isRetired(
  read: SftReader,
  endpointId: string,
  iccid: string,
): Promise<Finding<true>> {
  const sim = await read.sim(iccid)
  if (sim.kind === 'not known') return sim
  if (sim.kind === 'there' && sim.value.endpointId === endpointId)
    return notThere(`endpoint ${endpointId} is still there`)
  const once = await isRefused(read, endpointId)
  return once.kind === 'there' ? await isRefused(read, endpointId) : once
}

async function isRefused(read: SftReader, endpointId: string): Promise<Finding<true>> {
  try {
    await read.endpointProfile(endpointId)
    return notThere(`endpoint ${endpointId} is still there`)
  } catch (error) {
    if (!(error instanceof SftRejectedError)) throw error
    return error.code === UNEXPECTED ? notKnown(error.message) : there(true)
  }
}

/** What endpoints that may share a bulk call have in common. */
function endpointSettings(spec: Spec): EndpointSettings {
  const text = (field: string): string => {
    const value = spec[field]
    if (typeof value !== 'string' || value === '')
      throw new SftMissingPrerequisiteError(
        `CreateEndPoint needs ${field}, which account.${field} of the catalog gives`,
      )
    return value
  }
  const profiles = spec['roamingProfiles']
  if (!Array.isArray(profiles) || profiles.length === 0)
    throw new SftMissingPrerequisiteError(
      'CreateEndPoint needs roamingProfileId, which account.roamingProfiles of the catalog gives',
    )
  return {
    basePlan: text('basePlan'),
    apnGroup: text('apnGroup'),
    roamingProfiles: profiles.map(String),
    ...sftOf(spec),
  }
}

/** What CreateEndPoint is sent for an endpoint. Throws `SftMissingPrerequisiteError`. */
export const endpointRequest = (resource: Resource, spec: Spec): CreateEndpointRequest => ({
  name: String(spec['name']),
  iccid: resource.naturalKey,
  ...endpointSettings(spec),
})

/** The fields of an endpoint that its profile reports. */
function observedProfile(profile: EndpointProfile): Spec {
  return {
    ...(profile.name !== undefined && { name: profile.name }),
    ...(profile.basePlan !== undefined && { basePlan: profile.basePlan }),
    ...(profile.apnGroup !== undefined && { apnGroup: profile.apnGroup }),
    ...(profile.roamingProfiles !== undefined && { roamingProfiles: profile.roamingProfiles }),
  }
}

const patched = ['name', 'apnGroup', 'roamingProfiles']

/** ChangePlan takes the base plan, PATCH the rest. */
const editParts = (fields: readonly string[]): readonly (readonly string[])[] =>
  [
    fields.filter(field => field === 'basePlan'),
    fields.filter(field => patched.includes(field)),
  ].filter(part => part.length > 0)

async function edit(sft: Sft, { id, fields, spec }: EditRequest): Promise<EditResult> {
  if (fields.includes('basePlan'))
    await sft.write.changePlan({ endpointId: id, planId: String(spec['basePlan']) })
  if (fields.some(field => patched.includes(field))) {
    const profiles = spec['roamingProfiles']
    const request: PatchEndpointRequest = {
      endpointId: id,
      ...(fields.includes('name') && { name: String(spec['name']) }),
      ...(fields.includes('apnGroup') && { apnGroup: String(spec['apnGroup']) }),
      ...(fields.includes('roamingProfiles') &&
        Array.isArray(profiles) && { roamingProfiles: profiles.map(String) }),
    }
    await sft.write.patchEndpoint(request)
  }
  const reported = observedProfile(await sft.read.endpointProfile(id))
  const refused: Record<string, string> = {}
  for (const field of fields) {
    const value = reported[field]
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(spec[field]))
      refused[field] =
        `the platform answered success, but the endpoint still has ${field} ${JSON.stringify(value)}: change it in the portal`
  }
  return { refused }
}

const byPatch = {
  mutability: 'in-place',
  reason: 'PATCH endpoint, read back',
  trust: 'INFERRED',
  section: '4.12',
  reported: true,
} as const

/** Endpoints, one a SIM (contract 4.6 to 4.8); the catalog writes them as batches. */
export const endpoint: Kind<EndpointRecord, EndpointBatchEntry> = {
  kind: 'endpoint',
  title: 'endpoint',
  plural: 'endpoints',
  exampleKey: '<iccid>',
  catalog: endpointBatchPart,
  policy: endpointBatchPolicy,
  section: 'endpoints',
  sectionSince: 1,
  idField: 'endpointId',
  recordShape: {
    batch: recordText,
    tags: z.array(recordText, { error: 'is not a list of texts' }),
  },
  references: [],
  fixedKey: "an endpoint's key is the ICCID of its SIM; remove it and import it under another one",
  grouping: {
    title: 'batch',
    plural: 'batches',
    prefix: 'endpointBatch',
    field: 'batch',
    membersOf: ({ iccids }) => iccids,
  },
  bulk: {
    operation: 'CreateBulkEndPoint',
    create: (sft, members, options) =>
      sft.write.createEndpoints(
        {
          ...endpointSettings(members[0]?.spec ?? {}),
          endpoints: members.map(({ key, spec }) => ({ name: String(spec['name']), iccid: key })),
        },
        options,
      ),
  },
  // The platform's guide for backend configuration: endpoint to SIM.
  mapping: {
    place: 0,
    row: (iccid, { endpointId, name, batch, tags }) => ({ endpointId, iccid, name, batch, tags }),
  },
  fields: {
    name: byPatch,
    basePlan: {
      mutability: 'in-place',
      reason: 'ChangePlan, read back',
      trust: 'SEEN',
      section: '5',
      reported: true,
    },
    apnGroup: byPatch,
    roamingProfiles: byPatch,
    sft: {
      mutability: 'blocked',
      reason:
        'sent as it stands when the endpoint is created; what a later call would do with it is not known',
      trust: 'UNKNOWN',
      section: '4.12',
      reported: false,
    },
  },
  identity: 'iccid',
  localFields: ['batch', 'tags', 'preventRetire'],
  resources,
  conflict: ({ id, naturalKey, status }) =>
    status === 'Pre-Active'
      ? undefined
      : `SIM ${naturalKey} is attached to endpoint ${id}, which is ${status ?? 'in a state that is not reported'} and was not made from this state: take it out of the batch, or run "sft-catalog adopt"`,
  obstacle: ({ naturalKey }, { sims, simsDoubt, simsRead }) => {
    if (simsRead === 'skipped')
      return { note: 'SIM stock not read: whether the SIM exists and is free is open' }
    if (simsRead === 'none' || sims.has(naturalKey)) return undefined
    if (simsDoubt !== undefined)
      return {
        blocked: `whether the account has SIM ${naturalKey} is not known: ${simsDoubt}`,
        notKnown: true,
      }
    return {
      blocked: `the account has no SIM with ICCID ${naturalKey}: check the number, or ask for it to be delivered`,
    }
  },
  observed: function* ({ sims }) {
    for (const sim of sims.values()) {
      const observed = observedSim(sim)
      if (observed !== undefined) yield observed
    }
  },
  doubt: observation => observation.simsDoubt,
  record: (resource, spec, id, previous) => {
    const tags = resource.local['tags']
    return {
      endpointId: id,
      name: String(spec['name']),
      batch: String(resource.local['batch']),
      tags: Array.isArray(tags) ? tags.map(String) : [],
      spec,
      ...keptOf(resource, previous),
    }
  },
  impact: ({ key }, sales) => {
    if (sales === undefined) return undefined
    const sold = sales.soldIccids.has(key)
    return { skus: [], soldEndpoints: sold ? 1 : 0, unsoldEndpoints: sold ? 0 : 1 }
  },
  adoption: endpointAdoption,
  createOperation: 'CreateEndPoint',
  create: async (sft, resource, spec) =>
    (await sft.write.createEndpoint(endpointRequest(resource, spec))).endpointId,
  find,
  read: async (read, id) => there(observedProfile(await read.endpointProfile(id))),
  editOperation: 'ChangePlan',
  // Each write is read back, but for a lifecycle, whose answer is clear.
  editCalls: fields => 2 * editParts(fields).length + (fields.includes('lifecycle') ? 1 : 0),
  editParts,
  edit,
  retirement: {
    operation: 'DeLinkSim',
    calls: 3,
    obstacle: observed =>
      observed !== undefined && observed.status !== 'Pre-Active'
        ? `${observed.status ?? 'its state is not reported'}: only a Pre-Active endpoint is removed`
        : undefined,
    retire: async (sft, endpointId, iccid) => {
      const found = await sft.read.sim(iccid)
      if (found.kind === 'not known')
        throw new RetirementRefusedError(
          `whether SIM ${iccid} has endpoint ${endpointId} is not known: ${found.reason}`,
        )
      const sim = found.kind === 'there' ? found.value : undefined
      if (sim !== undefined && sim.endpointId === endpointId) {
        if (sim.status !== 'Pre-Active')
          throw new RetirementRefusedError(
            `endpoint ${endpointId} is ${sim.status ?? 'in a state that is not reported'}: only a Pre-Active one is removed`,
          )
        await sft.write.deLinkSim(endpointId)
      } else if ((await sft.read.endpointProfile(endpointId)).iccid !== undefined) {
        throw new RetirementRefusedError(
          `endpoint ${endpointId} has another SIM than ${iccid} by now: it is not removed`,
        )
      }
      await sft.write.deleteEndpoint(endpointId)
    },
    isRetired,
  },
}
