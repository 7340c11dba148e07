// What reading a state of 1,000,000 endpoints costs, as it was written, and edited by hand (which takes
// `state accept-edit`): `npx tsx bench/state-open.ts [N]`.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EndpointRecord } from '../src/resources/endpoint.ts'
import { openFileState, readFileState } from '../src/state/file-store.ts'
import { acceptFileEdit } from '../src/state/file-upkeep.ts'
import { putEntry } from '../src/state/state.ts'

const COUNT = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = 3

const put = (n: number) =>
  putEntry('endpoint', String(8_932_042_000_000_000_000n + BigInt(n)), recordOf(n))

const recordOf = (n: number): EndpointRecord => ({
  endpointId: `E${n}`,
  name: `travel-${n}`,
  batch: 'batch-2026-11',
  tags: ['batch-1'],
  spec: { name: `travel-${n}`, basePlan: 'BASE', apnGroup: 'PDP', roamingProfiles: ['3017'] },
})

/** Of the processor, so that a busy machine changes little. */
const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

const folder = mkdtempSync(join(tmpdir(), 'bench-state-open-'))
const path = join(folder, 'state.json')
try {
  {
    await using store = await openFileState(path, { backups: 0 })
    for (let n = 0; n < COUNT; n += 10_000)
      await store.append(...Array.from({ length: 10_000 }, (_, at) => put(n + at)))
  }
  const read: number[] = []
  for (let round = 0; round < ROUNDS; round++) read.push(await seconds(() => readFileState(path)))
  const megabytes = statSync(path).size / 2 ** 20
  console.log(
    `${COUNT} endpoints, ${megabytes.toFixed(0)} MB: read in ${read.map(one => one.toFixed(2)).join(', ')} s of the processor, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
  )
  writeFileSync(path, readFileSync(path, 'utf8').replace('travel-7"', 'travel-seven"'))
  const accepted = await seconds(() => acceptFileEdit(path, () => false, { backups: 0 }))
  console.log(`edited by hand, looked at in ${accepted.toFixed(2)} s`)
} finally {
  rmSync(folder, { recursive: true })
}
