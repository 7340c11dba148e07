import { parseCountry } from '../countries.ts'
import { indexNetworks } from '../networks.ts'
import { parseDataVolume, parseValidity } from '../units.ts'
import { describeObject } from './pick-revisions.ts'
import {
  type AccountFacts,
  type Answers,
  hasAccountSection,
  type PlanAnswer,
  type ProposalInput,
} from './proposal.ts'
import { planFacts, planObstacle, unmanagedPlans } from './propose-plans.ts'
import { managedZoneIds } from './propose-zones.ts'

/** Asks a person one question; an empty answer leaves the thing out. */
export type Ask = (question: string) => Promise<string>

/** Nothing was told. */
export const NO_ANSWERS: Answers = { zones: new Map(), plans: new Map(), account: {} }

/** Asks for what the account does not report and the catalog cannot do without. */
export async function askFacts(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<Answers> {
  const zones = input.kinds.has('rateZone') ? await askZones(input, ask, say) : NO_ANSWERS.zones
  const plans = input.kinds.has('addonPlan') ? await askPlans(input, ask, say) : NO_ANSWERS.plans
  return { zones, plans, account: await askAccount(input, ask) }
}

async function askZones(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<Answers['zones']> {
  const answers = new Map<string, { countries: readonly string[]; networks: readonly string[] }>()
  const managed = managedZoneIds(input)
  const unreported = input.observation.rateZones.items.filter(
    zone => !managed.has(zone.id) && zone.networks === undefined,
  )
  if (unreported.length === 0) return answers
  say(`The account does not report the networks of ${unreported.length} rate zones.`)
  const { byTadig } = indexNetworks(input.observation.networks.items)
  for (const zone of unreported) {
    const text = await ask(
      `${describeObject('rateZone', zone)}: countries and TADIG codes, with commas (empty: leave out): `,
    )
    const words = text
      .split(',')
      .map(word => word.trim())
      .filter(word => word !== '')
    const networks = words.filter(word => byTadig.has(word.toUpperCase()))
    const countries = words.filter(word => !networks.includes(word))
    const unknown = countries.filter(word => parseCountry(word).code === undefined)
    if (unknown.length > 0)
      say(`  ${unknown.join(', ')}: no country and no network; it is left out`)
    else if (words.length > 0)
      answers.set(zone.id, {
        countries: countries.flatMap(word => parseCountry(word).code ?? []),
        networks: networks.map(word => word.toUpperCase()),
      })
  }
  return answers
}

async function askPlans(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<Answers['plans']> {
  const answers = new Map<string, PlanAnswer>()
  const unreported = unmanagedPlans(input).active.filter(plan => {
    const facts = planFacts(plan, undefined)
    const lacks = [facts.dataMB, facts.validityDays, facts.rateZoneId].includes(undefined)
    // Told values do not help a plan that the language cannot say.
    const told = { dataMB: 1, validityDays: 1, rateZoneId: '1' }
    return lacks && planObstacle(plan, told) === undefined
  })
  if (unreported.length === 0) return answers
  say(`The account does not report all of ${unreported.length} add-on plans.`)
  for (const plan of unreported) {
    const named = { id: plan.planId, name: plan.name }
    const text = await ask(
      `${describeObject('addonPlan', named)}: data, validity and rate zone ID, such as "10 GB, 30 days, 1201" (empty: leave out): `,
    )
    if (text.trim() === '') continue
    const [data = '', validity = '', rateZoneId = ''] = text.split(',').map(part => part.trim())
    const dataMB = parseDataVolume(data)
    const validityDays = parseValidity(validity)
    if (dataMB === undefined || validityDays === undefined || rateZoneId === '')
      say('  this is not data, validity and rate zone ID; it is left out')
    else answers.set(plan.planId, { dataMB, validityDays, rateZoneId })
  }
  return answers
}

async function askAccount(input: ProposalInput, ask: Ask): Promise<Partial<AccountFacts>> {
  if (hasAccountSection(input.catalog)) return {}
  const { observation, kinds, profiles } = input
  const plans = unmanagedPlans(input).active
  const one = async (wanted: boolean, question: string): Promise<string | undefined> => {
    if (!wanted) return undefined
    const text = (await ask(`${question} (empty: leave out): `)).trim()
    return text === '' ? undefined : text
  }
  const lacksPlan = (field: 'serviceProfile' | 'currencyId' | 'destinationGroup') =>
    kinds.has('addonPlan') && plans.length > 0 && plans.every(plan => plan[field] === undefined)
  const lacksEndpoint = (field: 'basePlan' | 'apnGroup' | 'roamingProfiles') =>
    kinds.has('endpoint') &&
    [...observation.sims.values()].some(sim => sim.endpointId !== undefined) &&
    [...profiles.values()].every(profile => profile[field] === undefined)
  const groups = observation.destGroupIds
  const destGroupId = await one(
    kinds.has('rateZone') && groups.length !== 1,
    groups.length === 0
      ? 'Destination group ID of the account (destGroupId)'
      : `Destination group ID of the account, one of ${groups.join(', ')}`,
  )
  const addonServiceProfile = await one(
    lacksPlan('serviceProfile'),
    'Service profile ID of add-on plans',
  )
  const currencyId = await one(lacksPlan('currencyId'), 'Currency ID')
  const destinationGroup = await one(
    lacksPlan('destinationGroup'),
    'Destination group of add-on plans, usually a roaming profile ID',
  )
  const basePlan = await one(lacksEndpoint('basePlan'), 'Base plan ID of endpoints')
  const apnGroup = await one(lacksEndpoint('apnGroup'), 'APN group ID of endpoints')
  const roaming = await one(
    lacksEndpoint('roamingProfiles'),
    'Roaming profile IDs of endpoints, with commas',
  )
  return {
    ...(destGroupId !== undefined && { destGroupId }),
    ...(addonServiceProfile !== undefined && { addonServiceProfile }),
    ...(currencyId !== undefined && { currencyId }),
    ...(destinationGroup !== undefined && { destinationGroup }),
    ...(basePlan !== undefined && { basePlan }),
    ...(apnGroup !== undefined && { apnGroup }),
    ...(roaming !== undefined && { roamingProfiles: roaming.split(',').map(id => id.trim()) }),
  }
}
