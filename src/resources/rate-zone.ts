import { z } from 'zod'
import type { KindList } from '../account/kind-list.ts'
import { count } from '../counts.ts'
import { type Finding, findIn, type Listing, mapFinding } from '../finding.ts'
import { isJsonObject } from '../json.ts'
import type { JsonObject, Resource, Spec } from '../model.ts'
import { normaliseName } from '../names.ts'
import {
  indexNetworks,
  networkLabels,
  networkOfWord,
  networkWord,
  wordsOf,
  wordsOfNetworks,
} from '../networks.ts'
import type { ReportedRateZone, Sft, SftReader } from '../sft/api.ts'
import { SftMissingPrerequisiteError } from '../sft/errors.ts'
import type { AnyRecord, Learnt, MappingRow } from '../state/state.ts'
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
import { zoneEdits } from './rate-zone-accept.ts'
import { rateZoneAdoption } from './rate-zone-adopt.ts'
import { RATE_ZONE, type RateZoneEntry, rateZonePart } from './rate-zone-entry.ts'
import { rateZonePolicy } from './rate-zone-policy.ts'
import { lostNetworks, networkDoubt, type RecordedNetwork, zoneNetworks } from './zone-networks.ts'

/** What the state has of a rate zone. */
export interface RateZoneRecord extends AnyRecord {
  readonly id: string
  readonly networks: readonly RecordedNetwork[]
  readonly portal?: JsonObject
}

declare module '../account/observation.ts' {
  interface Observation {
    readonly rateZones: Listing<ReportedRateZone>
  }
}

declare module '../state/state.ts' {
  interface State {
    readonly rateZones: Readonly<Record<string, RateZoneRecord>>
  }
  interface Mapping {
    readonly rateZones: readonly MappingRow[]
  }
}

type Context = ResolveContext<RateZoneRecord, RateZoneEntry>

const words = (spec: Spec): readonly string[] => wordsOf(spec['networks'])

function destGroupOf({ catalog, entries, observation, report }: Context): string | undefined {
  const given = catalog.account.destGroupId
  if (given !== undefined) return given
  if (observation.destGroupIds.length === 1) return observation.destGroupIds[0]
  const [first] = entries
  if (first === undefined) return undefined
  const { position } = first
  report({
    code: 'DEST_GROUP_UNKNOWN',
    severity: 'error',
    message:
      observation.destGroupIds.length === 0
        ? 'GetCustomerProfile did not tell a destGroupId, which CreateRateZone needs'
        : `GetCustomerProfile tells several destination groups: ${observation.destGroupIds.join(', ')}`,
    hint: 'give account.destGroupId in the catalog',
    position,
  })
  return undefined
}

function resources(context: Context): readonly Resource[] {
  const index = indexNetworks(context.observation.networks.items)
  const destGroupId = destGroupOf(context)
  if (destGroupId === undefined) return []
  return context.entries.map(entry => {
    const had = context.recordOf(entry.key)?.networks ?? []
    const lost = lostNetworks(entry, index, had)
    const networks = zoneNetworks(entry, index, context, { had, lost })
    const tadigs = Object.fromEntries(
      [...networks, ...lost].flatMap(network =>
        network.tadig === undefined ? [] : [[networkWord(network), network.tadig]],
      ),
    )
    return {
      kind: 'rateZone',
      address: `rateZone/${entry.key}`,
      key: entry.key,
      naturalKey: entry.name,
      spec: {
        name: entry.name,
        networks: networks.map(networkWord).sort(),
        destGroupId,
        ...(entry.sft && { sft: entry.sft }),
      },
      local: {
        ...(entry.portal && { portal: entry.portal }),
        ...(entry.lifecycle.preventRetire && { preventRetire: true }),
      },
      hints: { tadigs, lost: lost.map(networkWord) },
      needs: [],
      position: entry.position,
      onNetworkRemoval: entry.onNetworkRemoval ?? context.catalog.account.onNetworkRemoval,
    }
  })
}

const observedZone = (zone: ReportedRateZone): ObservedObject => ({
  id: zone.id,
  naturalKey: zone.name,
  spec: {
    name: zone.name,
    ...(zone.networks && { networks: zone.networks.map(networkWord).sort() }),
  },
})

