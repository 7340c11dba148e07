import type { Sft, SftReader, Sim } from './sft/api.ts'
import { SftCredentialsError, SftError, SftUnreachableError } from './sft/errors.ts'

/** What one look at the account showed. */
export interface Finding {
  /** The operation that was looked at. */
  readonly check: string
  /** `warn`: the tool goes on, with less. `fail`: something will not work. `skip`: there was nothing to look at. */
  readonly level: 'ok' | 'warn' | 'fail' | 'skip'
  readonly message: string
  /** What to do, where there is something to do. */
  readonly advice?: string
}

type Look = (read: SftReader) => Promise<Omit<Finding, 'check'>>

const share = (part: number, whole: number): string =>
  part === whole ? 'all' : `${part} of ${whole}`

/**
 * Holds what is assumed of the wire against a live account, by reading only, in the order in which the
 * calls depend on each other (contract 10). A refused login ends it: accounts get locked.
 */
export async function examineAccount(
  sft: Sft,
  onFinding: (finding: Finding) => void,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let sims: readonly Sim[] = []
  const looks: readonly (readonly [string, Look])[] = [
    ['GetCustomerProfile', lookAtProfile],
    ['fetchNetworkList', lookAtNetworks],
    ['GetRateZone', lookAtZones],
    ['QueryRatePlan', lookAtPlans],
    [
      'fetchSIM',
      async read => {
        const page = await read.sims({ page: 1, perPage: 100 })
        sims = page.sims
        return describeSims(page.sims, page.totalPages)
      },
    ],
    [
      'fetchSIM, sellable',
      async read => {
        const { sims, totalPages } = await read.sims({ page: 1, perPage: 1, sellable: true })
        const wrong = sims.filter(sim => sim.status !== undefined && sim.status !== 'Pre-Active')
        if (wrong.length > 0)
          return {
            level: 'fail',
            message: `the query for Pre-Active SIMs gave one that is ${wrong[0]?.status}`,
            advice: 'do not sell before this is understood (contract 4.8)',
          }
        return {
          level: 'ok',
          message:
            sims.length === 0
              ? 'no SIM is Pre-Active and attached'
              : `Pre-Active and attached, ${totalPages} pages of one`,
        }
      },
    ],
    ['GetEndPointProfile', read => lookAtEndpoint(read, sims)],
    ['GetEndpointAddonDetails', read => lookAtAddons(read, sims)],
  ]
  for (const [check, look] of looks) {
    let finding: Finding
    try {
      finding = { check, ...(await look(sft.read)) }
    } catch (error) {
      if (!(error instanceof SftError)) throw error
      if (error instanceof SftCredentialsError || error instanceof SftUnreachableError) throw error
      finding = {
        check,
        level: 'fail',
        message: error.message,
        advice: 'docs/wire.md tells what can be set where an account differs',
      }
    }
    findings.push(finding)
    onFinding(finding)
  }
  return findings
}

const lookAtProfile: Look = async read => {
  const { destGroupIds } = await read.customerProfile()
  const [first, ...more] = destGroupIds
  if (first === undefined)
    return {
      level: 'warn',
      message: 'no destGroupId found',
      advice: 'give account.destGroupId in the catalog',
    }
  if (more.length > 0)
    return {
      level: 'warn',
      message: `several destination groups: ${destGroupIds.join(', ')}`,
      advice: 'give account.destGroupId in the catalog',
    }
  return { level: 'ok', message: `destGroupId ${first}` }
}

const lookAtNetworks: Look = async read => {
  const networks = await read.networks()
  const named = networks.filter(network => network.countryName !== undefined).length
  const coded = networks.filter(network => network.tadig !== undefined).length
  const message = `${networks.length} networks; country name on ${share(named, networks.length)}, TADIG code on ${share(coded, networks.length)}`
  if (networks.length === 0)
    return { level: 'fail', message, advice: 'rate zones need networks: ask for coverage' }
  if (named < networks.length && coded < networks.length)
    return {
      level: 'warn',
      message,
      advice:
        'countries: finds only networks with one of the two; name others by operatorId and sponsorId',
    }
  return { level: 'ok', message }
}

