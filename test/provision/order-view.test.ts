/** What a portal is told of its orders: which eSIM, why they stopped, and which of them are asked for. */
import t from 'tap'
import {
  isProvisionError,
  memoryLedger,
  type OrderProblem,
  type OrderRow,
} from '../../src/provision/index.ts'
import { hashContent } from '../../src/provision/order.ts'
import { openRelease } from '../release.ts'
import { anEsim, anOrder } from './ledger-contract.ts'
import { openMarket, openShop } from './support.ts'

t.test('an order tells the ICCID of its eSIM and whether that is suspended', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const { shop, ledger } = await openShop(market)
  t.teardown(() => shop[Symbol.asyncDispose]())
  const sale = await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
  const { endpointId, iccid } = sale
  await shop.topUp({ orderId: 'B', sku: 'EU-10GB-30D', endpointId })
  const told = async () => (await shop.orders()).map(one => [one.orderId, one.iccid, one.suspended])
  t.strictSame(await told(), [
    ['A', iccid, false],
    ['B', iccid, false],
  ])
  await shop.suspend({ endpointId })
  t.match(await shop.order('A'), { iccid, suspended: true })
  t.strictSame(await told(), [
    ['A', iccid, true],
    ['B', iccid, true],
  ])
  await shop.reactivate({ endpointId })
  t.match(await shop.order('B'), { iccid, suspended: false })
  await shop.cancel('B')
  await shop.cancel('A')
  t.match(await shop.order('A'), { status: 'cancelled', iccid, suspended: true })
  await ledger.transact({ endpointIds: [endpointId] }, rows => {
    const row = rows.esim(endpointId)
    return {
      entries: row === undefined ? [] : [{ table: 'esims', row: { ...row, orderId: 'C' } }],
      result: undefined,
    }
  })
  const resold = await shop.order('A')
  t.equal(resold.iccid, iccid)
  t.notOk('suspended' in resold, "another buyer's eSIM is none of this order's business")
})

/** What a portal does with a problem: it compiles only as long as `code` tells the problems apart. */
const tellBuyer = (problem: OrderProblem): string => {
  switch (problem.code) {
    case 'NO_ESIM_AVAILABLE':
      return `sold out (${problem.name satisfies 'NoEsimAvailableError'})`
    default:
      return problem.next
  }
}

t.test('an order that stopped tells why as a value beside the sentence', async t => {
  const cases = [
    { name: 'no stock', endpoints: 0, code: 'NO_ESIM_AVAILABLE' },
    { name: 'an add-on that is refused', endpoints: 1, code: 'SUBSCRIPTION_FAILED' },
  ] as const
  for (const { name, endpoints, code } of cases)
    await t.test(name, async t => {
      const market = await openMarket(t, { endpoints })
      market.simulator.fault({ operation: 'SubscribeAddon', kind: 'rejected', count: 50 })
      const { shop } = await openShop(market, { resumeAtOpen: false })
      t.teardown(() => shop[Symbol.asyncDispose]())
      const error: unknown = await shop.purchase({ orderId: 'A', sku: 'EU-1GB' }).catch(e => e)
      if (!isProvisionError(error)) throw error
      const { failure } = await shop.order('A')
      if (failure === undefined) throw new Error('it has no failure')
      t.strictSame(failure, { name: error.name, code, message: error.message, next: error.next })
      t.ok(failure.message.endsWith(failure.next))
      t.equal(tellBuyer(failure), endpoints === 0 ? 'sold out (NoEsimAvailableError)' : error.next)
      market.simulator.clearFaults()
      if (endpoints === 0) await market.addBatch('second', 1)
      await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
      t.notOk('failure' in (await shop.order('A')), 'what is delivered has none')
    })
})

t.test('what an older or a newer release kept of a failure is told too', async t => {
  const desk = await openRelease(t, { state: 'folded', ledger: 'folded' })
  const read = async (line: string) => {
    const { stdout, stderr } = await desk.run(`${line} --json`)
    t.notMatch(stderr, /error /)
    return JSON.parse(stdout)
  }
  const { failure, iccid, suspended } = await read('order A-1003')
  t.match(failure, { name: 'SubscriptionFailedError', code: 'SUBSCRIPTION_FAILED' })
  t.match(failure.message, /^order A-1003: .*place the same order again to try once more$/)
  t.match(failure.next, /place it again/)
  t.strictSame([iccid, suspended], ['8932042001000000012', false])
  const { orders } = await read('orders')
  t.equal(orders.length, 8)
  t.strictSame(
    orders.filter((one: { iccid?: string }) => one.iccid === undefined).map(idOf),
    ['A-1008'],
    'only what has no eSIM yet has no ICCID',
  )

  const market = await openMarket(t, { endpoints: 0 })
  const { shop, ledger } = await openShop(market, { resumeAtOpen: false })
  t.teardown(() => shop[Symbol.asyncDispose]())
  const failed = { name: 'OfTomorrowError', message: 'order A: tomorrow', next: 'wait' }
  await put(ledger, { ...anOrder('A'), status: 'failed', failure: failed })
  t.strictSame((await shop.order('A')).failure, {
    name: 'UnexpectedError',
    code: 'UNEXPECTED',
    message: 'order A: tomorrow',
    next: 'wait',
  })
})

