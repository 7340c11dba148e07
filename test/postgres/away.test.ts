import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { MIGRATIONS } from '../../src/postgres/schema.ts'
import type { Ledger } from '../../src/provision/index.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import {
  checkLedger,
  lookAtLedger,
  openHaltedLedger,
  openLedger,
} from '../../src/stores/ledgers.ts'
import { isState, openState, unlockState } from '../../src/stores/states.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { anOrder } from '../provision/ledger-contract.ts'
import { allOrders } from '../provision/rows.ts'
import { openMarket, openShop } from '../provision/support.ts'
import { fromElsewhere } from '../silence/elsewhere.ts'
import { fillLedger } from '../stores/moves.ts'
import { startPooler } from './pooler.ts'
import { noPostgres, type PostgresServer, startPostgres } from './server.ts'

let schemas = 0
const placeIn = ({ url }: PostgresServer): string => {
  schemas += 1
  return `${url}?schema=away_${schemas}`
}

const open = async (t: Test, place: string): Promise<Ledger> => {
  const ledger = await openLedger(place)
  t.teardown(() => ledger[Symbol.asyncDispose]())
  return ledger
}

/** Asks the database itself, in the schema of a place. */
async function sql(place: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const url = new URL(place)
  const schema = url.searchParams.get('schema')
  const client = new pg.Client({ connectionString: url.href, options: `-c search_path=${schema}` })
  await client.connect()
  const { rows } = await client.query(text)
  await client.end()
  return rows
}

const put = (ledger: Ledger, orderId: string) =>
  ledger.transact({ orderIds: [orderId] }, rows => ({
    entries: rows.order(orderId) === undefined ? [{ table: 'orders', row: anOrder(orderId) }] : [],
    result: undefined,
  }))

