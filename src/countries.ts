import isoCountries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }
import {
  FORMAL_WORDS,
  OTHER_NAMES,
  PARTS,
  TADIG_EXCEPTIONS,
  TADIG_FAMILIES,
} from './country-tables.ts'
import { allNear } from './nearest.ts'

/**
 * How a country calls itself in front of its name: `Republic of Ireland` is Ireland. Not `democratic`
 * nor `people's`, which tell two Koreas and two Congos apart.
 */
const FORMAL =
  /^((islamic|arab|federal|federative|hashemite|grand) )?(republic|kingdom|state|commonwealth|sultanate|principality|duchy) (?=.)/

/** What a country text of a catalog means. */
export type ParsedCountry =
  | { readonly code: string }
  | { readonly code?: never; readonly candidates: readonly string[] }

let names: ReadonlyMap<string, ReadonlySet<string>> | undefined

/**
 * Reads a country as a catalog names it: ISO 3166-1 alpha-2 or alpha-3 code, or English name, whatever
 * the case and accents. Otherwise `candidates` are what may have been meant, as `NO (Norway)`; none where
 * a guess could mislead.
 */
export function parseCountry(text: string): ParsedCountry {
  const word = text.trim()
  const code = countryOfCode(word)
  if (code !== undefined) return { code }
  for (const form of nameForms(word)) {
    const claims = claimsOf(form)
    const [only, second] = claims
    if (only !== undefined && second === undefined) return { code: only }
    if (claims.length > 0) return { candidates: claims.map(describeCountry) }
  }
  return { candidates: guessCountries(informal(simplifyName(word))).map(describeCountry) }
}

/** The English name of an alpha-2 code; the code itself where it is not known. */
export function countryName(code: string): string {
  return englishNames(code)[0] ?? code
}

/** All ISO 3166-1 alpha-2 codes, Kosovo's XK among them, in alphabetical order. */
export function countryCodes(): readonly string[] {
  return Object.keys(isoCountries.getAlpha2Codes()).sort()
}

/** The country of a network, or why it has none and which countries it could be in. */
export type NetworkCountry =
  | { readonly code: string }
  | {
      readonly code?: never
      readonly candidates: readonly string[]
      readonly doubt: 'not told' | 'not understood' | 'unclear' | 'at odds'
    }

/**
 * The country of a network by the name that the platform writes (contract 4.11), such as `Ivory Coast`,
 * and the network's TADIG code. A plain name is enough unless the code speaks against it; a name with a
 * comma or parentheses, or one that several countries claim, takes the code to agree; the code alone is
 * enough only where there is no name.
 *
 * @example readNetworkCountry('Congo (DRC)', 'CODAC') // { code: 'CD' }
 */
export function readNetworkCountry(
  name: string | undefined,
  tadig: string | undefined,
): NetworkCountry {
  const told = tadig === undefined ? [] : countriesOfTadig(tadig)
  const [only, second] = told
  if (name === undefined) {
    if (only !== undefined && second === undefined) return { code: only }
    return { candidates: told, doubt: 'not told' }
  }
  const { meant, isClear } = countriesOfPlatformName(name, told)
  const agreed = isClear ? pickAgreed(meant, told) : undefined
  if (agreed !== undefined) return { code: agreed }
  const [sure, other] = meant
  if (told.length === 0 && sure !== undefined && other === undefined && isPlain(name))
    return { code: sure }
  return {
    candidates: [...new Set([...meant, ...told])],
    doubt:
      meant.length === 0
        ? 'not understood'
        : told.length > 0 && !meant.some(code => told.some(one => areRelated(one, code)))
          ? 'at odds'
          : 'unclear',
  }
}

/**
 * The alpha-2 codes that the first three letters of a TADIG code stand for: several where countries kept
 * the code of one that is no more, none for test and satellite codes (AA, WW).
 */
export function countriesOfTadig(tadig: string): readonly string[] {
  const prefix = tadig.slice(0, 3).toUpperCase()
  if (/^(AA|WW)/.test(prefix)) return []
  const known = TADIG_EXCEPTIONS.get(prefix) ?? countryOfCode(prefix)
  return known === undefined ? [] : [known].flat()
}

/** The one country that name and TADIG code agree on: `USA..` agrees with Puerto Rico too. */
function pickAgreed(meant: readonly string[], told: readonly string[]): string | undefined {
  const same = meant.filter(code => told.includes(code))
  const agreeing =
    same.length > 0 ? same : meant.filter(code => told.some(one => areRelated(one, code)))
  const [only, second] = agreeing
  return second === undefined ? only : undefined
}

function areRelated(one: string, other: string): boolean {
  return (
    one === other ||
    TADIG_FAMILIES[one]?.includes(other) === true ||
    TADIG_FAMILIES[other]?.includes(one) === true
  )
}

/** Between a name and what stands beside it: `Congo (DRC)`, `China - Hong Kong`, `Israel/Palestine`. */
const BESIDE = /[(),/]|\s[-–—]\s/

const isPlain = (name: string): boolean => !BESIDE.test(name)

