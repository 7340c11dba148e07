/** A rate zone as it stands in the catalog. */
import { z } from 'zod'
import { type Draft, reportAt } from '../catalog/drafts.ts'
import { cannotBe, defined, entryOf } from '../catalog/entry.ts'
import type { IssueLog } from '../catalog/issue-log.ts'
import { NAME, name, onNetworkRemoval, platformId, shared, text } from '../catalog/language.ts'
import { parseCountry } from '../countries.ts'
import { listOf, textOf } from '../json.ts'
import type { NetworkRemovalPolicy, NetworkSelector } from '../model.ts'
import { normaliseName } from '../names.ts'
import type { CatalogPart } from './catalog-part.ts'
import type { ZoneScope } from './zone-networks.ts'

/** The kind by its names. */
export const RATE_ZONE = { kind: 'rateZone', title: 'rate zone', plural: 'rate zones' } as const

export interface RateZoneEntry extends ZoneScope {
  readonly name: string
  readonly onNetworkRemoval?: NetworkRemovalPolicy
}

declare module '../model.ts' {
  interface Catalog {
    readonly rateZones: readonly RateZoneEntry[]
  }
}

const network = z
  .union([
    text('TADIG code: this operator through every sponsor.', {
      pattern: '^[A-Za-z0-9]{5}$',
      write: 'a TADIG code of five letters and digits, such as GBRVF',
    }),
    z
      .strictObject({
        operatorId: platformId("The network's operatorId on the platform."),
        sponsorId: platformId("The network's categoryGroupId on the platform."),
      })
      .meta({ description: 'One operator through one sponsor.' }),
  ])
  .meta({ description: 'A TADIG code, or { operatorId, sponsorId }.' })

const schema = z
  .strictObject({
    ...shared,
    name: name('Name on the platform, unique among zones; found again by it.', NAME),
    countries: z
      .array(
        text(
          'ISO 3166-1 code (BE, BEL) or English name (Belgium, Ivory Coast, South Korea), in any case.',
          { pattern: '\\S', write: 'a country' },
          100,
        ),
      )
      .default([])
      .meta({
        description:
          'Countries: every network that the account has there at the time of the plan; those that come later are proposed by the next one. A network whose country is not certain is left out with a warning.',
      }),
    networks: z.array(network).default([]).meta({ description: 'Single networks.' }),
    exclude: z
      .array(network)
      .default([])
      .meta({ description: 'Networks to leave out, in the same forms.' }),
    onNetworkRemoval: onNetworkRemoval.optional(),
  })
  .meta({ description: 'Where add-ons work: a list of networks.' })

function buildRateZone(draft: Draft): RateZoneEntry {
  const zone = schema.parse(draft.raw)
  const codes = zone.countries.map(country => {
    const parsed = parseCountry(country)
    return parsed.code ?? cannotBe(`country ${country}`)
  })
  return {
    ...entryOf(draft, zone),
    name: normaliseName(zone.name),
    countries: [...new Set(codes)],
    networks: zone.networks.map(buildNetwork),
    exclude: zone.exclude.map(buildNetwork),
    ...defined({ onNetworkRemoval: zone.onNetworkRemoval }),
  }
}

function buildNetwork(
  network: string | { operatorId: string; sponsorId: string },
): NetworkSelector {
  return typeof network === 'string' ? { tadig: network.toUpperCase() } : network
}

function checkRateZone(zone: Draft, log: IssueLog): void {
  for (const [index, item] of listOf(zone.raw['countries']).entries()) {
    const text = textOf(item)
    if (text === undefined) continue
    const country = parseCountry(text)
    if (country.code !== undefined) continue
    const meant = country.candidates.join(' or ')
    reportAt(log, zone, ['countries', index], {
      code: 'COUNTRY_UNKNOWN',
      message: `no country is called ${JSON.stringify(text)}`,
      hint:
        meant === ''
          ? 'write its ISO 3166-1 code, such as BE, or its English name'
          : `did you mean ${meant}?`,
    })
  }
  const isEmpty = (field: string) =>
    zone.raw[field] === undefined ||
    (Array.isArray(zone.raw[field]) && listOf(zone.raw[field]).length === 0)
  if (isEmpty('countries') && isEmpty('networks')) {
    reportAt(log, zone, [], {
      code: 'ZONE_EMPTY',
      message: 'this rate zone has neither countries nor networks',
      hint: 'add countries: [..] or networks: [..]; a zone without networks blocks its add-ons',
    })
  }
}

/** Rate zones in the catalog. */
export const rateZonePart: CatalogPart<RateZoneEntry> = {
  section: 'rateZones',
  title: RATE_ZONE.title,
  plural: RATE_ZONE.plural,
  schema,
  fieldOrder: ['key', 'name', 'countries', 'networks', 'exclude'],
  // Body of CreateRateZone (contract 4.3).
  owned: {
    into: 'Request.requestParam.ratezoneDetails',
    paths: ['id', 'name', 'destGroupId', 'status', 'operatorIdList'],
    items: [],
  },
  unique: [],
  settings: [],
  check: checkRateZone,
  build: buildRateZone,
}
