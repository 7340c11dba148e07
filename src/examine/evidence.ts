import type { Listing } from '../finding.ts'
import type {
  CustomerProfile,
  EndpointProfile,
  EndpointStatistics,
  Network,
  OperationName,
  Probed,
  ReportedPlan,
  ReportedRateZone,
  Sft,
  Sim,
  SimPage,
} from '../sft/api.ts'
import { SftCredentialsError, SftError, SftUnreachableError } from '../sft/errors.ts'
import type { WireForm } from '../sft/wire-form.ts'

/** What a read came to: its value, or why there is none. */
export type Seen<Value> =
  | { readonly kind: 'seen'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: SftError }

/** One endpoint, read in every way. */
export interface EndpointEvidence {
  readonly endpointId: string
  readonly sim: Sim
  readonly profile: Seen<EndpointProfile>
  readonly rawProfile: Seen<Probed>
  readonly details: Seen<Probed>
  readonly statistics: Seen<EndpointStatistics>
}

/** Everything that reading tells of the wire, before it is judged. */
export interface Evidence {
  readonly form: WireForm
  readonly timeZone: string
  /** The catalog gives account.destGroupId: the profile is not asked for. */
  readonly destGroupIsGiven: boolean
  readonly tokenLife: ReturnType<Sft['probe']['tokenLife']>
  readonly profile: Seen<CustomerProfile> | undefined
  readonly networkList: Seen<Probed> | undefined
  readonly networks: Seen<readonly Network[]>
  readonly roamingProfiles: Seen<Probed>
  /** Why lists may say less than there is. */
  readonly listDoubts: readonly string[]
  readonly zones: Seen<readonly ReportedRateZone[]>
  readonly zonesPage2: Seen<Probed>
  readonly plans: Seen<readonly ReportedPlan[]>
  /** QueryRatePlan as it came: without planType, with each, and its second page. */
  readonly rawPlans: readonly Seen<Probed>[]
  readonly plansPage2: Seen<Probed>
  readonly sims: Seen<SimPage>
  /** Rows on the second page, where the first told of one. */
  readonly simsOnPage2: number | undefined
  /** What was granted after the usual page was refused. */
  readonly smallerPage: { readonly perPage: number; readonly seen: Seen<SimPage> } | undefined
  readonly simsPastEnd: Seen<Probed>
  readonly unknownSim: Seen<Probed>
  readonly sellable: Seen<SimPage>
  readonly unknownEndpoint: Seen<Probed>
  readonly endpoints: readonly EndpointEvidence[]
  /** Times that answers carry, with the time here (epoch ms) when they came. */
  readonly stamps: readonly { readonly text: string; readonly at: number }[]
}

export interface EvidenceOptions {
  readonly timeZone: string
  readonly destGroupIsGiven: boolean
  readonly now: () => number
  /** Told what is being read, for progress. */
  readonly onRead?: (what: string) => void
}

/** Endpoints that are looked at: enough to meet add-ons that wait and add-ons that run. */
const ENDPOINTS = 4
/** Pages of SIMs that are searched for endpoints in use. */
const PAGES = 4
/** Valid by its check digit and of no operator: ITU gives 999 to nobody. */
const ICCID_OF_NOBODY = '8999999999999999994'
const ENDPOINT_OF_NOBODY = '999999999999'

/** What is read by an operation, for people. */
const READ_WORDS: Readonly<Partial<Record<OperationName, string>>> = {
  fetchNetworkList: 'the network list',
  fetchSIM: 'SIMs',
  GetEndPointProfile: 'profiles of endpoints',
  GetEndpointAddonDetails: 'add-ons of endpoints',
  GetRateZone: 'rate zones',
  GetRoamingProfiles: 'roaming profiles',
  QueryRatePlan: 'add-on plans',
}

