import type { Finding, Listing } from '../finding.ts'
import type { Json, JsonObject } from '../model.ts'
import { networkWord } from '../networks.ts'
import type {
  CustomerProfile,
  ListOptions,
  Network,
  ReportedPlan,
  ReportedRateZone,
  ReportedRoamingProfile,
  SftReader,
} from './api.ts'
import { planInTerms } from './contract-terms.ts'
import { SftError, SftMissingPrerequisiteError } from './errors.ts'
import {
  answerOf,
  type ListReader,
  type Page,
  pageOf,
  readList,
  readOne,
  uniqueBy,
} from './lists.ts'
import { planIn } from './plan-report.ts'
import { requireId } from './prerequisites.ts'
import { asList, asObject, asText, compact, firstText, nameIn, valuesUnder } from './values.ts'
import { toWire, type WireForm } from './wire-form.ts'

/** Reads of what the account as a whole has: profile, networks, zones, plans. */
export function createAccountReads(
  reader: ListReader,
  form: WireForm,
): Pick<
  SftReader,
  | 'customerProfile'
  | 'networks'
  | 'rateZones'
  | 'addonPlans'
  | 'basePlans'
  | 'roamingProfiles'
  | 'addonPlan'
> {
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

  /** QueryRatePlan for one planType, or for what the account answers without. */
  const plansOfType = (
    planCategory: PlanCategory,
    planType: string | undefined,
    options: ListOptions<ReportedPlan>,
    agreed = false,
  ) =>
    readList(
      reader,
      {
        operation: 'QueryRatePlan',
        query: {
          planCategory,
          planType: planType && toWire(form.planType, planType),
        },
        pageOf: plansOf(form),
        idOf: plan => plan.planId,
        agreed,
      },
      options,
    )

  /** All plans of a category, whatever their planType. */
  async function plansOfCategory(
    category: PlanCategory,
    options: ListOptions<ReportedPlan> = {},
  ): Promise<Listing<ReportedPlan>> {
    // Without planType first: names are looked up among all plans, or one could be made twice.
    let listing = answerOf(await plansOfType(category, undefined, options))
    // ASSUMED (contract 4.5): what is listed without planType may be the plans of one planType only.
    const shown = new Set(listing.items.map(plan => plan.planType))
    for (const planType of PLAN_TYPES) {
      if (listing.doubt !== undefined) return listing
      if (shown.has(planType)) continue
      if (options.enough?.(listing.items))
        return {
          ...listing,
          doubt: 'QueryRatePlan: not every planType was asked for',
          stopped: true,
        }
      const rest = listing.items
      const more = await plansOfType(category, planType, withRest(options, rest), true)
      // An account that refuses a planType has no plans of it.
      if (more.kind !== 'rejected') listing = joined(listing, answerOf(more))
    }
    return listing
  }

  return {
    async customerProfile(options) {
      return answerOf(await reader.read('GetCustomerProfile', {}, customerProfileOf, options))
    },
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
    async rateZones(options) {
      const call = {
        operation: 'GetRateZone',
        query: {},
        pageOf: zonesOf,
        idOf: (zone: ReportedRateZone) => zone.id,
      } as const
      return answerOf(await readList(reader, call, options))
    },
    addonPlans: options => plansOfCategory('ADDON', options),
    async basePlans(options) {
      const { items, ...rest } = await plansOfCategory('NORMAL', options)
      return { ...rest, items: items.filter(({ category = 'NORMAL' }) => category === 'NORMAL') }
    },
    async roamingProfiles(options) {
      const call = {
        operation: 'GetRoamingProfiles',
        query: {},
        pageOf: reportedProfilesOf,
        idOf: ({ id }: ReportedRoamingProfile) => id,
      } as const
      return answerOf(await readList(reader, call, options))
    },
    addonPlan(planId, options): Promise<Finding<ReportedPlan>> {
      requireId('QueryRatePlan', 'planId', planId)
      const call = {
        operation: 'QueryRatePlan',
        query: { planCategory: 'ADDON', planId },
        pageOf: plansOf(form),
      } as const
      return readOne(reader, call, `plan ${planId}`, plan => plan.planId === planId, options)
    },
  }
}

type PlanCategory = 'ADDON' | 'NORMAL'

/** The values of planType, in the contract's terms: prepaid and postpaid. */
const PLAN_TYPES = ['0', '1']

/** The same question of a list that is read in parts: what the other parts have counts too. */
function withRest<Item>(
  { enough, ...options }: ListOptions<Item>,
  rest: readonly Item[],
): ListOptions<Item> {
  return {
    ...options,
    ...(enough && { enough: (items: readonly Item[]) => enough([...rest, ...items]) }),
  }
}

