import type { Observation } from '../../src/account/observation.ts'
import type { Catalog, JsonObject, Moved } from '../../src/model.ts'
import { diffCatalog } from '../../src/plan/diff.ts'
import { retireSuperseded } from '../../src/plan/diff-orphans.ts'
import { labelsOf } from '../../src/plan/labels.ts'
import { planChanges } from '../../src/plan/operations.ts'
import type { Change, Plan } from '../../src/plan/plan.ts'
import { resolveCatalog } from '../../src/plan/resolve.ts'
import type { Network, ReportedPlan, ReportedRateZone, Sim } from '../../src/sft/api.ts'
import { emptyState, mutableState } from '../../src/state/apply-entry.ts'
import type { State } from '../../src/state/state.ts'
import { ACCOUNT, catalogOf } from '../apply/helpers.ts'

const network = (
  operatorId: string,
  tadig: string,
  operatorName: string,
  countryName: string,
): Network => ({ operatorId, sponsorId: '101', tadig, operatorName, countryName })

export const NETWORKS: readonly Network[] = [
  network('1', 'BELPR', 'Proximus', 'Belgium'),
  network('2', 'BELMO', 'Orange', 'Belgium'),
  network('3', 'FRAF1', 'Orange', 'France'),
  network('4', 'FRAF2', 'SFR', 'France'),
  network('5', 'NLDPT', 'KPN', 'Netherlands'),
]

export const ICCIDS = ['8932042000010000004', '8932042000010000012', '8932042000010000020'] as const

/** A catalog as data, with one entry of each kind and every field that can change. */
export interface Draft {
  readonly account?: JsonObject
  readonly rateZones?: readonly JsonObject[]
  readonly addonPlans?: readonly JsonObject[]
  readonly endpointBatches?: readonly JsonObject[]
  readonly moved?: readonly JsonObject[]
  readonly limits?: JsonObject
}

export const ZONE = { key: 'z', name: 'Zone', countries: ['BE'] } as const
export const PLAN = {
  key: 'p',
  name: 'Plan',
  description: 'As it was',
  rateZone: 'z',
  data: '1 GB',
  validity: '7 days',
  activation: 'first-use',
  charge: '5',
  priority: 1,
  portal: { sku: 'P' },
} as const
export const BATCH = { key: 'b', name: 'esim-{n}', iccids: [ICCIDS[0]] } as const

/** One entry of each kind. */
export const DRAFT = {
  rateZones: [ZONE],
  addonPlans: [PLAN],
  endpointBatches: [BATCH],
} as const satisfies Draft

/** The catalog of a draft, read by the language itself. */
export const catalogFrom = (draft: Draft): Promise<Catalog> =>
  catalogOf(JSON.stringify({ version: 1, ...draft, account: { ...ACCOUNT, ...draft.account } }))

/** What an account reports of zone `Z1` and plan `P1`, as they stand in `DRAFT`. */
export const REPORTED_ZONE: ReportedRateZone = {
  id: 'Z1',
  name: 'Zone',
  networks: [
    { operatorId: '1', sponsorId: '101', tadig: 'BELPR' },
    { operatorId: '2', sponsorId: '101', tadig: 'BELMO' },
  ],
}
export const REPORTED_PLAN: ReportedPlan = {
  planId: 'P1',
  name: 'Plan',
  category: 'ADDON',
  description: 'As it was',
  status: 'Active',
  planType: '0',
  serviceProfile: ACCOUNT.addonServiceProfile,
  currencyId: ACCOUNT.currencyId,
  destinationGroup: ACCOUNT.roamingProfiles[0] ?? '',
  priority: '1',
  benefits: [{ value: '1024', rateZone: 'Z1' }],
  charge: '5.00',
  dataPer: 'validity',
  smsCount: '0',
  throttleKbps: 'none',
  recurringCharge: 'none',
  validity: { type: '1', factor: '7' },
  subscription: { reSubscription: 'true', rule: '2', occurrences: '1', activatedBy: '1' },
}

