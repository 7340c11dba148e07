import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { createEndpoint } from '../../src/simulator/endpoints.ts'
import type { SimulatorOptions } from '../../src/simulator/index.ts'
import { type NetworkId, SIMULATED_ACCOUNT, type World } from '../../src/simulator/index.ts'
import { createPlan } from '../../src/simulator/plans.ts'
import { createZone } from '../../src/simulator/zones.ts'
import { type Desk, openDesk, withInit } from '../cli/desk.ts'
import { findSecret } from '../cli/run-cli.ts'

const PROGRAM = ['--import', import.meta.resolve('tsx'), resolve('src/cli/main.ts')]

/** How a command ended. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A desk whose commands are those under test here. */
export interface AdoptDesk extends Omit<Desk, 'run' | 'start'> {
  readonly run: (args: string) => Promise<Outcome>
  readonly world: World
}

/** A folder, a simulated account, and commands as processes. */
export async function openAdoptDesk(
  t: Test,
  files: Parameters<typeof openDesk>[1] = () => ({}),
  options: SimulatorOptions = {},
): Promise<AdoptDesk> {
  const desk = await openDesk(t, files, options)
  return {
    ...desk,
    world: desk.simulator.world,
    run: args =>
      new Promise((done, failed) => {
        const child = spawn(
          process.execPath,
          [...PROGRAM, ...withInit(args.split(' '), desk.folder, {})],
          {
            cwd: desk.folder,
            env: { PATH: process.env['PATH'], HOME: desk.folder, ...desk.env },
          },
        )
        let stdout = ''
        let stderr = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
        child.on('error', failed)
        child.on('close', code => {
          const leak = findSecret(stdout + stderr)
          if (leak === undefined) done({ code, stdout, stderr })
          else failed(new Error(`${args} wrote ${leak}`))
        })
      }),
  }
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