/** Reads the account; nothing is written. A refused login or a host out of reach ends it. */
export async function gatherEvidence(sft: Sft, options: EvidenceOptions): Promise<Evidence> {
  const { read, form, probe } = sft
  const stamps: { text: string; at: number }[] = []
  const ask = async (operation: OperationName, query: Readonly<Record<string, string>> = {}) => {
    options.onRead?.(READ_WORDS[operation] ?? operation)
    const seen = await trying(() => probe.ask(operation, query))
    if (seen.kind === 'seen' && seen.value.kind === 'answered') {
      const text = seen.value.response['responseTimestamp']
      if (typeof text === 'string') stamps.push({ text, at: options.now() })
    }
    return seen
  }
  const doubts: string[] = []
  const list = <Item>(what: string, work: () => Promise<Listing<Item>>) => {
    options.onRead?.(what)
    return trying(async () => {
      const { items, doubt } = await work()
      if (doubt !== undefined) doubts.push(doubt)
      return items
    })
  }
  const pageOf = (perPage: number, page = 1, sellable = false) =>
    trying(() => read.sims({ page, perPage, ...(sellable && { sellable }) }))

  const profile = options.destGroupIsGiven ? undefined : await trying(() => read.customerProfile())
  const networkList = form.networksFrom === 'list' ? await ask('fetchNetworkList') : undefined
  const networks = await list('networks', () => read.networks())
  const roamingProfiles = await ask('GetRoamingProfiles')
  const zones = await list('rate zones', () => read.rateZones())
  const zonesPage2 = await ask('GetRateZone', { page: '2' })
  const plans = await list('add-on plans', () => read.addonPlans())
  const category = { planCategory: 'ADDON' }
  const rawPlans = [await ask('QueryRatePlan', category)]
  for (const planType of Object.values(form.planType))
    rawPlans.push(await ask('QueryRatePlan', { ...category, planType }))
  const plansPage2 = await ask('QueryRatePlan', { ...category, page: '2' })

  options.onRead?.('SIMs')
  const sims = await pageOf(form.pageSize)
  const smallerPage =
    sims.kind === 'failed' && form.pageSize > 10
      ? await firstGranted([100, 10], perPage => pageOf(perPage))
      : undefined
  const perPage = smallerPage?.perPage ?? form.pageSize
  const known = smallerPage?.seen ?? sims
  const pages = known.kind === 'seen' ? known.value.totalPages : 1
  const stock = known.kind === 'seen' ? [...known.value.sims] : []
  let simsOnPage2: number | undefined
  for (let page = 2; page <= Math.min(pages, PAGES); page++) {
    if (page > 2 && stock.filter(isInUse).length >= ENDPOINTS) break
    const next = await pageOf(perPage, page)
    if (next.kind === 'failed') break
    if (page === 2) simsOnPage2 = next.value.sims.length
    stock.push(...next.value.sims)
  }
  const pastEnd = { page: String(pages + 1), perPage: String(perPage) }
  const simsPastEnd = await ask('fetchSIM', pastEnd)
  const unknownSim = await ask('fetchSIM', { iccid: ICCID_OF_NOBODY })
  const sellable = await pageOf(1, 1, true)
  const unknownEndpoint = await ask('GetEndPointProfile', { endPointId: ENDPOINT_OF_NOBODY })

  const endpoints: EndpointEvidence[] = []
  const candidates = [
    ...stock.filter(isInUse),
    ...stock.filter(sim => sim.endpointId !== undefined && !isInUse(sim)),
  ]
  for (const sim of candidates.slice(0, ENDPOINTS)) {
    const endpointId = sim.endpointId ?? ''
    const to = new Date(options.now())
    const from = new Date(options.now() - 30 * 86_400_000)
    endpoints.push({
      endpointId,
      sim,
      profile: await trying(() => read.endpointProfile(endpointId)),
      rawProfile: await ask('GetEndPointProfile', { endPointId: endpointId }),
      details: await ask('GetEndpointAddonDetails', { endPointId: endpointId }),
      statistics: await trying(() => read.statistics({ endpointId, from, to })),
    })
  }
  return {
    form,
    timeZone: options.timeZone,
    destGroupIsGiven: options.destGroupIsGiven,
    tokenLife: probe.tokenLife(),
    profile,
    networkList,
    networks,
    roamingProfiles,
    listDoubts: doubts,
    zones,
    zonesPage2,
    plans,
    rawPlans,
    plansPage2,
    sims,
    simsOnPage2,
    smallerPage,
    simsPastEnd,
    unknownSim,
    sellable,
    unknownEndpoint,
    endpoints,
    stamps,
  }
}

const isInUse = (sim: Sim): boolean => sim.endpointId !== undefined && sim.status === 'Active'

async function firstGranted(
  sizes: readonly number[],
  pageOf: (perPage: number) => Promise<Seen<SimPage>>,
): Promise<Evidence['smallerPage']> {
  for (const perPage of sizes) {
    const seen = await pageOf(perPage)
    if (seen.kind === 'seen') return { perPage, seen }
  }
  return undefined
}

/** What a read came to; a refused login and a host out of reach end the run. */
export async function trying<Value>(work: () => Promise<Value>): Promise<Seen<Value>> {
  try {
    return { kind: 'seen', value: await work() }
  } catch (error) {
    if (!(error instanceof SftError)) throw error
    // Without the account there is nothing to judge, and accounts get locked.
    if (error instanceof SftCredentialsError || error instanceof SftUnreachableError) throw error
    return { kind: 'failed', error }
  }
}
