import type { Test } from 'tap'
import type { EsimRow, Ledger, OrderRow } from '../../src/provision/index.ts'

const at = '2026-11-21T10:00:00.000Z'

export const anOrder = (orderId: string, more: Partial<OrderRow> = {}): OrderRow => ({
  orderId,
  kind: 'purchase',
  content: 'hash',
  sku: 'EU-1GB',
  planId: '1',
  status: 'reserved',
  tried: 0,
  steps: [],
  createdAt: at,
  updatedAt: at,
  ...more,
})

export const anEsim = (endpointId: string, more: Partial<EsimRow> = {}): EsimRow => ({
  endpointId,
  iccid: `89${endpointId}`,
  activationCode: 'LPA:1$smdp.example.com$SECRET',
  batch: 'first',
  tags: [],
  status: 'selected',
  at,
  ...more,
})

/** What every ledger must do. `reopen` gives another view of the same rows, as another process has it. */
export function testLedger(
  t: Test,
  name: string,
  open: (t: Test) => Promise<{ readonly ledger: Ledger; readonly reopen?: () => Promise<Ledger> }>,
): void {
  t.test(`${name}: rows that a transaction puts are there for the next one`, async t => {
    const { ledger } = await open(t)
    await ledger.transact({ orderIds: ['A'], endpointIds: ['1'] }, () => ({
      entries: [
        { table: 'orders', row: anOrder('A') },
        { table: 'esims', row: anEsim('1') },
        {
          table: 'addons',
          row: { uniqueId: '7', endpointId: '1', planId: '1', status: 'waiting' },
        },
        {
          table: 'usage',
          row: { endpointId: '1', refreshedAt: at, balances: {}, told: ['7 usage expired'] },
        },
        { table: 'processes', row: { id: 'p', heartbeat: at } },
      ],
      result: undefined,
    }))
    const seen = await ledger.transact({ orderIds: ['A'], endpointIds: ['1'] }, rows => ({
      entries: [],
      result: {
        order: rows.order('A'),
        esim: rows.esim('1'),
        addons: rows.addons('1'),
        usage: rows.usage('1'),
        process: rows.process('p'),
      },
    }))
    t.same(seen.order, anOrder('A'))
    t.same(seen.esim, anEsim('1'))
    t.equal(seen.addons[0]?.uniqueId, '7')
    t.same(seen.usage?.told, ['7 usage expired'])
    t.equal(seen.process?.heartbeat, at)
    t.equal((await ledger.esims()).length, 1)
    t.equal((await ledger.usages()).length, 1)
  })

  t.test(`${name}: a decision that throws writes nothing`, async t => {
    const { ledger } = await open(t)
    await t.rejects(
      ledger.transact({ orderIds: ['A'] }, () => {
        throw new Error('no')
      }),
      { message: 'no' },
    )
    t.same(await ledger.orders(), [])
  })

  t.test(`${name}: a decision reads no rows but those of its keys`, async t => {
    const { ledger } = await open(t)
    await t.rejects(
      ledger.transact({ orderIds: ['A'] }, rows => ({ entries: [], result: rows.order('B') })),
      /not among its keys/,
    )
  })

  t.test(`${name}: of many who want one eSIM at once, one gets it`, async t => {
    const { ledger, reopen } = await open(t)
    const other = (await reopen?.()) ?? ledger
    const got = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const orderId = `O-${index}`
        const which = index % 2 === 0 ? ledger : other
        return which.transact({ orderIds: [orderId], endpointIds: ['1'] }, rows =>
          rows.esim('1') === undefined
            ? {
                entries: [
                  { table: 'esims', row: anEsim('1', { orderId }) },
                  { table: 'orders', row: anOrder(orderId) },
                ],
                result: orderId,
              }
            : { entries: [], result: undefined },
        )
      }),
    )
    const winners = got.filter(orderId => orderId !== undefined)
    t.equal(winners.length, 1)
    t.same(
      (await other.orders()).map(order => order.orderId),
      winners,
    )
  })

  t.test(`${name}: unfinished orders are those that still need work, oldest first`, async t => {
    const { ledger } = await open(t)
    const statuses = ['failed', 'activated', 'cancelled', 'reserved', 'delivered', 'new'] as const
    for (const [index, status] of statuses.entries()) {
      const createdAt = `2026-11-2${9 - index}T00:00:00.000Z`
      await ledger.transact({ orderIds: [status] }, () => ({
        entries: [{ table: 'orders', row: anOrder(status, { status, createdAt }) }],
        result: undefined,
      }))
    }
    const unfinished = await ledger.orders({ unfinished: true })
    t.same(
      unfinished.map(order => order.status),
      ['new', 'reserved', 'activated'],
    )
    t.equal((await ledger.orders()).length, 6)
  })

  t.test(`${name}: what one view writes, another sees`, async t => {
    const { ledger, reopen } = await open(t)
    const other = (await reopen?.()) ?? ledger
    for (let index = 0; index < 30; index++) {
      const writer = index % 2 === 0 ? ledger : other
      const reader = index % 2 === 0 ? other : ledger
      await writer.transact({ orderIds: [`O-${index}`] }, () => ({
        entries: [{ table: 'orders', row: anOrder(`O-${index}`) }],
        result: undefined,
      }))
      t.equal((await reader.orders()).length, index + 1)
    }
  })
}
