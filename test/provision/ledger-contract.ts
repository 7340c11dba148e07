import type { Test } from 'tap'
import type {
  EsimQuestion,
  EsimRow,
  Ledger,
  LedgerEntry,
  LedgerWatch,
  OrderRow,
} from '../../src/provision/index.ts'
import { keyOfSim } from '../../src/provision/ledger.ts'
import { allEsims, allOrders, allUsages } from './rows.ts'

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
    t.equal((await allEsims(ledger)).length, 1)
    t.equal((await allUsages(ledger)).length, 1)
  })

  t.test(`${name}: a decision that throws writes nothing`, async t => {
    const { ledger } = await open(t)
    await t.rejects(
      ledger.transact({ orderIds: ['A'] }, () => {
        throw new Error('no')
      }),
      { message: 'no' },
    )
    t.same(await allOrders(ledger), [])
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
      (await allOrders(other)).map(order => order.orderId),
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
    const unfinished = await allOrders(ledger, { unfinished: true })
    t.same(
      unfinished.map(order => order.status),
      ['new', 'reserved', 'activated'],
    )
    t.equal((await allOrders(ledger)).length, 6)
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
      t.equal((await allOrders(reader)).length, index + 1)
    }
  })

  t.test(`${name}: orders come in pages, those of one time by their IDs`, async t => {
    const { ledger } = await open(t)
    const times = ['B', 'A', 'D', 'C'].map((orderId, index) =>
      anOrder(orderId, { createdAt: index < 3 ? at : '2026-11-21T09:00:00.000Z' }),
    )
    for (const row of times)
      await ledger.transact({ orderIds: [row.orderId] }, () => ({
        entries: [{ table: 'orders', row }],
        result: undefined,
      }))
    const first = await ledger.ordersAfter(undefined, 3)
    t.same(
      first.map(order => order.orderId),
      ['C', 'A', 'B'],
    )
    const rest = await ledger.ordersAfter(first.at(-1), 3)
    t.same(
      rest.map(order => order.orderId),
      ['D'],
    )
    t.same(await ledger.ordersAfter(rest.at(-1), 3), [])
  })

  t.test(`${name}: what is due is found by when it was read, never read first`, async t => {
    const { ledger } = await open(t)
    const read = (endpointId: string, refreshedAt: string) =>
      ({ table: 'usage', row: { endpointId, refreshedAt, balances: {}, told: [] } }) as const
    const endpointIds = ['1', '2', '3', '4', '5']
    await ledger.transact({ endpointIds }, () => ({
      entries: [
        // Before its eSIM, after it, and anew.
        read('2', '2026-11-21T12:00:00.000Z'),
        ...endpointIds.map(endpointId => ({
          table: 'esims' as const,
          row: anEsim(endpointId, { status: endpointId === '5' ? 'selected' : 'delivered' }),
        })),
        read('1', '2026-11-21T13:00:00.000Z'),
        read('3', '2026-11-21T10:00:00.000Z'),
        read('3', '2026-11-21T15:00:00.000Z'),
      ],
      result: undefined,
    }))
    const ask = async (more: Partial<EsimQuestion> = {}) => {
      const found = await ledger.esimsIn({ status: 'delivered', limit: 9, ...more })
      return found.map(({ row }) => row.endpointId)
    }
    t.same(await ask(), ['4', '2', '1', '3'])
    t.same(await ask({ refreshedBefore: '2026-11-21T13:00:00.000Z' }), ['4', '2', '1'])
    const [, second] = await ledger.esimsIn({ status: 'delivered', limit: 2 })
    t.same(second?.place, { refreshedAt: '2026-11-21T12:00:00.000Z', endpointId: '2' })
    t.same(await ask({ after: second!.place }), ['1', '3'])
    t.same(await ask({ status: 'set aside' }), [])
  })

  t.test(
    `${name}: the announcement of an endpoint is found by its key, never as an eSIM`,
    async t => {
      const { ledger } = await open(t)
      const iccid = '8932042000010000012'
      const put = (row: EsimRow) =>
        ledger.transact({ endpointIds: [row.endpointId] }, () => ({
          entries: [{ table: 'esims', row }],
          result: undefined,
        }))
      const announced = anEsim(keyOfSim(iccid), { iccid, status: 'being made' })
      await put(announced)
      t.equal(await ledger.esimOfIccid(iccid), undefined)
      t.same(await ledger.takenIccidsAmong([iccid]), [iccid], 'nobody else may take the SIM')
      await put({ ...announced, status: 'made' })
      t.same(await ledger.takenIccidsAmong([iccid]), [])
      await put(anEsim('1', { iccid, status: 'released', onDemand: true }))
      t.match(await ledger.esimOfIccid(iccid), { endpointId: '1', onDemand: true })
      t.same(await ledger.takenIccidsAmong([iccid]), [])
      await put(anEsim('1', { iccid, status: 'in service' }))
      t.same(await ledger.takenIccidsAmong([iccid]), [iccid])
    },
  )

  t.test(`${name}: of many who want a row that is not there yet, one makes it`, async t => {
    const { ledger, reopen } = await open(t)
    const other = (await reopen?.()) ?? ledger
    const place = (view: Ledger) =>
      view.transact({ orderIds: ['A'], endpointIds: ['1'] }, rows =>
        rows.order('A') !== undefined || rows.esim('1') !== undefined
          ? { entries: [], result: 'there' as const }
          : {
              entries: [
                { table: 'orders', row: anOrder('A') },
                { table: 'esims', row: anEsim('1') },
              ],
              result: 'made' as const,
            },
      )
    const views = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? ledger : other))
    const results = await Promise.all(views.map(place))
    t.equal(results.filter(result => result === 'made').length, 1)
  })

  t.test(`${name}: who watches a row is told when anybody changes it, and of no other`, async t => {
    const { ledger, reopen } = await open(t)
    const other = (await reopen?.()) ?? ledger
    if (ledger.watch === undefined) throw new Error('it cannot watch')
    // Those who wait have a time of their own, which keeps the process; a watch does not.
    const alive = setInterval(() => {}, 1000)
    t.teardown(() => clearInterval(alive))
    const put = (entry: LedgerEntry) =>
      other.transact({ orderIds: ['A', 'B'], endpointIds: ['1'] }, () => ({
        entries: [entry],
        result: undefined,
      }))
    const stop = new AbortController()
    // A store may begin to listen with the first watch, and says to all that something may have changed once it
    // does, which can be after it told of the first change: the second one comes after both.
    using first = ledger.watch({ orderIds: ['B'] })
    await put({ table: 'orders', row: anOrder('B') })
    await first.changed(stop.signal)
    await put({ table: 'orders', row: anOrder('B', { status: 'activated' }) })
    using order = ledger.watch({ orderIds: ['A'] })
    using endpoint = ledger.watch({ endpointIds: ['1'] })
    const told: string[] = []
    const listen = (watch: LedgerWatch, what: string) =>
      watch.changed(stop.signal).then(
        () => told.push(what),
        (error: unknown) => told.push(`${what}: ${String(error)}`),
      )
    const placed = listen(order, 'order')
    const taken = listen(endpoint, 'endpoint')
    await put({ table: 'orders', row: anOrder('B', { status: 'activated' }) })
    await put({ table: 'orders', row: anOrder('A') })
    await placed
    t.same(told, ['order'])
    await put({ table: 'esims', row: anEsim('1') })
    await taken
    t.same(told, ['order', 'endpoint'])
    await put({ table: 'orders', row: anOrder('A', { status: 'delivered' }) })
    await order.changed(stop.signal)
    const given = listen(order, 'order')
    stop.abort(new Error('enough'))
    await given
    t.same(told.slice(2), ['order: Error: enough'])
  })

  t.test(`${name}: eSIMs are found among endpoints and ICCIDs, and counted`, async t => {
    const { ledger } = await open(t)
    await ledger.transact({ endpointIds: ['1', '2', '3'] }, () => ({
      entries: [
        { table: 'esims', row: anEsim('1', { status: 'delivered', tags: ['eu', 'us'] }) },
        { table: 'esims', row: anEsim('2', { status: 'released' }) },
        { table: 'esims', row: anEsim('3', { status: 'set aside', reason: 'it is gone' }) },
      ],
      result: undefined,
    }))
    const among = await ledger.esimsAmong(['1', '2', '9'])
    t.match(
      among.toSorted((one, other) => (one.endpointId < other.endpointId ? -1 : 1)),
      [
        { endpointId: '1', batch: 'first', tags: ['eu', 'us'], status: 'delivered' },
        { endpointId: '2', batch: 'first', tags: [], status: 'released' },
      ],
    )
    const whole = await ledger.esimsOf(['1', '3', '9'])
    t.strictSame(
      whole.toSorted((one, other) => (one.endpointId < other.endpointId ? -1 : 1)),
      [
        anEsim('1', { status: 'delivered', tags: ['eu', 'us'] }),
        anEsim('3', { status: 'set aside', reason: 'it is gone' }),
      ],
    )
    t.same((await ledger.takenIccidsAmong(['891', '892', '893', '899'])).toSorted(), ['891', '893'])
    t.equal((await ledger.esimOfIccid('893'))?.reason, 'it is gone')
    t.equal(await ledger.esimOfIccid('899'), undefined)
    const counted = await ledger.stock()
    t.equal(counted.length, 3)
    t.match(
      counted.find(row => row.status === 'delivered'),
      { batch: 'first', tags: ['eu', 'us'], count: 1 },
    )
    await ledger.transact({ endpointIds: ['1'] }, () => ({
      entries: [{ table: 'esims', row: anEsim('1', { status: 'set aside' }) }],
      result: undefined,
    }))
    t.equal(
      (await ledger.stock()).find(row => row.status === 'delivered'),
      undefined,
    )
  })

  t.test(`${name}: sales are counted since a time, and the holders of a plan`, async t => {
    const { ledger } = await open(t)
    const rows = [
      anOrder('A', { status: 'delivered', endpointId: '1', createdAt: '2026-11-01T00:00:00.000Z' }),
      anOrder('B', { status: 'delivered', endpointId: '2', createdAt: '2026-11-20T00:00:00.000Z' }),
      anOrder('C', { status: 'activated', endpointId: '2', planId: '2' }),
      anOrder('D', { status: 'delivered', endpointId: '2', kind: 'topUp' }),
      anOrder('E', { status: 'failed', endpointId: '3' }),
      anOrder('F', { status: 'new' }),
    ]
    t.same(await ledger.salesSince(''), { count: 0 })
    await ledger.transact({ orderIds: rows.map(row => row.orderId) }, () => ({
      entries: rows.map(row => ({ table: 'orders' as const, row })),
      result: undefined,
    }))
    t.same(await ledger.salesSince('2026-11-20T00:00:00.000Z'), {
      count: 1,
      first: '2026-11-01T00:00:00.000Z',
    })
    t.same(
      await ledger.holders(),
      new Map([
        ['1', 2],
        ['2', 1],
      ]),
    )
  })
}
