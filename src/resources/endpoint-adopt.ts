/** How the endpoints of an account come into the catalog. */

import { READS_AT_ONCE } from '../account/read-sims.ts'
import { callCost } from '../adopt/call-cost.ts'
import { createKeyMaker } from '../adopt/make-key.ts'
import {
  type AccountQuestion,
  type Adoption,
  type Defaults,
  hasAccountSection,
  type KindProposal,
  type LeftOut,
  mostCommon,
  type ProfileOptions,
  type ProposalContext,
  type ProposalInput,
  present,
} from '../adopt/proposal.ts'
import type { PrintedEntry } from '../catalog/entry-edit.ts'
import { grouped } from '../counts.ts'
import type { Json, JsonObject } from '../model.ts'
import type { EndpointProfile, Sft, Sim } from '../sft/api.ts'
import { sideBySide } from '../side-by-side.ts'
import { byText } from '../text-order.ts'
import { parseIccid } from '../units.ts'

/** A batch for the catalog; its ICCIDs go into a file of their own. */
interface BatchDraft extends PrintedEntry {
  readonly key: string
  readonly iccids: ReadonlySet<string>
}

/** Endpoints whose profile is read to learn the usual settings. */
const SAMPLE = 3

/** A name that fewer endpoints share is a name of their own. */
const SHARED_NAME = 10

/** An endpoint of the account that nobody manages yet. */
interface UnmanagedEndpoint {
  readonly sim: Sim
  readonly endpointId: string
}

/** Endpoints with a SIM that neither the state nor the catalog knows, by ICCID. */
function unmanagedEndpoints({
  catalog,
  state,
  observation,
}: Pick<ProposalInput, 'catalog' | 'state' | 'observation'>): readonly UnmanagedEndpoint[] {
  const inCatalog = new Set(catalog?.endpointBatches.flatMap(batch => batch.iccids))
  return [...observation.sims.values()]
    .flatMap(sim => (sim.endpointId === undefined ? [] : [{ sim, endpointId: sim.endpointId }]))
    .filter(({ sim }) => !Object.hasOwn(state.endpoints, sim.iccid) && !inCatalog.has(sim.iccid))
    .sort((a, b) => byText(a.sim.iccid, b.sim.iccid))
}

/** The settings that endpoints have, as far as their profiles were read and tell. */
function endpointDefaults(
  profiles: Iterable<EndpointProfile>,
): Partial<Pick<Defaults, 'basePlan' | 'apnGroup' | 'roamingProfiles'>> {
  const all = [...profiles]
  const basePlan = mostCommon(all.map(profile => profile.basePlan))
  const apnGroup = mostCommon(all.map(profile => profile.apnGroup))
  const roaming = mostCommon(all.map(profile => profile.roamingProfiles?.join('|')))
  return {
    ...(basePlan !== undefined && { basePlan }),
    ...(apnGroup !== undefined && { apnGroup }),
    ...(roaming !== undefined && { roamingProfiles: roaming.split('|') }),
  }
}

interface Group {
  readonly name: string
  readonly basePlan: string | undefined
  readonly apnGroup: string | undefined
  readonly roamingProfiles: readonly string[]
  readonly iccids: string[]
  /** Endpoints whose own name no template says. */
  ownNames: number
}

/** Batches for the endpoints that nobody manages yet: those with the same settings stand in one. */
function propose(input: ProposalInput, { entries, defaults }: ProposalContext): KindProposal {
  const { state } = input
  const left: LeftOut[] = []
  const groups = new Map<string, Group>()
  const endpoints = unmanagedEndpoints(input)
  // A sample tells what is usual of settings, and nothing of the names of others.
  const nameOf = commonNames(endpoints, profilesOfAll(input))
  const lacking = new Map<string, number>()
  for (const endpoint of endpoints) {
    const { sim, endpointId } = endpoint
    const refusal = refusalOf(sim.iccid, input)
    if (refusal !== undefined) {
      const what = `endpoint ${endpointId} of SIM ${sim.iccid}`
      left.push({ kind: 'endpoint', what, why: refusal })
      continue
    }
    const settings = settingsOf(profilesOfAll(input).get(endpointId), defaults)
    const missing = lackingSettings(settings)
    if (missing === '') addToGroup(groups, settings, sim.iccid, nameOf(endpointId, sim.iccid))
    else lacking.set(missing, (lacking.get(missing) ?? 0) + 1)
  }
  for (const [missing, endpoints] of lacking)
    left.push({
      kind: 'endpoint',
      what: `${grouped(endpoints)} endpoints`,
      why: `their ${missing} is not known: give it under account: in the catalog, or read it with --endpoint-profiles`,
    })
  const makeKey = createKeyMaker([
    ...entries.map(batch => batch.key),
    ...Object.values(state.endpoints).map(endpoint => endpoint.batch),
  ])
  const drafts = [...groups.values()]
    .sort(
      (a, b) => b.iccids.length - a.iccids.length || byText(a.iccids[0] ?? '', b.iccids[0] ?? ''),
    )
    .map((group, at) => writeBatch(makeKey(`adopted-${at + 1}`, 'adopted'), group, input, defaults))
  return {
    entries: drafts,
    chosen: new Map(
      endpoints
        .filter(({ sim }) => drafts.some(({ iccids }) => iccids.has(sim.iccid)))
        .map(({ sim, endpointId }) => [`endpoint/${sim.iccid}` as const, { id: endpointId }]),
    ),
    lists: drafts.map(({ key, iccids }) => ({ path: `inventory/${key}.csv`, iccids: [...iccids] })),
    left,
  }
}

