import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { mostInASecond } from '../../test/most-in-a-second.ts'
import { temporaryFolder } from '../catalogs.ts'
import type { Figure, Row, Settings } from '../figure.ts'
import { startPlatform } from '../platform.ts'

const CALLER = fileURLToPath(new URL('../budget-caller.ts', import.meta.url))
const RATES = [2, 10, 50] as const
const LATENCIES_MS = [50, 500, 2000] as const
const SECONDS = 30
/** Until logged in and under way. */
const BEGUN_MS = 4000

interface Use {
  /** Of the rate, in percent. */
  readonly used: number
  readonly most: number
}

/** One process with as much work as it can be given, at a rate and a time each call takes. */
async function use(callsPerSecond: number, latencyMs: number, throttled = false): Promise<Use> {
  await using folder = await temporaryFolder()
  await using platform = await startPlatform({ sims: 1, latencyMs })
  if (throttled) await throttle(platform.url, callsPerSecond)
  const inFlight = Math.ceil(2 * callsPerSecond * (latencyMs / 1000)) + 2
  const words = [callsPerSecond, 'background', SECONDS, 0, inFlight].map(String)
  const place = join(folder.path, 'state.json')
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', CALLER, platform.url, place, ...words],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await json(child.stdout)
  const times = (await platform.calls()).map(({ at }) => at).toSorted((a, b) => a - b)
  const begun = (times[0] ?? 0) + BEGUN_MS
  const until = (times[0] ?? 0) + SECONDS * 1000
  const calls = times.filter(at => at > begun && at <= until).length
  return {
    used: (100 * calls) / ((until - begun) / 1000) / callsPerSecond,
    most: mostInASecond(times),
  }
}

/** Every hundredth call is answered as one too many. */
async function throttle(url: string, callsPerSecond: number): Promise<void> {
  for (let skip = 100; skip < callsPerSecond * SECONDS; skip += 100)
    await fetch(`${url}/_simulator/faults`, {
      method: 'POST',
      body: JSON.stringify({
        operation: 'GetCustomerProfile',
        kind: 'throttle-429',
        count: 1,
        skip,
      }),
    })
}

/** What is used of the rate while work waits, and whether it is ever passed. */
export const budget: Figure = {
  key: 'budget',
  title: `The account's calls a second, while work waits (one run of ${SECONDS} s each)`,
  async measure({ say }: Settings) {
    const rows: Row[] = []
    for (const rate of RATES) {
      say(`${rate} calls/s`)
      const uses = await Promise.all(LATENCIES_MS.map(latency => use(rate, latency)))
      for (const [at, { used }] of uses.entries())
        rows.push({
          what: `used of ${rate} calls/s, ${LATENCIES_MS[at]} ms a call`,
          unit: '%',
          value: used,
          measure: used,
          target: { least: 97.5, times: false },
        })
      const most = Math.max(...uses.map(one => one.most))
      rows.push({
        what: `most calls in any second at ${rate} calls/s`,
        unit: 'calls',
        value: most,
        measure: most,
        target: { most: rate, times: false },
      })
    }
    const { used } = await use(50, 50, true)
    rows.push({
      what: 'used of 50 calls/s, 1 % answered as too many: what it costs',
      unit: '%',
      value: used,
      measure: used,
    })
    return rows
  },
}
