import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Test } from 'tap'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import type { State } from '../../src/state/state.ts'
import { readState } from '../../src/stores/states.ts'
import {
  type Ended,
  PASSWORD,
  type Running,
  type RunOptions,
  runCli,
  startCli,
  startInside,
} from './run-cli.ts'

/** Somebody at a desk: a folder with a catalog, a simulated account, and the command line. */
export interface Desk {
  readonly folder: string
  readonly simulator: Simulator
  /** ICCIDs of the account's stock. */
  readonly iccids: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Runs `sft-catalog` in the folder, against the account. */
  readonly run: (args: string, options?: Partial<RunOptions>) => Promise<Ended>
  readonly start: (args: string, options?: Partial<RunOptions>) => Running
  /** Starts it inside this process, where its data is in a database. */
  readonly startInside: (args: string, options?: Partial<RunOptions>) => Running
  readonly write: (file: string, text: string) => void
  readonly read: (file: string) => string
  readonly state: () => Promise<State>
  /** The control API of the simulator. */
  readonly control: (what: string, body?: object) => Promise<unknown>
  /** Writing calls since a place in the log, logins left out. */
  readonly writes: (since?: number) => readonly string[]
}

export const ACCOUNT = `version: 1
account:
  addonServiceProfile: SP_1335
  currencyId: "44"
  basePlan: DEFAULTPRE41274807
  apnGroup: PDP_1785
  roamingProfiles: ["3017"]
`

/** A zone, a plan of it, and as many endpoints as asked for. */
export const smallCatalog = (iccids: readonly string[]): Readonly<Record<string, string>> => ({
  'catalog/catalog.yaml': `${ACCOUNT}
rateZones:
  - key: alps
    name: Alps
    countries: [CH, AT]
addonPlans:
  - key: alps-1gb
    name: Alps 1 GB 7 days
    rateZone: alps
    data: 1 GB
    validity: 7 days
    activation: first-use
    charge: "4.50"
    portal: { sku: ALPS-1GB-7D }
${iccids.length === 0 ? '' : batch('first', iccids)}`,
})

/** A batch of endpoints as YAML. */
export const batch = (key: string, iccids: readonly string[], more = ''): string =>
  `endpointBatches:
  - key: ${key}
${more}    iccids:
${iccids.map(iccid => `      - "${iccid}"\n`).join('')}`

/**
 * A desk says `--init` where it plans or applies and has no state yet: most tests are about
 * something else. `asTyped` leaves the words alone.
 */
export function withInit(
  words: readonly string[],
  folder: string,
  { asTyped = false, env = {} }: Pick<RunOptions, 'env' | 'asTyped'>,
): readonly string[] {
  const [command, second = '--'] = words
  const flag = words.indexOf('--state')
  const place = flag < 0 ? (env['SFT_STATE'] ?? 'state.json') : (words[flag + 1] ?? '')
  const begins = (command === 'apply' && second.startsWith('--')) || command === 'plan'
  return asTyped ||
    !begins ||
    words.includes('--init') ||
    place.startsWith('memory:') ||
    existsSync(resolve(folder, place))
    ? words
    : [...words, '--init']
}

/** Opens a desk; the account answers as fast as it can unless told otherwise. */
export async function openDesk(
  t: Test,
  files: (iccids: readonly string[]) => Readonly<Record<string, string>>,
  options: SimulatorOptions = {},
): Promise<Desk> {
  // Not t.testdir(): it has one folder a test, and a test may have two desks.
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    username: 'seller',
    password: PASSWORD,
    sims: 60,
    ...options,
  })
  t.teardown(() => simulator.close())
  const iccids = [...simulator.world.sims.keys()]
  const write: Desk['write'] = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const [file, text] of Object.entries(files(iccids))) write(file, text)
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'seller',
    SFT_PASSWORD: PASSWORD,
    SFT_CALLS_PER_SECOND: '1000',
    SFT_SETTLE_SECONDS: '2',
  }
  const prepared = (given: Partial<RunOptions>): RunOptions => ({
    cwd: folder,
    ...given,
    env: { ...env, ...given.env },
  })
  const words = (args: string, given: Partial<RunOptions>) =>
    withInit(
      args.split(' ').filter(word => word !== ''),
      folder,
      given,
    )
  return {
    folder,
    simulator,
    iccids,
    env,
    run: (args, given = {}) => runCli(words(args, given), prepared(given)),
    start: (args, given = {}) => startCli(words(args, given), prepared(given)),
    startInside: (args, given = {}) => startInside(words(args, given), prepared(given)),
    write,
    read: file => readFileSync(join(folder, file), 'utf8'),
    state: () => readState(join(folder, 'state.json')),
    control: async (what, body) => {
      const answer = await fetch(`${simulator.url}/_simulator/${what}`, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${what}: ${text}`)
      return JSON.parse(text)
    },
    writes: (since = 0) =>
      simulator.calls
        .slice(since)
        .filter(call => call.method !== 'GET' && call.operation !== 'Login')
        .map(call => call.operation),
  }
}