function testAway(server: PostgresServer): void {
  t.test('whoever only looks makes no tables', async t => {
    const place = placeIn(server)
    t.equal(await lookAtLedger(place), undefined)
    t.equal(await isState(place), false)
    t.equal(await unlockState(place, () => true), undefined)
    const [found] = await sql(
      place,
      "select count(*) as n from pg_namespace where nspname like 'away%'",
    )
    t.equal(found?.['n'], '0')
  })

  t.test('nodes that start together make the tables once', async t => {
    const place = placeIn(server)
    const ledgers = await Promise.all([1, 2, 3].map(() => open(t, place)))
    await Promise.all(ledgers.map((ledger, index) => put(ledger, `O-${index}`)))
    t.equal((await allOrders(await open(t, place))).length, 3)
    t.same(
      await sql(place, 'select version from migrations'),
      MIGRATIONS.map((_, index) => ({ version: index + 1 })),
    )
  })

  t.test('tables of a newer sft-catalog are left alone', async t => {
    const place = placeIn(server)
    await (await openLedger(place))[Symbol.asyncDispose]()
    await sql(place, 'insert into migrations (version) values (99)')
    await t.rejects(openLedger(place), { message: /newer sft-catalog \(form 99/ })
    await t.rejects(lookAtLedger(place), { message: /newer sft-catalog/ })
  })

  t.test(
    'what a crash of the database leaves open is asked for: nothing acknowledged is lost',
    async t => {
      const place = placeIn(server)
      const ledger = await open(t, place)
      const acknowledged: string[] = []
      let goesOn = true
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; goesOn; n++) {
          const orderId = `O-${writer}-${n}`
          await put(ledger, orderId)
          acknowledged.push(orderId)
        }
      })
      for (let crash = 0; crash < 3; crash++) {
        for (const before = acknowledged.length; acknowledged.length < before + 8; ) await sleep(20)
        await server.stop('immediate')
        await server.start()
      }
      await sleep(200)
      goesOn = false
      await Promise.all(writers)
      const [found] = await sql(place, 'select count(*)::int as n from orders')
      t.equal(found?.['n'], acknowledged.length)
      t.ok(acknowledged.length > 20, `${acknowledged.length} were acknowledged`)
    },
  )

  t.test(
    'while the database is away nothing is sent; what waits is done once afterwards',
    async t => {
      const market = await openMarket(t, { endpoints: 12 })
      const ledger = await open(t, placeIn(server))
      const { shop } = await openShop(market, { ledger })
      await shop.purchase({ orderId: 'before', sku: 'EU-1GB' })
      await server.stop('fast')
      const before = market.simulator.calls.length
      const orders = ['A', 'B', 'C'].map(orderId => shop.purchase({ orderId, sku: 'EU-1GB' }))
      await sleep(1500)
      const sent = market.simulator.calls
        .slice(before)
        .filter(call => /Activation|LifeCycle|Subscribe/.test(call.operation))
      t.same(sent, [], 'no write without its announcement')
      await server.start()
      const sales = await Promise.all(orders)
      t.equal(new Set(sales.map(sale => sale.endpointId)).size, 3)
      const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
      t.equal(instances.length, 4)
      await shop[Symbol.asyncDispose]()
    },
  )

  t.test(
    'a database that was put back, or is another one, sells nothing until somebody looked',
    async t => {
      const place = placeIn(server)
      const ledger = await open(t, place)
      await put(ledger, 'A')
      for (const moved of [
        "update origin set system = 'another'",
        'update origin set timeline = timeline + 1',
        "select setval('ledger_serial', 1)",
      ]) {
        await put(ledger, `before ${moved}`)
        await sql(place, moved)
        await t.rejects(put(ledger, 'B'), { message: /nothing is sold from it/ }, moved)
        await t.rejects(openLedger(place), { message: /sft-catalog reconcile/ }, moved)
        t.ok(
          await lookAtLedger(place).then(
            async looked => looked && (await allOrders(looked)).length,
          ),
        )
        const halted = await openHaltedLedger(place)
        t.match(halted?.why, /server|older/)
        await halted?.release()
        await halted?.[Symbol.asyncDispose]()
        if (!moved.includes('setval')) await put(ledger, `after ${moved}`)
      }
      t.equal(await openHaltedLedger(place), undefined)
    },
  )

  t.test(
    'tables that do not say whose they are sell nothing, and are not taken for new ones',
    async t => {
      for (const gone of [
        'delete from place',
        'delete from origin',
        'insert into place select * from place',
      ]) {
        const place = placeIn(server)
        const ledger = await open(t, place)
        await put(ledger, 'A')
        await sql(place, gone)
        await t.rejects(put(ledger, 'B'), { message: /does not say whose it is/ }, gone)
        await t.rejects(openLedger(place), { message: /does not say whose it is/ }, gone)
        await t.rejects(openState(place), { message: /does not say whose it is/ }, gone)
      }
    },
  )

  t.test('whoever looks at a halted ledger reads it, and changes nothing', async t => {
    const place = placeIn(server)
    await put(await open(t, place), 'A')
    await sql(place, "update origin set system = 'another'")
    await using looked = await lookAtLedger(place)
    const found = await looked?.transact({ orderIds: ['A'] }, rows => ({
      entries: [],
      result: rows.order('A')?.orderId,
    }))
    t.equal(found, 'A')
    t.same(await sql(place, 'select halted from place'), [{ halted: null }])
  })

  t.test('a user who may not see the tables is told so, not that there are none', async t => {
    const place = placeIn(server)
    await put(await open(t, place), 'A')
    await sql(place, 'create role guest login')
    const asGuest = place.replace('postgres@', 'guest@')
    await t.rejects(lookAtLedger(asGuest), { message: /may not do this/ })
    await t.rejects(isState(asGuest), { message: /may not do this/ })
  })

  t.test(
    'a pooler that lends connections transaction by transaction is refused, and nothing is made',
    async t => {
      const port = await startPooler(t, server.port)
      const place = placeIn(server)
      const pooled = place.replace(`:${server.port}/`, `:${port}/`)
      await t.rejects(openLedger(pooled), { message: /pooler/ })
      await t.rejects(openState(pooled), { message: /pooler/ })
      t.equal(await lookAtLedger(place), undefined)
    },
  )

  t.test(
    'another machine is reached encrypted, by a certificate that is proved, or not at all',
    async t => {
      // The loopback address, written so that it does not look like one.
      const elsewhere = (port: number) => `postgres://postgres@127.1:${port}/postgres`
      await t.rejects(openLedger(elsewhere(server.port)), { message: /no encrypted connections/ })
      const folder = t.testdir()
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.1'],
          ...['-addext', 'subjectAltName=DNS:127.1', '-keyout', key, '-out', certificate],
        ],
        { stdio: 'ignore' },
      )
      const secure = await startPostgres(t, { key, certificate })
      await t.rejects(openLedger(elsewhere(secure.port)), { message: /certificate/ })
      const proved = await openLedger(`${elsewhere(secure.port)}?sslrootcert=${certificate}`)
      await put(proved, 'A')
      const [session] = await sql(
        `${secure.url}?schema=sft_catalog`,
        "select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name like 'sft-catalog%'",
      )
      t.equal(session?.['ssl'], true)
      await proved[Symbol.asyncDispose]()
    },
  )

  t.test('an order of a node that is silent is finished by another within seconds', async t => {
    const market = await openMarket(t, { endpoints: 12 })
    const place = placeIn(server)
    const ledger = await open(t, place)
    const gone = await openShop(market, { ledger: fromElsewhere(ledger) })
    market.simulator.fault({ operation: 'SubscribeAddon', kind: 'no-answer' })
    const left = gone.shop.purchase({ orderId: 'A', sku: 'EU-1GB' }).catch(() => undefined)
    while (!market.simulator.calls.some(call => call.operation === 'SubscribeAddon'))
      await sleep(20)
    // Its signs of life stop: what it still does is refused by its fence.
    await sql(place, "update processes set seen = seen - interval '1 hour'")
    const { shop } = await openShop(market, { ledger: await open(t, place) })
    const sale = await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
    t.equal(sale.orderId, 'A')
    const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
    t.equal(instances.length, 1)
    await left
    await shop[Symbol.asyncDispose]()
    await gone.shop[Symbol.asyncDispose]()
  })

  t.test(
    'the lock of a state is its connection: who has it is told, and its end ends the lock',
    async t => {
      const place = placeIn(server)
      const first = await openState(place, { purpose: 'nightly apply' })
      await t.rejects(openState(place), { name: 'LockedError', message: /nightly apply/ })
      const waiting = openState(place, { waitMs: 10_000 })
      const ended = await unlockState(place, holder => holder.owner?.pid === process.pid)
      t.equal(ended?.removed, true)
      const second = await waiting
      await t.rejects(
        first.append({ type: 'account', account: { host: 'sft.example' } }),
        { message: /lost|run again/ },
        'whoever lost the lock writes nothing more',
      )
      await second.append({ type: 'account', account: { host: 'sft.example' } })
      await first[Symbol.asyncDispose]()
      await second[Symbol.asyncDispose]()
    },
  )

  t.test('what cannot be used is told in plain words, without secrets', async t => {
    for (const [address, message] of [
      [`postgres://postgres:geheim@127.0.0.1:${server.port}/nowhere`, /no such database/],
      ['postgres://ana:geheim@127.0.0.1:1/shop', /cannot be reached/],
      ['postgres://ana:geheim@db.example/shop?sslmode=disable', /unencrypted/],
      [`${server.url}?schema=Shop`, /lower-case/],
      ['postgres://ana:geheim@[shop', /percent-encoded/],
    ] as const) {
      const error = await openLedger(address).then(
        () => undefined,
        (error: unknown) => error,
      )
      t.match(error, { message })
      t.notMatch(String(error), /geheim/)
    }
  })

  t.test('processes on one database keep an account’s rate together', async t => {
    const place = placeIn(server)
    await using simulator = await startSimulator({ callsPerSecond: 15, sims: 1 })
    const script = scriptBeside(import.meta, '../sft/call-many')
    const ends = await Promise.all(
      [0, 1].map(async () => {
        const child = spawnNode([...script, simulator.url, place, '12', '20'])
        child.stderr.pipe(process.stderr)
        const [code] = await once(child, 'exit')
        return code
      }),
    )
    t.same(ends, [0, 0])
    t.notOk(simulator.calls.some(({ outcome }) => outcome === 'throttled'))
  })
}

