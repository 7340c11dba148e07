/** Portals and workers on one account that are killed, stopped and restarted while faults are played to them. */
import type { ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Ledger } from '../../src/provision/index.ts'
import type { FaultKind, Simulator } from '../../src/simulator/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { mostInASecond } from '../most-in-a-second.ts'
import { PROGRAM, scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allOrders } from '../provision/rows.ts'
import { openMarket } from '../provision/support.ts'
import { randomOf } from '../random.ts'
import { ordersOf, type PortalJob } from './fleet-orders.ts'
import { usedWhileWaiting, watchFleet } from './watch.ts'

export interface Chaos {
  readonly orders: number
  /** Calls a second. */
  readonly rate: number
  /** Replays the choice of nodes, hits and faults. */
  readonly seed: number
  readonly portals: number
  readonly workers: number
}

type Job = Omit<PortalJob, 'number' | 'of'>

/** How nodes are hit; stopped ones go on later than their lease. */
const HITS = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const
const STOPPED_MS = 9000

type Hit = (typeof HITS)[number]

export interface ChaosEnd {
  /** What is wrong, in sentences. */
  readonly problems: readonly string[]
  readonly hits: number
  readonly calls: number
  readonly faults: number
  readonly mostInASecond: number
  /** For how long (ms) the simulator was busy at most: so much too late it may have seen a call. */
  readonly busyMs: number
  /** Share of the rate that was used while somebody waited, and for how many seconds somebody did. */
  readonly used: number
  readonly waitedSeconds: number
  readonly seconds: number
  readonly starts: readonly number[]
}

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

/** A process that a supervisor starts again whenever it ends before its work is done. */
class Node {
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv | undefined
  readonly #ends: boolean
  readonly #rank: number
  #child: ChildProcess
  #stopped = false
  isDone = false
  starts = 0
  said = ''

  constructor(
    args: readonly string[],
    options: {
      readonly env?: NodeJS.ProcessEnv
      /** Whether its work has an end. */
      readonly ends: boolean
      readonly rank: number
    },
  ) {
    this.#args = args
    this.#env = options.env
    this.#ends = options.ends
    this.#rank = options.rank
    this.#child = this.#start()
  }

