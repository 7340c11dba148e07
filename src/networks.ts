import { readNetworkCountry } from './countries.ts'
import type { Json, NetworkId, NetworkSelector } from './model.ts'
import type { Network } from './sft/api.ts'

/** A network as one word, for specs, sets and diffs. */
export const networkWord = (network: NetworkId): string =>
  `${network.operatorId}/${network.sponsorId}`

/** The network that such a word stands for. */
export const networkOfWord = (word: string): NetworkId => {
  const at = word.indexOf('/')
  return { operatorId: word.slice(0, at), sponsorId: word.slice(at + 1) }
}

/** The words of a value that is a list of them, such as the networks of a spec. */
export const wordsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

const wordsOfLists = new WeakMap<readonly Network[], ReadonlySet<string>>()

/** The words of an account's networks; made once, however many zones are held against them. */
export function wordsOfNetworks(networks: readonly Network[]): ReadonlySet<string> {
  const made = wordsOfLists.get(networks) ?? new Set(networks.map(networkWord))
  wordsOfLists.set(networks, made)
  return made
}

/** The country of a network; undefined where its name and its TADIG code do not settle it. */
export const countryOfNetwork = (network: Network): string | undefined =>
  readNetworkCountry(network.countryName, network.tadig).code

/** The account's networks by country, TADIG code and IDs. */
export interface NetworkIndex {
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

/** Names of networks by their words, for diffs that people read. */
export const networkLabels = (networks: readonly Network[]): Readonly<Record<string, string>> =>
  Object.fromEntries(networks.map(network => [networkWord(network), networkLabel(network)]))

/** A network as people know it: TADIG code, operator, country, and its IDs. */
export function networkLabel(network: Network): string {
  const names = [network.tadig, network.operatorName, network.countryName].filter(
    name => name !== undefined,
  )
  return names.length === 0 ? networkWord(network) : `${names.join(', ')} (${networkWord(network)})`
}

/** Networks of the account that a selector picks. */
export function networksOf(selector: NetworkSelector, index: NetworkIndex): readonly Network[] {
  if ('tadig' in selector) return index.byTadig.get(selector.tadig.toUpperCase()) ?? []
  const network = index.byWord.get(networkWord(selector))
  return network === undefined ? [] : [network]
}

/** Whether a selector picks a network, on the account or not. */
export const picks = (
  selector: NetworkSelector,
  network: NetworkId & { readonly tadig?: string },
): boolean =>
  'tadig' in selector
    ? network.tadig?.toUpperCase() === selector.tadig.toUpperCase()
    : networkWord(network) === networkWord(selector)
