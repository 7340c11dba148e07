import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeLedger } from '../../src/ledger/make-ledger.ts'
import {
  exportOrders,
  fileLedger,
  type LedgerEntry,
  memoryLedger,
} from '../../src/provision/index.ts'
import { NO_KEYS } from '../../src/secrets/cipher.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import { anEsim, anOrder } from '../provision/ledger-contract.ts'
import { openDesk, smallCatalog } from './desk.ts'

const shop = async (t: Test) => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
  await desk.run('apply --auto-approve')
  const sale = JSON.parse(
    (await desk.run('provision --order A-1 --sku ALPS-1GB-7D --reference c-77 --json')).stdout,
  )
  const endpoint: string = sale.endpointId
  await desk.run(`topup --order A-2 --endpoint ${endpoint} --sku ALPS-1GB-7D`)
  await desk.run('provision --order A-3 --sku ALPS-1GB-7D')
  return { desk, endpoint, sale }
}

t.test('export --orders has the tables of the guide, joined with SKU and batch', async t => {
  const { desk, endpoint, sale } = await shop(t)
  await desk.control('traffic', { endPointId: endpoint, country: 'CHE', megabytes: 100 })
  await desk.run('usage --order A-1')
  const { code, stdout } = await desk.run('export --orders')
  t.equal(code, 0)
  t.notMatch(stdout, 'LPA:')
  const { orders } = JSON.parse(stdout)
  t.match(orders, [
    {
      orderId: 'A-1',
      kind: 'purchase',
      status: 'delivered',
      reference: 'c-77',
      sku: 'ALPS-1GB-7D',
      plan: 'alps-1gb',
      endpointId: endpoint,
      iccid: sale.iccid,
      msisdn: String,
      batch: 'first',
      esimStatus: 'delivered',
      missing: [],
      addons: [
        {
          orderId: 'A-1',
          uniqueId: sale.addon.uniqueId,
          plan: 'alps-1gb',
          sku: 'ALPS-1GB-7D',
          status: 'active',
          purchasedAt: String,
          startsAt: String,
          expiresAt: String,
          usage: {
            refreshedAt: String,
            grantedBytes: 2 ** 30,
            usedBytes: 100 * 2 ** 20,
            leftBytes: 924 * 2 ** 20,
            counters: [{ counterId: '1', name: 'DATA', value: String(100 * 2 ** 20) }],
          },
        },
      ],
    },
    { orderId: 'A-2', kind: 'topUp', endpointId: endpoint, addons: [{ orderId: 'A-2' }] },
    {
      orderId: 'A-3',
      missing: [
        {
          identifier: 'balance',
          step: 'GetEndpointAddonDetails, GetEndPointProfile',
          look: /^sft-catalog usage --endpoint \d+$/,
        },
      ],
    },
  ])
})

t.test('a table of orders is CSV too, and codes are there by name only', async t => {
  const { desk, endpoint, sale } = await shop(t)
  const table = async (name: string, more = '', secret = false) =>
    (
      await desk.run(`export --orders --format csv --table ${name}${more}`, {
        mayShowActivationCode: secret,
      })
    ).stdout.split('\r\n')
  const orders = await table('orders')
  t.match(orders[0], /^orderId,reference,status,endpointId,iccid,.*,updatedAt,missing$/)
  t.match(orders[1], new RegExp(`^A-1,c-77,delivered,${endpoint},${sale.iccid},`))
  t.equal(orders.length, 5)
  const coded = await table('orders', ' --activation-codes', true)
  t.match(coded[0], /,activationCode,missing$/)
  t.match(coded[1], /,LPA:1\$/)
  t.match(await table('addons'), [
    /^iccid,batch,uniqueId,endpointId,orderId,/,
    new RegExp(`^${sale.iccid},first,${sale.addon.uniqueId},${endpoint},A-1,`),
    /,A-2,/,
    /,A-3,/,
  ])
  await desk.run('usage --order A-1')
  t.match((await table('usage'))[1], new RegExp(`^${endpoint},.*,1073741824,1073741824,0,`))
  const json = JSON.parse((await desk.run('export --orders --table usage')).stdout)
  t.equal(json.orders.length, 3)
})