function joined(one: Listing<ReportedPlan>, other: Listing<ReportedPlan>): Listing<ReportedPlan> {
  return {
    ...one,
    ...other,
    items: uniqueBy([...one.items, ...other.items], plan => plan.planId),
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
 * ASSUMED (contract 4.1, U4): destGroupId stands anywhere in the body, as text, number or list; several
 * mean that configuration must choose.
 */
function customerProfileOf(response: JsonObject): CustomerProfile | undefined {
  const found = valuesUnder(response, ['destGroupId', 'destinationGroupId'])
    .flatMap((value): readonly Json[] => asList(value) ?? [value])
    .map(value => {
      const group = asObject(value)
      return group === undefined ? asText(value) : firstText(group, 'destGroupId', 'id')
    })
  const destGroupIds = [...new Set(found.filter(id => id !== undefined))]
  const hasPayload = response['responseParam'] !== undefined || response['info'] !== undefined
  return destGroupIds.length > 0 || hasPayload ? { destGroupIds } : undefined
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

interface NetworkFields {
  readonly operatorId?: string
  readonly sponsorId?: string
  readonly tadig?: string
  readonly operatorName?: string
  readonly countryName?: string
}

/** Networks at some depth, and how many rows among them cannot be read. */
interface Networks {
  readonly networks: readonly Network[]
  readonly unread: number
}

const NO_NETWORKS: Networks = { networks: [], unread: 0 }

const together = (parts: readonly Networks[]): Networks => ({
  networks: parts.flatMap(part => part.networks),
  unread: parts.reduce((sum, part) => sum + part.unread, 0),
})

function networksOfList(list: readonly Json[], outer: NetworkFields): Networks {
  return together(
    list.map(item => {
      const object = asObject(item)
      return object === undefined ? { networks: [], unread: 1 } : networksIn(object, outer)
    }),
  )
}

/** The networks of an object: what is nested in it, or itself; one that is none and has none is unread. */
function networksIn(object: JsonObject, outer: NetworkFields): Networks {
  const fields: NetworkFields = { ...outer, ...networkFields(object) }
  const lists = Object.values(object).filter(isList)
  const parts = [
    ...lists.map(list => networksOfList(list, fields)),
    ...Object.values(object).flatMap(value => {
      const nested = asObject(value)
      return nested === undefined ? [] : [networksIn(nested, fields)]
    }),
  ]
  // Beside lists of networks others may stand, such as one of languages.
  const having = parts.filter(part => part.networks.length > 0)
  if (having.length > 0) return together(having)
  const { operatorId, sponsorId } = fields
  // Only an item that itself names an operator or a sponsor is a network.
  const isItem = firstText(object, 'operatorId', 'categoryGroupId', 'sponsorId') !== undefined
  if (isItem && operatorId !== undefined && sponsorId !== undefined)
    return { networks: [{ ...fields, operatorId, sponsorId }], unread: 0 }
  const isEmptyGroup = !isItem && lists.length > 0 && lists.every(list => list.length === 0)
  return isEmptyGroup ? NO_NETWORKS : { networks: [], unread: Math.max(1, together(parts).unread) }
}

function networkFields(object: JsonObject): NetworkFields {
  return compact({
    operatorId: firstText(object, 'operatorId'),
    sponsorId: firstText(object, 'categoryGroupId', 'sponsorId'),
    tadig: firstText(object, 'tadigCode', 'tadig'),
    operatorName: firstText(object, 'operatorName'),
    countryName: firstText(object, 'countryName'),
  })
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

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

const reportedProfilesOf = (response: JsonObject): Page<ReportedRoamingProfile> | undefined =>
  pageOf(response, ['rows'], row => {
    const id = firstText(row, 'roamingProfileId')
    const { networks } = networksOfList(asList(row['tadigList']) ?? [], {})
    return id === undefined
      ? undefined
      : {
          id,
          ...compact({ name: firstText(row, 'roamingProfileName') }),
          networks: networks.length,
        }
  })

const zonesOf = (response: JsonObject): Page<ReportedRateZone> | undefined =>
  pageOf(response, ['rateZoneList', 'rows'], rateZoneOf)

/** A row without ID or name is no zone that is known: it would look as if the zone did not exist. */
function rateZoneOf(row: JsonObject): ReportedRateZone | undefined {
  const id = firstText(row, 'id', 'rateZoneId')
  const name = nameIn(row, 'name')
  if (id === undefined || name === undefined) return undefined
  const list = asList(row['operatorIdList'])
  const found = list && networksOfList(list, {})
  // A zone whose networks cannot all be read does not tell them, which is not to have fewer.
  const isRead = found !== undefined && found.unread === 0
  return { id, name, ...(isRead && { networks: found.networks }) }
}

const plansOf =
  (form: WireForm) =>
  (response: JsonObject): Page<ReportedPlan> | undefined =>
    pageOf(response, ['plan', 'rows'], row => {
      const plan = planIn(row, form)
      return plan && planInTerms(plan, form)
    })
