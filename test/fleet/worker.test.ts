import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openLedger } from '../../src/stores/ledgers.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'
import { PROGRAM, scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { anOrder } from '../provision/ledger-contract.ts'
import { allOrders } from '../provision/rows.ts'
import { type Market, openMarket, openShop } from '../provision/support.ts'
import { shopEnv } from './shop-env.ts'

/** How a seller ends, and the seconds after which all is finished on an idle machine. One that is killed is below too. */
const ENDS = [
  ['SIGSTOP', 25],
  ...(process.env['FLEET_ORDERS'] === undefined ? [] : ([['SIGKILL', 15]] as const)),
] as const

const SELL = scriptBeside(import.meta, '../provision/sell-orders')

/** Starts a worker as its command does, and gives what it wrote. */
async function startWorker(
  t: Test,
  market: Market,
  place: string,
): Promise<{ readonly child: ChildProcess; readonly said: () => string }> {
  const child = spawnNode([...PROGRAM, 'worker', '--every', '0.5'], {
    env: {
      PATH: process.env['PATH'],
      ...shopEnv(market.simulator.url, place),
    },
  })
  let text = ''
  child.stderr?.on('data', chunk => {
    text += String(chunk)
  })
  t.teardown(() => child.kill('SIGKILL'))
  while (!text.includes('the worker runs')) {
    if (child.exitCode !== null) throw new Error(`the worker ended: ${text}`)
    await sleep(50)
  }
  return { child, said: () => text }
}

const startSeller = (market: Market, place: string, orders: readonly string[]) =>
  spawnNode([
    ...SELL,
    JSON.stringify({ url: market.simulator.url, state: place, ledger: place, orders, topUps: [] }),
  ])

/** Waits until every order stands in the ledger, and the first calls for them are made. */
async function untilUnderWay(market: Market, place: string, count: number): Promise<void> {
  await using ledger = await openLedger(place)
  const isSent = () => market.simulator.calls.some(call => /LifeCycle/.test(call.operation))
  while ((await allOrders(ledger)).length < count || !isSent()) await sleep(5)
}

/** Waits until every order is delivered; how long that took, in seconds. */
async function untilDelivered(place: string, count: number): Promise<number> {
  const began = performance.now()
  await using ledger = await openLedger(place)
  for (;;) {
    const orders = await allOrders(ledger)
    if (orders.filter(order => order.status === 'delivered').length === count)
      return (performance.now() - began) / 1000
    if (performance.now() - began > 300_000)
      throw new Error(
        `not delivered: ${JSON.stringify(orders.filter(o => o.status !== 'delivered').map(o => [o.orderId, o.status, o.failure?.message]))}`,
      )
    await sleep(200)
  }
}

function testFleet(server: PostgresServer): void {
  let schemas = 0
  const open = async (t: Test, latencyMs = 100) => {
    schemas += 1
    const place = `${server.url}?schema=fleet_${schemas}`
    const market = await openMarket(t, {
      endpoints: 30,
      simulator: { latencyMs },
      sft: { timeoutSeconds: 60 },
    })
    await market.save(place)
    return { place, market }
  }

  t.test(
    'orders of a seller that was killed or stopped are finished by a worker, each once',
    async t => {
      for (const [end, most] of ENDS) {
        const { place, market } = await open(t)
        const orders = Array.from({ length: 6 }, (_, n) => `O-${n}`)
        const first = await startWorker(t, market, place)
        const second = await startWorker(t, market, place)
        const seller = startSeller(market, place, orders)
        t.teardown(() => seller.kill('SIGKILL'))
        await untilUnderWay(market, place, 6)
        seller.kill(end)
        const seconds = await untilDelivered(place, 6)
        t.ok(
          seconds < 60,
          `${end}: all finished ${seconds.toFixed(1)} s after, within ${most} s on an idle machine`,
        )
        seller.kill('SIGCONT')
        await sleep(1000)
        await using ledger = await openLedger(place)
        t.same(await checkAccount(ledger, market.simulator), [], end)
        const instances = [...market.simulator.world.endpoints.values()].flatMap(
          one => one.instances,
        )
        t.equal(instances.length, 6, end)
        t.match(first.said() + second.said(), /O-\d: delivered/)
      }
    },
  )

  t.test('a worker that dies leaves its orders to the next one', async t => {
    const { place, market } = await open(t, 300)
    const seller = startSeller(market, place, ['A', 'B', 'C'])
    await untilUnderWay(market, place, 3)
    seller.kill('SIGKILL')
    const first = await startWorker(t, market, place)
    while (!first.said().includes('given out')) await sleep(5)
    first.child.kill('SIGKILL')
    await startWorker(t, market, place)
    await untilDelivered(place, 3)
    const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
    t.equal(instances.length, 3)
  })

  t.test(
    'a worker that is told to stop ends well, and says what it does to whoever watches it',
    async t => {
      const { place, market } = await open(t)
      const { child } = await startWorker(t, market, place)
      child.kill('SIGTERM')
      const [code] = await new Promise<[number | null]>(resolve =>
        child.on('exit', code => resolve([code])),
      )
      t.ok(code === 0 || code === 143, `it ended with ${code}`)
    },
  )
}

t.test('an order that no attempt finishes is given out ever later, and parked at last', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const { shop, ledger } = await openShop(market)
  const left = anOrder('A', { status: 'new' })
  const put = (givenOut?: { count: number; at: string }) =>
    ledger.transact({ orderIds: ['A'] }, () => ({
      entries: [{ table: 'orders', row: { ...left, ...(givenOut && { givenOut }) } }],
      result: undefined,
    }))
  await put()
  t.same(await shop.giveOut(), [{ orderId: 'A', attempt: 1 }])
  t.same(await shop.giveOut(), [], 'not again at once')
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  await put({ count: 3, at: ago(50) })
  t.same(await shop.giveOut(), [], 'the pause has grown to a minute')
  await put({ count: 3, at: ago(70) })
  t.same(await shop.giveOut(), [{ orderId: 'A', attempt: 4 }])
  await put({ count: 10, at: ago(100_000) })
  t.same(await shop.giveOut(), [])
  t.match(await shop.order('A'), { parked: true, givenOut: { count: 10 } })
  await t.rejects(shop.giveOut({ limit: 0 }), { name: 'InvalidRequestError' })
  await t.rejects(shop.finish({ orderId: 'nobody' }), { name: 'UnknownOrderError' })
  await shop[Symbol.asyncDispose]()
})

if (noPostgres === false) testFleet(await startPostgres(t))
else t.test('workers', { skip: noPostgres }, async () => {})
