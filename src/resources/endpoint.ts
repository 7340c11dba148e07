import { z } from 'zod'
import { there } from '../finding.ts'
import type { Resource } from '../model.ts'
import type { AnyRecord, MappingRow } from '../state/state.ts'
import { endpointAdoption } from './endpoint-adopt.ts'
import {
  editEndpoint,
  editParts,
  endpointRequest,
  endpointSettings,
  findEndpoint,
  isRetired,
  observedProfile,
  observedSim,
  retireEndpoint,
} from './endpoint-calls.ts'
import { type EndpointBatchEntry, endpointBatchPart } from './endpoint-entry.ts'
import { endpointBatchPolicy } from './endpoint-policy.ts'
import { type Kind, keptOf, type ResolveContext, recordText } from './kind.ts'

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
  find: findEndpoint,
  read: async (read, id) => there(observedProfile(await read.endpointProfile(id))),
  editOperation: 'ChangePlan',
  // Each write is read back, but for a lifecycle, whose answer is clear.
  editCalls: fields => 2 * editParts(fields).length + (fields.includes('lifecycle') ? 1 : 0),
  editParts,
  edit: editEndpoint,
  retirement: {
    operation: 'DeLinkSim',
    calls: 3,
    obstacle: observed =>
      observed !== undefined && observed.status !== 'Pre-Active'
        ? `${observed.status ?? 'its state is not reported'}: only a Pre-Active endpoint is removed`
        : undefined,
    retire: retireEndpoint,
    isRetired,
  },
}
