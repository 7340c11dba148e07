import isoCountries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }
import { nearestOf } from './nearest.ts'

/**
 * Other names in use, written as `simplifyName` leaves them, by ISO 3166-1 alpha-2 code. What is only
 * spelt differently (accents, `&`, `the`, `Korea, Republic of`) needs no line here.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  AG: ['antigua'],
  BA: ['bosnia'],
  BL: ['saint barths', 'saint barts'],
  BN: ['brunei'],
  BO: ['plurinational state bolivia'],
  BQ: ['bonaire', 'caribbean netherlands'],
  CD: ['dr congo', 'drc', 'congo kinshasa', 'congo dr', 'zaire'],
  CG: ['congo brazzaville'],
  CV: ['cabo verde'],
  FK: ['falkland islands', 'falklands', 'malvinas'],
  FM: ['micronesia'],
  GB: ['united kingdom great britain northern ireland'],
  HK: ['hong kong sar', 'hong kong china', 'hong kong sar china'],
  KN: ['saint kitts', 'nevis'],
  KP: ['democratic peoples republic korea', 'korea north'],
  KR: ['korea south'],
  LA: ['laos', 'lao pdr'],
  LY: ['libyan arab jamahiriya'],
  MD: ['moldova'],
  MF: ['saint martin'],
  MK: ['macedonia', 'former yugoslav republic macedonia', 'fyr macedonia', 'fyrom'],
  MM: ['burma'],
  MO: ['macau', 'macao sar', 'macau sar', 'macao china', 'macau china'],
  NL: ['holland'],
  PS: ['palestinian territory', 'palestinian territories', 'occupied palestinian territory'],
  RE: ['reunion island'],
  SH: ['saint helena ascension tristan da cunha'],
  SK: ['slovak republic'],
  ST: ['sao tome'],
  SX: ['sint maarten'],
  SY: ['syria'],
  SZ: ['swaziland'],
  TC: ['turks caicos'],
  TL: ['east timor'],
  TT: ['trinidad'],
  VA: ['vatican', 'vatican city', 'holy see'],
  VC: ['saint vincent'],
  VE: ['bolivarian republic venezuela'],
  VI: ['us virgin islands', 'united states virgin islands', 'virgin islands us'],
  VN: ['viet nam'],
}

/**
 * What a name that two countries could claim means when the platform writes it. People are asked to be
 * clearer.
 */
const PLATFORM_MEANS: ReadonlyMap<string, string> = new Map([
  ['congo', 'CG'],
  ['korea', 'KR'],
])

/** TADIG codes begin with an ISO 3166-1 alpha-3 code, but for those that are older than their country's. */
const TADIG_EXCEPTIONS: ReadonlyMap<string, string | undefined> = new Map([
  ['ROM', 'RO'],
  ['ZAR', 'CD'],
  ['TMP', 'TL'],
  ['BUR', 'MM'],
  ['K00', 'XK'],
  // Serbia and Montenegro both kept it.
  ['YUG', undefined],
])

/** Countries whose operators also serve territories with a code of their own under their TADIG codes. */
const TADIG_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  US: ['AS', 'GU', 'MP', 'PR', 'UM', 'VI'],
  FR: ['BL', 'GF', 'GP', 'MC', 'MF', 'MQ', 'NC', 'PF', 'PM', 'RE', 'WF', 'YT'],
  GB: ['GG', 'GI', 'IM', 'IO', 'JE'],
  AU: ['CC', 'CX', 'NF'],
  DK: ['FO', 'GL'],
  FI: ['AX'],
  IT: ['SM', 'VA'],
  NL: ['AW', 'BQ', 'CW', 'SX'],
  NO: ['SJ'],
  NZ: ['CK', 'NU', 'TK'],
  CH: ['LI'],
}

/** What a country text of a catalog means. */
export type ParsedCountry =
  | { readonly code: string }
  | { readonly code?: never; readonly candidates: readonly string[] }

let names: ReadonlyMap<string, ReadonlySet<string>> | undefined