t.test('pages go on where the last one ended', async t => {
  const { desk } = await shop(t)
  const page = async (more: string) =>
    JSON.parse((await desk.run(`export --orders ${more}`)).stdout)
  const ids = ({ orders }: { orders: { orderId: string }[] }) => orders.map(one => one.orderId)
  const first = await page('--limit 2')
  t.same(ids(first), ['A-1', 'A-2'])
  t.equal(first.next, 'A-2')
  const second = await page('--limit 2 --after A-2')
  t.same(ids(second), ['A-3'])
  t.equal(second.next, undefined)
  t.same(await page('--after A-3'), { orders: [] })
  const gone = await desk.run('export --orders --after A-9')
  t.equal(gone.code, 1)
  t.match(gone.stderr, /A-9/)
  const wrong = await desk.run('export --after A-1')
  t.equal(wrong.code, 64)
  t.match(
    (await desk.run('export --orders --table endpoints')).stderr,
    /--table is one of orders, addons, usage/,
  )
})

t.test('what an order lacks is named with its step and the command that looks', async t => {
  await using ledger = memoryLedger()
  const put = (row: LedgerEntry) =>
    ledger.transact({}, () => ({ entries: [row], result: undefined }))
  const delivered = { status: 'delivered', endpointId: '1' } as const
  for (const row of [
    anOrder('A', delivered),
    anOrder('B', { status: 'reserved' }),
    anOrder('C', { status: 'failed', planId: '' }),
    anOrder('D', { status: 'delivered', endpointId: '9', uniqueId: '5' }),
  ])
    await put({ table: 'orders', row })
  const { activationCode: _none, ...esim } = anEsim('1', { orderId: 'A', status: 'delivered' })
  await put({ table: 'esims', row: esim })
  const state = emptyState('lineage')
  const missing: Record<string, string[]> = {}
  for await (const { orders } of exportOrders(ledger, { state, activationCodes: true }))
    for (const order of orders)
      missing[order.orderId] = order.missing.map(({ identifier, look }) => `${identifier}: ${look}`)
  t.same(missing, {
    A: [
      'activationCode: sft-catalog order A --qr FILE',
      'uniqueId: sft-catalog order A',
      'balance: sft-catalog usage --endpoint 1',
    ],
    B: ['endpointId: sft-catalog plan'],
    C: [],
    D: ['iccid: sft-catalog endpoints list', 'balance: sft-catalog usage --endpoint 9'],
  })
})

const MANY = 5000

t.test('of many orders no more than a page is asked for at once', async t => {
  const path = join(t.testdir({}), 'orders.db')
  await makeLedger(path, { lineage: 'lineage', serial: 1, keys: NO_KEYS }, history())
  await using ledger = await fileLedger(path)
  let most = 0
  const watched = {
    ...ledger,
    ordersAfter: async (...question: Parameters<typeof ledger.ordersAfter>) => {
      const page = await ledger.ordersAfter(...question)
      most = Math.max(most, page.length)
      return page
    },
  }
  const seen = new Set<string>()
  let addons = 0
  for await (const { orders } of exportOrders(watched, { state: emptyState('lineage') }))
    for (const order of orders) {
      seen.add(order.orderId)
      addons += order.addons.length
    }
  t.equal(seen.size, MANY)
  t.equal(addons, MANY)
  t.equal(most, 1000)
})

function* history(): Generator<LedgerEntry> {
  for (let n = 0; n < MANY; n++) {
    const endpointId = `E-${n}`
    const orderId = `P-${n}`
    const at = new Date(Date.UTC(2025, 0, 1) + n * 1000).toISOString()
    const order = { status: 'delivered', endpointId, uniqueId: `${n}`, createdAt: at } as const
    yield { table: 'usage', row: { endpointId, refreshedAt: at, balances: {}, told: [] } }
    yield { table: 'orders', row: anOrder(orderId, order) }
    yield { table: 'esims', row: anEsim(endpointId, { status: 'delivered', orderId }) }
    yield { table: 'addons', row: { uniqueId: `${n}`, endpointId, orderId, status: 'waiting' } }
  }
}
