/** Networks as a rate zone's entry names them: by country, by TADIG code, by IDs. */
import type { JsonObject, NetworkId, NetworkSelector } from '../model.ts'
import { type NetworkIndex, networkWord } from '../networks.ts'
import type { Network } from '../sft/api.ts'
import { byText } from '../text-order.ts'

/** The shortest selectors that pick exactly these networks, sorted. */
export function selectNetworks(
  words: ReadonlySet<string>,
  index: NetworkIndex,
): readonly NetworkSelector[] {
  const tadigs = new Set<string>()
  const single: NetworkId[] = []
  for (const word of [...words].sort(byText)) {
    const network = index.byWord.get(word)
    const tadig = network?.tadig?.toUpperCase()
    // A TADIG code means this operator through every sponsor.
    const every = tadig === undefined ? [] : (index.byTadig.get(tadig) ?? [])
    if (
      tadig !== undefined &&
      /^[A-Z0-9]{5}$/.test(tadig) &&
      every.every(one => words.has(networkWord(one)))
    )
      tadigs.add(tadig)
    else if (network !== undefined)
      single.push({ operatorId: network.operatorId, sponsorId: network.sponsorId })
  }
  return [...[...tadigs].sort(byText).map(tadig => ({ tadig })), ...single]
}

/** A selector as it stands in YAML. */
export const writtenSelector = (selector: NetworkSelector): string | JsonObject =>
  'tadig' in selector ? selector.tadig : { ...selector }

/** Networks of a zone as `countries` where it has all that the account has there, else one by one. */
export function describeNetworks(
  networks: readonly NetworkId[],
  index: NetworkIndex,
): { readonly countries: readonly string[]; readonly networks: readonly NetworkSelector[] } {
  const words = new Set(networks.map(networkWord))
  const countries: string[] = []
  const rest = new Set(words)
  for (const [country, there] of [...index.byCountry].sort(([a], [b]) => byText(a, b))) {
    if (!there.every((network: Network) => words.has(networkWord(network)))) continue
    countries.push(country)
    for (const network of there) rest.delete(networkWord(network))
  }
  return { countries, networks: selectNetworks(rest, index) }
}
