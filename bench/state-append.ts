// What an entry costs, first and last, in a state of 100,000 endpoints: `npx tsx bench/state-append.ts`.
// Entries are appended one after another, each on the disk before the next.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EndpointRecord } from '../src/resources/endpoint.ts'
import { openFileState, readFileState } from '../src/state/file-store.ts'
import { type PutEntry, putEntry } from '../src/state/state.ts'

const COUNT = Number(process.argv[2] ?? 100_000)
const SAMPLE = 1_000

const put = (n: number): PutEntry => {
  const record: EndpointRecord = {
    endpointId: `E${n}`,
    name: `travel-${n}`,
    batch: 'batch-2026-11',
    tags: ['batch-1'],
    spec: { name: `travel-${n}`, basePlan: 'BASE', apnGroup: 'PDP', roamingProfiles: ['3017'] },
  }
  return putEntry('endpoint', `89320420${String(n).padStart(11, '0')}`, record)
}

const folder = mkdtempSync(join(tmpdir(), 'state-append-'))
const path = join(folder, 'state.json')
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work()
  return performance.now() - from
}
try {
  // Another state first, so that the first entries are not those of a cold process.
  const warm = await openFileState(join(folder, 'warm.json'))
  for (let n = 0; n < SAMPLE; n++) await warm.append(put(n))
  await warm[Symbol.asyncDispose]()

  const store = await openFileState(path, { purpose: 'bench' })
  let n = 0
  const sample = () =>
    timed(async () => {
      for (let count = 0; count < SAMPLE; count++) await store.append(put(n++))
    })
  const first = (await sample()) / SAMPLE
  while (n < COUNT - SAMPLE) {
    const width = Math.min(100, COUNT - SAMPLE - n)
    await Promise.all(Array.from({ length: width }, () => store.append(put(n++))))
  }
  const last = (await sample()) / SAMPLE
  const journal = statSync(`${path}.journal`).size
  const read = await timed(() => readFileState(path))
  const fold = await timed(() => store.fold())
  await store[Symbol.asyncDispose]()
  const reopened = await timed(async () => {
    const again = await openFileState(path)
    await again[Symbol.asyncDispose]()
  })
  const figure = (value: number): string => value.toFixed(3)
  console.log(`entries          ${n}`)
  console.log(`first ${SAMPLE}       ${figure(first)} ms an entry`)
  console.log(`last ${SAMPLE}        ${figure(last)} ms an entry`)
  console.log(`ratio            ${figure(last / first)}`)
  console.log(`journal          ${(journal / 1e6).toFixed(1)} MB, read ${read.toFixed(0)} ms`)
  console.log(
    `snapshot         ${(statSync(path).size / 1e6).toFixed(1)} MB, fold ${fold.toFixed(0)} ms`,
  )
  console.log(`open and close   ${reopened.toFixed(0)} ms`)
  console.log(`memory           ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`)
} finally {
  rmSync(folder, { recursive: true })
}
