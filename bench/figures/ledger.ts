/** The embedded ledger at size, beside an empty one, over the simulator in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLedger } from '../../src/ledger/make-ledger.ts'
import type { LedgerEntry } from '../../src/provision/index.ts'
import { fileLedger, openProvisioner } from '../../src/provision/index.ts'
import { NO_KEYS } from '../../src/secrets/cipher.ts'
import { type Market, openMarket, openTestSft } from '../../test/provision/support.ts'
import { byItself, type Figure, type Row } from '../figure.ts'

const SALES = 200

/** What sales of the last year leave: an order, its eSIM, its add-on and a reading of it each. */
function* history(market: Market, count: number): Generator<LedgerEntry> {
  const start = Date.now() - 365 * 24 * 3600 * 1000
  for (let n = 0; n < count; n++) {
    const at = new Date(start + (n / count) * 364 * 24 * 3600 * 1000).toISOString()
    const orderId = `past-${(n * 7919) % count}-${n}`
    const endpointId = String(900_000_000 + n)
    const uniqueId = String(n)
    const planId = market.planIds[0] ?? ''
    yield { table: 'usage', row: { endpointId, refreshedAt: at, balances: {}, told: [] } }
    yield {
      table: 'orders',
      row: {
        orderId,
        kind: 'purchase',
        content: 'c'.repeat(64),
        sku: 'EU-1GB',
        planId,
        status: 'delivered',
        endpointId,
        uniqueId,
        fence: 1,
        tried: 0,
        steps: (['reserve', 'activate', 'subscribe', 'deliver'] as const).map(step => ({
          step,
          outcome: 'done',
          at,
          endpointId,
        })),
        createdAt: at,
        updatedAt: at,
      },
    }
    yield {
      table: 'esims',
      row: {
        endpointId,
        iccid: `8932042${String(n).padStart(12, '0')}`,
        msisdn: `3247${n}`,
        activationCode: `LPA:1$smdp.example.com$${n}`,
        batch: `batch-${n % 20}`,
        tags: [n % 2 === 0 ? 'eu' : 'world'],
        orderId,
        status: 'delivered',
        at,
      },
    }
    yield { table: 'addons', row: { uniqueId, endpointId, planId, orderId, status: 'expired' } }
  }
}

const timed = async (work: () => unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

interface Place {
  readonly market: Market
  readonly folder: string
}

interface Place {
  readonly market: Market
  readonly folder: string
}

interface Figures {
  readonly [what: string]: number
}

/** Milliseconds of each, with as many past orders. */
async function measure({ market, folder }: Place, name: string, count: number): Promise<Figures> {
  const path = join(folder, `${name}.db`)
  await makeLedger(path, { lineage: name, serial: count, keys: NO_KEYS }, history(market, count))
  const memory = process.memoryUsage().rss
  const opened = await timed(async () => {
    await using ledger = await fileLedger(path)
    await ledger.ordersAfter(undefined, 1)
  })
  const ledger = await fileLedger(path)
  let inCalls = 0
  const sft = openTestSft(market.simulator, {
    callsPerSecond: Number.POSITIVE_INFINITY,
    timeoutSeconds: 120,
    onCall: call => {
      inCalls += call.seconds * 1000
    },
  })
  const shop = await openProvisioner({ state: async () => market.state(), sft, ledger, env: {} })
  /** Milliseconds of its own, without those of its calls. */
  const own = async (work: (n: number) => Promise<unknown>): Promise<number> => {
    const before = inCalls
    const all = await timed(async () => {
      for (let n = 0; n < SALES; n++) await work(n)
    })
    return (all - (inCalls - before)) / SALES
  }
  const endpoints: string[] = []
  const buy = async (n: number) => {
    const sale = await shop.purchase({ orderId: `${name}-${n}`, sku: 'EU-1GB' })
    endpoints.push(sale.endpointId)
  }
  await buy(-1)
  const purchase = await own(buy)
  const topUp = await own(n =>
    shop.topUp({ orderId: `${name}-T-${n}`, endpointId: endpoints[n] ?? '', sku: 'EU-1GB' }),
  )
  const retry = await own(n => shop.purchase({ orderId: `${name}-${n}`, sku: 'EU-1GB' }))
  const memoryGrown = (process.memoryUsage().rss - memory) / 1e6
  await shop[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
  await sft[Symbol.asyncDispose]()
  return { opened, purchase, topUp, retry, memoryGrown }
}

/** Of its own, without calls: milliseconds of each beside those of an empty ledger. */
export const ledger: Figure = {
  key: 'ledger',
  title: 'The embedded ledger at size',
  async measure({ shrink, say }): Promise<readonly Row[]> {
    const past = Math.round(1_000_000 / shrink)
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-bench-'))
    const endings: (() => unknown)[] = []
    try {
      const market = await openMarket(
        { teardown: end => endings.unshift(end) },
        { endpoints: 5 * SALES + 600, sft: { timeoutSeconds: 120 } },
      )
      const place = { market, folder }
      await measure(place, 'warm-up', 0)
      const empty = await measure(place, 'empty', 0)
      say(`${past.toLocaleString('en')} past orders are written`)
      const full = await measure(place, 'full', past)
      const of = `${past.toLocaleString('en')} past orders`
      const beside = (what: string, name: string): Row => ({
        what: `${what} with ${of}`,
        unit: 'ms',
        value: full[name] ?? Number.NaN,
        floor: { what: 'with none', value: empty[name] ?? Number.NaN },
        measure: (full[name] ?? Number.NaN) / (empty[name] ?? Number.NaN),
        target: { most: 1.2, times: true },
      })
      return [
        byItself(`opening a ledger with ${of}`, 'ms', [full['opened'] ?? Number.NaN], {
          most: 1000,
        }),
        beside('a purchase', 'purchase'),
        beside('a top-up', 'topUp'),
        beside('a retry of an old order', 'retry'),
        byItself(`memory grown with ${of}`, 'MB', [full['memoryGrown'] ?? Number.NaN], {
          most: 300,
        }),
      ]
    } finally {
      for (const end of endings) await end()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
