import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { openLedger } from '../../src/stores/ledgers.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'
import { PROGRAM, REPOSITORY, scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allOrders } from '../provision/rows.ts'
import { type Market, openMarket } from '../provision/support.ts'
import type { PortalJob } from './fleet-orders.ts'
import { shopEnv } from './shop-env.ts'

/**
 * One schedule, played twice: a portal stops for longer than its lease, a worker finishes its order meanwhile, and then
 * the portal goes on. With the fence's check it leaves the order alone; without it, and nothing else changed, it
 * goes on with the sale, and the traveller is sold two instances.
 */
const SCHEDULES = [
  {
    name: 'while it waits for the answer to its activation',
    stopAtWrite: '',
    isThere: (market: Market) => callsOf(market, 'EndPointLifeCycleChange') > 0,
  },
  {
    name: 'between the announcement of the add-on and the bytes of its call',
    stopAtWrite: 'SubscribeAddon',
    isThere: (_market: Market, pid: number) => isStopped(pid),
  },
] as const

type Schedule = (typeof SCHEDULES)[number]

/** Time that nobody can need for a step of this, in milliseconds: a busy machine is slow, not wrong. */
const LONG_ENOUGH_MS = 300_000

const preload = (name: string): readonly string[] => [
  '--import',
  fileURLToPath(new URL(`test/fleet/${name}.mjs`, REPOSITORY)),
]

const callsOf = ({ simulator }: Market, operation: string): number =>
  simulator.calls.filter(call => call.operation === operation).length

/** By what the system says of the process. */
const isStopped = (pid: number): boolean =>
  /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const ends = performance.now() + LONG_ENOUGH_MS
  while (!(await isSo())) {
    if (performance.now() > ends) throw new Error(`it never came: ${what}`)
    await sleep(5)
  }
}

/** Plays a schedule; what is wrong with the account after it, and how often the add-on was sold. */
async function play(t: Test, place: string, schedule: Schedule, isFenced: boolean) {
  const market = await openMarket(t, {
    endpoints: 3,
    // Long enough that it is stopped before the answer.
    simulator: { latencyMs: 500 },
    sft: { timeoutSeconds: 60 },
  })
  await market.save(place)
  await using ledger = await openLedger(place)
  const job: PortalJob = {
    url: market.simulator.url,
    place,
    rate: 100,
    orders: [{ orderId: 'A', kind: 'purchase' }],
    number: 0,
    of: 1,
  }
  const portal = spawnNode(
    [
      ...preload('stop-at-write'),
      ...(isFenced ? [] : preload('fence-off')),
      ...scriptBeside(import.meta, 'portal'),
      JSON.stringify(job),
    ],
    { env: { ...process.env, STOP_AT_WRITE: schedule.stopAtWrite } },
  )
  let said = ''
  portal.stderr.on('data', chunk => {
    said += String(chunk)
  })
  const ended = once(portal, 'exit')
  t.teardown(() => portal.kill('SIGKILL'))
  await until(schedule.name, () => schedule.isThere(market, portal.pid ?? 0))
  portal.kill('SIGSTOP')
  const worker = spawnNode([...PROGRAM, 'worker', '--every', '0.5'], {
    env: {
      PATH: process.env['PATH'],
      ...shopEnv(market.simulator.url, place),
    },
  })
  t.teardown(() => worker.kill('SIGKILL'))
  await until('the worker delivers the order', async () => {
    const [order] = await allOrders(ledger)
    return order?.status === 'delivered'
  })
  const soldByWorker = callsOf(market, 'SubscribeAddon')
  portal.kill('SIGCONT')
  const [code] = await ended
  if (code !== 0) t.comment(`the portal ended with ${code}: ${said.slice(-2000)}`)
  return {
    soldByWorker,
    sold: callsOf(market, 'SubscribeAddon'),
    problems: await checkAccount(ledger, market.simulator),
  }
}

function testFence(server: PostgresServer): void {
  for (const [index, schedule] of SCHEDULES.entries())
    t.test(
      `a portal that is stopped ${schedule.name} sells nothing twice, by the fence's check alone`,
      async t => {
        const place = (name: string) => `${server.url}?schema=${name}_${index}`
        const [fenced, off] = await Promise.all([
          play(t, place('fenced'), schedule, true),
          play(t, place('off'), schedule, false),
        ])
        t.same(fenced, { soldByWorker: 1, sold: 1, problems: [] }, 'with the check')
        t.match(off, { soldByWorker: 1, sold: 2 }, 'without it')
        t.match(off.problems, [/has no order/], 'without it')
      },
    )
}

/** Some processes at once, so not every day. */
const isAsked = process.env['FENCE_OFF'] !== undefined && process.platform === 'linux'
const skip = isAsked
  ? noPostgres
  : 'npm run test:all has it, on Linux, where /proc says who is stopped'
if (skip === false) testFence(await startPostgres(t))
else t.test('a fleet without a fence', { skip }, async () => {})
