/** What a sale costs beside its calls, and how many of them an account's rate lets through. */
import { join } from 'node:path'
import { connect } from '../../src/ledger/connection.ts'
import { noPostgres, startPostgres } from '../../test/postgres/server.ts'
import { watchQuestions, watchSyncCalls } from '../../test/provision/watch-cost.ts'
import { type BareWrites, embeddedWrites, postgresWrites } from '../bare-writes.ts'
import { temporaryFolder } from '../catalogs.ts'
import { type Absent, byItself, type Figure, median, quantile, type Row } from '../figure.ts'
import { openMarket, openShop, type Shop } from '../shop.ts'

const SALES = 300
const WARM = 30
const AT_ONCE = 1000
const CALLS_PER_SECOND = 500

/** A shop, and the bare durable writes of the engine that it keeps its orders in. */
interface Counter {
  readonly name: string
  readonly shop: Shop
  readonly bare: BareWrites
}

/** Where state and ledger are. */
interface Places {
  readonly state: string
  readonly ledger: string
}

/** Milliseconds of each sale. */
interface Taken {
  readonly own: number[]
  readonly calls: number[]
  readonly floor: number[]
}

/** Sells one after another, each engine and its bare writes in turn. */
async function oneByOne(counters: readonly Counter[], sales: number): Promise<readonly Row[]> {
  const taken = counters.map((): Taken => ({ own: [], calls: [], floor: [] }))
  for (let n = 0; n < sales + WARM; n += 1)
    for (const [at, { shop, bare }] of counters.entries()) {
      const { took, calls } = await shop.sell(`one-${n}`)
      const began = performance.now()
      await bare.write(n)
      const floor = performance.now() - began
      if (n < WARM) continue
      taken[at]?.own.push(took - calls)
      taken[at]?.calls.push(calls)
      taken[at]?.floor.push(floor)
    }
  return counters.flatMap(({ name }, at) => {
    const { own, calls, floor } = taken[at] ?? { own: [], calls: [], floor: [] }
    const whole = median(own) + median(calls)
    const least = median(floor) + median(calls)
    const late = quantile(own, 0.99)
    return [
      {
        what: `a sale on ${name}`,
        unit: 'ms',
        value: whole,
        floor: { what: 'its two calls and three bare durable writes', value: least },
        measure: whole / least,
        target: { most: 1.3, times: true },
      },
      {
        what: `a sale on ${name}, without its calls`,
        unit: 'ms',
        value: median(own),
        floor: { what: 'three bare durable writes', value: median(floor) },
        measure: median(own) / median(floor),
      },
      {
        what: `a sale on ${name}, without its calls: p99`,
        unit: 'ms',
        value: late,
        floor: { what: 'p50', value: median(own) },
        measure: late / median(own),
        target: { most: 5, times: true },
      },
    ] satisfies readonly Row[]
  })
}

/** Counted in one sale, after others. */
async function embeddedCounts(embedded: Shop, path: string): Promise<readonly Row[]> {
  const look = await connect(path, 'ro')
  const serial = () => Number(look.all('select serial from place')[0]?.['serial'])
  const before = serial()
  const watched = watchSyncCalls()
  try {
    await embedded.sell('counted')
  } finally {
    watched.stop()
  }
  const writes = serial() - before
  look.close()
  // The note of how far the ledger is, once a second at most, is no call of a sale.
  const calls = watched.calls.filter(call => !call.includes('.serial'))
  const locks = calls.filter(call => call.includes('lock'))
  return [
    byItself('durable writes of a sale on the embedded ledger', 'writes', [writes], { most: 3 }),
    byItself('its lock rounds', 'calls', [locks.length], { most: 0 }),
    byItself('its synchronous file calls', 'calls', [calls.length], { most: 0 }),
  ]
}

async function postgresCounts(shop: Shop): Promise<readonly Row[]> {
  const watched = watchQuestions()
  try {
    await shop.sell('counted')
  } finally {
    watched.stop()
  }
  const count = (pattern: RegExp) => watched.asked.filter(text => pattern.test(text)).length
  const writes = count(/insert into commits/) - count(/^insert into processes/)
  return [byItself('durable writes of a sale on PostgreSQL', 'writes', [writes], { most: 3 })]
}

/** Calls a second that many sales at once reach, of those that the account may make, and how many each of them takes. */
async function atOnce(folder: string, rounds: number, sales: number): Promise<readonly Row[]> {
  const market = await openMarket(folder, join(folder, 'at-once.json'), {
    endpoints: (sales + 10) * rounds,
  })
  await using _platform = market.platform
  const reached: number[] = []
  const each: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using shop = await openShop(market, join(folder, 'at-once.db'), CALLS_PER_SECOND)
    await shop.sell(`warm-${round}`)
    const before = (await market.platform.calls()).length
    const began = performance.now()
    const orders = Array.from({ length: sales }, (_, n) => shop.sell(`at-once-${round}-${n}`))
    await Promise.all(orders)
    const seconds = (performance.now() - began) / 1000
    const calls = (await market.platform.calls()).length - before
    reached.push(calls / seconds)
    each.push(calls / sales)
  }
  const what = `${sales.toLocaleString('en')} sales at once at ${CALLS_PER_SECOND} calls/s`
  return [
    byItself(what, 'calls/s', reached, { least: 0.98 * CALLS_PER_SECOND }),
    { what: `${what}: calls of each`, unit: 'calls', value: median(each), measure: median(each) },
  ]
}

export const sales: Figure = {
  key: 'sales',
  title: 'Selling',
  async measure({ rounds, shrink, say }): Promise<readonly (Row | Absent)[]> {
    const each = Math.round(SALES / shrink)
    await using folder = await temporaryFolder()
    const endings: (() => unknown)[] = []
    const untilEnd = <T extends AsyncDisposable>(one: T): T => {
      endings.unshift(() => one[Symbol.asyncDispose]())
      return one
    }
    const openCounter = async (name: string, place: Places, bare: BareWrites) => {
      untilEnd(bare)
      const market = await openMarket(folder.path, place.state, {
        endpoints: each + WARM + 100,
      })
      untilEnd(market.platform)
      return { name, bare, shop: untilEnd(await openShop(market, place.ledger)) }
    }
    try {
      const ledger = join(folder.path, 'orders.db')
      const embedded = await openCounter(
        'the embedded ledger',
        { state: join(folder.path, 'state.json'), ledger },
        await embeddedWrites(join(folder.path, 'bare.db')),
      )
      const counters: Counter[] = [embedded]
      if (noPostgres === false) {
        const { url } = await startPostgres({ teardown: end => endings.push(end) })
        const place = `${url}?schema=bench`
        const places = { state: place, ledger: place }
        counters.push(await openCounter('PostgreSQL', places, await postgresWrites(url)))
      }
      say(`${each} one by one`)
      const rows: (Row | Absent)[] = [...(await oneByOne(counters, each))]
      rows.push(...(await embeddedCounts(embedded.shop, ledger)))
      const [, onPostgres] = counters
      if (onPostgres !== undefined) rows.push(...(await postgresCounts(onPostgres.shop)))
      else rows.push({ what: 'a sale on PostgreSQL', absent: String(noPostgres) })
      const many = Math.round(AT_ONCE / shrink)
      say(`${many} at once`)
      return [...rows, ...(await atOnce(folder.path, rounds, many))]
    } finally {
      for (const end of endings) await end()
    }
  },
}
