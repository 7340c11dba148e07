/** Where products work: the zone of the catalog for a destination, or a new one. */
import { kebabCase } from '../adopt/make-key.ts'
import { countryName, parseCountry } from '../countries.ts'
import type { Catalog } from '../model.ts'
import { normaliseName } from '../names.ts'
import { Unsayable } from './read-product.ts'

/** The zone of a destination. */
export interface FoundZone {
  readonly key: string
  /** For names of products. */
  readonly name: string
  /** ISO 3166-1 alpha-2 codes, of one that is to be made. */
  readonly makes?: readonly string[]
}

/** Finds zones, each destination once. */
export interface ZoneFinder {
  /** Throws an `Unsayable` where a destination is neither a zone nor countries. */
  find(destination: string): FoundZone
}

type Zones = Catalog['rateZones']

/** Zones of a catalog by name, key or `portal.destination`, and by countries; new keys are made by `makeKey`. */
export function openZones(
  zones: Zones,
  makeKey: (name: string, fallback: string) => string,
): ZoneFinder {
  const byWord = new Map<string, FoundZone>()
  const byCountries = new Map<string, FoundZone>()
  for (const { key, name, portal, countries, networks, exclude } of zones) {
    const zone = { key, name }
    for (const text of [portal?.['destination'], name, key])
      if (typeof text === 'string') byWord.set(wordOf(text), zone)
    if (networks.length === 0 && exclude.length === 0)
      byCountries.set(countriesKey(countries), zone)
  }
  const found = new Map<string, FoundZone>()
  const make = (destination: string): FoundZone => {
    const named = byWord.get(wordOf(destination))
    if (named !== undefined) return named
    const codes = countriesOf(destination)
    const known = byCountries.get(countriesKey(codes))
    if (known !== undefined) return known
    const name = codes.length === 1 ? countryName(codes[0] ?? '') : normaliseName(destination)
    const zone = { key: makeKey(name, 'zone'), name, makes: codes }
    byCountries.set(countriesKey(codes), zone)
    return zone
  }
  return {
    find(destination) {
      const zone = found.get(destination) ?? make(destination)
      found.set(destination, zone)
      return zone
    },
  }
}

/** A destination as it is compared: `North America` is the key `north-america`. */
const wordOf = (text: string): string => kebabCase(text, text)

const countriesKey = (codes: readonly string[]): string => codes.toSorted().join()

/** One country, or several with `;`, `|`, `+` or `/` between; a comma may be a part of a name. */
function countriesOf(destination: string): readonly string[] {
  const whole = parseCountry(destination)
  if (whole.code !== undefined) return [whole.code]
  const parts = destination.split(/[;|+/]|, ?(?=[A-Z]{2,3}(?:,|$))/).map(part => part.trim())
  return [...new Set(parts.filter(part => part !== '').map(codeOf))]
}

function codeOf(text: string): string {
  const country = parseCountry(text)
  if (country.code !== undefined) return country.code
  const { candidates } = country
  throw new Unsayable(
    `the destination "${text}" is ${candidates.length > 1 ? 'not one country' : 'no country'}${candidates.length === 0 ? '' : ` (did you mean ${candidates.join(' or ')}?)`} and no rate zone of the catalog: make such a zone, with this name or portal.destination`,
  )
}
