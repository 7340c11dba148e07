import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { connect } from '../../src/ledger/connection.ts'
import { openProvisioner } from '../../src/provision/index.ts'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { openMarket, openTestSft } from './support.ts'

/** What is asked of the database, and in how many goes: one begins where no answer is waited for. */
function watchQuestions() {
  const { query } = pg.Client.prototype
  const asked: string[] = []
  let waiting = 0
  let trips = 0
  const end = (): void => {
    waiting -= 1
  }
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [config] = args
    const text =
      typeof config === 'object' && config !== null ? Reflect.get(config, 'text') : config
    const answer: unknown = Reflect.apply(query, this, args)
    // Nobody waits for a notice, for what the pool looks up for later sales, or for the end of what only read: the end of
    // what wrote goes out with the writes.
    const isAside =
      /pg_notify|from esims where endpoint_id in/.test(String(text)) ||
      (text === 'commit' && waiting === 0)
    if (!(answer instanceof Promise) || isAside) return answer
    if (waiting === 0) trips += 1
    waiting += 1
    asked.push(String(text))
    answer.then(end, end)
    return answer
  } as typeof query
  return {
    asked,
    trips: () => trips,
    stop: () => {
      pg.Client.prototype.query = query
    },
  }
}

/** Calls of the file system that hold the process up. */
function watchSyncCalls() {
  const calls: string[] = []
  const before = new Map<string, unknown>()
  for (const [name, work] of Object.entries(fs)) {
    if (!name.endsWith('Sync') || typeof work !== 'function') continue
    before.set(name, work)
    Reflect.set(fs, name, (...args: unknown[]) => {
      calls.push(`${name} ${String(args[0])}`)
      return Reflect.apply(work, fs, args)
    })
  }
  syncBuiltinESMExports()
  return {
    calls,
    stop: () => {
      for (const [name, work] of before) Reflect.set(fs, name, work)
      syncBuiltinESMExports()
    },
  }
}

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
    const beats = count(/^insert into processes/)
    t.equal(count(/insert into commits/) - beats, 3, 'two announcements and the result')
    t.equal(count(/insert into orders/), 3, 'each with the order')
    t.equal(
      count(/^with .*insert into processes/),
      1,
      'a sign of life comes with the first of them',
    )
    const trips = watched.trips() - 2 * beats
    t.ok(trips <= 7, `${trips} goes: what is there, and each write with what it looks at`)
    t.comment(`${asked.length} questions in ${trips} goes`)
  },
)