const idOf = ({ orderId }: { readonly orderId: string }): string => orderId

const put = (ledger: ReturnType<typeof memoryLedger>, ...rows: readonly OrderRow[]) =>
  ledger.transact({ orderIds: rows.map(idOf) }, () => ({
    entries: rows.map(row => ({ table: 'orders', row }) as const),
    result: undefined,
  }))

t.test('orders are asked for by what they were bound to, by ID and by time', async t => {
  const ledger = memoryLedger()
  const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`
  const bound = (orderId: string, day: number, reference: OrderRow['reference']): OrderRow => ({
    ...anOrder(orderId, { createdAt: at(day), status: 'delivered' }),
    ...(reference !== undefined && { reference }),
  })
  const ann = { customer: 'ann', shop: { country: 'BE', tills: [1, 2] } }
  // Of release 0.1.0: the hash alone.
  const old = {
    ...bound('old', 1, undefined),
    content: hashContent({ kind: 'purchase', sku: 'EU-1GB', reference: ann }),
    sku: 'EU-1GB',
    kind: 'purchase' as const,
  }
  await put(
    ledger,
    old,
    bound('ann 1', 2, ann),
    bound('bob 1', 3, { customer: 'bob' }),
    bound('nobody', 4, undefined),
    { ...bound('ann 2', 5, ann), status: 'activated' },
    bound('null', 6, null),
  )
  const market = await openMarket(t, { endpoints: 0 })
  const { shop } = await openShop(market, { ledger, resumeAtOpen: false })
  t.teardown(() => shop[Symbol.asyncDispose]())
  const ids = async (filter: Parameters<typeof shop.orders>[0]) =>
    (await shop.orders(filter)).map(idOf)
  const other = { shop: { tills: [1, 2], country: 'BE' }, customer: 'ann' }
  t.strictSame(await ids({ references: [other] }), ['old', 'ann 1', 'ann 2'], 'by its meaning')
  t.strictSame(await ids({ references: [{ customer: 'bob' }, other] }), [
    'old',
    'ann 1',
    'bob 1',
    'ann 2',
  ])
  t.strictSame(await ids({ references: [{ customer: 'ann' }] }), [], 'the whole, not a part')
  t.strictSame(await ids({ references: [null] }), ['null'])
  t.strictSame(await ids({ references: [] }), [])
  t.strictSame(await ids({ references: [ann], since: at(2) }), ['ann 1', 'ann 2'])
  t.strictSame(await ids({ references: [ann], unfinished: true }), ['ann 2'])
  t.strictSame(await ids({ since: '2026-01-05T01:00:00+01:00' }), ['ann 2', 'null'])
  t.strictSame(await ids({ orderIds: ['nobody', 'ann 1', 'none', 'ann 1'] }), ['ann 1', 'nobody'])
  t.strictSame(await ids({ orderIds: ['nobody', 'ann 1'], references: [ann] }), ['ann 1'])
  t.equal((await ids({})).length, 6)
  for (const [field, filter] of [
    ['references', { references: ann }],
    ['references.0', { references: [1n] }],
    ['orderIds.0', { orderIds: [7] }],
    ['since', { since: 'yesterday' }],
  ] as const)
    await t.rejects(
      shop.orders(filter as never),
      { name: 'InvalidRequestError', field },
      `${field} is judged`,
    )
})

t.test('a page of more orders than one question takes has the eSIM of each', async t => {
  const ledger = memoryLedger()
  const many = Array.from({ length: 1100 }, (_, at) => String(at))
  await put(
    ledger,
    ...many.map(id => ({ ...anOrder(`A-${id}`), status: 'delivered' as const, endpointId: id })),
  )
  await ledger.transact({ endpointIds: many }, () => ({
    entries: many.map(id => ({ table: 'esims', row: anEsim(id, { orderId: `A-${id}` }) }) as const),
    result: undefined,
  }))
  const market = await openMarket(t, { endpoints: 0 })
  const { shop } = await openShop(market, { ledger, resumeAtOpen: false })
  t.teardown(() => shop[Symbol.asyncDispose]())
  const views = await shop.orders()
  t.equal(views.length, 1100)
  t.ok(views.every(({ iccid, suspended }) => iccid !== undefined && suspended === false))
})
