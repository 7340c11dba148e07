import type { Observation } from '../account/observation.ts'
import { countryCodes, countryName, readNetworkCountry } from '../countries.ts'
import type { Address, Catalog } from '../model.ts'
import { countryOfNetwork, indexNetworks, networkLabel, networkWord } from '../networks.ts'
import type { State } from '../state/state.ts'

/** Zones with so few networks are near to blocking connectivity (contract 2). */
const NEAR_EMPTY = 2

export interface ZoneCoverage {
  readonly address: Address
  readonly name: string
  /** Networks in the zone now; undefined where it does not exist yet. */
  readonly networks?: number
  /** In the zone when we last wrote it, and no longer on the account: neither a zone nor the list has it, and one of both is whole. */
  readonly lost: readonly string[]
  /** On the account, chosen by the catalog, and not in the zone. */
  readonly available: readonly string[]
  readonly nearEmpty: boolean
  /** ISO codes of the countries that its networks are in, where that is known. */
  readonly countries: readonly string[]
  /** Those of networks that it lost, and in which it has none any more. */
  readonly lostCountries: readonly string[]
  /** Those of networks that the catalog chooses, and in which it has none yet. */
  readonly gainedCountries: readonly string[]
}

/** Where the account's networks and the catalog's zones part. */
export interface Coverage {
  /** Whether the account's networks and zones were read whole: of what a part does not show, nothing is known. */
  readonly whole: boolean
  readonly zones: readonly ZoneCoverage[]
  /** Countries that the account covers and no zone sells. */
  readonly unsold: readonly {
    readonly country: string
    readonly name: string
    readonly networks: number
  }[]
  /** Networks whose country is not known. */
  readonly homeless: readonly string[]
}

/** Compares the networks that zones have with those that the account has. Pure. */
export function compareCoverage(
  catalog: Catalog,
  state: State,
  observation: Observation,
  wanted: ReadonlyMap<Address, readonly string[]>,
): Coverage {
  const index = indexNetworks(observation.networks.items)
  const reported = new Map(observation.rateZones.items.map(zone => [zone.id, zone]))
  const sold = new Set<string>()
  const isWhole = observation.networks.doubt === undefined
  const stands = new Set(
    observation.rateZones.items.flatMap(zone => zone.networks?.map(networkWord) ?? []),
  )
  const zones = catalog.rateZones.map((entry): ZoneCoverage => {
    const address: Address = `rateZone/${entry.key}`
    const record = state.rateZones[entry.key]
    const recorded = record?.networks.map(network => ({
      word: networkWord(network),
      tadig: network.tadig,
    }))
    const now =
      record &&
      (reported.get(record.id)?.networks?.map(networkWord) ??
        recorded?.map(({ word }) => word).filter(word => index.byWord.has(word) || !isWhole))
    const has = new Set(now)
    const zoneTells = record !== undefined && reported.get(record.id)?.networks !== undefined
    for (const word of now ?? wanted.get(address) ?? []) {
      const network = index.byWord.get(word)
      const country = network && countryOfNetwork(network)
      if (country !== undefined) sold.add(country)
    }
    const lost = (recorded ?? []).filter(
      ({ word }) => !index.byWord.has(word) && !stands.has(word) && (isWhole || zoneTells),
    )
    const chosen = (wanted.get(address) ?? [])
      .filter(word => !has.has(word))
      .map(word => ({ word, tadig: undefined }))
    const tadigs = new Map(recorded?.map(({ word, tadig }) => [word, tadig]))
    const countries = countriesOf(
      (now ?? []).map(word => ({ word, tadig: tadigs.get(word) })),
      countryOf,
    )
    return {
      address,
      name: entry.name,
      ...(now && { networks: now.length }),
      lost: lost.map(network => [network.tadig, network.word].filter(Boolean).join(' ')),
      available: record === undefined ? [] : chosen.map(({ word }) => labelOf(word)),
      nearEmpty: now !== undefined && now.length <= NEAR_EMPTY,
      countries,
      lostCountries: countriesOf(lost, countryOf).filter(code => !countries.includes(code)),
      gainedCountries: countriesOf(chosen, countryOf).filter(code => !countries.includes(code)),
    }
  })
  const unsold = countryCodes().flatMap(country => {
    const networks = index.byCountry.get(country)?.length ?? 0
    return networks === 0 || sold.has(country)
      ? []
      : [{ country, name: countryName(country), networks }]
  })
  const homeless = observation.networks.items
    .filter(network => countryOfNetwork(network) === undefined)
    .map(networkLabel)
  const whole = isWhole && observation.rateZones.doubt === undefined
  return { whole, zones, unsold, homeless }

  /** By the account's list; a network that left it by its TADIG code. */
  function countryOf({ word, tadig }: Member): string | undefined {
    const network = index.byWord.get(word)
    return network === undefined
      ? readNetworkCountry(undefined, tadig).code
      : countryOfNetwork(network)
  }

  function labelOf(word: string): string {
    const network = index.byWord.get(word)
    return network === undefined ? word : networkLabel(network)
  }
}

/** A network of a zone. */
interface Member {
  readonly word: string
  readonly tadig: string | undefined
}

const countriesOf = (
  members: readonly Member[],
  countryOf: (member: Member) => string | undefined,
): readonly string[] =>
  [...new Set(members.map(countryOf).filter(code => code !== undefined))].toSorted()