/** A state in which `DRAFT` was applied: Z1, P1 and E1. */
export const APPLIED: State = {
  ...emptyState('test'),
  serial: 3,
  rateZones: {
    z: {
      id: 'Z1',
      name: 'Zone',
      networks: [
        { operatorId: '1', sponsorId: '101', tadig: 'BELPR' },
        { operatorId: '2', sponsorId: '101', tadig: 'BELMO' },
      ],
      spec: { name: 'Zone', networks: ['1/101', '2/101'], destGroupId: '2515' },
    },
  },
  addonPlans: {
    p: {
      planId: 'P1',
      name: 'Plan',
      rateZone: 'z',
      rateZoneId: 'Z1',
      portal: { sku: 'P' },
      spec: {
        name: 'Plan',
        description: 'As it was',
        status: 'Active',
        rateZone: 'Z1',
        dataMB: 1024,
        validityDays: 7,
        activation: 'first-use',
        renewal: null,
        charge: '5',
        priority: 1,
        serviceProfile: ACCOUNT.addonServiceProfile,
        currencyId: ACCOUNT.currencyId,
        planType: 'prepaid',
        destinationGroup: ACCOUNT.roamingProfiles[0] ?? '',
      },
    },
  },
  endpoints: {
    [ICCIDS[0]]: {
      endpointId: 'E1',
      name: 'esim-1',
      batch: 'b',
      tags: [],
      spec: {
        name: 'esim-1',
        basePlan: ACCOUNT.basePlan,
        apnGroup: ACCOUNT.apnGroup,
        roamingProfiles: ACCOUNT.roamingProfiles,
      },
    },
  },
}

/** An account of which nothing was read. */
export const NOTHING_READ: Observation = {
  destGroupIds: ['2515'],
  networks: { items: [] },
  rateZones: { items: [] },
  addonPlans: { items: [] },
  sims: new Map(),
  simsRead: 'none',
  gone: { rateZone: new Map(), addonPlan: new Map(), endpoint: new Map() },
  notes: [],
}

export interface Given {
  readonly draft?: Draft
  readonly state?: State
  readonly zones?: readonly ReportedRateZone[]
  readonly plans?: readonly ReportedPlan[]
  readonly sims?: readonly Sim[]
  readonly networks?: readonly Network[]
  readonly simsRead?: Observation['simsRead']
  readonly prune?: boolean
  readonly sold?: ReadonlySet<string>
  readonly canary?: number
}

/** What a state has and an account lacks, as if a second reading agreed. */
function goneOf(state: State, { zones, plans }: Given): Observation['gone'] {
  const lacking = (ids: readonly string[], there: readonly string[]) =>
    new Map(ids.filter(id => !there.includes(id)).map(id => [id, 'read twice']))
  return {
    rateZone: lacking(
      Object.values(state.rateZones).map(({ id }) => id),
      (zones ?? [REPORTED_ZONE]).map(({ id }) => id),
    ),
    addonPlan: lacking(
      Object.values(state.addonPlans).map(({ planId }) => planId),
      (plans ?? [REPORTED_PLAN]).map(({ planId }) => planId),
    ),
    endpoint: new Map(),
  }
}

/** The plan of a catalog against a state and an account; no server, no clock. */
export async function planOf(given: Given = {}): Promise<Plan> {
  const catalog = await catalogFrom(given.draft ?? DRAFT)
  const state = given.state ?? APPLIED
  const observation: Observation = {
    destGroupIds: ['2515'],
    networks: { items: given.networks ?? NETWORKS },
    rateZones: { items: given.zones ?? [REPORTED_ZONE] },
    addonPlans: { items: given.plans ?? [REPORTED_PLAN] },
    sims: new Map((given.sims ?? []).map(sim => [sim.iccid, sim])),
    simsRead: given.simsRead ?? 'asked',
    gone: goneOf(state, given),
    notes: [],
  }
  const graph = resolveCatalog(catalog, observation, state)
  const moved: readonly Moved[] = catalog.moved
  const prune = given.prune === true
  const changes = diffCatalog(graph, state, observation, {
    prune,
    moved,
    ...(given.sold && { sold: given.sold }),
  })
  const plan = planChanges(
    prune ? [...changes, ...retireSuperseded(changes, state)] : changes,
    graph.issues,
    {
      callsPerSecond: 2,
      bulkMode: 'auto',
      bulkSize: 100,
      learnt: state.learnt,
      ...(given.canary !== undefined && { canary: given.canary }),
    },
  )
  const shown = plan.changes.filter(({ action }) => action !== 'keep')
  return {
    ...plan,
    labels: labelsOf(
      observation,
      shown.map(({ kind }) => kind),
    ),
  }
}

/** The change of an address; throws where there is none. */
export function changeOf<Action extends Change['action']>(
  plan: Plan,
  address: string,
  action: Action,
): Extract<Change, { readonly action: Action }> {
  const change = plan.changes.find(change => change.address === address && change.action === action)
  if (change === undefined) {
    const there = plan.changes.map(({ action, address }) => `${action} ${address}`).join(', ')
    throw new Error(`no ${action} of ${address}: ${there}`)
  }
  return change as Extract<Change, { readonly action: Action }>
}

/** A state with some of it changed. */
export const stateWith = (edit: (state: ReturnType<typeof mutableState>) => void): State => {
  const state = mutableState(structuredClone(APPLIED))
  edit(state)
  return state
}