const lookAtZones: Look = async read => {
  const zones = await read.rateZones()
  const told = zones.filter(zone => zone.networks !== undefined).length
  const message = `${zones.length} rate zones; networks reported on ${share(told, zones.length)}`
  return told < zones.length
    ? { level: 'warn', message, advice: 'drift of the networks of a zone cannot be seen there' }
    : { level: 'ok', message }
}

const PLAN_FIELDS = [
  'status',
  'planType',
  'serviceProfile',
  'currencyId',
  'destinationGroup',
  'priority',
  'benefits',
  'charge',
  'validity',
  'subscription',
] as const

const lookAtPlans: Look = async read => {
  const plans = await read.addonPlans()
  if (plans.length === 0) return { level: 'skip', message: 'no add-on plan yet' }
  const missing = PLAN_FIELDS.filter(field => plans.every(plan => plan[field] === undefined))
  const message = `${plans.length} add-on plans`
  return missing.length === 0
    ? { level: 'ok', message: `${message}, every field reported` }
    : {
        level: 'warn',
        message: `${message}; never reported: ${missing.join(', ')}`,
        advice: 'drift of these cannot be seen; adopt asks for them',
      }
}

function describeSims(sims: readonly Sim[], pages: number): Omit<Finding, 'check'> {
  if (sims.length === 0) return { level: 'warn', message: 'no SIM in stock' }
  const told = (field: keyof Sim) => sims.filter(sim => sim[field] !== undefined).length
  const coded = told('activationCode')
  const message = `${sims.length} SIMs on the first of ${pages} pages; status on ${share(told('status'), sims.length)}, activation code on ${share(coded, sims.length)}`
  if (told('status') === 0)
    return {
      level: 'fail',
      message,
      advice: 'without a status nothing can be adopted or retired safely',
    }
  return coded === 0
    ? { level: 'warn', message, advice: 'SIMs without activation code cannot be sold as eSIMs' }
    : { level: 'ok', message }
}

const attached = (sims: readonly Sim[]): string | undefined =>
  sims.find(sim => sim.endpointId !== undefined)?.endpointId

async function lookAtEndpoint(
  read: SftReader,
  sims: readonly Sim[],
): Promise<Omit<Finding, 'check'>> {
  const endpointId = attached(sims)
  if (endpointId === undefined)
    return { level: 'skip', message: 'no endpoint on the first page of SIMs' }
  const profile = await read.endpointProfile(endpointId)
  const missing = (['name', 'basePlan', 'apnGroup', 'roamingProfiles'] as const).filter(
    field => profile[field] === undefined,
  )
  return missing.length === 0
    ? { level: 'ok', message: 'every field reported' }
    : {
        level: 'warn',
        message: `not reported: ${missing.join(', ')}`,
        advice: 'an edit of these cannot be read back',
      }
}

async function lookAtAddons(
  read: SftReader,
  sims: readonly Sim[],
): Promise<Omit<Finding, 'check'>> {
  const endpointId =
    sims.find(sim => sim.endpointId !== undefined && sim.status === 'Active')?.endpointId ??
    attached(sims)
  if (endpointId === undefined)
    return { level: 'skip', message: 'no endpoint on the first page of SIMs' }
  const { items: instances, doubt } = await read.addons(endpointId)
  if (doubt !== undefined)
    return {
      level: 'warn',
      message: `not understood: ${doubt}`,
      advice: 'usage is not known, and an unclear sale needs a human',
    }
  if (instances.length === 0)
    return { level: 'skip', message: 'answered, but the endpoint has no add-on to look at' }
  const sized = instances.filter(
    instance => instance.grantedBytes !== undefined && instance.leftBytes !== undefined,
  ).length
  const message = `${instances.length} add-on instances, balances on ${share(sized, instances.length)}`
  return sized < instances.length
    ? { level: 'warn', message, advice: 'usage shows "not reported" there' }
    : { level: 'ok', message }
}
