/**
 * `npm run demo:fleet`: a database, a simulated account, two nodes of a portal and a worker; one node is killed in the
 * middle of its orders. Exit code 0 only where nothing was lost, nothing sold twice, and the rate was kept.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderRow } from '../../src/provision/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { mostInASecond } from '../most-in-a-second.ts'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { PROGRAM, scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allOrders } from '../provision/rows.ts'
import { openMarket } from '../provision/support.ts'

/** Calls a second of the account: five times as many as usual. */
const RATE = 10
const ORDERS = 24
/** The demo gives up after this time (ms). */
const PATIENCE_MS = 150_000

const closers: (() => unknown)[] = []
const teardown = { teardown: (close: () => unknown) => closers.push(close) }
const begun = performance.now()
const say = (text: string) => {
  const time = ((performance.now() - begun) / 1000).toFixed(1).padStart(5)
  process.stdout.write(`${time} s  ${text}\n`)
}

const ordersOf = (node: string) =>
  Array.from({ length: ORDERS / 2 }, (_, n) => `${node}-${String(n + 1).padStart(2, '0')}`)

interface Node {
  readonly name: string
  readonly child: ChildProcess
  readonly text: () => string
}

function startNode(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Node {
  const child = spawnNode(args, { env: { PATH: process.env['PATH'], ...env } })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      text += String(chunk)
    })
  closers.push(() => child.kill('SIGKILL'))
  say(`${name.padEnd(9)} started, process ${child.pid}`)
  return { name, child, text: () => text }
}

const counted = (orders: readonly OrderRow[]): string => {
  const count = (status: OrderRow['status']) => orders.filter(one => one.status === status).length
  const begun = count('new') + count('reserved') + count('activated')
  return `${orders.length} placed: ${count('delivered')} delivered, ${begun} in the middle`
}

async function runDemo(): Promise<boolean> {
  process.stdout.write(
    'Two nodes of a portal and a worker share one SFT account; one is killed.\n\n',
  )
  const server = await startPostgres(teardown)
  say(`database  PostgreSQL from npm, on 127.0.0.1:${server.port}`)
  const market = await openMarket(teardown, {
    endpoints: ORDERS * 2,
    simulator: { latencyMs: 150, callsPerSecond: RATE },
  })
  await market.save(server.url)
  const { simulator } = market
  say(`account   simulated, ${RATE} calls a second, ${ORDERS * 2} eSIMs to sell`)
  const before = simulator.calls.length
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: String(RATE),
    SFT_SETTLE_SECONDS: '2',
    SFT_STATE: server.url,
    SFT_LEDGER: server.url,
  }
  const portal = (name: string, orders: readonly string[]) =>
    startNode(name, [...scriptBeside(import.meta, 'demo-portal'), ...orders], env)

  const worker = startNode('worker', [...PROGRAM, 'worker', '--every', '1'], env)
  while (!worker.text().includes('the worker runs')) await mustLive(worker)
  const [mine, others] = [ordersOf('A'), ordersOf('B')]
  const doomed = portal('portal A', mine)
  const steady = portal('portal B', others)
  await using ledger = await openLedger(server.url)

  const ofNode = async (node: string) =>
    (await allOrders(ledger)).filter(({ orderId }) => orderId.startsWith(node))
  const isOpen = ({ status }: OrderRow) => status === 'reserved' || status === 'activated'
  for (;;) {
    const placed = await ofNode('A')
    if (placed.length >= 5 && placed.filter(isOpen).length >= 2) break
    await mustLive(doomed)
  }
  doomed.child.kill('SIGKILL')
  await once(doomed.child, 'exit')
  const open = (await ofNode('A')).filter(isOpen).map(({ orderId }) => orderId)
  say(`portal A  killed (-9) in the middle of ${open.join(', ')}`)
  const killedAt = performance.now()

  const isDelivered = async (ids: readonly string[]) =>
    (await allOrders(ledger)).filter(o => o.status === 'delivered' && ids.includes(o.orderId))
      .length === ids.length
  let told = 0
  while (!(await isDelivered(open))) {
    await mustLive(worker)
    if (performance.now() - told < 2000) continue
    told = performance.now()
    say(`          ${counted(await allOrders(ledger))}`)
  }
  const tookOver = (performance.now() - killedAt) / 1000
  say(`worker    finished ${open.join(', ')}, ${tookOver.toFixed(1)} s after the kill`)
  const again = portal('portal A', mine)
  say('portal A  asks for all of its orders once more, by the same IDs')
  for (const { child } of [again, steady]) if (child.exitCode === null) await once(child, 'exit')
  say(`          ${counted(await allOrders(ledger))}`)
  worker.child.kill('SIGTERM')
  await once(worker.child, 'exit')
  say(`worker    told to stop, ended with ${worker.child.exitCode}`)

  const orders = await allOrders(ledger)
  const instances = [...simulator.world.endpoints.values()].flatMap(one => one.instances)
  const problems = await checkAccount(ledger, simulator)
  const calls = simulator.calls.slice(before)
  const most = mostInASecond(calls.map(call => Number(call.at)).toSorted((a, b) => a - b))
  process.stdout.write('\n')
  return [
    verdict(
      orders.length === ORDERS && orders.every(order => order.status === 'delivered'),
      `nothing lost: ${orders.filter(one => one.status === 'delivered').length} of ${ORDERS} orders are delivered`,
    ),
    verdict(
      instances.length === ORDERS && problems.length === 0,
      `each once: ${instances.length} add-ons on the account, ${problems.length} contradictions`,
    ),
    verdict(
      most <= RATE,
      `the rate kept: ${calls.length} calls, at most ${most} in a second of ${RATE} allowed`,
    ),
    verdict(tookOver < 30, `taken over in ${tookOver.toFixed(1)} s without anybody asking`),
  ].every(Boolean)
}

function verdict(isFine: boolean, text: string): boolean {
  process.stdout.write(`${isFine ? 'ok    ' : 'NOT OK'}  ${text}\n`)
  return isFine
}

/** A moment, unless a process ended that must not. */
async function mustLive({ name, child, text }: Node): Promise<void> {
  if (child.exitCode !== null) throw new Error(`${name} ended: ${text()}`)
  if (performance.now() - begun > PATIENCE_MS) throw new Error('it takes too long')
  await sleep(20)
}

if (noPostgres !== false) {
  process.stdout.write(`${noPostgres}: the demo needs it\n`)
  process.exitCode = 1
} else
  try {
    process.exitCode = (await runDemo()) ? 0 : 1
  } catch (error) {
    process.stdout.write(`NOT OK  ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  } finally {
    for (const close of closers.toReversed()) await close()
  }