/** How long the database is away, in seconds. */
const AWAY_SECONDS = Number(process.env['AWAY_SECONDS'] ?? 3)

function testUnderLoad(server: PostgresServer): void {
  t.test(
    `the database is stopped for ${AWAY_SECONDS} s under load: nothing is sent meanwhile, nothing doubled, all finish after`,
    async t => {
      const place = placeIn(server)
      const market = await openMarket(t, {
        endpoints: 60,
        simulator: { latencyMs: 30 },
        // Longer than this machine takes, however busy it is.
        sft: { timeoutSeconds: 60 },
      })
      const ledger = await open(t, place)
      const { shop } = await openShop(market, { ledger })
      t.teardown(() => shop[Symbol.asyncDispose]())
      const sales: Promise<{ readonly orderId: string; readonly error?: unknown }>[] = []
      const placeOne = () => {
        const orderId = `O-${sales.length}`
        sales.push(
          shop.purchase({ orderId, sku: 'EU-1GB' }).then(
            () => ({ orderId }),
            (error: unknown) => ({ orderId, error }),
          ),
        )
      }
      const load = async (seconds: number, each: number) => {
        for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
          if (sales.length < 40) placeOne()
          await sleep(each)
        }
      }
      await load(1, 80)
      await server.stop('immediate')
      // What was announced before is under way at most, one call each.
      await sleep(500)
      const since = market.simulator.calls.length
      await load(AWAY_SECONDS, (1000 * AWAY_SECONDS) / 15)
      const sent = market.simulator.calls
        .slice(since)
        .filter(({ operation }) => /Activation|LifeCycle|Subscribe/.test(operation))
      t.same(sent, [], 'nothing is sent that could not be announced')
      await server.start()
      const ended = await Promise.all(sales)
      for (const { orderId, error } of ended) {
        if (error === undefined) continue
        t.match(error, { name: 'StorageError', message: /cannot be reached/ }, orderId)
        await shop.purchase({ orderId, sku: 'EU-1GB' })
      }
      t.ok(ended.length > 20, `${ended.length} orders`)
      const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
      t.equal(instances.length, ended.length, 'each order is one add-on')
      t.same(await checkAccount(ledger, market.simulator), [])
      t.same((await checkLedger(place))?.problems, [])
    },
  )
}

