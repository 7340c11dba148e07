/**
 * Figures of selling, over the simulator in this process and a ledger in a file:
 * `node --import tsx bench/provision.ts [sales] [callsPerSecond]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileLedger, openProvisioner } from '../src/provision/index.ts'
import { countCalls, openMarket, openTestSft } from '../test/provision/support.ts'

const sales = Number(process.argv[2] ?? 1000)
const callsPerSecond = Number(process.argv[3] ?? 500)
const sequential = 200
const endings: (() => unknown)[] = []
const folder = mkdtempSync(join(tmpdir(), 'bench-provision-'))
const market = await openMarket(
  { teardown: end => endings.unshift(end) },
  { endpoints: sales + sequential + 300, sft: { timeoutSeconds: 120 } },
)

/** Sells over a client of its own; returns the seconds, those of its calls, and the calls by name. */
async function measure(name: string, rate: number, sell: (buy: Buy) => Promise<unknown>) {
  let inCalls = 0
  const sft = openTestSft(market.simulator, {
    callsPerSecond: rate,
    timeoutSeconds: 120,
    onCall: call => {
      inCalls += call.seconds
    },
  })
  const ledger = await fileLedger(join(folder, 'orders.json'))
  const shop = await openProvisioner({ state: async () => market.state(), sft, ledger, env: {} })
  const since = market.simulator.calls.length
  const start = performance.now()
  const endpoints = new Set<string>()
  const instances = new Set<string>()
  await sell(async n => {
    const sale = await shop.purchase({ orderId: `${name}-${n}`, sku: 'EU-1GB' })
    endpoints.add(sale.endpointId)
    instances.add(sale.addon.uniqueId)
  })
  const seconds = (performance.now() - start) / 1000
  const calls = countCalls(market.simulator, since)
  await shop[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
  await sft[Symbol.asyncDispose]()
  return { seconds, inCalls, calls, endpoints: endpoints.size, instances: instances.size }
}
type Buy = (n: number) => Promise<void>

const oneByOne = await measure('S', Number.POSITIVE_INFINITY, async buy => {
  for (let n = 0; n < sequential; n++) await buy(n)
})
const own = ((oneByOne.seconds - oneByOne.inCalls) / sequential) * 1000
console.log(
  `${sequential} sales one by one: ${own.toFixed(2)} ms of its own a sale, syncs included`,
)

const atOnce = await measure('C', callsPerSecond, buy =>
  Promise.all(Array.from({ length: sales }, (_, n) => buy(n))),
)
const total = Object.values(atOnce.calls).reduce((sum, count) => sum + count, 0)
console.log(
  `${sales} sales at once at ${callsPerSecond} calls/s: ${atOnce.seconds.toFixed(1)} s for ` +
    `${total} calls (${(total / atOnce.seconds).toFixed(0)} a second), ` +
    `${atOnce.endpoints} eSIMs, ${atOnce.instances} instances`,
)
console.log(JSON.stringify(atOnce.calls))
for (const end of endings) await end()
rmSync(folder, { recursive: true })
