import isoCountries from 'i18n-iso-countries'
import type { Catalog, NetworkSelector } from '../../src/model.ts'
import type { SimulatedNetwork, SimulatedPlanTerms, World } from '../../src/simulator/index.ts'
import type { State } from '../../src/state/state.ts'

/** What a catalog's escape says in place of `throttle: 128 kbps`. */
const THROTTLE = 'Throttle_128'

/**
 * Everything in which an account and a state differ from what a catalog wants, in words. It shares no
 * code with the engine: countries come from the made-up TADIG codes, bodies from the contract.
 * - every zone, plan and endpoint that the catalog wants is there once, with the right content
 * - every ID that the account has stands in the state, and nothing is announced any more
 */
export function checkWorld(
  catalog: Catalog,
  world: World,
  state: State,
  /** Addresses that rightly are not there. */
  blocked: ReadonlySet<string> = new Set(),
  /** IDs that belong to nobody's catalog. */
  others: ReadonlySet<string> = new Set(),
  /** What the simulated account has for products beyond data for some days. */
  planTerms?: SimulatedPlanTerms,
): readonly string[] {
  const problems: string[] = []
  const differ = (what: string, has: unknown, wants: unknown) => {
    const [left, right] = [JSON.stringify(has), JSON.stringify(wants)]
    if (left !== right) problems.push(`${what} is ${left}, not ${right}`)
  }
  for (const intent of Object.values(state.pending))
    problems.push(`${intent.operation} ${intent.id} is still announced`)

  for (const entry of catalog.rateZones) {
    if (blocked.has(`rateZone/${entry.key}`)) continue
    const record = state.rateZones[entry.key]
    const zone = record && world.zones.get(record.id)
    if (record === undefined || zone === undefined) {
      problems.push(`zone ${entry.key} is ${record === undefined ? 'not in the state' : 'gone'}`)
      continue
    }
    const name = revised(entry.name, record.revision)
    const where = `zone ${entry.key}`
    differ(`${where} name`, zone.name, name)
    differ(`${where} recorded name`, record.name, name)
    differ(
      `${where} count`,
      countOf(world.zones, one => one.name === name),
      1,
    )
    const wanted = zoneNetworks(entry, world)
    const has = zone.networks.map(word)
    const blocks = (entry.onNetworkRemoval ?? catalog.account.onNetworkRemoval) === 'block'
    const missing = wanted.filter(one => !has.includes(one))
    if (missing.length > 0) problems.push(`${where} lacks ${missing}`)
    const extra = has.filter(one => !wanted.includes(one))
    if (extra.length > 0 && !blocks) problems.push(`${where} has ${extra} too`)
    differ(`${where} portal`, record.portal, entry.portal)
    for (const [field, value] of Object.entries(entry.sft ?? {}))
      differ(`${where} ${field}`, zone.extra[field], value)
  }

  for (const entry of catalog.addonPlans) {
    if (blocked.has(`addonPlan/${entry.key}`)) continue
    const record = state.addonPlans[entry.key]
    const plan = record && world.plans.get(record.planId)
    if (record === undefined || plan === undefined) {
      problems.push(`plan ${entry.key} is ${record === undefined ? 'not in the state' : 'gone'}`)
      continue
    }
    const name = revised(entry.name, record.revision)
    const where = `plan ${entry.key}`
    const { account } = catalog
    const { basicInfo } = plan
    const refused = record.refused ?? {}
    differ(`${where} name`, basicInfo.planName, name)
    differ(`${where} recorded name`, record.name, name)
    differ(
      `${where} count`,
      countOf(world.plans, one => one.basicInfo.planName === name),
      1,
    )
    differ(`${where} category`, basicInfo.planCategory, 'ADDON')
    if (entry.description !== undefined)
      differ(`${where} description`, basicInfo.planDescription, entry.description)
    differ(`${where} status`, basicInfo.planStatus, 'Active')
    differ(`${where} type`, basicInfo.planType, account.planType === 'prepaid' ? '0' : '1')
    differ(`${where} priority`, basicInfo.addOnPriority, String(entry.priority ?? 1))
    differ(
      `${where} service profile`,
      basicInfo.serviceProfile,
      entry.serviceProfile ?? account.addonServiceProfile,
    )
    differ(`${where} currency`, basicInfo.currencyId, entry.currencyId ?? account.currencyId)
    differ(
      `${where} destination group`,
      basicInfo.destinationGroup,
      entry.destinationGroup ?? account.destinationGroup ?? account.roamingProfiles[0],
    )
    const zoneId =
      'key' in entry.rateZone ? state.rateZones[entry.rateZone.key]?.id : entry.rateZone.id
    // What an entry leaves to the plan that it is like is that one's: endless, throttled, a month.
    const isLike = entry.like !== undefined
    const data = plan.benefit.filter(benefit => benefit.benefitId === '1')
    const dataMB = entry.dataMB ?? 'unlimited'
    differ(
      `${where} benefit`,
      data.map(({ value, rateZone }) => [value, rateZone]),
      [[dataMB === 'unlimited' ? '-1' : String(dataMB), zoneId]],
    )
    // To an account without such terms the words of the escape mean nothing.
    const isThrottled = planTerms !== undefined && JSON.stringify(entry.sft)?.includes(THROTTLE)
    const byEscape = isThrottled ? 128 : undefined
    const throttle = entry.throttleKbps ?? byEscape ?? (isLike ? 512 : undefined)
    differ(
      `${where} terms`,
      { ...plan.terms, lasts: undefined, renewsForEver: undefined },
      {
        ...(dataMB === 'unlimited' && { unlimited: true }),
        ...(entry.dataPer === 'day' && { daily: true }),
        ...(throttle !== undefined && { throttle: `${throttle} kbps` }),
        ...(entry.smsCount !== undefined && { sms: entry.smsCount }),
      },
    )
    differ(
      `${where} zones`,
      plan.benefit.map(({ rateZone }) => rateZone),
      plan.benefit.map(() => zoneId),
    )
    differ(`${where} recorded zone`, record.rateZoneId, zoneId)
    if (refused['charge'] === undefined)
      differ(
        `${where} charge`,
        plan.charge.map(charge => Number(charge['chargeAmount'])),
        [entry.charge ?? (isLike ? '4.5' : undefined), entry.recurringCharge].flatMap(amount =>
          amount === undefined ? [] : Number(amount),
        ),
      )
    differ(
      `${where} validity`,
      [plan.validity.validityType, plan.validity.validityFactor],
      validityOf(entry.validityDays ?? '1 month'),
    )
    const { reSubscriptionRule, occurrences, activatedBy } = plan.subscription
    differ(`${where} activation`, activatedBy, entry.activation === 'immediate' ? '0' : '1')
    const { times = 1 } = entry.renewal ?? {}
    differ(`${where} occurrences`, occurrences, times === 'unlimited' ? '99999' : String(times))
    if (entry.renewal !== undefined)
      differ(`${where} rule`, reSubscriptionRule, entry.renewal.on === 'expiry' ? '1' : '2')
    differ(`${where} portal`, record.portal, entry.portal)
    for (const field of Object.keys(entry.sft ?? {}))
      if (!(field in plan.extra) && field !== 'basicInfo')
        problems.push(`${where} lacks ${field} of sft:`)
  }

  for (const batch of catalog.endpointBatches) {
    batch.iccids.forEach((iccid, at) => {
      const record = state.endpoints[iccid]
      const endpoint = record && world.endpoints.get(record.endpointId)
      if (record === undefined || endpoint === undefined) {
        problems.push(`endpoint ${iccid} is ${record === undefined ? 'not in the state' : 'gone'}`)
        return
      }
      const where = `endpoint ${iccid}`
      const name = batch.name
        .replaceAll('{iccid}', iccid)
        .replaceAll('{n}', String(at + 1))
        .replaceAll('{batch}', batch.key)
      differ(`${where} name`, endpoint.name, name)
      differ(`${where} SIM`, endpoint.iccid, iccid)
      differ(`${where} of its SIM`, world.sims.get(iccid)?.endPointId, record.endpointId)
      differ(`${where} status`, endpoint.status, 'Pre-Active')
      differ(`${where} base plan`, endpoint.planId, batch.basePlan ?? catalog.account.basePlan)
      differ(`${where} APN group`, endpoint.apnGroupId, batch.apnGroup ?? catalog.account.apnGroup)
      differ(
        `${where} roaming profiles`,
        endpoint.roamingProfileIds,
        batch.roamingProfiles ?? catalog.account.roamingProfiles,
      )
      differ(`${where} batch`, record.batch, batch.key)
      differ(`${where} tags`, record.tags, batch.tags)
    })
  }
  return [...problems, ...lostIds(world, state, others)]
}