async function find(read: SftReader, name: string): Promise<Finding<ObservedObject>> {
  return mapFinding(findNamed(await read.rateZones(), RATE_ZONE, normaliseName(name)), observedZone)
}

/** A zone by its ID; the list is read no further than to it. */
async function readZone(read: SftReader, id: string): Promise<Finding<ReportedRateZone>> {
  const isIt = (zone: ReportedRateZone) => zone.id === id
  return findIn(
    await read.rateZones({ enough: zones => zones.some(isIt) }),
    `rate zone ${id}`,
    isIt,
  )
}

async function edit(
  sft: Sft,
  { id, fields, spec, current, unreported, learnt }: EditRequest,
): Promise<EditResult> {
  const before = words(current)
  const wanted = words(spec)
  const added = wanted.filter(word => !before.includes(word))
  // The union keeps what the platform had: no public call removes a network.
  const union = [...new Set([...before, ...wanted])]
  const changesNetworks = fields.includes('networks')
  const send = (networks: readonly string[]) =>
    sft.write.modifyRateZone({
      id,
      // A call without networks has the name as it is: it must have something of a zone.
      ...(!changesNetworks && { name: String(spec['name']) }),
      ...(changesNetworks && { networks: networks.map(networkOfWord) }),
      ...(fields.includes('sft') && sftOf(spec)),
    })
  // Where the zone cannot be read back, a call that replaces would take networks away unseen.
  const blind = unreported.includes('networks') && learnt.modifyRateZone === undefined
  const whole = blind || learnt.modifyRateZone === 'replaces'
  await send(whole ? union : added)
  const readBack = async () => {
    const found = await readZone(sft.read, id)
    return found.kind === 'there' ? found.value : undefined
  }
  let zone = await readBack()
  // A call with the whole list ends alike, whether it adds or replaces.
  const use = changesNetworks && !whole ? networkUse(before, added, zone) : undefined
  if (use === 'replaces') {
    await send(union)
    zone = await readBack()
  }
  const refused: Record<string, string> = {}
  if (zone !== undefined) {
    if (changesNetworks && zone.networks !== undefined) {
      const have = new Set(zone.networks.map(networkWord))
      const missing = added.filter(word => !have.has(word))
      if (missing.length > 0)
        refused['networks'] =
          `ModifyRateZone answered success, but ${missing.length} networks did not join: ${missing.join(', ')}`
    }
  }
  return { refused, ...(use && { learnt: { modifyRateZone: use } }) }
}

const networkList = z.array(z.looseObject({ operatorId: recordText, sponsorId: recordText }), {
  error: 'is not a list of networks',
})

/**
 * Whether ModifyRateZone adds or replaces, by what a zone has after `added` was sent to it; absent where that
 * does not tell: nothing was there before, or what was sent is not there (yet).
 */
function networkUse(
  before: readonly string[],
  added: readonly string[],
  zone: ReportedRateZone | undefined,
): Learnt['modifyRateZone'] {
  const have = new Set(zone?.networks?.map(networkWord))
  if (before.length === 0 || added.length === 0) return undefined
  if (!added.every(word => have.has(word))) return undefined
  return before.every(word => have.has(word)) ? 'adds' : 'replaces'
}

const LIST: KindList<ReportedRateZone> = {
  section: 'rateZones',
  operation: 'GetRateZone',
  read: (read, options) => read.rateZones(options),
  idOf: ({ id }) => id,
  nameOf: ({ name }) => name,
  networksOf: ({ networks }) => networks?.map(networkWord),
}