/**
 * Reads a country as a catalog names it: ISO 3166-1 alpha-2 or alpha-3 code, or English name, whatever
 * the case and accents. Otherwise `candidates` are what may have been meant, as `NO (Norway)`.
 */
export function parseCountry(text: string): ParsedCountry {
  const word = text.trim()
  const code = countryOfCode(word)
  if (code !== undefined) return { code }
  for (const form of nameForms(word)) {
    const claims = [...(namesToCodes().get(form) ?? [])]
    const [only, second] = claims
    if (only !== undefined && second === undefined) return { code: only }
    if (claims.length > 0) return { candidates: claims.map(describeCountry) }
  }
  return { candidates: guessCountries(simplifyName(word)).map(describeCountry) }
}

/** The English name of an alpha-2 code; the code itself where it is not known. */
export function countryName(code: string): string {
  return englishNames(code)[0] ?? code
}

/** All ISO 3166-1 alpha-2 codes, Kosovo's XK among them, in alphabetical order. */
export function countryCodes(): readonly string[] {
  return Object.keys(isoCountries.getAlpha2Codes()).sort()
}

/**
 * The alpha-2 code of a country name as the platform writes it (contract 4.11), such as `Ivory Coast`,
 * `Congo, Democratic Republic` or `Gibraltar (United Kingdom)`. `undefined` where it is no single country.
 */
export function countryOfPlatformName(name: string): string | undefined {
  const code = countryOfCode(name.trim())
  if (code !== undefined) return code
  const withoutAddition = name.replace(/\([^)]*\)/g, ' ')
  for (const form of [...nameForms(name), simplifyName(withoutAddition)]) {
    const meant = PLATFORM_MEANS.get(form)
    if (meant !== undefined) return meant
    const [only, second] = [...(namesToCodes().get(form) ?? [])]
    if (only !== undefined && second === undefined) return only
  }
  return undefined
}

/**
 * The alpha-2 code that the first three letters of a TADIG code stand for. `undefined` for test and
 * satellite codes (AA, WW) and for codes that more than one country uses.
 */
export function countryOfTadig(tadig: string): string | undefined {
  const prefix = tadig.slice(0, 3).toUpperCase()
  if (/^(AA|WW)/.test(prefix)) return undefined
  if (TADIG_EXCEPTIONS.has(prefix)) return TADIG_EXCEPTIONS.get(prefix)
  return countryOfCode(prefix)
}

/**
 * Whether a TADIG code speaks against a country: `USA..` does not against Puerto Rico, and a code that
 * tells no country never does.
 */
export function tadigContradicts(tadig: string, country: string): boolean {
  const told = countryOfTadig(tadig)
  if (told === undefined || told === country) return false
  const related = (parent: string, child: string) =>
    TADIG_FAMILIES[parent]?.includes(child) ?? false
  return !related(told, country) && !related(country, told)
}

/** Up to three: names that begin as the word does, or the one nearest to it. */
function guessCountries(word: string): readonly string[] {
  if (word === '') return []
  const begins = new Set<string>()
  for (const [name, codes] of namesToCodes()) {
    if (name.startsWith(word)) for (const code of codes) begins.add(code)
  }
  if (begins.size > 0) return [...begins].slice(0, 3)
  const near = word.length < 4 ? undefined : nearestOf(word, namesToCodes().keys())
  return near === undefined ? [] : [...(namesToCodes().get(near) ?? [])]
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

/** A name simplified as it stands and, for `Korea, Republic of` and `Korea (South)`, turned round. */
function nameForms(name: string): readonly string[] {
  const turned = /^([^,(]+)[,(]([^,()]+)\)?\s*$/.exec(name)
  const forms = [simplifyName(name)]
  if (turned !== null) forms.push(simplifyName(`${turned[2]} ${turned[1]}`))
  return forms
}

function simplifyName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/['’`.]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(/\b(the|of|and)\b/g, ' ')
    .replace(/\bst\b/g, 'saint')
    .replace(/\bı/g, 'i')
    .replace(/\s+/g, ' ')
    .trim()
}
