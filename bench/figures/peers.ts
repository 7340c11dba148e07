/**
 * What others would use, beside us: the same endpoints on the same local platform, first apply and a run that finds
 * nothing to do. Each peer has calls of its own and nothing of ours; what is not here is said.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { iccidsFrom, temporaryFolder, writeBatch } from '../catalogs.ts'
import { type Absent, type Figure, median, type Row } from '../figure.ts'
import { type Platform, startPlatform } from '../platform.ts'
import { CLI, type Command, run } from '../processes.ts'

const LATENCY_MS = 20
const FOLDER = fileURLToPath(new URL('../peers', import.meta.url))

interface Place {
  readonly folder: string
  readonly platform: Platform
  readonly iccids: readonly string[]
}

interface Peer {
  readonly name: string
  /** Why it cannot be measured here. */
  readonly absent: string | undefined
  /** Readies a folder, and gives the commands of a first apply and of one more run; `again` is taken several times. */
  readonly prepare: (place: Place) => Promise<{
    readonly first: Command
    readonly again: Command
    readonly [Symbol.asyncDispose]?: () => Promise<void>
  }>
}

/** What each run took, and the calls that it made. */
interface Run {
  readonly seconds: number
  readonly calls: number
}

const isPackageHere = (name: string): boolean => existsSync(join(FOLDER, 'node_modules', name))
const isProgramHere = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some(folder => existsSync(join(folder, name)))

const needsPackage = (name: string): string | undefined =>
  isPackageHere(name) ? undefined : `${name} is not installed (npm install --prefix bench/peers)`

const ours = (name: string, bulk: 'auto' | 'off'): Peer => ({
  name,
  absent: undefined,
  async prepare({ folder, platform, iccids }) {
    await writeBatch(folder, iccids)
    const env = { ...platform.env, SFT_BULK: bulk, SFT_STATE: join(folder, 'state.json') }
    const to = (...words: readonly string[]): Command => ({
      args: [CLI, ...words, '--catalog', folder],
      env,
    })
    return {
      first: to('apply', '--init', '--auto-approve', '--parallel', '10'),
      again: to('drift'),
    }
  },
})

const MAIN_TF = `terraform { 
  required_providers { 
    sft = { source = "bench/sft" } 
  } 
}
resource "sft_endpoint" "endpoints" {
  for_each = toset(jsondecode(file("\${path.module}/iccids.json")))
  iccid    = each.value
}
`

const terraform: Peer = {
  name: 'Terraform, 10 in flight, its provider in Node',
  absent: isProgramHere('terraform') ? needsPackage('@grpc/grpc-js') : 'terraform is not installed',
  async prepare({ folder, platform, iccids }) {
    await writeFile(join(folder, 'main.tf'), MAIN_TF)
    await writeFile(join(folder, 'iccids.json'), JSON.stringify(iccids))
    const provider = spawn(
      process.execPath,
      [join(FOLDER, 'terraform-provider.mjs'), join(folder, 'provider.sock')],
      {
        env: { PATH: process.env['PATH'], SFT_BASE_URL: platform.url },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const env = {
      TF_REATTACH_PROVIDERS: await firstLine(provider),
      TF_CLI_CONFIG_FILE: '/dev/null',
      CHECKPOINT_DISABLE: '1',
    }
    const to = (...args: readonly string[]): Command => ({
      program: 'terraform',
      args,
      env,
      cwd: folder,
    })
    await run(to('init', '-input=false'))
    return {
      first: to('apply', '-auto-approve', '-input=false'),
      again: to('plan', '-detailed-exitcode', '-input=false'),
      [Symbol.asyncDispose]: async () => {
        provider.kill()
      },
    }
  },
}

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stdout?.once('data', chunk => resolve(String(chunk).trim()))
    child.once('exit', code => reject(new Error(`the provider ended with ${code}`)))
  })

const alchemy: Peer = {
  name: 'alchemy, all at once; it does not look at the account again',
  absent: needsPackage('alchemy'),
  async prepare({ folder, platform, iccids }) {
    const file = join(folder, 'iccids.json')
    await writeFile(file, JSON.stringify(iccids))
    const command: Command = {
      args: [join(FOLDER, 'alchemy.mjs'), file],
      env: {
        SFT_BASE_URL: platform.url,
        ALCHEMY_STATE: join(folder, 'state'),
        ALCHEMY_TELEMETRY_DISABLED: '1',
      },
      cwd: folder,
    }
    return { first: command, again: command }
  },
}

/** Why others are not in the table. */
const ELSEWHERE: readonly Absent[] = [
  { what: 'Pulumi, SST, Atlas', absent: 'their packages fetch a program that npm does not have' },
  { what: 'decK, OpenTofu, dnscontrol', absent: 'they are in neither npm nor Debian' },
  { what: 'auth0-deploy-cli, octoDNS', absent: 'they reach no account but their own kind' },
]

const PEERS: readonly Peer[] = [
  ours('sft-catalog', 'auto'),
  ours('sft-catalog, one call an endpoint', 'off'),
  terraform,
  alchemy,
]

async function measure(peer: Peer, count: number, rounds: number) {
  await using folder = await temporaryFolder()
  const iccids = iccidsFrom(count)
  await using platform = await startPlatform({ iccids, sims: 0, latencyMs: LATENCY_MS })
  const prepared = await peer.prepare({ folder: folder.path, platform, iccids })
  const timed = async (command: Command): Promise<Run> => {
    const before = (await platform.calls()).length
    const { seconds } = await run(command)
    return { seconds, calls: (await platform.calls()).length - before }
  }
  try {
    const first = await timed(prepared.first)
    const again: Run[] = []
    for (let round = 0; round < rounds; round += 1) again.push(await timed(prepared.again))
    return { first, again }
  } finally {
    await prepared[Symbol.asyncDispose]?.()
  }
}

export const peers: Figure = {
  key: 'peers',
  title: `Peers: endpoints, ${LATENCY_MS} ms a call, the whole process`,
  async measure({ rounds, shrink, say }) {
    const count = Math.round(1000 / shrink)
    const rows: (Row | Absent)[] = []
    for (const peer of PEERS) {
      say(peer.name)
      if (peer.absent !== undefined) {
        rows.push({ what: peer.name, absent: peer.absent })
        continue
      }
      const { first, again } = await measure(peer, count, rounds)
      const row = (what: string, runs: readonly Run[]): Row => {
        const seconds = median(runs.map(one => one.seconds))
        const calls = median(runs.map(one => one.calls))
        const title = `${peer.name}: ${what} ${count.toLocaleString('en')}`
        return { what: title, unit: 's', value: seconds, measure: seconds, note: `${calls} calls` }
      }
      rows.push(row('first apply of', [first]), row('no change in', again))
    }
    return [...rows, ...ELSEWHERE]
  },
}