  #start(): ChildProcess {
    this.starts += 1
    const child = spawnNode(this.#args, this.#env === undefined ? {} : { env: this.#env })
    const { pid } = child
    // It may have ended already.
    if (pid !== undefined) isAllowed(() => setPriority(pid, this.#rank))
    child.stderr.on('data', chunk => {
      this.said = (this.said + String(chunk)).slice(-10_000)
    })
    child.on('exit', code => {
      if (code === 0 && this.#ends) this.isDone = true
      else if (!this.#stopped) setTimeout(() => this.#again(), 300)
    })
    return child
  }

  #again(): void {
    if (!this.#stopped) this.#child = this.#start()
  }

  hit(how: Hit): void {
    const child = this.#child
    child.kill(how)
    if (how === 'SIGSTOP') setTimeout(() => child.kill('SIGCONT'), STOPPED_MS)
  }

  stop(): void {
    this.#stopped = true
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGKILL')
  }
}

/**
 * The platform is another machine: what it sees must not depend on how busy this one is, as far as that can be had.
 * Where this process may not go first, the others go behind it.
 */
const goFirst = (): number => (isAllowed(() => setPriority(-10)) ? 0 : 5)

function isAllowed(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** One call in ten goes wrong. */
function injectFaults(simulator: Simulator, random: () => number) {
  let injectedAt = simulator.calls.length
  let count = 0
  const timer = setInterval(() => {
    for (; injectedAt + 10 < simulator.calls.length; injectedAt += 10) {
      const kind = FAULTS[Math.floor(random() * FAULTS.length)] ?? '5xx-before'
      const operation = OPERATIONS[Math.floor(random() * OPERATIONS.length)] ?? 'fetchSIM'
      simulator.fault({ operation, kind, delayMs: 1 })
      count += 1
    }
  }, 50)
  return {
    end: () => {
      clearInterval(timer)
      return count
    },
  }
}

/** Sells all orders in spite of everything, and looks at what came of it. */
export async function runChaos(
  t: Pick<Test, 'teardown'>,
  place: string,
  options: Chaos,
): Promise<ChaosEnd> {
  const { rate, seed } = options
  const random = randomOf(seed)
  const orders = ordersOf(options.orders)
  const market = await openMarket(t, {
    endpoints: options.orders * 2,
    simulator: { latencyMs: 50 },
    sft: { timeoutSeconds: 60 },
  })
  await market.save(place)
  const { simulator } = market
  const rank = goFirst()
  const job: Job = { url: simulator.url, place, rate, orders }
  const portals = Array.from({ length: options.portals }, (_, number) => {
    const words = scriptBeside(import.meta, 'portal')
    const portal: PortalJob = { ...job, number, of: options.portals }
    return new Node([...words, JSON.stringify(portal)], { ends: true, rank })
  })
  const workers = Array.from(
    { length: options.workers },
    () =>
      new Node([...PROGRAM, 'worker', '--every', '1'], { env: workerEnv(job), ends: false, rank }),
  )
  const nodes = [...portals, ...workers]
  t.teardown(() => {
    for (const node of nodes) node.stop()
  })
  const before = simulator.calls.length
  const faults = injectFaults(simulator, random)
  const watch = await watchFleet(place)
  const began = performance.now()
  let hits = 0
  while (!portals.every(portal => portal.isDone)) {
    await sleep(2500 + random() * 3000)
    const ended = await watch.countEnded()
    const node = nodes[Math.floor(random() * nodes.length)]
    const kind = HITS[Math.floor(random() * HITS.length)]
    // Some end undisturbed, or a slow machine would never see the last ones through.
    if (ended < options.orders * 0.9 && hits < 6 + options.orders && kind !== undefined) {
      node?.hit(kind)
      hits += 1
    }
    const broken = nodes.find(one => one.starts > 10 + hits)
    if (broken !== undefined)
      throw new Error(`a node does not come up: ${broken.said.slice(-2000)}`)
  }
  const seconds = (performance.now() - began) / 1000
  const { looks, busyMs } = await watch.end()
  for (const node of nodes) node.stop()
  const times = simulator.calls.slice(before).map(call => Number(call.at))
  const { used, seconds: waitedSeconds } = usedWhileWaiting(looks, times, rate)
  await using ledger = await openLedger(place)
  return {
    problems: [...(await problemsOf(ledger, orders)), ...(await checkAccount(ledger, simulator))],
    hits,
    calls: times.length,
    faults: faults.end(),
    mostInASecond: mostInASecond(times.toSorted((a, b) => a - b)),
    busyMs,
    used,
    waitedSeconds,
    seconds,
    starts: nodes.map(node => node.starts),
  }
}

const workerEnv = ({ url, rate, place }: Job): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  SFT_BASE_URL: url,
  SFT_USERNAME: 'simulator',
  SFT_PASSWORD: 'simulator',
  SFT_CALLS_PER_SECOND: String(rate),
  SFT_SETTLE_SECONDS: '1',
  SFT_STATE: place,
  SFT_LEDGER: place,
})

async function problemsOf(
  ledger: Ledger,
  orders: readonly { readonly orderId: string; readonly kind: string }[],
): Promise<readonly string[]> {
  const rows = new Map((await allOrders(ledger)).map(row => [row.orderId, row]))
  return orders.flatMap(({ orderId, kind }) => {
    const row = rows.get(orderId)
    const wanted = kind === 'cancel' ? 'cancelled' : 'delivered'
    return row?.status === wanted
      ? []
      : [`${orderId} (${kind}) is ${row?.status}: ${row?.failure?.message ?? ''}`]
  })
}
