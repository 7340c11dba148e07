/** How the rate zones of an account come into the catalog. */

import { createKeyMaker } from '../adopt/make-key.ts'
import { describeObject, type Picked, pickRevisions } from '../adopt/pick-revisions.ts'
import {
  type Adoption,
  type Ask,
  byKey,
  type EntryDraft,
  type KindProposal,
  type LeftOut,
  type ProposalContext,
  type ProposalInput,
} from '../adopt/proposal.ts'
import { parseCountry } from '../countries.ts'
import { count } from '../counts.ts'
import type { JsonObject } from '../model.ts'
import { indexNetworks, type NetworkIndex, networkWord } from '../networks.ts'
import type { ReportedRateZone } from '../sft/api.ts'
import { RATE_ZONE } from './rate-zone-entry.ts'
import { describeNetworks, writtenSelector } from './zone-selectors.ts'

/** What people told of zones whose networks the account does not report, by ID. */
type ZoneFacts = ReadonlyMap<string, ZoneScope>

/** Entries for the zones that nobody manages yet. */
function propose(
  { state, observation, without }: ProposalInput,
  { entries, facts }: ProposalContext<ZoneFacts>,
): KindProposal {
  const index = indexNetworks(observation.networks.items)
  const managed = managedZoneIds({ state })
  const named = new Map(
    entries.flatMap(zone => ('name' in zone ? [[zone.name, zone.key] as const] : [])),
  )
  const makeKey = createKeyMaker([
    ...Object.keys(state.rateZones),
    ...entries.map(zone => zone.key),
  ])
  const unmanaged = observation.rateZones.items.filter(zone => !managed.has(zone.id))
  const { picked, left: unpicked } = pickRevisions(RATE_ZONE, unmanaged)
  const left: LeftOut[] = [...unpicked]
  const drafts: EntryDraft[] = []
  for (const one of picked) {
    const leave = (why: string) =>
      left.push({ kind: 'rateZone', what: describeObject(RATE_ZONE, one.object), why })
    const known = named.get(one.base)
    if (known !== undefined) {
      if (Object.hasOwn(state.rateZones, known))
        leave(`the catalog's rateZone/${known} has this name and is another zone`)
      continue
    }
    const key = makeKey(one.base, `rate-zone-${one.object.id}`)
    const drafted = without.get(`rateZone/${key}`) ?? draftZone(one, key, index, facts)
    if (typeof drafted === 'string') leave(drafted)
    else drafts.push(drafted)
  }
  return {
    entries: byKey(drafts),
    chosen: new Map(drafts.map(draft => [draft.address, draft])),
    left,
  }
}

/** The entry of a zone, or why there is none. */
function draftZone(
  { object: zone, base, revision }: Picked<ReportedRateZone>,
  key: string,
  index: NetworkIndex,
  facts: ZoneFacts | undefined,
): EntryDraft | string {
  const scope = zoneScope(zone, index, facts?.get(zone.id))
  if (typeof scope === 'string') return scope
  const { countries, networks } = scope
  const comments = [
    revision !== undefined && `"${zone.name}" on the account: revision ${revision}`,
    zone.networks === undefined && 'networks: not reported by the account, written as told',
  ]
  return {
    address: `rateZone/${key}`,
    id: zone.id,
    ...(revision !== undefined && { revision }),
    fields: {
      key,
      name: base,
      ...(countries.length > 0 && { countries }),
      ...(networks.length > 0 && { networks }),
    },
    comments: comments.filter(comment => comment !== false),
  }
}

interface ZoneScope {
  readonly countries: readonly string[]
  readonly networks: readonly (string | JsonObject)[]
}

/** Where a zone is valid, as YAML says it, or why that cannot be told. */
function zoneScope(
  zone: ReportedRateZone,
  index: NetworkIndex,
  told: ZoneScope | undefined,
): ZoneScope | string {
  if (zone.networks === undefined)
    return (
      told ??
      'the account does not report its networks: write the entry by hand, or adopt in a terminal, which asks'
    )
  if (zone.networks.length === 0) return 'it has no network'
  const unknown = zone.networks.filter(network => !index.byWord.has(networkWord(network)))
  if (unknown.length > 0)
    return `the account's network list lacks ${unknown.map(networkWord).join(', ')} of it`
  const { countries, networks } = describeNetworks(zone.networks, index)
  return { countries, networks: networks.map(writtenSelector) }
}

/** IDs of zones that the state knows, earlier ones of replaced zones among them. */
const managedZoneIds = ({ state }: Pick<ProposalInput, 'state'>): ReadonlySet<string> =>
  new Set(
    Object.values(state.rateZones).flatMap(zone => [
      zone.id,
      ...(zone.superseded ?? []).map(old => old.id),
    ]),
  )

/** Asks where zones are valid whose networks the account does not report. */
async function askZones(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<ZoneFacts> {
  const answers = new Map<string, ZoneScope>()
  const managed = managedZoneIds(input)
  const unreported = input.observation.rateZones.items.filter(
    zone => !managed.has(zone.id) && zone.networks === undefined,
  )
  if (unreported.length === 0) return answers
  say(`The account does not report the networks of ${count(unreported.length, 'rate zone')}.`)
  const { byTadig } = indexNetworks(input.observation.networks.items)
  for (const zone of unreported) {
    const text = await ask(
      `${describeObject(RATE_ZONE, zone)}: countries and TADIG codes, with commas (empty: leave out): `,
    )
    const words = text
      .split(',')
      .map(word => word.trim())
      .filter(word => word !== '')
    const networks = words.filter(word => byTadig.has(word.toUpperCase()))
    const countries = words.filter(word => !networks.includes(word))
    const unknown = countries.filter(word => parseCountry(word).code === undefined)
    if (unknown.length > 0)
      say(`  ${unknown.join(', ')}: no country and no network; it is left out`)
    else if (words.length > 0)
      answers.set(zone.id, {
        countries: countries.flatMap(word => parseCountry(word).code ?? []),
        networks: networks.map(word => word.toUpperCase()),
      })
  }
  return answers
}

/** Rate zones of an account. */
export const rateZoneAdoption: Adoption<ZoneFacts> = {
  file: 'rate-zones.yaml',
  head: ['countries: stands for every network that the account has there.'],
  ask: askZones,
  questions: ({ observation: { destGroupIds } }) =>
    destGroupIds.length === 1
      ? []
      : [
          {
            field: 'destGroupId',
            question:
              destGroupIds.length === 0
                ? 'Destination group ID of the account (destGroupId)'
                : `Destination group ID of the account, one of ${destGroupIds.join(', ')}`,
          },
        ],
  account: (_found, { observation, answers }) => ({
    fields: {
      destGroupId: observation.destGroupIds.length === 1 ? undefined : answers.account.destGroupId,
    },
    comments: [],
  }),
  propose,
  notes: ({ kinds, state, observation }) => {
    const managed = managedZoneIds({ state })
    const foreign = observation.rateZones.items.filter(zone => !managed.has(zone.id)).length
    return kinds.has(RATE_ZONE.kind) || foreign === 0
      ? []
      : [`${foreign} rate zones of the account stay unmanaged (--only)`]
  },
}
