import type { Json, JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import type { CustomerProfile, Network, ReportedPlan, ReportedRateZone, SftReader } from './api.ts'
import type { Read } from './calls.ts'
import { planInTerms } from './contract-terms.ts'
import { SftMissingPrerequisiteError } from './errors.ts'
import { allOrNothing, answerOf, answerOrNone, readAll, rowsOf, uniqueBy } from './lists.ts'
import { asList, asObject, asObjects, asText, compact, firstText, valuesUnder } from './values.ts'
import type { WireForm } from './wire-form.ts'

/** Reads of what the account as a whole has: profile, networks, zones, plans. */
export function createAccountReads(
  read: Read,
  form: WireForm,
): Pick<SftReader, 'customerProfile' | 'networks' | 'rateZones' | 'addonPlans'> {
  let networkListIsUnknown = form.networksFrom === 'roaming-profile'

  async function networksOfProfile(
    options: Parameters<SftReader['networks']>[0],
  ): Promise<readonly Network[]> {
    const result = await readAll(read, 'GetRoamingProfiles', {}, profilesOf, options)
    const profiles = answerOrNone(result, [])
    const all = profiles.find(profile => profile.name?.toUpperCase() === 'DEFAULT')
    if (all === undefined)
      throw new SftMissingPrerequisiteError(
        'the networks of the account are not known: fetchNetworkList has none and there is no roaming ' +
          'profile DEFAULT; have BICS restore that profile, or set the path of fetchNetworkList',
        { operation: 'GetRoamingProfiles', method: 'GET', path: '/api/GetRoamingProfiles' },
      )
    return uniqueNetworks(all.networks)
  }

  return {
    async customerProfile(options) {
      return answerOf(await read('GetCustomerProfile', {}, customerProfileOf, options))
    },
    async networks(options) {
      if (networkListIsUnknown) return await networksOfProfile(options)
      const list = await readAll(read, 'fetchNetworkList', {}, networkListOf, options)
      if (list.kind === 'answered' && list.value.length > 0) return uniqueNetworks(list.value)
      networkListIsUnknown = true
      return await networksOfProfile(options)
    },
    async rateZones(options) {
      const zones = await readAll(read, 'GetRateZone', {}, rateZonesOf, options)
      return uniqueBy(answerOrNone(zones, []), zone => zone.id)
    },
    async addonPlans(options) {
      // Without planType: names are looked up among all plans, or one could be made twice.
      const query = { planCategory: 'ADDON' }
      const plans = await readAll(
        read,
        'QueryRatePlan',
        query,
        response => plansOf(response, form),
        options,
      )
      return uniqueBy(answerOrNone(plans, []), plan => plan.planId)
    },
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
 * is taken from what it is nested in.
 */
function networkListOf(response: JsonObject): readonly Network[] | undefined {
  const networks = networksIn(response, {})
  // Where nothing is recognised the caller asks for the roaming profiles instead.
  return networks.length > 0 || response['responseParam'] !== undefined
    ? networks
    : rowsOf(response, 'rows')?.flatMap(row => networksIn(row, {}))
}

interface NetworkFields {
  readonly operatorId?: string
  readonly sponsorId?: string
  readonly tadig?: string
  readonly operatorName?: string
  readonly countryName?: string
}

function networksIn(value: Json | undefined, outer: NetworkFields): readonly Network[] {
  const object = asObject(value)
  if (object === undefined) return (asList(value) ?? []).flatMap(item => networksIn(item, outer))
  const fields: NetworkFields = { ...outer, ...networkFields(object) }
  const nested = Object.values(object).flatMap(item => networksIn(item, fields))
  if (nested.length > 0) return nested
  const { operatorId, sponsorId } = fields
  // Only an item that itself names an operator or a sponsor is a network.
  const isItem = firstText(object, 'operatorId', 'categoryGroupId', 'sponsorId') !== undefined
  return isItem && operatorId !== undefined && sponsorId !== undefined
    ? [{ ...fields, operatorId, sponsorId }]
    : []
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

function uniqueNetworks(networks: readonly Network[]): readonly Network[] {
  return uniqueBy(networks, network => `${network.operatorId} ${network.sponsorId}`)
}

function profilesOf(response: JsonObject) {
  return rowsOf(response, 'rows')?.map(row => ({
    name: firstText(row, 'roamingProfileName'),
    networks: networksIn(row['tadigList'], {}),
  }))
}

function rateZonesOf(response: JsonObject): readonly ReportedRateZone[] | undefined {
  const rows = rowsOf(response, 'rateZoneList', 'rows')
  return rows && allOrNothing(rows.map(rateZoneOf))
}

/** A zone without ID or name is no answer: it would look as if the zone did not exist. */
function rateZoneOf(row: JsonObject): ReportedRateZone | undefined {
  const id = firstText(row, 'id', 'rateZoneId')
  const name = nameOf(row, 'name')
  if (id === undefined || name === undefined) return undefined
  const networks = asObjects(row['operatorIdList'])?.flatMap(item => networksIn(item, {}))
  return { id, name, ...(networks !== undefined && { networks }) }
}

function plansOf(response: JsonObject, form: WireForm): readonly ReportedPlan[] | undefined {
  const rows = rowsOf(response, 'plan', 'rows')
  return (
    rows &&
    allOrNothing(
      rows.map(row => {
        const plan = planOf(row, form.dataBenefit)
        return plan && planInTerms(plan, form)
      }),
    )
  )
}

/** A plan in the words of the wire; of its benefits those of data. */
function planOf(row: JsonObject, dataBenefit: string): ReportedPlan | undefined {
  const basic = asObject(row['basicInfo']) ?? row
  const planId = firstText(basic, 'planId')
  const name = nameOf(basic, 'planName')
  if (planId === undefined || name === undefined) return undefined
  const benefits = asObjects(row['benefit'])
    ?.filter(benefit => firstText(benefit, 'benefitId') === dataBenefit)
    .map(benefit =>
      compact({ value: firstText(benefit, 'value'), rateZone: firstText(benefit, 'rateZone') }),
    )
  const charge = asObjects(row['charge'])?.[0]
  const validity = asObject(row['validity'])
  const subscription = asObject(row['subscription'])
  const fields: Omit<ReportedPlan, 'planId' | 'name'> = compact({
    category: firstText(basic, 'planCategory'),
    description: firstText(basic, 'planDescription'),
    status: firstText(basic, 'planStatus'),
    planType: firstText(basic, 'planType'),
    serviceProfile: firstText(basic, 'serviceProfile'),
    currencyId: firstText(basic, 'currencyId'),
    destinationGroup: firstText(basic, 'destinationGroup'),
    priority: firstText(basic, 'addOnPriority'),
    benefits,
    charge: charge && firstText(charge, 'chargeAmount'),
    validity:
      validity &&
      compact({
        type: firstText(validity, 'validityType'),
        factor: firstText(validity, 'validityFactor'),
      }),
    subscription:
      subscription &&
      compact({
        reSubscription: firstText(subscription, 'reSubscription'),
        rule: firstText(subscription, 'reSubscriptionRule'),
        occurrences: firstText(subscription, 'occurrences'),
        activatedBy: firstText(subscription, 'activatedBy') ?? firstText(basic, 'activatedBy'),
      }),
  })
  return { ...fields, planId, name }
}

/** A name in the form in which names are compared. */
function nameOf(object: JsonObject, key: string): string | undefined {
  const name = firstText(object, key)
  return name === undefined ? undefined : normaliseName(name)
}
