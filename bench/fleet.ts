/**
 * A sale's own time beyond its calls, one by one, on PostgreSQL and on the embedded ledger, against three bare durable
 * writes of the same engine; and the whole sale against its calls and these writes. All are taken in turn, so that they
 * share whatever else the machine does. Then what a node costs: connections and memory. `npx tsx bench/fleet.ts [SALES]`
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { connect } from '../src/ledger/connection.ts'
import { openProvisioner, type Provisioner } from '../src/provision/index.ts'
import { startPostgres } from '../test/postgres/server.ts'
import { openMarket, openTestSft } from '../test/provision/support.ts'

const SALES = Number(process.argv[2] ?? 300)
const WARM = 30

const ends: (() => unknown)[] = []
const host = { teardown: (end: () => unknown) => ends.unshift(end) }
const server = await startPostgres(host)
const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-'))
const market = await openMarket(host, {
  endpoints: 2 * (SALES + WARM) + 200,
  sft: { timeoutSeconds: 120 },
})
const place = `${server.url}?schema=bench`
await market.save(place)

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0

interface Taken {
  readonly own: number
  readonly calls: number
}

interface Seller {
  readonly name: string
  /** Sells once; how long it took beyond its calls, and these (ms). */
  readonly sell: (n: number) => Promise<Taken>
  readonly end: () => Promise<unknown>
}

function shopOf(
  name: string,
  tag: string,
  open: (sft: ReturnType<typeof openTestSft>) => Promise<Provisioner>,
) {
  return async (): Promise<Seller> => {
    let inCalls = 0
    const sft = openTestSft(market.simulator, {
      timeoutSeconds: 120,
      onCall: call => {
        inCalls += call.seconds * 1000
      },
    })
    const shop = await open(sft)
    return {
      name,
      async sell(n) {
        inCalls = 0
        const began = performance.now()
        await shop.purchase({ orderId: `${tag}-${n}`, sku: 'EU-1GB' })
        return { own: performance.now() - began - inCalls, calls: inCalls }
      },
      async end() {
        await shop[Symbol.asyncDispose]()
        await sft[Symbol.asyncDispose]()
      },
    }
  }
}

/** Three writes that are on the disk when they are answered, as an order's: two announcements and the result. */
async function bareTransactions(): Promise<Seller> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query('create table bare (id text primary key, content text not null)')
  const content = 'x'.repeat(700)
  return {
    name: 'three plain transactions',
    async sell(n) {
      const began = performance.now()
      for (const step of ['a', 'b', 'c']) {
        await client.query('begin')
        await client.query(
          'insert into bare values ($1, $2) on conflict (id) do update set content = excluded.content',
          [`B-${n}`, content + step],
        )
        await client.query('commit')
      }
      return { own: performance.now() - began, calls: 0 }
    },
    end: () => client.end(),
  }
}

/** The same in an SQLite file, with the settings of the ledger. */
async function bareRows(): Promise<Seller> {
  const path = join(folder, 'bare.db')
  await writeFile(path, '')
  const connection = await connect(path, 'rw')
  connection.all('pragma ledger.journal_mode = wal')
  connection.exec('create table ledger.bare (id text primary key, content text not null)')
  const content = 'x'.repeat(700)
  return {
    name: 'three embedded transactions',
    async sell(n) {
      const began = performance.now()
      for (const step of ['a', 'b', 'c']) {
        connection.exec('begin immediate')
        connection.run(
          'insert into bare values ($1, $2) on conflict (id) do update set content = excluded.content',
          `B-${n}`,
          content + step,
        )
        connection.exec('commit')
      }
      return { own: performance.now() - began, calls: 0 }
    },
    end: async () => connection.close(),
  }
}

const sellers = await Promise.all([
  shopOf('sale on PostgreSQL', 'P', sft =>
    openProvisioner({ state: place, ledger: place, sft, env: {} }),
  )(),
  bareTransactions(),
  shopOf('sale on the embedded ledger', 'F', sft =>
    openProvisioner({
      state: async () => market.state(),
      ledger: join(folder, 'orders.db'),
      sft,
      env: {},
    }),
  )(),
  bareRows(),
])
const taken = new Map<string, Taken[]>(sellers.map(({ name }) => [name, []]))
for (let n = 0; n < SALES + WARM; n++)
  for (const { name, sell } of sellers) {
    const one = await sell(n)
    if (n >= WARM) taken.get(name)?.push(one)
  }
const own = (name: string) => (taken.get(name) ?? []).map(one => one.own)
for (const { name } of sellers)
  console.log(
    `${name.padEnd(28)} p50 ${quantile(own(name), 0.5).toFixed(2)} ms, p99 ${quantile(own(name), 0.99).toFixed(2)} ms`,
  )
for (const [sale, bare] of [
  ['sale on PostgreSQL', 'three plain transactions'],
  ['sale on the embedded ledger', 'three embedded transactions'],
] as const) {
  const calls = quantile(
    (taken.get(sale) ?? []).map(one => one.calls),
    0.5,
  )
  const [mine, floor] = [quantile(own(sale), 0.5), quantile(own(bare), 0.5)]
  console.log(
    `${sale}: its own time ${(mine / floor).toFixed(2)} of ${bare}; ` +
      `with its two calls (${calls.toFixed(2)} ms) ${((mine + calls) / (floor + calls)).toFixed(2)}; ` +
      `p99 ${(quantile(own(sale), 0.99) / mine).toFixed(1)} of p50`,
  )
}
const client = new pg.Client({ connectionString: server.url })
await client.connect()
const { rows } = await client.query(
  "select application_name as name, count(*) as n from pg_stat_activity where application_name like 'sft-catalog%' group by 1 order by 1",
)
console.log(
  `connections of this shop: ${rows.map(({ name, n }) => `${name} ${n}`).join(', ')}; memory of this process, simulator and all: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
)
await client.end()
for (const { end } of sellers) await end()
for (const end of ends) await end()
await rm(folder, { recursive: true })
