import { countryName, readNetworkCountry } from '../countries.ts'
import { type Finding, findIn, mapFinding } from '../finding.ts'
import type { IssueCode } from '../issues.ts'
import type { NetworkId, NetworkSelector, RateZoneEntry, Resource, Spec } from '../model.ts'
import { normaliseName } from '../names.ts'
import type { Observation } from '../plan/observation.ts'
import type { Network, ReportedRateZone, Sft, SftReader } from '../sft/api.ts'
import { SftMissingPrerequisiteError } from '../sft/errors.ts'
import type { Learnt, RateZoneRecord } from '../state/state.ts'
import {
  type EditRequest,
  type EditResult,
  findNamed,
  isJsonObject,
  type Kind,
  keptOf,
  type ObservedObject,
  type ResolveContext,
  sftOf,
} from './kind.ts'

/** A network as one word, for specs, sets and diffs. */
export const networkWord = (network: NetworkId): string =>
  `${network.operatorId}/${network.sponsorId}`

const networkOfWord = (word: string): NetworkId => {
  const at = word.indexOf('/')
  return { operatorId: word.slice(0, at), sponsorId: word.slice(at + 1) }
}

const words = (spec: Spec): readonly string[] =>
  Array.isArray(spec['networks']) ? spec['networks'].map(String) : []

/** The country of a network; undefined where its name and its TADIG code do not settle it. */
export const countryOfNetwork = (network: Network): string | undefined =>
  readNetworkCountry(network.countryName, network.tadig).code

interface NetworkIndex {
  readonly byCountry: ReadonlyMap<string, readonly Network[]>
  /** Networks of no certain country, by each that they could be in. */
  readonly perhaps: ReadonlyMap<string, readonly Network[]>
  readonly byTadig: ReadonlyMap<string, readonly Network[]>
  readonly byWord: ReadonlyMap<string, Network>
}

/** Networks of the account by country, TADIG code and IDs. */
export function indexNetworks(networks: readonly Network[]): NetworkIndex {
  const byCountry = new Map<string, Network[]>()
  const perhaps = new Map<string, Network[]>()
  const byTadig = new Map<string, Network[]>()
  const byWord = new Map<string, Network>()
  const push = (map: Map<string, Network[]>, key: string, network: Network) => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [network])
    else list.push(network)
  }
  for (const network of networks) {
    const country = readNetworkCountry(network.countryName, network.tadig)
    if (country.code !== undefined) push(byCountry, country.code, network)
    else for (const code of country.candidates) push(perhaps, code, network)
    if (network.tadig !== undefined) push(byTadig, network.tadig.toUpperCase(), network)
    byWord.set(networkWord(network), network)
  }
  return { byCountry, perhaps, byTadig, byWord }
}

/** Names of networks that stand in changes, for diffs that people read. */
export function networkLabels(
  networks: readonly Network[],
  changes: readonly { readonly kind: string; readonly action: string }[],
): Readonly<Record<string, string>> {
  if (!changes.some(change => change.kind === 'rateZone' && change.action !== 'keep')) return {}
  return Object.fromEntries(networks.map(network => [networkWord(network), networkLabel(network)]))
}

/** A network as people know it: TADIG code, operator, country, and its IDs. */
export function networkLabel(network: Network): string {
  const names = [network.tadig, network.operatorName, network.countryName].filter(
    name => name !== undefined,
  )
  return names.length === 0 ? networkWord(network) : `${names.join(', ')} (${networkWord(network)})`
}

/** Networks that a selector picks. */
const select = (selector: NetworkSelector, index: NetworkIndex): readonly Network[] => {
  if ('tadig' in selector) return index.byTadig.get(selector.tadig.toUpperCase()) ?? []
  const network = index.byWord.get(networkWord(selector))
  return network === undefined ? [] : [network]
}

const describe = (selector: NetworkSelector): string =>
  'tadig' in selector
    ? `TADIG code ${selector.tadig}`
    : `operatorId ${selector.operatorId} with sponsorId ${selector.sponsorId}`

type RecordedNetwork = RateZoneRecord['networks'][number]

const picks = (selector: NetworkSelector, network: RecordedNetwork): boolean =>
  'tadig' in selector
    ? network.tadig?.toUpperCase() === selector.tadig.toUpperCase()
    : networkWord(network) === networkWord(selector)

