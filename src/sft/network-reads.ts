import type { Listing } from '../finding.ts'
import type { JsonObject } from '../model.ts'
import { networkWord } from '../networks.ts'
import type { ListOptions, Network, SftReader } from './api.ts'
import { SftError, SftMissingPrerequisiteError } from './errors.ts'
import { answerOf, type ListReader, type Page, pageOf, readList, uniqueBy } from './lists.ts'
import { type Networks, networksIn, networksOfList } from './networks-in.ts'
import { asList, asObject, firstText } from './values.ts'
import type { WireForm } from './wire-form.ts'

/** Reads of the networks of an account: its list, or where that is not known its roaming profile. */
export function createNetworkReads(
  reader: ListReader,
  form: WireForm,
): Pick<SftReader, 'networks'> {
  let networkListIsUnknown = form.networksFrom === 'roaming-profile'

  async function networksOfProfile({
    enough: _networks,
    ...options
  }: ListOptions<Network>): Promise<Listing<Network>> {
    const call = {
      operation: 'GetRoamingProfiles',
      query: {},
      pageOf: profilesOf,
      idOf: ({ id, name }: RoamingProfile) => id ?? name ?? '',
    } as const
    const isDefault = ({ name }: RoamingProfile) => name?.toUpperCase() === 'DEFAULT'
    const enough = (profiles: readonly RoamingProfile[]) => profiles.some(isDefault)
    const { items } = answerOf(await readList(reader, call, { ...options, enough }))
    const all = items.find(isDefault)
    if (all === undefined)
      throw new SftMissingPrerequisiteError(
        'the networks of the account are not known: fetchNetworkList has none and there is no roaming ' +
          'profile DEFAULT; have BICS restore that profile, or set the path of fetchNetworkList',
        { operation: 'GetRoamingProfiles', method: 'GET', path: '/api/GetRoamingProfiles' },
      )
    const doubt = doubtOfProfile(all)
    return { items: uniqueBy(all.networks, networkWord), ...(doubt !== undefined && { doubt }) }
  }

  return {
    async networks(options = {}) {
      if (networkListIsUnknown) return await networksOfProfile(options)
      const call = {
        operation: 'fetchNetworkList',
        query: {},
        pageOf: networkPageOf,
        idOf: networkWord,
      } as const
      const list = await readList(reader, call, options)
      const own = list.kind === 'answered' && list.value.items.length > 0 ? list.value : undefined
      if (own !== undefined && (own.doubt === undefined || own.stopped)) return own
      networkListIsUnknown = true
      return own === undefined
        ? await networksOfProfile(options)
        : await withProfile(own, () => networksOfProfile(options))
    },
  }
}

/** A list that is not understood in full, made whole by the other one where that is. */
async function withProfile(
  own: Listing<Network>,
  readProfile: () => Promise<Listing<Network>>,
): Promise<Listing<Network>> {
  try {
    const other = await readProfile()
    const items = uniqueBy([...own.items, ...other.items], networkWord)
    return other.doubt === undefined ? { ...other, items } : { ...own, items }
  } catch (error) {
    if (error instanceof SftError) return own
    throw error
  }
}

/**
 * ASSUMED (contract 4.2, U5): rows, flat or nested, whose items hold operatorId. What an item leaves out
 * is taken from what it is nested in. Where nothing is recognised the caller asks for the roaming
 * profiles instead.
 */
function networkPageOf(response: JsonObject): Page<Network> | undefined {
  const payload = asObject(response['responseParam'])
  const found = networksIn(payload ?? response, {})
  if (found.networks.length > 0 || payload !== undefined)
    return { rows: found.networks, unread: found.unread, saidNone: false }
  const page = pageOf(response, ['rows'], row => row)
  return page && { ...page, rows: [] }
}

interface RoamingProfile extends Networks {
  readonly id: string | undefined
  readonly name: string | undefined
}

/** Why the networks of the profile may be more than those that were read; an account has some. */
const doubtOfProfile = ({ networks, unread }: RoamingProfile): string | undefined => {
  if (unread > 0) return `GetRoamingProfiles: ${unread} networks of DEFAULT cannot be read`
  return networks.length > 0 ? undefined : 'GetRoamingProfiles: it tells no network of DEFAULT'
}

const profilesOf = (response: JsonObject): Page<RoamingProfile> | undefined =>
  pageOf(response, ['rows'], row => ({
    id: firstText(row, 'roamingProfileId'),
    name: firstText(row, 'roamingProfileName'),
    ...networksOfList(asList(row['tadigList']) ?? [], {}),
  }))
