import t from 'tap'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import {
  type Ledger,
  memoryLedger,
  type ProvisionEvent,
  UnknownEndpointError,
  UnknownOrderError,
} from '../../src/provision/index.ts'
import { mergeUsage } from '../../src/provision/merge-usage.ts'
import type { AddonInstance, Sft } from '../../src/sft/api.ts'
import { countCalls, type Market, openMarket, openShop } from './support.ts'

const GB = 1024 ** 3

async function meddle(market: Market, path: string, body: object): Promise<void> {
  const answer = await fetch(`${market.simulator.url}/_simulator/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** Traffic in the one network that the plans cover. */
const useData = (market: Market, endPointId: string, megabytes: number) => {
  const { zones, networks } = market.simulator.world
  const [covered] = [...zones.values()].flatMap(zone => zone.networks)
  const network = [...networks.values()].find(
    one => one.operatorId === covered?.operatorId && one.sponsorId === covered.sponsorId,
  )
  return meddle(market, 'traffic', { endPointId, networkTadig: network!.tadig, megabytes })
}

const usageEvents = (events: readonly ProvisionEvent[]) =>
  events.map(event => event.type).filter(type => type.startsWith('usage'))

t.test('usage goes from waiting to active to exhausted, and each event is told once', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop, events } = await openShop(market)
  await using _closing = shop
  const { endpointId, addon } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const read = async () => (await shop.usage({ orderId: 'A-1' })).instances[0]!
  t.match(await read(), { status: 'waiting', grantedBytes: GB, leftBytes: GB, usedBytes: 0 })
  t.equal((await read()).startsAt, undefined)

  await useData(market, endpointId, 512)
  const half = await read()
  t.match(half, { status: 'active', usedBytes: GB / 2, uniqueId: addon.uniqueId, orderId: 'A-1' })
  const days = (Date.parse(half.expiresAt!) - Date.parse(half.startsAt!)) / 86_400_000
  t.equal(days, 30)
  t.same(usageEvents(events), [])

  await useData(market, endpointId, 400)
  await read()
  await read()
  t.same(usageEvents(events), ['usage at 80 %'])

  await useData(market, endpointId, 112)
  t.equal((await read()).status, 'exhausted')
  await read()
  t.same(usageEvents(events), ['usage at 80 %', 'usage exhausted'])
})

t.test('an add-on whose time is over is expired', async t => {
  const market = await openMarket(t, { endpoints: 2, activatedBy: '0' })
  let ahead = 0
  const clock = {
    ...SYSTEM_CLOCK,
    now: () => Date.now() + ahead,
  }
  const { shop, events } = await openShop(market, { clock })
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal((await shop.usage({ endpointId })).instances[0]?.status, 'active')
  ahead = 31 * 86_400_000
  await meddle(market, 'time', { advanceSeconds: 31 * 86_400 })
  t.equal((await shop.usage({ endpointId })).instances[0]?.status, 'expired')
  t.same(usageEvents(events), ['usage expired'])
})

t.test('an instance that nobody here made is shown as renewal or external', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  await market.sft.write.subscribeAddon({ endpointId, planId: market.planIds[0]! })
  const { instances } = await shop.usage({ endpointId })
  t.same(
    instances.map(one => one.origin),
    ['order', 'renewal or external'],
  )
  // A top-up of the same plan is neither of them.
  const topUp = await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
  t.notOk(instances.some(one => one.uniqueId === topUp.addon.uniqueId))
})

t.test('dates are read in the time zone of the account', t => {
  const instance: AddonInstance = {
    uniqueId: '1',
    planId: '2',
    grantedBytes: 10,
    leftBytes: 5,
    startDate: '01/07/2026 12:00:00',
    expiryDate: '31/07/2026 12:00:00',
  }
  const { addons } = mergeUsage(
    '1',
    { items: [instance] },
    [],
    undefined,
    new Date('2026-07-02T00:00:00Z'),
    'Europe/Brussels',
  )
  t.match(addons[0], {
    startsAt: '2026-07-01T10:00:00.000Z',
    expiresAt: '2026-07-31T10:00:00.000Z',
    status: 'active',
  })
  t.end()
})

t.test('refreshUsage sweeps what is old, and the ledger answers for what is young', async t => {
  const market = await openMarket(t, { endpoints: 8 })
  const { shop } = await openShop(market)
  await using _closing = shop
  for (let n = 0; n < 6; n++) await shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })
  t.same(await shop.refreshUsage(), { refreshed: 6, fresh: 0, failed: [] })
  t.same(await shop.refreshUsage({ olderThan: 60 }), { refreshed: 0, fresh: 6, failed: [] })
  const since = market.simulator.calls.length
  t.ok(await shop.usage({ orderId: 'A-1', maxAgeSeconds: 60 }))
  t.equal(market.simulator.calls.length, since)
  market.simulator.fault({ operation: 'GetEndpointAddonDetails', kind: 'rejected', count: 9 })
  market.simulator.fault({ operation: 'GetEndPointProfile', kind: 'rejected', count: 9 })
  const failed = await shop.refreshUsage({ olderThan: 0 })
  t.ok(failed.failed.length > 0)
})

t.test('suspend and reactivate are idempotent and survive unclear outcomes', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const status = () => market.simulator.world.endpoints.get(endpointId)?.status
  await shop.suspend({ endpointId, reason: 'non-payment' })
  await shop.suspend({ endpointId })
  t.equal(status(), 'Suspended')
  market.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'reset-after' })
  await shop.reactivate({ endpointId })
  t.equal(status(), 'Active')
  await t.rejects(shop.suspend({ endpointId: '999' }), UnknownEndpointError)
})

t.test('removeAddon takes one instance off, and says when it was gone already', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId, addon } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const more = await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
  const { uniqueId } = more.addon
  market.simulator.fault({ operation: 'ModifyEndPoint', kind: 'timeout-text' })
  t.same(await shop.removeAddon({ endpointId, uniqueId }), { removed: true })
  t.same(await shop.removeAddon({ endpointId, uniqueId }), { removed: false })
  const { instances } = await shop.usage({ endpointId })
  t.same(
    instances.map(one => [one.uniqueId, one.status]),
    [
      [addon.uniqueId, 'waiting'],
      [uniqueId, 'removed'],
    ],
  )
  await t.rejects(shop.removeAddon({ endpointId, uniqueId: '1' }), UnknownEndpointError)
})

t.test('cancelling a sale takes the unused add-on off and suspends the endpoint', async t => {
  const market = await openMarket(t, { endpoints: 3 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  const done = await shop.cancel('A-1')
  t.equal(done.status, 'cancelled')
  t.match(done.undone, [/taken off/, /was suspended/])
  t.match(done.notUndone.join('\n'), /cannot go back to Pre-Active/)
  t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Suspended')
  t.equal((await shop.order('A-1')).status, 'cancelled')
  t.match((await shop.stock()).setAsideEsims, [{ endpointId }])
  await t.rejects(shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' }), /was cancelled; use a new/)
  t.equal((await shop.cancel('A-1')).status, 'cancelled')
  await t.rejects(shop.cancel('A-9'), UnknownOrderError)
})

t.test('cancelling an order whose add-on is in use changes nothing and says so', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  await useData(market, endpointId, 1)
  const kept = await shop.cancel('A-1')
  t.match(kept, { status: 'delivered', undone: [], notUndone: [/is in use and stays/] })
  t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Active')
})

t.test('cancelling a top-up leaves the eSIM with its buyer', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
  t.equal((await shop.cancel('A-2')).status, 'cancelled')
  t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Active')
  t.equal((await shop.usage({ endpointId })).instances.length, 2)
})

t.test(
  'cancelling the last order of an endpoint suspends it, in whatever order they go',
  async t => {
    const market = await openMarket(t, { endpoints: 1 })
    const { shop } = await openShop(market)
    await using _closing = shop
    const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
    await shop.topUp({ orderId: 'A-2', endpointId, sku: 'EU-1GB' })
    const first = await shop.cancel('A-1')
    t.match(first.notUndone, [/stays active: it has add-ons of other orders/])
    const last = await shop.cancel('A-2')
    t.match(last.undone, [/was taken off/, /was suspended/])
    t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Suspended')
  },
)

t.test('one reading that shows no add-on ends no order', async t => {
  const market = await openMarket(t, { endpoints: 1 })
  const { shop } = await openShop(market)
  await using _closing = shop
  const { endpointId, addon } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  market.simulator.fault({ operation: 'GetEndPointProfile', kind: 'lists-empty' })
  t.match((await shop.cancel('A-1')).undone, [/was taken off/, /was suspended/])
  const instances = market.simulator.world.endpoints.get(endpointId)?.instances
  t.match(instances, [{ uniqueId: addon.uniqueId, ended: 'removed' }])
})

t.test('a refused subscription is not sent again on one reading that shows nothing', async t => {
  const market = await openMarket(t, { endpoints: 1 })
  const { shop } = await openShop(market)
  await using _closing = shop
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'rejected-after' })
  market.simulator.fault({ operation: 'GetEndPointProfile', kind: 'lists-empty' })
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(market.simulator.world.endpoints.get(endpointId)?.instances.length, 1)
})

t.test('an eSIM that is only said to be active already is not delivered', async t => {
  const market = await openMarket(t, {
    endpoints: 1,
    simulator: { wire: { activateByLifecycle: false } },
    sft: { settleSeconds: 1 },
  })
  const { shop } = await openShop(market)
  await using _closing = shop
  // Both of them hide the answer that the endpoint cannot be activated so.
  const operation = 'EndPointLifeCycleChange'
  market.simulator.fault({ operation, kind: 'unauthorised-words-after' })
  market.simulator.fault({ operation, kind: 'already-after' })
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Active')
})

t.test('what was overtaken by a cancellation does not write over it', async t => {
  const market = await openMarket(t, { endpoints: 1 })
  const kept = memoryLedger()
  const { shop, events } = await openShop(market, { ledger: kept })
  await using _closing = shop
  const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  // Somebody else takes the endpoint while the suspension is on its way.
  const sft: Sft = {
    ...market.sft,
    write: {
      ...market.sft.write,
      async changeLifecycle(request, options) {
        const answer = await market.sft.write.changeLifecycle(request, options)
        await kept.transact({ endpointIds: [endpointId] }, rows => {
          const row = rows.esim(endpointId)!
          const { owner: _owner, operation: _operation, ...free } = row
          const fence = (row.fence ?? 0) + 1
          const isFirst = fence <= 3
          return {
            entries: isFirst ? [{ table: 'esims', row: { ...free, fence } }] : [],
            result: undefined,
          }
        })
        return answer
      },
    },
  }
  const other = await openShop(market, { ledger: kept, sft })
  const before = await fenceOf(kept, endpointId)
  await other.shop.suspend({ endpointId })
  t.ok((await fenceOf(kept, endpointId)) >= before + 3, 'it was taken again after it was lost')
  t.equal(market.simulator.world.endpoints.get(endpointId)?.status, 'Suspended')
  t.notOk(events.some(event => event.type === 'esim set aside'))
  await other.shop[Symbol.asyncDispose]()
})

const fenceOf = (ledger: Ledger, endpointId: string): Promise<number> =>
  ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId)?.fence ?? 0,
  }))

t.test('cancelling an order of which nothing was sent frees its eSIM', async t => {
  const market = await openMarket(t, { endpoints: 1, sft: { throttlePatienceSeconds: 0.2 } })
  const { shop } = await openShop(market)
  await using _closing = shop
  const throttle = { operation: 'EndPointLifeCycleChange', kind: 'throttle-429' } as const
  market.simulator.fault({ ...throttle, count: 50 })
  await t.rejects(shop.purchase({ orderId: 'A-1', sku: 'EU-1GB', timeoutSeconds: 2 }))
  market.simulator.clearFaults()
  t.match((await shop.cancel('A-1')).undone, [/is for sale again/])
  t.equal((await shop.stock()).sellable, 1)
  t.ok(await shop.purchase({ orderId: 'A-2', sku: 'EU-1GB' }))
})

t.test('stock counts by batch and tag, tells how long it lasts, and warns once', async t => {
  const market = await openMarket(t, { endpoints: 5 })
  await market.addBatch('second', 3, ['vip'])
  const { shop, events } = await openShop(market, { policies: { lowStock: 6 } })
  await using _closing = shop
  t.match(await shop.stock(), { sellable: 8, sold: 0, soldPerDay: 0 })
  t.equal((await shop.stock()).daysLeft, undefined)
  for (let n = 0; n < 4; n++) await shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })
  const since = market.simulator.calls.length
  const stock = await shop.stock()
  t.match(stock, { sellable: 4, sold: 4, reserved: 0, soldPerDay: 4, daysLeft: 1 })
  t.match(
    stock.batches.map(({ batch, sellable, sold }) => [batch, sellable, sold]),
    [
      ['first', 1, 4],
      ['second', 3, 0],
    ],
  )
  t.match(
    stock.tags.map(({ tag, sellable }) => [tag, sellable]),
    [
      ['demo', 1],
      ['vip', 3],
    ],
  )
  t.same(countCalls(market.simulator, since), {})
  t.equal(events.filter(event => event.type === 'stock low').length, 1)
})
