import type { Test } from 'tap'
import { createEndpoint } from '../../src/simulator/endpoints.ts'
import type { SimulatorOptions } from '../../src/simulator/index.ts'
import { type NetworkId, SIMULATED_ACCOUNT, type World } from '../../src/simulator/index.ts'
import { createPlan } from '../../src/simulator/plans.ts'
import type { SimulatedPlanTerms } from '../../src/simulator/settings.ts'
import { createZone } from '../../src/simulator/zones.ts'
import { type Desk, openDesk } from '../cli/desk.ts'

/** A desk, and the account as the platform has it. */
export interface AdoptDesk extends Desk {
  readonly world: World
}

/** A desk at an account that others have worked on. */
export async function openAdoptDesk(
  t: Test,
  files: Parameters<typeof openDesk>[1] = () => ({}),
  options: SimulatorOptions = {},
): Promise<AdoptDesk> {
  const desk = await openDesk(t, files, options)
  return { ...desk, world: desk.simulator.world }
}

/** Networks of countries, by their English names on the platform. */
export const networksOf = (world: World, ...countries: readonly string[]): NetworkId[] =>
  [...world.networks.values()]
    .filter(({ countryName }) => countries.includes(countryName))
    .map(({ operatorId, sponsorId }) => ({ operatorId, sponsorId }))

/** A zone made by hand in the portal. */
export const handMadeZone = (world: World, name: string, networks: readonly NetworkId[]): string =>
  createZone(
    world,
    {
      name,
      destGroupId: SIMULATED_ACCOUNT.destGroupId,
      operatorIdList: networks.map(network => ({ ...network })),
    },
    'accepted',
  )

/** A plan made by hand in the portal: 1 GB for 7 days unless told otherwise. */
export const handMadePlan = (
  world: World,
  name: string,
  rateZone: string,
  more: {
    readonly info?: Readonly<Record<string, string>>
    readonly value?: string
    readonly charge?: string
    readonly subscription?: Readonly<Record<string, string>>
    readonly validity?: Readonly<Record<string, string>>
    readonly benefits?: number
    /** What the account knows of plans, where it is more than data for some days. */
    readonly known?: SimulatedPlanTerms
  } = {},
): string =>
  createPlan(
    world,
    {
      basicInfo: {
        planName: name,
        planCategory: 'ADDON',
        planType: '0',
        serviceProfile: SIMULATED_ACCOUNT.addonServiceProfileId,
        currencyId: SIMULATED_ACCOUNT.currencyId,
        destinationGroup: SIMULATED_ACCOUNT.roamingProfileId,
        addOnPriority: '1',
        ...more.info,
      },
      benefit: Array.from({ length: more.benefits ?? 1 }, () => ({
        benefitId: '1',
        value: more.value ?? '1024',
        rateZone,
      })),
      charge: [{ chargeAmount: more.charge ?? '4.50' }],
      subscription: {
        reSubscription: 'true',
        reSubscriptionRule: '2',
        occurrences: '1',
        activatedBy: '1',
        ...more.subscription,
      },
      validity: { validityType: '1', validityFactor: '7', ...more.validity },
    },
    'accepted',
    more.known,
  )

/** An endpoint made by hand; sold ones are active. */
export const handMadeEndpoint = (
  world: World,
  iccid: string,
  name: string,
  sold: boolean,
): string =>
  createEndpoint(
    world,
    {
      name,
      iccid,
      isLinkSIM: 'true',
      isDefaultActivation: String(sold),
      roamingProfileId: SIMULATED_ACCOUNT.roamingProfileId,
      apnGroupId: SIMULATED_ACCOUNT.apnGroupId,
      planId: SIMULATED_ACCOUNT.basePlanId,
    },
    0,
  )
