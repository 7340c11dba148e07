import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FaultKind, Simulator } from '../../src/simulator/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { mostInASecond } from '../most-in-a-second.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'
import { PROGRAM, scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allOrders } from '../provision/rows.ts'
import { openMarket } from '../provision/support.ts'
import { randomOf } from '../random.ts'
import { ordersOf, type PortalJob } from './fleet-orders.ts'

/** Orders of a round, and calls a second. `FLEET_SEED` replays the choice of nodes and faults. */
const ORDERS = Number(process.env['FLEET_ORDERS'] ?? 15)
const RATE = Number(process.env['FLEET_RATE'] ?? 40)
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 2 ** 31)
const PORTALS = 3
const WORKERS = 2

const FAULTS: readonly FaultKind[] = [
  '5xx-before',
  '5xx-after',
  'reset-before',
  'reset-after',
  'half-answer',
  'non-json-after',
  'timeout-text-not-executed',
]
const OPERATIONS = ['EndPointLifeCycleChange', 'SubscribeAddon', 'fetchSIM', 'GetEndPointProfile']

/** A process that a supervisor starts again whenever it dies before its work is done. */
class Node {
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv | undefined
  #child: ChildProcess
  #stopped = false
  isDone = false
  starts = 0
  said = ''

  constructor(args: readonly string[], env?: NodeJS.ProcessEnv) {
    this.#args = args
    this.#env = env
    this.#child = this.#start()
  }

  #start(): ChildProcess {
    this.starts += 1
    const child = spawnNode(this.#args, this.#env === undefined ? {} : { env: this.#env })
    child.stderr.on('data', chunk => {
      this.said += String(chunk)
    })
    child.on('exit', code => {
      if (code === 0) this.isDone = true
      else if (!this.#stopped) setTimeout(() => this.#again(), 300)
    })
    return child
  }

  #again(): void {
    if (!this.#stopped) this.#child = this.#start()
  }

  hit(how: 'SIGKILL' | 'SIGSTOP'): void {
    this.#child.kill(how)
    // Longer than its lease: by then others have its orders.
    if (how === 'SIGSTOP') setTimeout(() => this.#child.kill('SIGCONT'), 9000)
  }

  stop(): void {
    this.#stopped = true
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGKILL')
  }
}

/** One call in ten goes wrong. */
function injectFaults(simulator: Simulator, random: () => number): NodeJS.Timeout {
  let injectedAt = simulator.calls.length
  return setInterval(() => {
    for (; injectedAt + 10 < simulator.calls.length; injectedAt += 10) {
      const kind = FAULTS[Math.floor(random() * FAULTS.length)] ?? '5xx-before'
      const operation = OPERATIONS[Math.floor(random() * OPERATIONS.length)] ?? 'fetchSIM'
      simulator.fault({ operation, kind, delayMs: 1 })
    }
  }, 50)
}

async function testChaos(t: Test, server: PostgresServer): Promise<void> {
  const random = randomOf(SEED)
  const place = `${server.url}?schema=chaos`
  const orders = ordersOf(ORDERS)
  const market = await openMarket(t, {
    endpoints: ORDERS * 2,
    simulator: { latencyMs: 50 },
    sft: { timeoutSeconds: 60 },
  })
  await market.save(place)
  const { simulator } = market
  const before = simulator.calls.length
  const job: PortalJob = { url: simulator.url, place, rate: RATE, orders }
  const portals = Array.from(
    { length: PORTALS },
    () => new Node([...scriptBeside(import.meta, 'portal'), JSON.stringify(job)]),
  )
  const workers = Array.from(
    { length: WORKERS },
    () =>
      new Node([...PROGRAM, 'worker', '--every', '1'], {
        PATH: process.env['PATH'],
        SFT_BASE_URL: simulator.url,
        SFT_USERNAME: 'simulator',
        SFT_PASSWORD: 'simulator',
        SFT_CALLS_PER_SECOND: String(RATE),
        SFT_SETTLE_SECONDS: '1',
        SFT_STATE: place,
        SFT_LEDGER: place,
      }),
  )
  const nodes = [...portals, ...workers]
  t.teardown(() => {
    for (const node of nodes) node.stop()
  })
  const faults = injectFaults(simulator, random)
  let hits = 0
  while (!portals.every(portal => portal.isDone)) {
    await sleep(1500 + random() * 2000)
    const node = nodes[Math.floor(random() * nodes.length)]
    // Some end undisturbed, or a slow machine would never see the last ones through.
    if (hits < 6 + ORDERS / 10) node?.hit(random() < 0.7 ? 'SIGKILL' : 'SIGSTOP')
    hits += 1
    const broken = nodes.find(one => one.starts > 60)
    if (broken !== undefined)
      throw new Error(`a node does not come up: ${broken.said.slice(-2000)}`)
  }
  clearInterval(faults)
  await using ledger = await openLedger(place)
  const ended = await allOrders(ledger)
  t.equal(ended.length, ORDERS)
  for (const { orderId, status, failure } of ended) {
    const wanted = orders.find(order => order.orderId === orderId)?.kind
    t.equal(
      status,
      wanted === 'cancel' ? 'cancelled' : 'delivered',
      `${orderId} ${failure?.message ?? ''}`,
    )
  }
  t.same(await checkAccount(ledger, simulator), [], `seed ${SEED}`)
  const times = simulator.calls
    .slice(before)
    .map(call => Number(call.at))
    .toSorted((a, b) => a - b)
  t.comment(
    `${hits} hits, ${times.length} calls, most in a second ${mostInASecond(times)} of ${RATE}, starts ${nodes.map(node => node.starts).join(' ')}`,
  )
}

if (noPostgres === false) {
  const server = await startPostgres(t)
  t.test(
    `${PORTALS} portals and ${WORKERS} workers that are killed and stopped sell ${ORDERS} orders once each, seed ${SEED}`,
    async t => await testChaos(t, server),
  )
} else t.test('a fleet', { skip: noPostgres }, async () => {})