const profilesOfAll = ({ profiles, profilesRead }: ProposalInput): ProposalInput['profiles'] =>
  profilesRead === 'all' ? profiles : new Map()

/** Why an endpoint cannot stand in a batch. */
function refusalOf(iccid: string, { without }: ProposalInput): string | undefined {
  const parsed = parseIccid(iccid)
  return 'problem' in parsed || parsed.iccid !== iccid
    ? 'its ICCID is not 19 or 20 digits'
    : without.get(`endpoint/${iccid}`)
}

type Settings = Pick<Group, 'basePlan' | 'apnGroup' | 'roamingProfiles'>

const settingsOf = (profile: EndpointProfile | undefined, defaults: Defaults): Settings => ({
  basePlan: profile?.basePlan ?? defaults.basePlan,
  apnGroup: profile?.apnGroup ?? defaults.apnGroup,
  roamingProfiles: profile?.roamingProfiles ?? defaults.roamingProfiles,
})

const lackingSettings = ({ basePlan, apnGroup, roamingProfiles }: Settings): string =>
  [
    ...(basePlan === undefined ? ['basePlan'] : []),
    ...(apnGroup === undefined ? ['apnGroup'] : []),
    ...(roamingProfiles.length === 0 ? ['roamingProfiles'] : []),
  ].join(', ')

function addToGroup(
  groups: Map<string, Group>,
  settings: Settings,
  iccid: string,
  template: string | undefined,
): void {
  const name = template ?? '{iccid}'
  const { basePlan, apnGroup, roamingProfiles } = settings
  const key = JSON.stringify([name, basePlan, apnGroup, roamingProfiles])
  const group = groups.get(key) ?? { name, ...settings, iccids: [], ownNames: 0 }
  groups.set(key, group)
  group.iccids.push(iccid)
  if (template === undefined) group.ownNames += 1
}

function writeBatch(
  key: string,
  group: Group,
  { profilesRead }: ProposalInput,
  defaults: Defaults,
): BatchDraft {
  const fields: Record<string, Json | undefined> = {
    key,
    tags: ['adopted'],
    name: group.name === '{iccid}' ? undefined : group.name,
    iccidFile: `inventory/${key}.csv`,
    basePlan: group.basePlan === defaults.basePlan ? undefined : group.basePlan,
    apnGroup: group.apnGroup === defaults.apnGroup ? undefined : group.apnGroup,
    roamingProfiles:
      group.roamingProfiles.join('|') === defaults.roamingProfiles.join('|')
        ? undefined
        : group.roamingProfiles,
  }
  const comments =
    profilesRead === 'all'
      ? group.ownNames > 0
        ? [
            `${group.ownNames} of these endpoints have names of their own, or none that is reported; they keep`,
            'them: the state knows them by ICCID, and nothing is renamed until you change name: here.',
          ]
        : []
      : [
          'Names, base plan, APN group and roaming profiles were not read (--endpoint-profiles reads them, a call an',
          'endpoint): the settings of account: are taken on trust, the names as {iccid}. Nothing is renamed.',
        ]
  const order: JsonObject = present(fields)
  return { key, fields: order, comments, iccids: new Set(group.iccids) }
}

