/**
 * 100,000 endpoints from a CSV, all in the state: time and peak memory of validate and plan, beside a bare
 * Node process that only reads and parses the same files. `npm run build && npx tsx bench/scale.ts [N]`
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '../src/simulator/index.ts'
import { openState } from '../src/stores/states.ts'
import { withCheckDigit } from './iccids.ts'

const N = Number(process.argv[2] ?? 100_000)
const ROUNDS = 3
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

async function timed(
  label: string,
  command: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const rows: { seconds: number; memory: number }[] = []
  let last = ''
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn('/usr/bin/time', ['-f', 'TOOK %e %M', process.execPath, ...command], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => {
      out += String(chunk)
    })
    child.stderr.on('data', chunk => {
      err += String(chunk)
    })
    const code = await new Promise(resolve => child.on('close', resolve))
    if (code !== 0) throw new Error(`${label} ended with ${code}: ${err}`)
    const [, seconds, kilobytes] = /TOOK ([\d.]+) (\d+)/.exec(err) ?? []
    rows.push({ seconds: Number(seconds), memory: Number(kilobytes) / 1024 })
    last = out.trim().split('\n').at(-1) ?? ''
  }
  const middle = rows.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(ROUNDS / 2)]
  console.log(
    `${label.padEnd(9)} ${middle?.seconds.toFixed(2)} s  ${middle?.memory.toFixed(0)} MB  ${last}`,
  )
}

const folder = await mkdtemp(join(tmpdir(), 'bench-scale-'))
try {
  const iccids = Array.from({ length: N }, (_, at) =>
    withCheckDigit(`8932042${String(at).padStart(11, '0')}`),
  )
  const account = {
    basePlan: 'DEFAULTPRE41274807',
    apnGroup: 'PDP_1785',
    roamingProfiles: ['3017'],
  }
  const csv = join(folder, 'inventory.csv')
  const state = join(folder, 'state.json')
  await writeFile(csv, `iccid\n${iccids.join('\n')}\n`)
  await writeFile(
    join(folder, 'catalog.yaml'),
    `version: 1\naccount: ${JSON.stringify(account)}\nendpointBatches:\n  - { key: batch, name: 'travel-{iccid}', iccidFile: inventory.csv }\n`,
  )
  await using simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    sims: 10,
  })
  {
    await using store = await openState(state)
    await store.append(
      ...iccids.map((iccid, at) => ({
        type: 'put' as const,
        kind: 'endpoint' as const,
        key: iccid,
        record: {
          endpointId: String(4_100_001 + at),
          name: `travel-${iccid}`,
          batch: 'batch',
          tags: [],
          spec: { name: `travel-${iccid}`, ...account },
        },
      })),
    )
  }
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: '1000',
    SFT_STATE: state,
    SFT_CATALOG: folder,
  }
  const bare = `const { readFileSync } = require('node:fs'); const lines = readFileSync(${JSON.stringify(csv)}, 'utf8').split('\\n'); const state = JSON.parse(readFileSync(${JSON.stringify(state)}, 'utf8')); console.log(lines.length, Object.keys(state.endpoints).length)`
  await timed('bare', ['-e', bare], {})
  await timed('validate', [cli, 'validate'], env)
  await timed('plan', [cli, 'plan', '--detailed-exitcode'], env)
} finally {
  await rm(folder, { recursive: true })
}
