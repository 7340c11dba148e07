/** Which networks of the account a rate zone of the catalog means. */

import type { Observation } from '../account/observation.ts'
import { countryName, readNetworkCountry } from '../countries.ts'
import { grouped } from '../counts.ts'
import type { IssueCode } from '../issues.ts'
import type { Entry, NetworkId, NetworkSelector } from '../model.ts'
import { type NetworkIndex, networkLabel, networksOf, networkWord, picks } from '../networks.ts'
import type { Network } from '../sft/api.ts'
import type { ResolveContext } from './kind.ts'

const describe = (selector: NetworkSelector): string =>
  'tadig' in selector
    ? `TADIG code ${selector.tadig}`
    : `operatorId ${selector.operatorId} with sponsorId ${selector.sponsorId}`

/** What an entry of the catalog says of where a zone is valid. */
export interface ZoneScope extends Entry {
  /** ISO 3166-1 alpha-2 codes: every network that the account has there. */
  readonly countries: readonly string[]
  readonly networks: readonly NetworkSelector[]
  readonly exclude: readonly NetworkSelector[]
}

/** A network of a zone as the state keeps it. */
export type RecordedNetwork = NetworkId & { readonly tadig?: string }

/**
 * Networks that an entry names, that the zone had, and that the account no longer has. They stay in the
 * record as long as they are named: that they left coverage is news, not a mistake in the catalog.
 */
export function lostNetworks(
  entry: ZoneScope,
  index: NetworkIndex,
  had: readonly RecordedNetwork[],
): readonly RecordedNetwork[] {
  return had.filter(
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
    .concat(networks.length > NAMED ? [`… and ${grouped(networks.length - NAMED)} more`] : [])
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
  entry: ZoneScope,
  index: NetworkIndex,
  recorded: readonly RecordedNetwork[],
): readonly Doubtful[] {
  const had = new Set(recorded.map(networkWord))
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

/** Why a network that the list lacks is not known. */
export const networkDoubt = ({ networks }: Observation): string | undefined => networks.doubt

/** Networks that the state has of a zone, and those of them that left the coverage. */
interface Recorded {
  readonly had: readonly RecordedNetwork[]
  readonly lost: readonly RecordedNetwork[]
}

/** The networks that an entry means; what it asks for and the account does not have is reported. */
export function zoneNetworks(
  entry: ZoneScope,
  index: NetworkIndex,
  context: Pick<ResolveContext, 'observation' | 'report'>,
  { had, lost }: Recorded,
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
    const doubts = doubtfulNetworks(country, entry, index, had)
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
    const networks = networksOf(selector, index)
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
    const networks = networksOf(selector, index)
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
