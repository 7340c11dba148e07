import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sft } from '../../src/sft/api.ts'
import { openSft, type SftOptions } from '../../src/sft/client.ts'
import {
  SIMULATED_ACCOUNT,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/index.ts'

/** Base plan, APN group and roaming profile of every simulated account. */
export const SETTINGS = {
  basePlan: SIMULATED_ACCOUNT.basePlanId,
  apnGroup: SIMULATED_ACCOUNT.apnGroupId,
  roamingProfiles: [SIMULATED_ACCOUNT.roamingProfileId],
}

/** A client of a simulator, without a budget unless told otherwise. Patient: the machine may be busy. */
export function openSimulated(simulator: Simulator, options: Partial<SftOptions> = {}): Sft {
  return openSft({
    baseUrl: simulator.url,
    username: 'simulator',
    password: 'simulator',
    callsPerSecond: Number.POSITIVE_INFINITY,
    timeoutSeconds: 30,
    retryDelaysSeconds: [0.01, 0.01],
    ...options,
  })
}

/** A simulator without a limit. */
export function startUnlimited(options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator({ callsPerSecond: Number.POSITIVE_INFINITY, sims: 20, ...options })
}

/** The stock's ICCIDs, in order. */
export function iccidsOf(simulator: Simulator): readonly string[] {
  return [...simulator.world.sims.keys()]
}

/** One zone with some networks, and one plan in it. */
export async function createZoneAndPlan(sft: Sft): Promise<{ zoneId: string; planId: string }> {
  const networks = (await sft.read.networks()).items.slice(0, 3)
  const zone = await sft.write.createRateZone({
    name: `Zone ${sft.budget.calls()}`,
    destGroupId: SIMULATED_ACCOUNT.destGroupId,
    networks,
  })
  const zoneId = zone.id ?? (await sft.read.rateZones()).items.at(-1)?.id ?? ''
  const { planId } = await sft.write.createPlan(planRequest(zoneId, `Plan ${sft.budget.calls()}`))
  return { zoneId, planId: planId ?? (await sft.read.addonPlans()).items.at(-1)?.planId ?? '' }
}

/** An add-on plan of 1 GB for 30 days that starts at once. */
export function planRequest(rateZoneId: string, name: string) {
  return {
    name,
    description: 'One gigabyte',
    planType: '0',
    serviceProfile: SIMULATED_ACCOUNT.addonServiceProfileId,
    currencyId: SIMULATED_ACCOUNT.currencyId,
    destinationGroup: SIMULATED_ACCOUNT.roamingProfileId,
    priority: '1',
    rateZoneId,
    dataMB: 1024,
    validityDays: 30,
    charge: '0',
    activatedBy: '0',
    reSubscription: 'true',
    reSubscriptionRule: '2',
    occurrences: '1',
  }
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error('it resolved')
}

/** A server of its own on loopback, for answers that the simulator does not give. */
export async function withServer(
  listener: RequestListener,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await run(`http://127.0.0.1:${port}`)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}
