/**
 * 1,000 endpoints through single calls, 20 ms a call, 10 in flight, no budget: time from the first to the
 * last write, beside a loop that makes the same calls and keeps no state. `npx tsx bench/apply.ts [N]`
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '../src/simulator/index.ts'
import { withCheckDigit } from './iccids.ts'

const N = Number(process.argv[2] ?? 1000)
const ROUNDS = 5
const LATENCY_MS = 20
const IN_FLIGHT = 10
const iccids = Array.from({ length: N }, (_, at) =>
  withCheckDigit(`8932042${String(at).padStart(11, '0')}`),
)

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Runs a program, and gives its peak memory. */
async function run(command: readonly string[], env: Record<string, string>): Promise<number> {
  const [program = '', ...args] = ['/usr/bin/time', '-f', 'PEAK %M', process.execPath, ...command]
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', chunk => {
    text += String(chunk)
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${text}`)
  return Number(/PEAK (\d+)/.exec(text)?.[1]) / 1024
}

async function measure(what: 'apply' | 'loop'): Promise<{ seconds: number; memory: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-apply-'))
  // The simulator is a process of its own, as a platform is.
  const world = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(import.meta.url), 'simulate', String(N)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const url = await new Promise<string>(resolve =>
    world.stdout.once('data', chunk => resolve(String(chunk).trim())),
  )
  try {
    await writeFile(
      join(folder, 'catalog.yaml'),
      `version: 1\naccount: { basePlan: DEFAULTPRE41274807, apnGroup: PDP_1785, roamingProfiles: ["3017"] }\nendpointBatches:\n  - key: batch\n    iccids:\n${iccids.map(iccid => `      - "${iccid}"`).join('\n')}\n`,
    )
    const env = {
      SFT_BASE_URL: url,
      SFT_USERNAME: 'simulator',
      SFT_PASSWORD: 'simulator',
      SFT_CALLS_PER_SECOND: 'Infinity',
      SFT_BULK: 'off',
      SFT_STATE: join(folder, 'state.json'),
    }
    const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
    const loop = fileURLToPath(new URL('loop.mjs', import.meta.url))
    const memory = await run(
      what === 'apply'
        ? [cli, 'apply', '--auto-approve', '--catalog', folder, '--parallel', String(IN_FLIGHT)]
        : [loop, url, String(IN_FLIGHT), join(folder, 'catalog.yaml')],
      env,
    )
    const answer = await fetch(`${url}/_simulator/calls?operation=CreateEndPoint`)
    const calls = (await answer.json()) as readonly { at: number; durationMs: number }[]
    if (calls.length !== N) throw new Error(`${what} made ${calls.length} calls, not ${N}`)
    const first = Math.min(...calls.map(call => call.at))
    const last = Math.max(...calls.map(call => call.at + call.durationMs))
    return { seconds: (last - first) / 1000, memory }
  } finally {
    world.kill()
    await rm(folder, { recursive: true })
  }
}

if (process.argv[2] === 'simulate') {
  const stock = Array.from({ length: Number(process.argv[3]) }, (_, at) =>
    withCheckDigit(`8932042${String(at).padStart(11, '0')}`),
  )
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    iccids: stock,
    sims: 0,
    latencyOf: { CreateEndPoint: LATENCY_MS },
  })
  console.log(simulator.url)
} else {
  const rows = {
    loop: [] as { seconds: number; memory: number }[],
    apply: [] as { seconds: number; memory: number }[],
  }
  for (let round = 0; round < ROUNDS; round++) {
    rows.loop.push(await measure('loop'))
    rows.apply.push(await measure('apply'))
  }
  for (const [what, measured] of Object.entries(rows))
    console.log(
      `${what.padEnd(5)}  ${median(measured.map(row => row.seconds)).toFixed(2)} s first to last write, peak ${median(measured.map(row => row.memory)).toFixed(0)} MB (medians of ${ROUNDS})`,
    )
  const ratios = rows.apply.map((row, at) => row.seconds / (rows.loop[at]?.seconds ?? 1))
  console.log(`ratio  ${median(ratios).toFixed(2)}`)
}
