import { join } from 'node:path'
import t from 'tap'
import { connect } from '../../src/ledger/connection.ts'
import { openProvisioner } from '../../src/provision/index.ts'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { openMarket, openTestSft } from './support.ts'
import { watchQuestions, watchSyncCalls } from './watch-cost.ts'

t.test(
  'a sale on the embedded ledger is three durable writes and no synchronous file call',
  async t => {
    const market = await openMarket(t, { endpoints: 8 })
    const path = join(t.testdir(), 'orders.db')
    const sft = openTestSft(market.simulator)
    t.teardown(() => sft[Symbol.asyncDispose]())
    const shop = await openProvisioner({
      state: async () => market.state(),
      ledger: path,
      sft,
      env: {},
    })
    t.teardown(() => shop[Symbol.asyncDispose]())
    await shop.purchase({ orderId: 'first', sku: 'EU-1GB' })
    const look = await connect(path, 'ro')
    t.teardown(() => look.close())
    const serial = () => Number(look.all('select serial from place')[0]?.['serial'])
    const before = serial()
    const watched = watchSyncCalls()
    try {
      await shop.purchase({ orderId: 'second', sku: 'EU-1GB' })
    } finally {
      watched.stop()
    }
    t.equal(serial() - before, 3, 'two announcements and the result')
    t.same(
      watched.calls.filter(call => !call.includes('.serial')),
      [],
      'but the note of how far it is, once a second at most',
    )
  },
)

t.test('hundreds of sales at once look their eSIMs up by the page, not one by one', async t => {
  const many = 300
  const market = await openMarket(t, {
    endpoints: many + 20,
    simulator: { wire: { maxPerPage: 100 } },
  })
  const sft = openTestSft(market.simulator, { timeoutSeconds: 60, callsPerSecond: 250 })
  // Orders come to the list as the ledger takes them, some of them when others are being activated.
  const ledger = join(t.testdir(), 'orders.db')
  const shop = await openProvisioner({ state: async () => market.state(), ledger, sft, env: {} })
  t.teardown(async () => {
    await shop[Symbol.asyncDispose]()
    await sft[Symbol.asyncDispose]()
  })
  await shop.purchase({ orderId: 'first', sku: 'EU-1GB' })
  const since = market.simulator.calls.length
  const orders = Array.from({ length: many }, (_, n) => ({ orderId: `O-${n}`, sku: 'EU-1GB' }))
  const sales = await Promise.all(orders.map(order => shop.purchase(order)))
  t.equal(new Set(sales.map(sale => sale.iccid)).size, many, 'each has an eSIM of its own')
  const calls = market.simulator.calls.slice(since)
  const reads = calls.filter(({ operation }) => operation === 'fetchSIM')
  t.ok(reads.length <= 12, `${reads.length} reads of the account`)
})

t.test(
  'a sale on PostgreSQL is three durable writes in seven goes',
  { skip: noPostgres },
  async t => {
    const server = await startPostgres(t)
    const market = await openMarket(t, { endpoints: 8 })
    const place = `${server.url}?schema=cost`
    await market.save(place)
    const sft = openTestSft(market.simulator)
    const shop = await openProvisioner({ state: place, ledger: place, sft, env: {} })
    t.teardown(async () => {
      await shop[Symbol.asyncDispose]()
      await sft[Symbol.asyncDispose]()
    })
    for (const orderId of ['first', 'second']) await shop.purchase({ orderId, sku: 'EU-1GB' })
    const watched = watchQuestions()
    t.teardown(watched.stop)
    await shop.purchase({ orderId: 'third', sku: 'EU-1GB' })
    const { asked } = watched
    const count = (pattern: RegExp) => asked.filter(text => pattern.test(text)).length
    // Where the machine is slow a sign of life comes between.
    const beats = count(/^with put_0 as \(insert into processes/)
    t.equal(count(/insert into commits/) - beats, 3, 'two announcements and the result')
    t.equal(count(/insert into orders/), 3, 'each with the order')
    t.equal(
      count(/^with put_0 as \(insert into orders.*insert into processes/s),
      1,
      'a sign of life comes with the first of them',
    )
    const trips = watched.trips() - 2 * beats
    t.ok(trips <= 7, `${trips} goes: what is there, and each write with what it looks at`)
    t.comment(`${asked.length} questions in ${trips} goes`)
  },
)
