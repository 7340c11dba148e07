/**
 * What a node of a fleet costs, and how soon its work is another's: connections and memory of a worker and of a portal,
 * idle and while they work; then the time from the death of a portal in the middle of an order to the first call of the
 * worker that goes on with it, and to its delivery. A portal that is stopped looks to the worker as one of a machine that
 * is gone: only its silence tells. `npx tsx bench/node.ts [ROUNDS]`, after `npm run build`.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openLedger } from '../src/stores/ledgers.ts'
import { startPostgres } from '../test/postgres/server.ts'
import { PROGRAM, spawnNode } from '../test/program.ts'
import { openMarket } from '../test/provision/support.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const BUSY_ORDERS = 60
const LATENCY_MS = 300
const IDLE_MS = 12_000
const PORTAL = [
  '--import',
  'tsx',
  fileURLToPath(new URL('../test/fleet/demo-portal.ts', import.meta.url)),
]

const ends: (() => unknown)[] = []
const host = { teardown: (end: () => unknown) => ends.unshift(end) }
const server = await startPostgres(host)
const market = await openMarket(host, {
  endpoints: BUSY_ORDERS + 4 * ROUNDS + 10,
  simulator: { latencyMs: LATENCY_MS },
  sft: { timeoutSeconds: 120 },
})
const { simulator } = market
const place = `${server.url}?schema=bench`
await market.save(place)
const ledger = await openLedger(place)
const watcher = new pg.Client({ connectionString: server.url, application_name: 'bench' })
await watcher.connect()

const env = {
  PATH: process.env['PATH'],
  SFT_BASE_URL: simulator.url,
  SFT_USERNAME: 'simulator',
  SFT_PASSWORD: 'simulator',
  SFT_CALLS_PER_SECOND: '20',
  SFT_SETTLE_SECONDS: '1',
  SFT_STATE: place,
  SFT_LEDGER: place,
}

function start(args: readonly string[]): ChildProcess {
  const child = spawnNode(args, { env })
  child.stdout.resume()
  child.stderr.resume()
  ends.unshift(() => child.kill('SIGKILL'))
  return child
}

/** Connections of others than this process, whose own are those that there are before anything is started. */
async function connections(): Promise<number> {
  const { rows } = await watcher.query(
    "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend'",
  )
  return rows[0].n
}

async function memory({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000
}

const NOTHING = { connections: 0, megabytes: 0 }

/** The most of both while something goes on. */
async function most(own: number, child: ChildProcess, during: Promise<unknown>) {
  let isOver = false
  const over = during.then(() => {
    isOver = true
  })
  let peak = NOTHING
  while (!isOver && child.exitCode === null) {
    peak = {
      connections: Math.max(peak.connections, (await connections()) - own),
      megabytes: Math.max(peak.megabytes, await memory(child).catch(() => 0)),
    }
    await Promise.race([over, sleep(50)])
  }
  return peak
}

const told = (what: string, { connections, megabytes }: typeof NOTHING): void =>
  console.log(`${what.padEnd(28)} ${connections} connections, ${megabytes.toFixed(0)} MB`)

const deliveredAt = async (orderId: string): Promise<number> => {
  for (;;) {
    const status = await ledger.transact({ orderIds: [orderId] }, rows => ({
      entries: [],
      result: rows.order(orderId)?.status,
    }))
    if (status === 'delivered') return performance.now()
    await sleep(50)
  }
}

const writesSince = (from: number): number =>
  simulator.calls
    .slice(from)
    .filter(({ operation }) => /LifeCycleChange|SubscribeAddon/.test(operation)).length

/** Seconds to the first call of whoever goes on, and to the delivery. */
async function takeOver(orderId: string, how: 'SIGKILL' | 'SIGSTOP'): Promise<readonly number[]> {
  const before = simulator.calls.length
  const portal = start([...PORTAL, orderId])
  while (writesSince(before) === 0) await sleep(5)
  portal.kill(how)
  const hitAt = performance.now()
  const calls = simulator.calls.length
  const first = (async () => {
    while (simulator.calls.length === calls) await sleep(5)
    return performance.now()
  })()
  const times = [await first, await deliveredAt(orderId)]
  portal.kill('SIGKILL')
  return times.map(at => (at - hitAt) / 1000)
}

await sleep(1000)
const own = await connections()
const busyPortal = start([...PORTAL, ...Array.from({ length: BUSY_ORDERS }, (_, n) => `B-${n}`)])
told('portal, selling three at once', await most(own, busyPortal, once(busyPortal, 'exit')))
const worker = start([...PROGRAM, 'worker', '--every', '1'])
told('worker, as it starts', await most(own, worker, sleep(5000)))
await sleep(IDLE_MS)
told('worker, idle', await most(own, worker, sleep(3000)))
for (const how of ['SIGKILL', 'SIGSTOP'] as const) {
  const rounds: (readonly number[])[] = []
  for (let n = 0; n < ROUNDS; n++) rounds.push(await takeOver(`${how}-${n}`, how))
  const [first = [], delivered = []] = [0, 1].map(at =>
    rounds.map(times => times[at] ?? 0).toSorted((a, b) => a - b),
  )
  const words = (values: readonly number[]) =>
    `${values[Math.floor((values.length - 1) / 2)]?.toFixed(1)} s (most ${values.at(-1)?.toFixed(1)})`
  console.log(
    `portal ${how === 'SIGKILL' ? 'killed' : 'stopped'}, ${ROUNDS} times: first call of the worker after ${words(first)}, delivered after ${words(delivered)}`,
  )
}
told('worker, after its work', await most(own, worker, sleep(1000)))
await watcher.end()
await ledger[Symbol.asyncDispose]()
for (const end of ends) await end()
