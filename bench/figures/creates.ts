import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoggedCall } from '../../src/simulator/index.ts'
import { iccidsFrom, temporaryFolder, writeBatch } from '../catalogs.ts'
import { againstFloor, type Figure } from '../figure.ts'
import { startPlatform } from '../platform.ts'
import { CLI, run } from '../processes.ts'

const LATENCY_MS = 20
const IN_FLIGHT = 10
const LOOP = fileURLToPath(new URL('../loop.mjs', import.meta.url))

/** Seconds from the first call's arrival to the last one's answer. */
export function span(calls: readonly LoggedCall[]): number {
  const first = Math.min(...calls.map(call => call.at))
  const last = Math.max(...calls.map(call => call.at + call.durationMs))
  return (last - first) / 1000
}

async function create(count: number, how: 'apply' | 'loop') {
  await using folder = await temporaryFolder()
  const iccids = iccidsFrom(count)
  await writeBatch(folder.path, iccids)
  await using platform = await startPlatform({
    iccids,
    sims: 0,
    latencyOf: { CreateEndPoint: LATENCY_MS },
  })
  const { megabytes } = await run({
    args:
      how === 'apply'
        ? [
            CLI,
            'apply',
            '--init',
            '--auto-approve',
            '--catalog',
            folder.path,
            '--parallel',
            `${IN_FLIGHT}`,
          ]
        : [LOOP, platform.url, `${IN_FLIGHT}`, join(folder.path, 'inventory.csv')],
    env: { ...platform.env, SFT_BULK: 'off', SFT_STATE: join(folder.path, 'state.json') },
  })
  const calls = (await platform.calls()).filter(call => call.operation === 'CreateEndPoint')
  if (calls.length !== count) throw new Error(`${how} made ${calls.length} calls, not ${count}`)
  return { seconds: span(calls), megabytes }
}

/** Endpoints one call each, and a loop that makes the same calls and keeps nothing. */
export const creates: Figure = {
  key: 'creates',
  title: `Creating endpoints one call each, ${LATENCY_MS} ms a call, ${IN_FLIGHT} in flight`,
  async measure({ rounds, shrink }) {
    const count = Math.round(1000 / shrink)
    const ours = []
    const bare = []
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await create(count, 'loop'))
      ours.push(await create(count, 'apply'))
    }
    const floor = (values: readonly number[]) => ({ what: 'the same calls in a loop', values })
    return [
      againstFloor(
        `apply of ${count.toLocaleString('en')} endpoints, first to last write`,
        's',
        ours.map(one => one.seconds),
        floor(bare.map(one => one.seconds)),
        { most: 1.05 },
      ),
      againstFloor(
        `apply of ${count.toLocaleString('en')} endpoints: memory`,
        'MB',
        ours.map(one => one.megabytes),
        floor(bare.map(one => one.megabytes)),
        { most: 1.2 },
      ),
    ]
  },
}
