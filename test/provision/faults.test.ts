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
        FAULT_KINDS.flatMap(kind => [1, 2].map(count => limited(() => meet(kind, count)))),
      )
      for (const end of ends) if (end.status === 'rejected') t.error(end.reason)
    })