/** Rate zones (contract 4.3). */
export const rateZone: Kind<RateZoneRecord, RateZoneEntry> = {
  ...RATE_ZONE,
  exampleKey: 'europe',
  catalog: rateZonePart,
  policy: rateZonePolicy,
  section: 'rateZones',
  sectionSince: 1,
  idField: 'id',
  recordShape: { networks: networkList },
  references: [],
  // The platform's guide for backend configuration: rate zone to portal destination.
  mapping: {
    place: 1,
    row: (key, { id, name, portal }) => ({
      rateZoneId: id,
      rateZoneName: name,
      key,
      ...(portal !== undefined && { portal }),
    }),
  },
  fields: {
    name: {
      mutability: 'blocked',
      reason: 'the platform does not change the name of a rate zone',
      waysOut:
        'give it the name back; "moved:" renames the key of an entry and keeps its zone; a zone of another name is an entry with another key, and its plans get new revisions',
      trust: 'CONFIRMED',
      section: '4.3',
      reported: true,
    },
    networks: {
      mutability: 'additive',
      reason: 'networks can be added to a rate zone, and no public call takes one out',
      trust: 'INFERRED',
      section: '4.3',
      reported: true,
    },
    destGroupId: {
      mutability: 'replace',
      reason: 'chosen when the zone is created',
      trust: 'INFERRED',
      section: '4.3',
      reported: false,
    },
    sft: {
      mutability: 'in-place',
      reason: 'sent as it stands, never compared with the account',
      trust: 'UNKNOWN',
      section: '4.3',
      reported: false,
    },
  },
  identity: 'name',
  brief: spec => count(words(spec).length, 'network'),
  covers: words,
  localFields: ['portal', 'preventRetire'],
  resources,
  standing: {
    // The platform takes a network that left coverage out of its zones by itself (contract 2).
    of: (applied, { networks }) => {
      const covered = wordsOfNetworks(networks.items)
      return { ...applied, networks: words(applied).filter(word => covered.has(word)) }
    },
    note: count =>
      `${count === 1 ? 'one network has' : `${count} networks have`} left the account's coverage; the platform takes such out of zones by itself`,
  },
  labels: ({ networks, rateZones }) => ({
    ...networkLabels(rateZones.items.flatMap(zone => zone.networks ?? [])),
    ...networkLabels(networks.items),
  }),
  travellers: ({ sold }) =>
    sold === 0 ? 'no sold instance' : `${count(sold, 'sold instance')} valid in it`,
  list: LIST,
  networks: ({ networks }) => networks,
  unsure: observation => {
    const doubt = networkDoubt(observation)
    return doubt === undefined
      ? undefined
      : { field: 'networks', reason: `which networks it should have is not known: ${doubt}` }
  },
  observed: observation => observation.rateZones.items.map(observedZone),
  doubt: observation => observation.rateZones.doubt,
  record: (resource, spec, id, previous) => {
    const tadigs = isJsonObject(resource.hints?.['tadigs']) ? resource.hints['tadigs'] : {}
    const lost = Array.isArray(resource.hints?.['lost']) ? resource.hints['lost'].map(String) : []
    return {
      id,
      name: String(spec['name']),
      networks: [...new Set([...words(spec), ...lost])].map(word => {
        const tadig = tadigs[word]
        return { ...networkOfWord(word), ...(typeof tadig === 'string' && { tadig }) }
      }),
      ...(isJsonObject(resource.local['portal']) && { portal: resource.local['portal'] }),
      spec,
      ...keptOf(resource, previous),
    }
  },
  accept: zoneEdits,
  adoption: rateZoneAdoption,
  createOperation: 'CreateRateZone',
  create: async (sft, _resource, spec) => {
    const destGroupId = spec['destGroupId']
    if (typeof destGroupId !== 'string')
      throw new SftMissingPrerequisiteError(
        'CreateRateZone needs destGroupId, which GetCustomerProfile yields',
      )
    const created = await sft.write.createRateZone({
      name: String(spec['name']),
      destGroupId,
      networks: words(spec).map(networkOfWord),
      ...sftOf(spec),
    })
    return created.id
  },
  find,
  read: async (read, id) => mapFinding(await readZone(read, id), zone => observedZone(zone).spec),
  editOperation: 'ModifyRateZone',
  learntMessage: ({ modifyRateZone }) =>
    modifyRateZone === 'replaces'
      ? 'ModifyRateZone replaces the networks of a zone on this account: the union was sent at once, and will be from now on'
      : 'ModifyRateZone adds networks to a zone on this account',
  editCalls: () => 2,
  edit,
  manualRetirement:
    'no public call deletes a rate zone: delete it in the portal, then run "sft-catalog state rm"',
}