function testCheck(server: PostgresServer): void {
  t.test(
    'ledger check names rows that were changed and rows that contradict each other',
    async t => {
      const place = placeIn(server)
      await fillLedger(place, 20)
      t.match(await checkLedger(place), { rows: { orders: 20, esims: 20 }, problems: [] })
      for (const [change, said] of [
        [
          "update orders set content = replace(content, 'EU', 'US') where order_id = 'O-1'",
          /orders\.O-1 does not match its checksum/,
        ],
        [
          "update esims set status = 'released' where endpoint_id = 'E-2'",
          /esims\.E-2 has columns that say otherwise/,
        ],
        [
          "update stock set n = n + 1 where batch = 'batch 1'",
          /stock\.batch 1: delivered is miscounted/,
        ],
        [
          "update orders set endpoint_id = 'E-5' where order_id = 'O-4'",
          /esims\.E-5 has two buyers: orders\.O-4 and orders\.O-5/,
        ],
        [
          "delete from esims where endpoint_id = 'E-6'",
          /orders\.O-6 has the eSIM E-6, which has no row/,
        ],
        ['delete from processes', /orders\.O-3 is owned by p-1, which gave no sign of life/],
        ["update origin set system = 'another'", /nothing is sold from it/],
      ] as const) {
        await sql(place, change)
        const problems = (await checkLedger(place))?.problems ?? []
        t.ok(
          problems.some(line => said.test(line)),
          `${change}: ${problems.join('; ')}`,
        )
      }
    },
  )
}

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  testAway(server)
  testUnderLoad(server)
  testCheck(server)
}