/** IDs of the account that the state does not have, and names that it has twice. */
export function lostIds(
  world: World,
  state: State,
  others: ReadonlySet<string> = new Set(),
): readonly string[] {
  const problems: string[] = []
  const known = {
    zone: idsOf(Object.values(state.rateZones).map(record => [record.id, record.superseded])),
    plan: idsOf(Object.values(state.addonPlans).map(record => [record.planId, record.superseded])),
    endpoint: idsOf(Object.values(state.endpoints).map(record => [record.endpointId, undefined])),
  }
  for (const zone of world.zones.values())
    if (!known.zone.has(zone.id) && !others.has(zone.id))
      problems.push(`zone ${zone.id} "${zone.name}" is not in the state`)
  // An old revision that was retired is done with: it stays on the account, inactive.
  for (const { planId, basicInfo } of world.plans.values())
    if (
      basicInfo.planCategory === 'ADDON' &&
      basicInfo.planStatus === 'Active' &&
      !known.plan.has(planId) &&
      !others.has(planId)
    )
      problems.push(`plan ${planId} "${basicInfo.planName}" is not in the state`)
  for (const { endPointId, name } of world.endpoints.values())
    if (!known.endpoint.has(endPointId))
      problems.push(`endpoint ${endPointId} "${name}" is not in the state`)
  return problems
}

