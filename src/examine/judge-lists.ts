import { grouped } from '../counts.ts'
import { networkWord } from '../networks.ts'
import type { Network } from '../sft/api.ts'
import { meansNoData } from '../sft/codes.ts'
import { asObject, asObjects, firstText, valuesUnder } from '../sft/values.ts'
import type { Evidence } from './evidence.ts'
import {
  answerOf,
  confirmed,
  contradicted,
  counted,
  type Judge,
  type Judgement,
  share,
  some,
  unread,
  untested,
} from './judgement.ts'

/** Lists of the account: profile, networks, zones, plans as lists, SIMs as lists. */
export const LIST_JUDGES = {
  'customer-profile': ({ profile }) => {
    if (profile === undefined)
      return untested('it is not asked for: the catalog gives account.destGroupId')
    const set = { text: 'account.destGroupId in the catalog' }
    if (profile.kind === 'failed') return contradicted(profile.error.message, set)
    const { destGroupIds } = profile.value
    const [first, ...more] = destGroupIds
    if (first === undefined) return contradicted('no destGroupId is found in the answer', set)
    return more.length > 0
      ? contradicted(`several destination groups: ${destGroupIds.join(', ')}`, set)
      : confirmed(`destGroupId ${first}`)
  },
  'network-list': ({ networkList }) => {
    if (networkList === undefined)
      return untested('it is not asked for: networks are read from the roaming profile, as set')
    const set = { wire: { 'network-list': 'roaming-profile' } }
    if (networkList.kind === 'failed') return contradicted(networkList.error.message, set)
    if (networkList.value.kind === 'missing')
      return contradicted('the account does not know fetchNetworkList (HTTP 404)', set)
    if (networkList.value.kind === 'rejected')
      return contradicted(`refused: ${networkList.value.description}`, set)
    const operators = valuesUnder(networkList.value.response, ['operatorId']).length
    return operators === 0
      ? contradicted('the answer has no operatorId', set)
      : confirmed(counted(operators, 'network'))
  },
  'network-fields': ({ networks }) => {
    if (networks.kind === 'failed') return unread(networks)
    const all = networks.value
    if (all.length === 0) return untested('the account has no network')
    const named = all.filter(network => network.countryName !== undefined).length
    const coded = all.filter(network => network.tadig !== undefined).length
    const message = `country name on ${share(named, all.length)}, TADIG code on ${share(coded, all.length)} of ${counted(all.length, 'network')}`
    return named < all.length && coded < all.length ? contradicted(message) : confirmed(message)
  },
  'roaming-default': ({ roamingProfiles, networks }) => {
    if (roamingProfiles.kind === 'failed') return unread(roamingProfiles)
    const response = answerOf(roamingProfiles)
    if (response === undefined) return contradicted('GetRoamingProfiles is not answered')
    const rows = valuesUnder(response, ['rows']).flatMap(rows => asObjects(rows) ?? [])
    const names = rows.flatMap(row => firstText(row, 'roamingProfileName') ?? [])
    const all = rows.find(row => firstText(row, 'roamingProfileName')?.toUpperCase() === 'DEFAULT')
    if (all === undefined)
      return contradicted(`no roaming profile is named DEFAULT; there are: ${some(names)}`)
    const has = new Set(
      (asObjects(all['tadigList']) ?? []).flatMap(row => {
        const operatorId = firstText(row, 'operatorId')
        const sponsorId = firstText(row, 'categoryGroupId', 'sponsorId')
        return operatorId === undefined || sponsorId === undefined
          ? []
          : [networkWord({ operatorId, sponsorId })]
      }),
    )
    if (networks.kind === 'failed') return unread(networks)
    const lacking = networks.value.filter(network => !has.has(networkWord(network))).length
    return lacking === 0
      ? confirmed(`it has ${counted(has.size, 'network')}`)
      : contradicted(`it lacks ${lacking} of ${counted(networks.value.length, 'network')}`)
  },
  'list-pages': ({ listDoubts, zones, zonesPage2, plans, plansPage2 }) => {
    if (listDoubts.length > 0)
      return contradicted(listDoubts.join('; '), {
        text: '"query" in SFT_WIRE, with the parameter that gives a whole list',
      })
    if (zones.kind === 'failed') return unread(zones)
    if (plans.kind === 'failed') return unread(plans)
    const zoneIds = new Set(zones.value.map(zone => zone.id))
    const planIds = new Set(plans.value.map(plan => plan.planId))
    const lists = [
      ['GetRateZone', idsIn(zonesPage2, 'rateZoneList', 'id'), zoneIds],
      ['QueryRatePlan', idsIn(plansPage2, 'plan', 'planId'), planIds],
    ] as const
    for (const [operation, ids, known] of lists) {
      const more = ids.filter(id => !known.has(id))
      if (more.length > 0)
        return contradicted(
          `page 2 of ${operation} has ${counted(more.length, 'row')} that the list does not have: ${some(more)}`,
        )
    }
    return zoneIds.size + planIds.size === 0
      ? untested('no rate zone and no add-on plan yet')
      : confirmed('a second page of zones and of plans has nothing that the lists do not have')
  },
  'page-size': ({ form, sims, simsOnPage2, smallerPage }) => {
    const set = (size: number) => ({ wire: { 'page-size': size } })
    if (sims.kind === 'failed')
      return smallerPage === undefined
        ? unread(sims)
        : contradicted(
            `a page of ${form.pageSize} is refused, one of ${smallerPage.perPage} is not`,
            set(smallerPage.perPage),
          )
    const granted = sims.value.sims.length
    if (granted > form.pageSize)
      return contradicted(`${granted} SIMs came on a page of ${form.pageSize}`)
    if (granted === form.pageSize) return confirmed(`${granted} SIMs on a page`)
    if (!simsOnPage2) return untested('the whole stock fits on one page')
    return contradicted(`${granted} SIMs are granted on a page of ${form.pageSize}`, set(granted))
  },
  'empty-list': ({ simsPastEnd }) => judgeEmpty(simsPastEnd, 'a page past the last one'),
  'sim-not-found': ({ unknownSim }) => judgeEmpty(unknownSim, 'an ICCID that nobody has'),
  'zone-networks': ({ zones, networks }) => {
    if (zones.kind === 'failed') return unread(zones)
    if (networks.kind === 'failed') return unread(networks)
    const told = zones.value.filter(zone => zone.networks !== undefined)
    if (zones.value.length === 0) return untested('no rate zone yet')
    if (told.length === 0)
      return contradicted('no zone reports its networks: changes made elsewhere cannot be seen')
    return judgeZones(
      told.flatMap(zone => zone.networks ?? []),
      networks.value,
    )
  },
  'unique-names': ({ zones, plans }) => {
    if (zones.kind === 'failed') return unread(zones)
    if (plans.kind === 'failed') return unread(plans)
    const twice = [
      ...repeated(zones.value.map(zone => zone.name)),
      ...repeated(plans.value.map(plan => plan.name)),
    ]
    if (twice.length > 0)
      return contradicted(`two of one name: ${some(twice.map(name => `"${name}"`))}`, {
        text: 'another name in the portal for all but one',
      })
    return zones.value.length + plans.value.length === 0
      ? untested('no rate zone and no add-on plan yet')
      : confirmed(
          `${counted(zones.value.length, 'zone')} and ${counted(plans.value.length, 'plan')}, each with its own name`,
        )
  },
} as const satisfies Readonly<Record<string, Judge>>

