import t, { type Test } from 'tap'
import { memoryLedger, openProvisioner, type ProvisionEvent } from '../../src/provision/index.ts'
import type { EndpointUsage, InstanceUsage } from '../../src/provision/usage.ts'
import { renderUsage } from '../../src/render/ledger-text.ts'
import type { SimulatedWire } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { applyOnce, catalogWith, fastClock, openTestSft, simulate } from '../apply/helpers.ts'
import { PRODUCTS, shopYaml, WIRE } from './shop.ts'

const GB = 1024 ** 3
const DAY = 86_400

/** A shop that has applied all products, with its account at hand. */
async function openShop(t: Test, wire: SimulatedWire = {}) {
  const simulator = await simulate({ wire: { planTerms: WIRE, ...wire } })
  const sft = openTestSft(simulator)
  const store = memoryState()
  const iccids = [...simulator.world.sims.keys()].slice(0, 8)
  const plans = Object.fromEntries(
    Object.entries(PRODUCTS).map(([key, plan]) => [key, { ...plan, portal: { sku: key } }]),
  )
  const batch = `endpointBatches: [{ key: b, iccids: ${JSON.stringify(iccids)} }]\n`
  const catalog = await catalogWith(`${shopYaml(plans)}${batch}`, {}, { wire: WIRE })
  await applyOnce(catalog, sft, store)
  let ahead = 0
  const events: ProvisionEvent[] = []
  const shop = await openProvisioner({
    state: async () => store.state,
    sft,
    ledger: memoryLedger(),
    env: {},
    clock: { ...fastClock, now: () => fastClock.now() + ahead },
    onEvent: event => events.push(event),
  })
  t.teardown(async () => {
    await shop[Symbol.asyncDispose]()
    await sft[Symbol.asyncDispose]()
    await simulator.close()
  })
  const control = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${simulator.url}/_simulator/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return await answer.json()
  }
  return {
    shop,
    control,
    sell: async (sku: string) => (await shop.purchase({ orderId: `order-${sku}`, sku })).endpointId,
    usage: async (sku: string): Promise<EndpointUsage> =>
      await shop.usage({ orderId: `order-${sku}` }),
    traffic: (endPointId: string, megabytes: number) =>
      control('traffic', { endPointId, megabytes, country: 'BEL' }),
    later: async (seconds: number) => {
      ahead += seconds * 1000
      await control('time', { advanceSeconds: seconds })
    },
    told: () => events.map(({ type }) => type).filter(type => type.startsWith('usage')),
  }
}

const only = ({ instances }: EndpointUsage): InstanceUsage => {
  const [first] = instances
  if (first === undefined || instances.length > 1) throw new Error(JSON.stringify(instances))
  return first
}
const text = (usage: EndpointUsage): string => renderUsage(usage).join('\n')

t.test('data without an end is never used up, whatever its balance says', async t => {
  for (const unlimitedBalance of ['-', '0', '-1'])
    await t.test(`balance ${unlimitedBalance}`, async t => {
      const { sell, traffic, usage, later, told } = await openShop(t, { unlimitedBalance })
      const endpointId = await sell('endless')
      t.match(only(await usage('endless')), { status: 'waiting', unlimitedData: true })
      t.match(await traffic(endpointId, 500_000), { blockedBytes: 0 })
      const running = await usage('endless')
      t.match(only(running), { status: 'active', unlimitedData: true, expiresAt: /Z$/ })
      t.match(text(running), /data without an end {2}active\n.*, until /)
      await later(31 * DAY)
      t.match(only(await usage('endless')), { status: 'expired' })
      t.strictSame(told(), ['usage expired'])
    })
})

t.test('daily data begins anew, and is told as that of a day', async t => {
  const { sell, traffic, usage, later, told, shop } = await openShop(t)
  const endpointId = await sell('daily')
  t.match(await traffic(endpointId, 1500), { throttledBytes: 476 * 1024 ** 2 })
  const first = await usage('daily')
  t.match(only(first), { status: 'active', dailyData: true, leftBytes: 0, grantedBytes: GB })
  t.match(text(first), /1 GB of 1 GB a day/)
  await later(DAY + 60)
  t.match(only(await usage('daily')), { status: 'active', leftBytes: GB })
  t.match(
    await shop.cancel('order-daily'),
    { status: 'delivered' },
    'what was used yesterday was used',
  )
  await later(7 * DAY)
  t.match(only(await usage('daily')), { status: 'expired' })
  t.strictSame(told(), ['usage expired'])
})

t.test('messages are counted beside the data, and their use is use', async t => {
  const { sell, control, usage, shop } = await openShop(t)
  const endpointId = await sell('messages')
  t.match(only(await usage('messages')), {
    status: 'waiting',
    grantedBytes: 5 * GB,
    benefits: [{ name: 'SMS', granted: 20, left: 20 }],
  })
  t.match(await control('messages', { endPointId: endpointId, count: 5, country: 'BEL' }), {
    sent: 5,
    blocked: 0,
  })
  const after = await usage('messages')
  t.match(only(after), { status: 'active', usedBytes: 0, benefits: [{ granted: 20, left: 15 }] })
  t.match(text(after), /0 bytes of 5 GB, SMS 15 of 20 left/)
  t.match(await shop.cancel('order-messages'), { status: 'delivered' }, 'it was used')
})

t.test('months and years end by the calendar, and what has no end has none', async t => {
  const { sell, traffic, usage, later } = await openShop(t)
  for (const sku of ['month', 'year', 'forever']) await traffic(await sell(sku), 1)
  const ends = async (sku: string) => only(await usage(sku))
  for (const [sku, months] of [
    ['month', 1],
    ['year', 12],
  ] as const) {
    const { startsAt = '', expiresAt = '' } = await ends(sku)
    const start = new Date(startsAt)
    const end = new Date(expiresAt)
    const apart =
      12 * (end.getUTCFullYear() - start.getUTCFullYear()) + end.getUTCMonth() - start.getUTCMonth()
    t.equal(apart, months, `${sku}: ${startsAt} to ${expiresAt}`)
  }
  const forever = await usage('forever')
  t.match(only(forever), { status: 'active', unlimitedValidity: true })
  t.equal(only(forever).expiresAt, undefined)
  t.match(text(forever), /, no end\n/)
  await later(400 * DAY)
  t.match(await ends('month'), { status: 'expired' })
  t.match(await ends('year'), { status: 'expired' })
  t.match(await ends('forever'), { status: 'active' })
})

t.test(
  'a plan that renews itself without an end goes on, and a top-up stands beside it',
  async t => {
    const { sell, traffic, usage, later, shop } = await openShop(t)
    const endpointId = await sell('renewing')
    await traffic(endpointId, 1)
    await usage('renewing')
    await later(31 * DAY)
    const renewed = await usage('renewing')
    t.match(renewed.instances, [
      { status: 'expired', orderId: 'order-renewing' },
      { status: 'waiting', origin: 'renewal or external' },
    ])
    await shop.topUp({ orderId: 'top-up', sku: 'endless', endpointId })
    t.match((await usage('renewing')).instances.at(-1), { unlimitedData: true, orderId: 'top-up' })
  },
)
