import type { Observation } from '../account/observation.ts'
import { countryCodes, countryName } from '../countries.ts'
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
}

/** Where the account's networks and the catalog's zones part. */
export interface Coverage {
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
    return {
      address,
      name: entry.name,
      ...(now && { networks: now.length }),
      lost: (recorded ?? [])
        .filter(
          ({ word }) => !index.byWord.has(word) && !stands.has(word) && (isWhole || zoneTells),
        )
        .map(network => [network.tadig, network.word].filter(Boolean).join(' ')),
      available:
        record === undefined
          ? []
          : (wanted.get(address) ?? []).filter(word => !has.has(word)).map(word => labelOf(word)),
      nearEmpty: now !== undefined && now.length <= NEAR_EMPTY,
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
  return { zones, unsold, homeless }

  function labelOf(word: string): string {
    const network = index.byWord.get(word)
    return network === undefined ? word : networkLabel(network)
  }
}
