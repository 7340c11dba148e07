import pLimit from 'p-limit'
import t from 'tap'
import { ProvisionError } from '../../src/provision/index.ts'
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/index.ts'
import { virtualClock } from '../clocks.ts'
import { checkAccount } from './check-account.ts'
import { openMarket, openShop } from './support.ts'

/** Places an order until it is delivered, as a portal does that keeps on trying. */
async function persist<Sold>(place: () => Promise<Sold>): Promise<Sold> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await place()
    } catch (error) {
      if (!(error instanceof ProvisionError) || attempt === 5) throw error
    }
  }
}

/** How often in a row a fault comes: once or twice, by chance, or each with `FAULT_CASES=1`. */
const timesOf = (): readonly number[] =>
  process.env['FAULT_CASES'] === '1' ? [1, 2] : [Math.random() < 0.5 ? 1 : 2]

const SALE = ['fetchSIM', 'EndPointLifeCycleChange', 'SubscribeAddon'] as const
const TOP_UP = ['GetEndPointProfile', 'SubscribeAddon'] as const

for (const [name, operations] of [
  ['sale', SALE],
  ['top-up', TOP_UP],
] as const)
  for (const operation of operations)
    t.test(`every fault on ${operation} of a ${name} ends in one add-on`, async t => {
      const limited = pLimit(6)
      const meet = async (kind: FaultKind, count: number) => {
        const market = await openMarket(t, { endpoints: 6, clock: virtualClock() })
        const { shop, ledger, events } = await openShop(market)
        await using _closing = shop
        const fault = () => market.simulator.fault({ operation, kind, count, delayMs: 300 })
        if (name === 'sale') fault()
        const buy = () => shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
        const { endpointId } = await persist(buy)
        if (name === 'top-up') {
          fault()
          await persist(() => shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-10GB-30D' }))
        }
        const problems = await checkAccount(ledger, market.simulator)
        t.same(problems, [], `${count} times ${kind}`)
        t.notMatch(JSON.stringify(events), /LPA:1|\$[0-9A-F]{5}-/)
      }
      const ends = await Promise.allSettled(
        FAULT_KINDS.flatMap(kind => timesOf().map(count => limited(() => meet(kind, count)))),
      )
      for (const end of ends) if (end.status === 'rejected') t.error(end.reason)
    })

t.test(
  'an activation answered with "already", whose SIM cannot be read then, is not taken for never sent',
  async t => {
    const market = await openMarket(t, { endpoints: 3 })
    const { shop, ledger } = await openShop(market)
    await shop.purchase({ orderId: 'first', sku: 'EU-1GB' })
    market.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'already-after' })
    market.simulator.fault({ operation: 'fetchSIM', kind: '5xx-before', count: 3 })
    await t.rejects(shop.purchase({ orderId: 'A', sku: 'EU-1GB' }))
    const active = [...market.simulator.world.endpoints.values()].find(
      one => one.status === 'Active' && one.instances.length === 0,
    )
    const left = await ledger.transact({ orderIds: ['A'] }, rows => ({
      entries: [],
      result: rows.order('A'),
    }))
    t.match(left, { endpointId: active?.endPointId, intent: { write: 'activate' } })
    const sale = await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
    t.equal(sale.endpointId, active?.endPointId)
    await shop[Symbol.asyncDispose]()
  },
)
