import { worldNetworks } from './networks.ts'
import { addSims, createStock, makeIccids } from './sims.ts'
import { networkKey, SIMULATED_ACCOUNT, type SimulatedPlan, type World } from './world.ts'

/** What a new world is made from. */
export interface Seed {
  readonly seed: number
  readonly sims: number
  readonly iccids: readonly string[]
}

/** A new enterprise with its defaults (contract 2), all networks and a stock of SIMs. */
export function createWorld(options: Seed): World {
  const stock = createStock()
  addSims(stock, options.iccids)
  addSims(stock, makeIccids(options.sims, options.seed))
  const { roamingProfileId, baseServiceProfileId, addonServiceProfileId } = SIMULATED_ACCOUNT
  const basePlan = defaultBasePlan()
  return {
    seed: options.seed,
    clockOffsetMs: 0,
    networks: new Map(worldNetworks().map(network => [networkKey(network), network])),
    zones: new Map(),
    plans: new Map([[basePlan.planId, basePlan]]),
    endpoints: new Map(),
    sims: stock.byIccid,
    stock,
    roamingProfiles: new Map([
      [roamingProfileId, { roamingProfileId, name: 'DEFAULT', networks: 'all' }],
    ]),
    serviceProfiles: new Map([
      [
        baseServiceProfileId,
        { profileId: baseServiceProfileId, name: 'DEFAULT', category: '0', extra: {} },
      ],
      [
        addonServiceProfileId,
        { profileId: addonServiceProfileId, name: 'ADDON', category: '1', extra: {} },
      ],
    ]),
    apnGroups: new Set([SIMULATED_ACCOUNT.apnGroupId]),
    executions: new Map(),
    next: {
      zone: 1201,
      plan: 885_543,
      endpoint: 4_100_001,
      instance: 50_001,
      roamingProfile: 3018,
      serviceProfile: 1336,
      operator: 90_001,
    },
  }
}

function defaultBasePlan(): SimulatedPlan {
  return {
    planId: SIMULATED_ACCOUNT.basePlanId,
    basicInfo: {
      planName: 'DEFAULTPRE',
      planCategory: 'NORMAL',
      planDescription: 'Default prepaid plan',
      planType: '0',
      serviceProfile: SIMULATED_ACCOUNT.baseServiceProfileId,
      currencyId: SIMULATED_ACCOUNT.currencyId,
      destinationGroup: SIMULATED_ACCOUNT.roamingProfileId,
      planStatus: 'Active',
      addOnPriority: '',
      extra: {},
    },
    benefit: [],
    charge: [{ chargeAmount: '0' }],
    subscription: {
      reSubscription: '',
      reSubscriptionRule: '',
      occurrences: '',
      activatedBy: '',
      extra: {},
    },
    validity: { validityType: '0', validityFactor: '', extra: {} },
    extra: {},
  }
}
