import type { Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import type { Ledger, ProvisionEvent } from '../../src/provision/index.ts'
import {
  memoryLedger,
  openProvisioner,
  type ProvisionerOptions,
} from '../../src/provision/index.ts'
import type { AddonPlanRecord } from '../../src/resources/addon-plan.ts'
import type { EndpointRecord } from '../../src/resources/endpoint.ts'
import type { Sft } from '../../src/sft/api.ts'
import { openSft, type SftOptions } from '../../src/sft/client.ts'
import {
  SIMULATED_ACCOUNT,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/index.ts'
import type { State } from '../../src/state/state.ts'
import { openState } from '../../src/stores/states.ts'

/** A simulated account with a catalog applied to it, and the state that this leaves. */
export interface Market {
  readonly simulator: Simulator
  readonly sft: Sft
  /** Where it is not the machine's. */
  readonly clock?: Clock
  /** Another client, as another process has one. */
  openSft(options?: Partial<SftOptions>): Sft
  /** The state now; grows with `addBatch`. */
  readonly state: () => State
  readonly planIds: readonly string[]
  addBatch(batch: string, count: number, tags?: readonly string[]): Promise<readonly string[]>
  /** Writes the state to a file. */
  save(location: string): Promise<void>
}

const SKUS = ['EU-1GB', 'EU-10GB-30D'] as const

/** A client without patience: the simulator answers at once, or a test wants it not to. */
export const openTestSft = (simulator: Simulator, options: Partial<SftOptions> = {}): Sft =>
  openSft({
    baseUrl: simulator.url,
    username: 'simulator',
    password: 'simulator',
    callsPerSecond: Number.POSITIVE_INFINITY,
    settleSeconds: 1,
    timeoutSeconds: 1.5,
    retryDelaysSeconds: [0.05, 0.1],
    throttlePatienceSeconds: 5,
    ...options,
  })

export async function openMarket(
  t: Pick<Test, 'teardown'>,
  options: {
    readonly endpoints: number
    readonly simulator?: SimulatorOptions
    readonly sft?: Partial<SftOptions>
    /** 1 (default): starts on usage; 0: at once. */
    readonly activatedBy?: string
    /** Time of everything in it, which then does without sockets. Default: the machine's. */
    readonly clock?: Clock
  },
): Promise<Market> {
  const { clock } = options
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    sims: options.endpoints + 200,
    ...(clock !== undefined && { clock }),
    ...options.simulator,
  })
  const inProcess: Partial<SftOptions> =
    clock === undefined ? {} : { clock, fetch: (url, init) => simulator.fetch(url, init) }
  const setUp = openTestSft(simulator, { timeoutSeconds: 60, ...inProcess })
  const [network] = (await setUp.read.networks()).items
  const zone = await setUp.write.createRateZone({
    name: 'Europe',
    destGroupId: SIMULATED_ACCOUNT.destGroupId,
    networks: [{ operatorId: network!.operatorId, sponsorId: network!.sponsorId }],
  })
  const addonPlans: Record<string, AddonPlanRecord> = {}
  const planIds: string[] = []
  for (const [index, sku] of SKUS.entries()) {
    const name = `Europe ${index}`
    const { planId } = await setUp.write.createPlan({
      name,
      planType: '0',
      serviceProfile: SIMULATED_ACCOUNT.addonServiceProfileId,
      currencyId: SIMULATED_ACCOUNT.currencyId,
      destinationGroup: SIMULATED_ACCOUNT.roamingProfileId,
      priority: '1',
      rateZoneId: zone.id!,
      dataMB: 1024,
      validityDays: 30,
      charge: '0',
      activatedBy: options.activatedBy ?? '1',
      reSubscription: 'false',
      reSubscriptionRule: '1',
      occurrences: '1',
    })
    planIds.push(planId!)
    addonPlans[`plan-${index}`] = {
      planId: planId!,
      name,
      rateZoneId: zone.id!,
      spec: {},
      portal: { sku },
    }
  }
  let endpoints: Record<string, EndpointRecord> = {}
  let serial = 0
  let current: State
  const renew = () => {
    serial += 1
    current = {
      version: 2,
      lineage: 'test',
      serial,
      rateZones: {},
      addonPlans,
      endpoints,
      learnt: {},
      pending: {},
    }
  }
  let nextSim = 0
  const addBatch: Market['addBatch'] = async (batch, count, tags = []) => {
    const iccids = [...simulator.world.sims.keys()].slice(nextSim, nextSim + count)
    nextSim += count
    const added: Record<string, EndpointRecord> = {}
    for (let start = 0; start < iccids.length; start += 100) {
      const rows = await setUp.write.createEndpoints({
        basePlan: SIMULATED_ACCOUNT.basePlanId,
        apnGroup: SIMULATED_ACCOUNT.apnGroupId,
        roamingProfiles: [SIMULATED_ACCOUNT.roamingProfileId],
        endpoints: iccids.slice(start, start + 100).map(iccid => ({ name: iccid, iccid })),
      })
      for (const { iccid, endpointId } of rows)
        added[iccid] = { endpointId: endpointId!, name: iccid, batch, tags, spec: {} }
    }
    endpoints = { ...endpoints, ...added }
    renew()
    return Object.values(added).map(record => record.endpointId)
  }
  renew()
  if (options.endpoints > 0) await addBatch('first', options.endpoints, ['demo'])
  const sft = openTestSft(simulator, { ...inProcess, ...options.sft })
  t.teardown(async () => {
    await setUp[Symbol.asyncDispose]()
    await sft[Symbol.asyncDispose]()
    await simulator.close()
  })
  return {
    simulator,
    sft,
    ...(clock !== undefined && { clock }),
    openSft: more => openTestSft(simulator, { ...inProcess, ...options.sft, ...more }),
    state: () => current,
    planIds,
    addBatch,
    async save(location) {
      await using store = await openState(location)
      await store.append(
        ...Object.entries(current.addonPlans).map(
          ([key, record]) => ({ type: 'put', kind: 'addonPlan', key, record }) as const,
        ),
        ...Object.entries(current.endpoints).map(
          ([key, record]) => ({ type: 'put', kind: 'endpoint', key, record }) as const,
        ),
      )
    },
  }
}

/** A provisioner over a market, with the events that it told. */
export async function openShop(
  market: Market,
  options: Omit<ProvisionerOptions, 'ledger'> & { readonly ledger?: Ledger } = {},
) {
  const events: ProvisionEvent[] = []
  const ledger = options.ledger ?? memoryLedger()
  const shop = await openProvisioner({
    state: async () => market.state(),
    sft: market.sft,
    env: {},
    onEvent: event => events.push(event),
    ...(market.clock !== undefined && { clock: market.clock }),
    ...options,
    ledger,
  })
  return { shop, events, ledger }
}

/** Calls by operation since a number of calls. */
export function countCalls(simulator: Simulator, since = 0): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { operation } of simulator.calls.slice(since))
    counts[operation] = (counts[operation] ?? 0) + 1
  return counts
}