/** What a platform's name may stand for; not clear where what stands beside the name may mean another place. */
interface PlatformName {
  readonly meant: readonly string[]
  readonly isClear: boolean
}

/**
 * Of `Gibraltar (United Kingdom)` the first, of `China, Hong Kong` the second where the TADIG code says so
 * too; two countries otherwise are a list, and nobody can tell which of them the network is in.
 */
function countriesOfPlatformName(name: string, told: readonly string[]): PlatformName {
  const code = countryOfCode(name.trim())
  if (code !== undefined) return { meant: [code], isClear: true }
  for (const form of nameForms(name)) {
    const claims = claimsOf(form)
    if (claims.length > 0) return { meant: claims, isClear: true }
  }
  const [head = '', ...beside] = name.split(BESIDE)
  const first = [...new Set(nameForms(head).flatMap(claimsOf))]
  const additions = beside.filter(part => part.trim() !== '')
  const more = [...new Set(additions.flatMap(part => nameForms(part).flatMap(claimsOf)))]
  const isKnown = additions.every(
    part => isFormal(part) || nameForms(part).some(form => claimsOf(form).length > 0),
  )
  if (first.length === 0 || more.length === 0) return { meant: first, isClear: isKnown }
  const both = first.filter(one => more.includes(one))
  if (both.length > 0) return { meant: both, isClear: isKnown }
  const isPartOf = (part: string, whole: string) => PARTS[whole]?.includes(part) === true
  if (first.every(part => more.some(whole => isPartOf(part, whole))))
    return { meant: first, isClear: isKnown }
  const parts = more.filter(
    part => told.includes(part) && first.every(whole => isPartOf(part, whole)),
  )
  return parts.length > 0
    ? { meant: parts, isClear: isKnown }
    : { meant: [...first, ...more], isClear: false }
}

const isFormal = (text: string): boolean =>
  simplifyName(text)
    .split(' ')
    .every(word => FORMAL_WORDS.has(word))

/** A guess that would be one of many is none. */
const MOST_GUESSES = 3

/** Names that begin with the word or hold it, and those a letter or two from it. */
function guessCountries(word: string): readonly string[] {
  if (word.length < 3) return []
  const all = [...namesToCodes().keys()]
  const holding = all.filter(name => name.startsWith(word) || ` ${name} `.includes(` ${word} `))
  const most = word.length < 5 ? 0 : word.length < 9 ? 1 : 2
  // The first letter is hardly ever wrong, and another one makes another country of it.
  const near = allNear(
    word,
    all.filter(name => name[0] === word[0]),
    most,
  )
  const codes = new Set([...holding, ...near].flatMap(claimsOf))
  return codes.size > MOST_GUESSES ? [] : [...codes]
}

function claimsOf(form: string): readonly string[] {
  return [...(namesToCodes().get(form) ?? [])]
}

function countryOfCode(word: string): string | undefined {
  const code = word.toUpperCase()
  if (/^[A-Z]{2}$/.test(code) && isoCountries.alpha2ToAlpha3(code) !== undefined) return code
  return /^[A-Z]{3}$/.test(code) ? isoCountries.alpha3ToAlpha2(code) : undefined
}

function describeCountry(code: string): string {
  return `${code} (${countryName(code)})`
}

function englishNames(code: string): readonly string[] {
  const all: Readonly<Record<string, string | readonly string[]>> = english.countries
  const found = all[code]
  if (found === undefined) return []
  return typeof found === 'string' ? [found] : found
}

function namesToCodes(): ReadonlyMap<string, ReadonlySet<string>> {
  if (names !== undefined) return names
  const codes = new Map<string, Set<string>>()
  for (const code of countryCodes()) {
    const forms = [...englishNames(code).flatMap(nameForms), ...(OTHER_NAMES[code] ?? [])]
    for (const form of forms) codes.set(form, (codes.get(form) ?? new Set()).add(code))
  }
  names = codes
  return codes
}

/**
 * A name simplified as it stands and, for `Korea, Republic of` and `Korea (South)`, turned round; last
 * without what stands in front of it formally.
 */
function nameForms(name: string): readonly string[] {
  const turned = /^([^,(]+)[,(]([^,()]+)\)?\s*$/.exec(name)
  const forms = [simplifyName(name)]
  if (turned !== null) forms.push(simplifyName(`${turned[2]} ${turned[1]}`))
  return [...forms, ...forms.filter(form => FORMAL.test(form)).map(informal)]
}

const informal = (form: string): string => form.replace(FORMAL, '')

function simplifyName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/['’`.]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(/\b(the|of|and)\b/g, ' ')
    .replace(/\bst\b/g, 'saint')
    .replace(/\brep\b/g, 'republic')
    .replace(/\bdem\b/g, 'democratic')
    .replace(/\bisl?\b/g, 'islands')
    .replace(/\bı/g, 'i')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The alpha-2 code of an ISO 3166-1 number, as maps have it; undefined where there is none. */
export const countryOfNumber = (number: string): string | undefined =>
  isoCountries.numericToAlpha2(number)
