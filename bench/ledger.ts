/**
 * Figures of the embedded ledger at size, beside those of an empty one, over the simulator in this process:
 * `node --import tsx bench/ledger.ts [past orders]`, a million by default.
 */

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLedger } from '../src/ledger/ledger-file.ts'
import type { LedgerEntry } from '../src/provision/index.ts'
import { fileLedger, openProvisioner } from '../src/provision/index.ts'
import { PAGE } from '../src/provision/ledger.ts'
import { NO_KEYS } from '../src/secrets/cipher.ts'
import { openMarket, openTestSft } from '../test/provision/support.ts'

const past = Number(process.argv[2] ?? 1_000_000)
const SALES = 200
const folder = mkdtempSync(join(tmpdir(), 'bench-ledger-'))
const endings: (() => unknown)[] = []
const market = await openMarket(
  { teardown: end => endings.unshift(end) },
  { endpoints: 4 * SALES + 600, sft: { timeoutSeconds: 120 } },
)

/** What sales of the last year leave: an order, its eSIM, its add-on and a reading of it each. */
function* history(count: number): Generator<LedgerEntry> {
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

interface Figures {
  readonly [what: string]: number
}

/** Milliseconds of each, with as many past orders. */
async function measure(name: string, count: number): Promise<Figures> {
  const path = join(folder, `${name}.db`)
  const written = await timed(() =>
    makeLedger(path, { lineage: name, serial: count, keys: NO_KEYS }, history(count)),
  )
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
  const stock = await timed(() => shop.stock())
  const resume = await timed(() => shop.resume())
  const due = await timed(() =>
    ledger.esimsIn({ status: 'delivered', refreshedBefore: new Date().toISOString(), limit: PAGE }),
  )
  const grown = (process.memoryUsage().rss - memory) / 1e6
  const megabytes = statSync(path).size / 1e6
  await shop[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
  await sft[Symbol.asyncDispose]()
  return { written, megabytes, opened, purchase, topUp, retry, stock, resume, due, grown }
}

await measure('warm-up', 0)
const empty = await measure('empty', 0)
const full = await measure('full', past)
console.log(
  `${past} past orders, ${(full['megabytes'] ?? 0).toFixed(0)} MB; milliseconds (of its own, without calls)`,
)
for (const what of ['opened', 'purchase', 'topUp', 'retry', 'stock', 'resume', 'due'])
  console.log(
    `${what.padEnd(9)} empty ${(empty[what] ?? 0).toFixed(2).padStart(8)}  full ${(full[what] ?? 0).toFixed(2).padStart(8)}  ratio ${((full[what] ?? 0) / (empty[what] ?? 1)).toFixed(2)}`,
  )
console.log(
  `memory grown: empty ${(empty['grown'] ?? 0).toFixed(0)} MB, full ${(full['grown'] ?? 0).toFixed(0)} MB`,
)
console.log(`written in ${((full['written'] ?? 0) / 1000).toFixed(0)} s`)
for (const end of endings) await end()
rmSync(folder, { recursive: true })