/** Name templates of endpoints: with the ICCID in it, or one that many share. */
function commonNames(
  endpoints: readonly UnmanagedEndpoint[],
  profiles: ProposalInput['profiles'],
): (endpointId: string, iccid: string) => string | undefined {
  const counts = new Map<string, number>()
  const templateOf = (endpointId: string, iccid: string) => {
    const name = profiles.get(endpointId)?.name
    // Braces mean a placeholder, and control characters are no name of the catalog.
    if (name === undefined || /[{}\p{Cc}]/u.test(name) || name.trim() !== name || name.length > 200)
      return undefined
    return name.replaceAll(iccid, '{iccid}')
  }
  for (const { sim, endpointId } of endpoints) {
    const template = templateOf(endpointId, sim.iccid)
    if (template !== undefined) counts.set(template, (counts.get(template) ?? 0) + 1)
  }
  return (endpointId, iccid) => {
    const template = templateOf(endpointId, iccid)
    if (template === undefined) return undefined
    const shared = (counts.get(template) ?? 0) >= Math.min(SHARED_NAME, endpoints.length)
    return template.includes('{iccid}') || shared ? template : undefined
  }
}

/** Reads the profiles of endpoints that nobody manages yet: all, or a sample where the usual settings are not known. */
async function readProfiles(
  sft: Sft,
  options: ProfileOptions,
): Promise<Pick<ProposalInput, 'profiles' | 'profilesRead'>> {
  const endpoints = unmanagedEndpoints(options)
  if (endpoints.length === 0 || !(options.all || !hasAccountSection(options.catalog)))
    return { profiles: new Map(), profilesRead: 'none' }
  const chosen = options.all ? endpoints : spread(endpoints, SAMPLE)
  const cost = callCost(chosen.length, sft, 'endpoint', 'endpoints')
  options.say(
    options.all
      ? `The profiles of ${cost}.`
      : `The profiles of ${cost}; a sample, since the catalog has no account section.`,
  )
  const profiles = new Map<string, EndpointProfile>()
  await sideBySide(chosen, READS_AT_ONCE, async ({ endpointId }) => {
    profiles.set(endpointId, await sft.read.endpointProfile(endpointId))
    options.onRead(profiles.size)
  })
  return { profiles, profilesRead: options.all ? 'all' : 'sample' }
}

/** So many items from all over a list. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  const last = items.length - 1
  const places = new Set(
    Array.from({ length: count }, (_, at) => Math.round((at * last) / Math.max(1, count - 1))),
  )
  return [...places].flatMap(place => items[place] ?? [])
}

/** Defaults that no endpoint of the account reports. */
function questions({ observation, profiles }: ProposalInput): readonly AccountQuestion[] {
  const lacks = (field: 'basePlan' | 'apnGroup' | 'roamingProfiles') =>
    [...observation.sims.values()].some(sim => sim.endpointId !== undefined) &&
    [...profiles.values()].every(profile => profile[field] === undefined)
  const all: readonly (AccountQuestion | false)[] = [
    lacks('basePlan') && { field: 'basePlan', question: 'Base plan ID of endpoints' },
    lacks('apnGroup') && { field: 'apnGroup', question: 'APN group ID of endpoints' },
    lacks('roamingProfiles') && {
      field: 'roamingProfiles',
      question: 'Roaming profile IDs of endpoints, with commas',
      isList: true,
    },
  ]
  return all.filter(one => one !== false)
}

function defaults({ profiles, answers: { account } }: ProposalInput): Partial<Defaults> {
  const common = endpointDefaults(profiles.values())
  const basePlan = common.basePlan ?? account.basePlan
  const apnGroup = common.apnGroup ?? account.apnGroup
  return {
    ...(basePlan !== undefined && { basePlan }),
    ...(apnGroup !== undefined && { apnGroup }),
    roamingProfiles: common.roamingProfiles ?? account.roamingProfiles ?? [],
  }
}

/** Endpoints of an account. */
export const endpointAdoption: Adoption = {
  file: 'endpoints.yaml',
  head: ['Sold endpoints stand here too: the state knows them, and never sells or removes them.'],
  readProfiles,
  questions,
  defaults,
  account: ({ basePlan, apnGroup, roamingProfiles }, { profiles, profilesRead }) => ({
    fields: {
      basePlan,
      apnGroup,
      roamingProfiles: roamingProfiles.length > 0 ? roamingProfiles : undefined,
    },
    comments:
      basePlan === undefined
        ? []
        : [
            profilesRead === 'sample'
              ? `Of endpoints: what ${profiles.size} of them have, which were read as a sample.`
              : 'Of endpoints: what most of them have.',
          ],
  }),
  propose,
  notes: input => {
    const unsold = input.kinds.has('endpoint')
      ? unmanagedEndpoints(input).filter(({ sim }) => sim.status === 'Pre-Active').length
      : 0
    return unsold === 0
      ? []
      : [
          `${grouped(unsold)} of the endpoints are Pre-Active and will count as unsold stock: where some of them are sold already, adopt without endpoints (--only rateZones --only addonPlans), or take those ICCIDs out of the inventory and out of the state (sft-catalog state rm)`,
        ]
  },
}