function idsOf(
  records: readonly (readonly [string, readonly { readonly id: string }[] | undefined])[],
): ReadonlySet<string> {
  return new Set(records.flatMap(([id, superseded = []]) => [id, ...superseded.map(old => old.id)]))
}

/** validityType and validityFactor as the account has them. */
function validityOf(validity: string | number): readonly (string | undefined)[] {
  if (typeof validity === 'number') return ['1', String(validity)]
  const [count, unit = ''] = validity.split(' ')
  return validity === 'unlimited' ? ['0', ''] : [unit.startsWith('month') ? '2' : '3', count]
}

const revised = (name: string, revision = 1): string =>
  revision === 1 ? name : `${name} (r${revision})`

const countOf = <Value>(map: ReadonlyMap<string, Value>, test: (value: Value) => boolean): number =>
  [...map.values()].filter(test).length

const word = (network: { readonly operatorId: string; readonly sponsorId: string }): string =>
  `${network.operatorId}/${network.sponsorId}`

function zoneNetworks(entry: Catalog['rateZones'][number], world: World): readonly string[] {
  const matches = (network: SimulatedNetwork, selector: NetworkSelector) =>
    'tadig' in selector ? network.tadig === selector.tadig : word(network) === word(selector)
  return [...world.networks.values()]
    .filter(
      network =>
        (entry.countries.includes(isoCountries.alpha3ToAlpha2(network.tadig.slice(0, 3)) ?? '') ||
          entry.networks.some(selector => matches(network, selector))) &&
        !entry.exclude.some(selector => matches(network, selector)),
    )
    .map(word)
}
