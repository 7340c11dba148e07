/**
 * The simulator as a process of its own, as a platform is: what it does costs the measured process nothing.
 * Started by itself with its options as JSON; prints its address.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type LoggedCall, type SimulatorOptions, startSimulator } from '../src/simulator/index.ts'

export interface Platform {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  /** Calls that arrived, in order. */
  readonly calls: () => Promise<readonly LoggedCall[]>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const FILE = fileURLToPath(import.meta.url)

/** The platform is another machine: when it sees a call must not depend on how busy this one is. */
function goFirst(): void {
  try {
    setPriority(-15)
  } catch {
    console.error('without the right to go first, the simulator may see calls later than they came')
  }
}

export async function startPlatform(options: SimulatorOptions): Promise<Platform> {
  const child = spawn(process.execPath, ['--import', 'tsx', FILE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify({ ...options, callsPerSecond: options.callsPerSecond ?? 'none' }))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk).trim()))
    child.once('exit', code => reject(new Error(`the simulator ended with ${code}`)))
  })
  return {
    url,
    env: {
      SFT_BASE_URL: url,
      SFT_USERNAME: 'simulator',
      SFT_PASSWORD: 'simulator',
      SFT_CALLS_PER_SECOND: 'Infinity',
    },
    async calls() {
      const answer = await fetch(`${url}/_simulator/calls`)
      return (await answer.json()) as readonly LoggedCall[]
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

if (process.argv[1] === FILE) {
  goFirst()
  let given = ''
  for await (const chunk of process.stdin) given += String(chunk)
  const { callsPerSecond, ...options } = JSON.parse(given) as Omit<
    SimulatorOptions,
    'callsPerSecond'
  > & {
    readonly callsPerSecond: number | 'none'
  }
  const simulator = await startSimulator({
    ...options,
    callsPerSecond: callsPerSecond === 'none' ? Number.POSITIVE_INFINITY : callsPerSecond,
  })
  console.log(simulator.url)
}