/**
 * Networks that an entry names, that the zone had, and that the account no longer has. They stay in the
 * record as long as they are named: that they left coverage is news, not a mistake in the catalog.
 */
function lostNetworks(
  entry: RateZoneEntry,
  index: NetworkIndex,
  context: ResolveContext,
): readonly RecordedNetwork[] {
  const record = context.recordOf(`rateZone/${entry.key}`) as RateZoneRecord | undefined
  return (record?.networks ?? []).filter(
    network =>
      !index.byWord.has(networkWord(network)) &&
      entry.networks.some(selector => picks(selector, network)),
  )
}

const REASON: Partial<Readonly<Record<IssueCode, string>>> = {
  COUNTRY_DISAGREES: "the platform's country name and the TADIG code point at two countries",
  COUNTRY_UNCERTAIN: "the platform's country name is not clear, and no TADIG code settles it",
}

/** Networks named in a message; the rest is counted. */
const NAMED = 5

const namesOf = (networks: readonly Network[]): string =>
  networks
    .slice(0, NAMED)
    .map(networkLabel)
    .concat(networks.length > NAMED ? [`… and ${networks.length - NAMED} more`] : [])
    .join('; ')

/** Networks that could be in a country of the zone and that the zone does not name. */
interface Doubtful {
  readonly code: IssueCode
  /** In the zone already: doubt takes nothing away. */
  readonly kept: readonly Network[]
  readonly leftOut: readonly Network[]
}

function doubtfulNetworks(
  country: string,
  entry: RateZoneEntry,
  index: NetworkIndex,
  context: ResolveContext,
): readonly Doubtful[] {
  const record = context.recordOf(`rateZone/${entry.key}`) as RateZoneRecord | undefined
  const had = new Set(record?.networks.map(networkWord))
  const named = [...entry.networks, ...entry.exclude]
  const doubtful = (index.perhaps.get(country) ?? []).filter(
    network => !named.some(selector => picks(selector, network)),
  )
  return (['COUNTRY_DISAGREES', 'COUNTRY_UNCERTAIN'] as const).map(code => {
    const networks = doubtful.filter(network => doubtOf(network) === code)
    return {
      code,
      kept: networks.filter(network => had.has(networkWord(network))),
      leftOut: networks.filter(network => !had.has(networkWord(network))),
    }
  })
}

const doubtOf = ({ countryName, tadig }: Network): IssueCode => {
  const country = readNetworkCountry(countryName, tadig)
  return country.code === undefined && country.doubt === 'at odds'
    ? 'COUNTRY_DISAGREES'
    : 'COUNTRY_UNCERTAIN'
}

/** Why a network that the list lacks is not known; a list that was enough before its end lacks none. */
const networkDoubt = ({ networks }: Observation): string | undefined =>
  networks.stopped ? undefined : networks.doubt

