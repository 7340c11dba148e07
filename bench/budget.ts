/**
 * Seven processes on one account, its rate shared by a file or a database: five work through a backlog, one reads
 * as an engineer does, one sells now and then. Prints the most calls in any second as the platform sees them, the
 * share of the rate that was used, each process's calls, and how long a traveller's call waited.
 * `npx tsx bench/budget.ts [SECONDS] [RATE,…]`
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '../src/simulator/index.ts'
import { mostInASecond } from '../test/most-in-a-second.ts'
import { startPostgres } from '../test/postgres/server.ts'

const SECONDS = Number(process.argv[2] ?? 20)
const CALLER = fileURLToPath(new URL('budget-caller.ts', import.meta.url))

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0

function call(args: readonly string[]): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CALLER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.on('close', code =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`ended with ${code}`)),
    )
  })
}

async function measure(name: string, place: string, rate: number): Promise<void> {
  await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
  const run = (lane: string, every: number) =>
    call([simulator.url, place, String(rate), lane, String(SECONDS), String(every)])
  const [traveller = [], ...others] = await Promise.all([
    run('traveller', 2000),
    run('normal', 3000),
    ...Array.from({ length: 5 }, () => run('background', 0)),
  ])
  const times = simulator.calls.map(({ at }) => Number(at)).toSorted((a, b) => a - b)
  const begin = times[0] ?? 0
  // All have begun after some seconds, and work until the end.
  const within = times.filter(at => at > begin + 4000 && at < begin + SECONDS * 1000)
  const used = within.length / ((SECONDS * 1000 - 4000) / 1000) / rate
  console.log(
    `${name.padEnd(10)} ${String(rate).padStart(3)}/s: most in a second ${mostInASecond(times)}, used ${(100 * used).toFixed(0)} %, ` +
      `a traveller waited ${quantile(traveller, 0.5)} ms (p95 ${quantile(traveller, 0.95)}), calls ${[traveller, ...others].map(one => one.length).join(' ')}`,
  )
}

const ends: (() => unknown)[] = []
// The platform is another machine: what it sees must not depend on how busy this one is.
const isFirst = (): boolean => {
  try {
    setPriority(-15)
    return true
  } catch {
    return false
  }
}
const server = await startPostgres({ teardown: end => ends.push(end) })
if (!isFirst())
  console.log('without the right to go first, the simulator may see calls later than they came')
const folder = await mkdtemp(join(tmpdir(), 'bench-budget-'))
for (const rate of (process.argv[3]?.split(',') ?? [2, 20, 200]).map(Number)) {
  await measure('file', join(folder, `state-${rate}.json`), rate)
  await measure('PostgreSQL', `${server.url}?schema=bench_${rate}`, rate)
}
for (const end of ends) await end()
await rm(folder, { recursive: true })
