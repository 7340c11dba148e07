/**
 * How long purchases wait while a worker carries out a detached apply by single calls, beside those of the same
 * account when it is idle: `npm run build && npx tsx bench/detach.ts [ENDPOINTS] [CALLS_PER_SECOND] [LATENCY_MS]`.
 * Simulator, worker, shop and PostgreSQL are processes of their own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openProvisioner } from '../src/provision/index.ts'
import { makeIccids } from '../src/simulator/sims.ts'
import { smallCatalog } from '../test/cli/desk.ts'
import { startPostgres } from '../test/postgres/server.ts'
import { nodeWords, PROGRAM } from '../test/program.ts'

const [ENDPOINTS = 20_000, RATE = 200, LATENCY_MS = 50] = process.argv.slice(2).map(Number)
const SALES = 60
const WARM = 10
const EVERY_MS = 500
const STOCK = 2 * SALES + WARM

const endings: (() => unknown)[] = []
const folder = mkdtempSync(join(tmpdir(), 'bench-detach-'))
endings.push(() => rmSync(folder, { recursive: true }))
const server = await startPostgres({ teardown: end => endings.unshift(end) })

const iccids = [...makeIccids(ENDPOINTS + STOCK, 1)]
const writeCatalog = (count: number) => {
  mkdirSync(join(folder, 'catalog'), { recursive: true })
  const files = smallCatalog(iccids.slice(0, count))
  writeFileSync(join(folder, 'catalog/catalog.yaml'), files['catalog/catalog.yaml'] ?? '')
}

const place = `${server.url}?schema=bench`
const env: Record<string, string> = {
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  SFT_USERNAME: 'simulator',
  SFT_PASSWORD: 'simulator',
  SFT_CALLS_PER_SECOND: String(RATE),
  SFT_BULK: 'off',
  SFT_STATE: place,
  SFT_LEDGER: place,
}

function start(words: readonly string[]): { readonly child: ChildProcess; text: () => string } {
  const [file, ...rest] = nodeWords([...PROGRAM, ...words])
  const child = spawn(file, rest, { cwd: folder, env })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', chunk => {
      text += String(chunk)
    })
  endings.unshift(() => child.kill('SIGKILL'))
  return { child, text: () => text }
}

async function run(...words: readonly string[]): Promise<string> {
  const { child, text } = start(words)
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${text()}`)
  return text()
}

const until = async (running: ReturnType<typeof start>, pattern: RegExp): Promise<string> => {
  for (;;) {
    const [found] = pattern.exec(running.text()) ?? []
    if (found !== undefined) return found
    if (running.child.exitCode !== null) throw new Error(running.text())
    await sleep(50)
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const p99 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0

/** The account's own limit is a little above what its users keep to: the clocks of processes differ. */
const simulator = start([
  'simulate',
  '--calls-per-second',
  String(Math.ceil(RATE * 1.1)),
  '--latency',
  String(LATENCY_MS),
  '--sims',
  String(iccids.length),
])
env['SFT_BASE_URL'] = await until(simulator, /http:\/\/127\.0\.0\.1:\d+/)
writeCatalog(STOCK)
await run('apply', '--auto-approve', '--init')
const worker = start(['worker'])
await until(worker, /the worker runs/)
let calls: { readonly waited: number; readonly took: number }[] = []
const shop = await openProvisioner({
  env,
  onCall: ({ waitedSeconds, seconds }) => {
    calls.push({ waited: 1000 * waitedSeconds, took: 1000 * seconds })
  },
})
endings.unshift(() => shop[Symbol.asyncDispose]())

/** Milliseconds of each sale, and of its calls. */
interface Sold {
  readonly times: readonly number[]
  readonly calls: typeof calls
}

/** Sells one after another at a steady pace. */
async function sell(name: string, count: number): Promise<Sold> {
  const times: number[] = []
  calls = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    await shop.purchase({ orderId: `${name}-${n}`, sku: 'ALPS-1GB-7D' })
    const took = performance.now() - began
    times.push(took)
    await sleep(Math.max(0, EVERY_MS - took))
  }
  return { times, calls }
}

interface Apply {
  readonly outcome?: string
  readonly endpoints: { readonly done: number; readonly failed: number }
}
const applyNow = async (): Promise<Apply> => JSON.parse(await run('status', '--json')).apply

await sell('warm', WARM)
const idle = await sell('idle', SALES)

writeCatalog(iccids.length)
const began = performance.now()
await run('apply', '--auto-approve', '--detach')
const detachedAfter = (performance.now() - began) / 1000
while ((await applyNow()).endpoints.done === 0) await sleep(500)
const before = await applyNow()
const since = performance.now()
const busy = await sell('busy', SALES)
const after = await applyNow()
const rate = (1000 * (after.endpoints.done - before.endpoints.done)) / (performance.now() - since)
if (after.outcome !== undefined)
  throw new Error('the apply ended before the sales did: give more endpoints')
console.log(
  `apply --detach of ${ENDPOINTS} endpoints ended after ${detachedAfter.toFixed(1)} s; ` +
    `beside the sales ${rate.toFixed(0)} of them a second were made, at ${RATE} calls/s`,
)
const told = ({ times, calls }: Sold) => {
  const own = times.reduce((sum, time) => sum + time, 0) / times.length
  const inCalls = calls.reduce((sum, { waited, took }) => sum + waited + took, 0) / times.length
  return (
    `median ${median(times).toFixed(0)} ms, p99 ${p99(times).toFixed(0)} ms; ` +
    `a call waits ${median(calls.map(({ waited }) => waited)).toFixed(0)} ms and takes ` +
    `${median(calls.map(({ took }) => took)).toFixed(0)} ms (medians), ${(calls.length / times.length).toFixed(1)} calls a purchase, ` +
    `${(own - inCalls).toFixed(0)} ms besides (mean)`
  )
}
console.log(`${SALES} purchases, idle account: ${told(idle)}`)
console.log(`${SALES} purchases, during the apply: ${told(busy)}`)
console.log(`ratio of the medians: ${(median(busy.times) / median(idle.times)).toFixed(2)}`)
await run('status', '--watch')
const { outcome, endpoints } = await applyNow()
console.log(
  `the apply ended ${((performance.now() - began) / 1000).toFixed(0)} s after it began: ${outcome}, ` +
    `${endpoints.done} done, ${endpoints.failed} failed`,
)
await run('plan', '--detailed-exitcode')
console.log('a plan after it is empty')
for (const end of endings) await end()
