import type { JsonObject } from '../model.ts'
import { indexNetworks, type NetworkIndex, networkWord } from '../networks.ts'
import { describeNetworks, writtenSelector } from '../resources/zone-selectors.ts'
import type { ReportedRateZone } from '../sft/api.ts'
import { createKeyMaker } from './make-key.ts'
import { describeObject, type Picked, pickRevisions } from './pick-revisions.ts'
import type { EntryDraft, LeftOut, ProposalInput } from './proposal.ts'

/** Entries for the zones that nobody manages yet. */
export function proposeZones(input: ProposalInput): {
  readonly drafts: readonly EntryDraft[]
  readonly left: readonly LeftOut[]
} {
  const { catalog, state, observation, without } = input
  const index = indexNetworks(observation.networks.items)
  const managed = managedZoneIds(input)
  const named = new Map(catalog?.rateZones.map(zone => [zone.name, zone.key]))
  const makeKey = createKeyMaker([
    ...Object.keys(state.rateZones),
    ...(catalog?.rateZones ?? []).map(zone => zone.key),
  ])
  const unmanaged = observation.rateZones.items.filter(zone => !managed.has(zone.id))
  const { picked, left: unpicked } = pickRevisions('rateZone', unmanaged)
  const left: LeftOut[] = [...unpicked]
  const drafts: EntryDraft[] = []
  for (const one of picked) {
    const leave = (why: string) =>
      left.push({ kind: 'rateZone', what: describeObject('rateZone', one.object), why })
    const known = named.get(one.base)
    if (known !== undefined) {
      if (Object.hasOwn(state.rateZones, known))
        leave(`the catalog's rateZone/${known} has this name and is another zone`)
      continue
    }
    const key = makeKey(one.base, `rate-zone-${one.object.id}`)
    const drafted = without.get(`rateZone/${key}`) ?? draftZone(one, key, index, input)
    if (typeof drafted === 'string') leave(drafted)
    else drafts.push(drafted)
  }
  return { drafts, left }
}

/** The entry of a zone, or why there is none. */
function draftZone(
  { object: zone, base, revision }: Picked<ReportedRateZone>,
  key: string,
  index: NetworkIndex,
  { answers }: ProposalInput,
): EntryDraft | string {
  const scope = zoneScope(zone, index, answers.zones.get(zone.id))
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
export const managedZoneIds = ({ state }: Pick<ProposalInput, 'state'>): ReadonlySet<string> =>
  new Set(
    Object.values(state.rateZones).flatMap(zone => [
      zone.id,
      ...(zone.superseded ?? []).map(old => old.id),
    ]),
  )