function zoneNetworks(
  entry: RateZoneEntry,
  index: NetworkIndex,
  context: ResolveContext,
  lost: readonly RecordedNetwork[],
): readonly Network[] {
  const chosen = new Map<string, Network>()
  const report = (
    code: IssueCode,
    severity: 'error' | 'warning',
    path: string,
    message: string,
    hint: string,
  ) =>
    context.report({
      code,
      // What the list lacks is no mistake of the catalog where the list may lack more.
      severity: networkDoubt(context.observation) === undefined ? severity : 'warning',
      message,
      hint,
      position: entry.positions[path] ?? entry.position,
    })
  entry.countries.forEach((country, at) => {
    const networks = index.byCountry.get(country) ?? []
    const doubts = doubtfulNetworks(country, entry, index, context)
    const kept = doubts.flatMap(doubt => doubt.kept)
    if (networks.length + kept.length === 0)
      report(
        'COUNTRY_WITHOUT_NETWORK',
        'warning',
        `countries.${at}`,
        `rate zone "${entry.key}": the account has no network in ${country}`,
        'remove the country, or ask for coverage there',
      )
    for (const network of [...networks, ...kept]) chosen.set(networkWord(network), network)
    const tell = (code: IssueCode, what: string, which: readonly Network[]) => {
      if (which.length > 0)
        report(
          code,
          'warning',
          `countries.${at}`,
          `rate zone "${entry.key}": ${what} ${countryName(country)}: ${namesOf(which)}`,
          `${REASON[code] ?? ''}: name the network in networks, or in exclude`,
        )
    }
    for (const doubt of doubts) {
      tell(doubt.code, 'left out, since it may or may not be in', doubt.leftOut)
      tell(doubt.code, 'kept, though it may not be in', doubt.kept)
    }
  })
  entry.networks.forEach((selector, at) => {
    const networks = select(selector, index)
    if (networks.length === 0) {
      const left = lost.some(network => picks(selector, network))
      report(
        'tadig' in selector ? 'TADIG_UNKNOWN' : 'NETWORK_UNKNOWN',
        left ? 'warning' : 'error',
        `networks.${at}`,
        left
          ? `rate zone "${entry.key}": ${describe(selector)} has left the account's coverage`
          : `rate zone "${entry.key}": the account has no network with ${describe(selector)}`,
        left
          ? 'remove it from the zone when it is not expected back'
          : 'run "sft-catalog coverage --networks" for the ones it has',
      )
    }
    for (const network of networks) chosen.set(networkWord(network), network)
  })
  entry.exclude.forEach((selector, at) => {
    const networks = select(selector, index)
    if (networks.length === 0)
      report(
        'tadig' in selector ? 'TADIG_UNKNOWN' : 'NETWORK_UNKNOWN',
        'warning',
        `exclude.${at}`,
        `rate zone "${entry.key}" excludes ${describe(selector)}, which the account does not have`,
        'remove the exclusion if it is a slip',
      )
    for (const network of networks) chosen.delete(networkWord(network))
  })
  if (chosen.size === 1)
    report(
      'ZONE_ONE_NETWORK',
      'warning',
      'name',
      `rate zone "${entry.key}" has a single network; if that leaves coverage, travellers lose service (contract 2)`,
      'add a second network where there is one',
    )
  if (chosen.size === 0)
    report(
      'ZONE_EMPTY',
      'error',
      'name',
      `rate zone "${entry.key}" has no network on this account`,
      'choose countries or networks that the account covers',
    )
  return [...chosen.values()]
}

function destGroupOf({ catalog, observation, report }: ResolveContext): string | undefined {
  const given = catalog.account.destGroupId
  if (given !== undefined) return given
  if (observation.destGroupIds.length === 1) return observation.destGroupIds[0]
  if (catalog.rateZones.length === 0) return undefined
  const position = catalog.rateZones[0]?.position
  report({
    code: 'DEST_GROUP_UNKNOWN',
    severity: 'error',
    message:
      observation.destGroupIds.length === 0
        ? 'GetCustomerProfile did not tell a destGroupId, which CreateRateZone needs'
        : `GetCustomerProfile tells several destination groups: ${observation.destGroupIds.join(', ')}`,
    hint: 'give account.destGroupId in the catalog',
    ...(position && { position }),
  })
  return undefined
}

function resources(context: ResolveContext): readonly Resource[] {
  const index = indexNetworks(context.observation.networks.items)
  const destGroupId = destGroupOf(context)
  if (destGroupId === undefined) return []
  return context.catalog.rateZones.map(entry => {
    const lost = lostNetworks(entry, index, context)
    const networks = zoneNetworks(entry, index, context, lost)
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

const NAMES = { title: 'rate zone', plural: 'rate zones' }

async function find(read: SftReader, name: string): Promise<Finding<ObservedObject>> {
  return mapFinding(findNamed(await read.rateZones(), NAMES, normaliseName(name)), observedZone)
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

/** Rate zones (contract 4.3). */
export const rateZone: Kind<'rateZone'> = {
  kind: 'rateZone',
  ...NAMES,
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
      reason: 'ModifyRateZone adds networks; no public call removes one',
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
  localFields: ['portal', 'preventRetire'],
  resources,
  // The platform takes a network that left coverage out of its zones by itself (contract 2).
  standing: (applied, { networks }) => {
    const covered = new Set(networks.items.map(networkWord))
    return { ...applied, networks: words(applied).filter(word => covered.has(word)) }
  },
  unsure: observation => {
    const doubt = networkDoubt(observation)
    return doubt === undefined
      ? undefined
      : { field: 'networks', reason: `which networks it should have is not known: ${doubt}` }
  },
  observed: observation => observation.rateZones.items.map(observedZone),
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