function judgeZones(
  used: readonly { readonly operatorId: string; readonly sponsorId: string }[],
  networks: readonly Network[],
): Judgement {
  const known = new Set(networks.map(networkWord))
  const strange = used.filter(network => !known.has(networkWord(network)))
  return strange.length === 0
    ? confirmed(`all ${grouped(used.length)} are in the network list`)
    : contradicted(
        `${grouped(strange.length)} of ${grouped(used.length)} are not in the network list: ${some(strange.map(networkWord))}`,
      )
}

function judgeEmpty(seen: Evidence['unknownSim'], what: string): Judgement {
  if (seen.kind === 'failed') return unread(seen)
  const { value } = seen
  if (value.kind === 'missing') return untested('fetchSIM is not known here (HTTP 404)')
  if (value.kind === 'answered') {
    const rows = valuesUnder(value.response, ['rows']).flatMap(rows => asObjects(rows) ?? [])
    return rows.length === 0
      ? confirmed(`${what} has no rows`)
      : contradicted(`${what} has ${counted(rows.length, 'row')}`)
  }
  if (meansNoData(value.code, value.description) || meansNotFound(value.description))
    return confirmed(`${what} is answered with ${value.code || 'a failure'}`)
  return contradicted(`${what} is refused with ${value.code}: ${value.description}`, {
    wire: { 'empty-list': [value.code] },
  })
}

const meansNotFound = (description: string): boolean =>
  /\b(sim|iccid)\b.*\b(not found|not exist|unknown)\b|\bno sim\b/i.test(description)

function idsIn(seen: Evidence['zonesPage2'], list: string, id: string): readonly string[] {
  return valuesUnder(answerOf(seen), [list]).flatMap(rows =>
    (asObjects(rows) ?? []).flatMap(row => firstText(asObject(row['basicInfo']) ?? row, id) ?? []),
  )
}

function repeated(names: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const name of names)
    if (seen.has(name)) twice.add(name)
    else seen.add(name)
  return [...twice]
}
