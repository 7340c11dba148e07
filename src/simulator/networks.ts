import isoCountries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }
import { all } from 'mcc-mnc-list'
import type { NetworkId } from '../model.ts'
import { CODES, Rejection } from './rejection.ts'
import { networkKey, nextId, type SimulatedNetwork, type World } from './world.ts'

isoCountries.registerLocale(english)

const FIRST_SPONSOR = '101'
const SECOND_SPONSOR = '102'
const SUFFIX_CHARACTERS = '123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0'

let made: readonly SimulatedNetwork[] | undefined

/**
 * The operational mobile networks of the world, one an operator and country, some of them reachable
 * through a second sponsor. TADIG codes are made up: three letters of the country, two of the name.
 */
export function worldNetworks(): readonly SimulatedNetwork[] {
  made ??= makeNetworks()
  return made
}

function makeNetworks(): readonly SimulatedNetwork[] {
  const networks: SimulatedNetwork[] = []
  const known = new Set<string>()
  const codes = new Set<string>()
  const records = all()
  // Records of several territories come last, so that they move no other network's ID.
  const isPlain = (record: (typeof records)[number]) => /^[A-Z]{2}$/.test(record.countryCode ?? '')
  for (const record of [
    ...records.filter(isPlain),
    ...records.filter(record => !isPlain(record)),
  ]) {
    const alpha3 = alpha3Of(record.countryCode, record.countryName)
    const operatorName = record.brand || record.operator
    if (record.status !== 'Operational' || alpha3 === undefined || !operatorName) continue
    const operator = `${alpha3} ${operatorName.toLowerCase()}`
    if (known.has(operator)) continue
    known.add(operator)
    const tadig = tadigFor(alpha3, operatorName, codes)
    codes.add(tadig)
    const ordinal = known.size
    const base = {
      operatorId: String(1000 + ordinal * 7),
      tadig,
      operatorName,
      countryName: record.countryName,
    }
    // Two in seven through both sponsors, one in seven through the second only.
    if (ordinal % 7 !== 5) networks.push({ ...base, sponsorId: FIRST_SPONSOR })
    if ([2, 4, 5].includes(ordinal % 7)) networks.push({ ...base, sponsorId: SECOND_SPONSOR })
  }
  return networks
}

/** A country alone, or one that the record names with its outlying territories. */
function alpha3Of(codes: string | null, name: string | null): string | undefined {
  const [first = '', ...territories] = (codes ?? '').split('/')
  if (territories.length > 0 && isoCountries.getAlpha2Code(name ?? '', 'en') !== first)
    return undefined
  return isoCountries.alpha2ToAlpha3(first)
}

function tadigFor(alpha3: string, name: string, taken: ReadonlySet<string>): string {
  const letters = name
    .normalize('NFD')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
  const first = letters[0] ?? 'X'
  const suffixes = [letters.slice(0, 2).padEnd(2, 'X')]
  for (const character of SUFFIX_CHARACTERS) suffixes.push(first + character)
  for (const character of SUFFIX_CHARACTERS) suffixes.push(`X${character}`, `Z${character}`)
  for (const suffix of suffixes) {
    if (!taken.has(alpha3 + suffix)) return alpha3 + suffix
  }
  throw new Error(`no TADIG code left in ${alpha3}`)
}

/** What picks networks in the control API: by TADIG code, or by IDs (all sponsors without one). */
export interface NetworkPick {
  readonly tadig?: string
  readonly operatorId?: string
  readonly sponsorId?: string
}

/** The networks of coverage that a pick means. */
export function pickNetworks(world: World, pick: NetworkPick): SimulatedNetwork[] {
  return [...world.networks.values()].filter(
    network =>
      (pick.tadig !== undefined || pick.operatorId !== undefined) &&
      (pick.tadig === undefined || network.tadig === pick.tadig) &&
      (pick.operatorId === undefined || network.operatorId === pick.operatorId) &&
      (pick.sponsorId === undefined || network.sponsorId === pick.sponsorId),
  )
}

/**
 * Takes networks out of coverage: out of the destination group, of all roaming profiles and, as the
 * platform does by itself (contract 2), of all rate zones.
 */
export function removeNetworks(world: World, networks: readonly NetworkId[]): void {
  const gone = new Set(networks.map(networkKey))
  const stays = (network: NetworkId) => !gone.has(networkKey(network))
  for (const key of gone) world.networks.delete(key)
  for (const profile of world.roamingProfiles.values()) {
    if (profile.networks !== 'all') profile.networks = profile.networks.filter(stays)
  }
  for (const zone of world.zones.values()) zone.networks = zone.networks.filter(stays)
}

/** Brings a network into coverage; no rate zone gets it by itself (contract 2). */
export function addNetwork(
  world: World,
  network: {
    readonly tadig: string
    readonly countryName: string
    readonly operatorName: string
    readonly sponsorId?: string
  },
): SimulatedNetwork {
  const sibling = pickNetworks(world, { tadig: network.tadig })[0]
  const joined: SimulatedNetwork = {
    operatorId: sibling?.operatorId ?? nextId(world, 'operator'),
    sponsorId: network.sponsorId ?? FIRST_SPONSOR,
    tadig: network.tadig,
    operatorName: network.operatorName,
    countryName: network.countryName,
  }
  if (world.networks.has(networkKey(joined))) {
    throw new Rejection(CODES.operatorTwice, `${network.tadig} is in coverage already`)
  }
  world.networks.set(networkKey(joined), joined)
  return joined
}

/** Creates a roaming profile of networks given by TADIG code and sponsor (contract 6). */
export function createRoamingProfile(
  world: World,
  name: string,
  networks: readonly { readonly tadig: string; readonly sponsorId: string }[],
): string {
  for (const profile of world.roamingProfiles.values()) {
    if (profile.name === name) {
      throw new Rejection(CODES.nameExists, `a roaming profile named ${name} exists already`)
    }
  }
  const picked = networks.map(({ tadig, sponsorId }) => {
    const found = pickNetworks(world, { tadig, sponsorId })[0]
    if (found === undefined) {
      throw new Rejection(CODES.notFound, `no network ${tadig} through ${sponsorId} in coverage`)
    }
    return { operatorId: found.operatorId, sponsorId: found.sponsorId }
  })
  const roamingProfileId = nextId(world, 'roamingProfile')
  world.roamingProfiles.set(roamingProfileId, { roamingProfileId, name, networks: picked })
  return roamingProfileId
}
