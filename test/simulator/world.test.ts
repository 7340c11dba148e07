import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { createLimiter } from '../../src/simulator/limiter.ts'
import {
  at,
  bulkBody,
  furnish,
  iccidAt,
  inner,
  lifecycleBody,
  type RawClient,
  rawClient,
  subscribeBody,
  why,
} from './raw-client.ts'

const GIGABYTE = 1024 ** 3

async function balances(client: RawClient, endPointId: string) {
  const answer = await client.get(`/api/GetEndPointProfile?endPointId=${endPointId}`)
  const rows = at(answer, 'Response.info.benefitInfo.benefit')
  return (Array.isArray(rows) ? rows : []).map(row => ({
    uniqueId: String(at(row, 'uniqueId')),
    balance: Number(at(row, 'balance')),
    started: at(row, 'startDate') !== '-',
  }))
}

async function sell(client: RawClient, endPointId: string, planId: string) {
  const answer = await client.post('/api/SubscribeAddon', subscribeBody(endPointId, planId))
  return String(at(answer, 'Response.info.promotionalPlans.plan.uniqueId'))
}

t.test('a network that leaves coverage leaves every zone; one that joins enters none', async t => {
  await using client = await rawClient()
  const { world } = client.simulator
  const { zoneId, planId, endPointId } = await furnish(client)
  const zone = world.zones.get(zoneId)!
  const before = zone.networks.length
  const { operatorId } = zone.networks[0]!
  const { tadig } = [...world.networks.values()].find(one => one.operatorId === operatorId)!
  const lost = zone.networks.filter(network => network.operatorId === operatorId).length
  await client.post('/_simulator/networks/leave', { tadig })
  t.equal(zone.networks.length, before - lost)
  const profiles = await client.get('/api/GetRoamingProfiles')
  t.notMatch(JSON.stringify(profiles), tadig)
  t.match(await client.post('/_simulator/networks/leave', { tadig }), { error: /no such network/ })
  const joining = { tadig, countryName: 'Belgium', operatorName: 'Back again' }
  await client.post('/_simulator/networks/join', joining)
  t.match(JSON.stringify(await client.get('/api/fetchNetworkList')), tadig)
  t.equal(zone.networks.length, before - lost)
  for (const network of [...zone.networks]) await client.post('/_simulator/networks/leave', network)
  t.equal(zone.networks.length, 0)
  const blocked = await client.post('/api/SubscribeAddon', subscribeBody(endPointId, planId))
  t.match(why(blocked), /is empty/, 'an emptied zone blocks add-ons')
})

t.test('traffic starts add-ons on use and takes the oldest balance first', async t => {
  await using client = await rawClient()
  const { endPointId, iccid, planId } = await furnish(client)
  const first = await sell(client, endPointId, planId)
  const second = await sell(client, endPointId, planId)
  const traffic = (megabytes: number, country = 'Belgium') =>
    client.post('/_simulator/traffic', { iccid, country, megabytes })
  t.match(await traffic(1), { error: /Pre-Active/ })
  await client.post('/api/EndPointLifeCycleChange', lifecycleBody(endPointId, 'A'))
  t.match(await traffic(10, 'Japan'), { usedBytes: 0, blockedBytes: 10 * 1024 ** 2 })
  t.match(await traffic(100), { usedBytes: 100 * 1024 ** 2, uniqueIds: [first] })
  t.strictSame(await balances(client, endPointId), [
    { uniqueId: first, balance: GIGABYTE - 100 * 1024 ** 2, started: true },
    { uniqueId: second, balance: GIGABYTE, started: false },
  ])
  t.match(await traffic(1000), { uniqueIds: [first, second] })
  t.strictSame(
    await balances(client, endPointId),
    [{ uniqueId: second, balance: 2 * GIGABYTE - 1100 * 1024 ** 2, started: true }],
    'a one-time add-on that is used up has gone',
  )
  await client.post('/_simulator/settings', { wire: { endedAddons: 'kept' } })
  t.match(await balances(client, endPointId), [{ uniqueId: first, balance: 0 }, {}])
  const path = `/api/GetStatistics?endPointId=${endPointId}`
  const usage = await client.get(`${path}&from_date=20200101&to_date=29991231`)
  t.equal(at(usage, 'Response.responseParam.dataTotalUsage.totalVolume'), '1100.000')
  t.equal(inner(await client.get(`${path}&from_date=20200101&to_date=20200102`)), '1340')
})

t.test('the handle lets a traveller use data as the control API does', async t => {
  await using client = await rawClient()
  const { simulator } = client
  const { endPointId, iccid, planId } = await furnish(client)
  const instance = await sell(client, endPointId, planId)
  const refused: readonly (readonly [Parameters<typeof simulator.traffic>[0], RegExp])[] = [
    [{ iccid, megabytes: 1 }, /is Pre-Active: only an Active one has traffic/],
    [{ iccid: '8900', megabytes: 1 }, /no endpoint has SIM 8900/],
    [{ endPointId: '7', megabytes: 1 }, /7/],
    [{ endPointId, megabytes: 0 }, /megabytes must be above 0/],
  ]
  for (const [request, message] of refused)
    t.throws(() => simulator.traffic(request), { message }, message.source)
  await client.post('/api/EndPointLifeCycleChange', lifecycleBody(endPointId, 'A'))
  t.throws(() => simulator.traffic({ iccid, megabytes: 1, country: 'Atlantis' }), {
    message: /no network atlantis in coverage/,
  })
  const used = simulator.traffic({ iccid, megabytes: 100, country: 'Belgium' })
  t.match(used, { usedBytes: 100 * 1024 ** 2, blockedBytes: 0, uniqueIds: [instance] })
  t.match(used.network, /^BEL/)
  t.match(simulator.traffic({ endPointId, megabytes: 2, networkTadig: used.network }), {
    usedBytes: 2 * 1024 ** 2,
  })
  t.match(await balances(client, endPointId), [{ balance: GIGABYTE - 102 * 1024 ** 2 }])
})

t.test('add-ons expire with the world clock, and recurring ones come back anew', async t => {
  await using client = await rawClient()
  const { endPointId, planId } = await furnish(client, {
    subscription: {
      reSubscription: 'true',
      reSubscriptionRule: '1',
      occurrences: '3',
      activatedBy: '0',
    },
  })
  const first = await sell(client, endPointId, planId)
  t.match(await balances(client, endPointId), [{ uniqueId: first, started: true }])
  const advance = (days: number) =>
    client.post('/_simulator/time', { advanceSeconds: days * 86_400 })
  await advance(29)
  t.match(await balances(client, endPointId), [{ uniqueId: first }])
  await advance(1)
  const [renewed, ...none] = await balances(client, endPointId)
  t.strictSame(none, [])
  t.ok(Number(renewed?.uniqueId) > Number(first), 'a renewal has a uniqueId of its own')
  await advance(60)
  t.strictSame(await balances(client, endPointId), [], 'three subscriptions in all')
  const instances = client.simulator.world.endpoints.get(endPointId)!.instances
  t.strictSame(
    instances.map(instance => [instance.occurrence, instance.ended]),
    [
      [1, 'expired'],
      [2, 'expired'],
      [3, 'expired'],
    ],
  )
})

t.test('renewal on exhaustion comes at once; renewal on expiry waits for it', async t => {
  for (const [rule, left] of [
    ['2', GIGABYTE],
    ['1', 0],
  ] as const) {
    await using client = await rawClient()
    const { endPointId, planId } = await furnish(client, {
      subscription: {
        reSubscription: 'true',
        reSubscriptionRule: rule,
        occurrences: '2',
        activatedBy: '0',
      },
    })
    await sell(client, endPointId, planId)
    await client.post('/api/EndPointActivation', { Request: { endPointId } })
    await client.post('/_simulator/traffic', { endPointId, megabytes: 1024 })
    t.match(await balances(client, endPointId), [{ balance: left }], `rule ${rule}`)
  }
})

t.test('a colleague edits in the portal by hand', async t => {
  await using client = await rawClient()
  const { world } = client.simulator
  const { zoneId, planId, endPointId, iccid } = await furnish(client)
  const edit = (body: unknown) => client.post('/_simulator/portal', body)
  await edit({ plan: planId, set: { planName: 'By hand', charge: '7.50' } })
  t.match(world.plans.get(planId), {
    basicInfo: { planName: 'By hand' },
    charge: [{ chargeAmount: '7.50' }],
  })
  const tadig = [...world.networks.values()].find(one => one.countryName === 'Japan')!.tadig
  await edit({ zone: zoneId, set: { name: 'Other', networks: [tadig] } })
  t.equal(world.zones.get(zoneId)?.name, 'Other')
  await edit({ endpoint: endPointId, set: { status: 'Suspended', name: 'x' } })
  t.match(world.sims.get(iccid), { status: 'Suspended', endPointId })
  await edit({ endpoint: endPointId, delete: true })
  t.equal(world.sims.get(iccid)?.endPointId, undefined)
  await edit({ plan: planId, delete: true })
  await edit({ zone: zoneId, delete: true })
  t.equal(world.zones.size, 0)
  t.match(await edit({}), { error: /give plan, zone or endpoint/ })
})

t.test('the limiter lets in as many calls as it says in any second', async t => {
  await using client = await rawClient()
  await client.post('/_simulator/settings', { callsPerSecond: 2 })
  const forms = [
    ['429', 429, /rate limit/],
    ['429-bare', 429, /^\{"message":"API rate limit exceeded"\}$/],
    ['429-html', 429, /<html>/],
    ['200-text', 200, /rate limit/],
  ] as const
  for (const [form, status, text] of forms) {
    await client.post('/_simulator/settings', { wire: { throttle: form } })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.raw('GET', '/api/GetRateZone')),
    )
    t.ok(
      answers.some(answer => answer.status === status && text.test(answer.text)),
      form,
    )
  }
  const calls = client.simulator.calls.filter(call => call.operation === 'GetRateZone')
  t.ok(calls.some(call => call.outcome === 'throttled'))
  t.ok(calls.every(call => call.executed === (call.outcome === 'ok')))
})

t.test('the window of the limiter slides', async t => {
  const admitted = (rate: number, times: readonly number[]) => {
    const limiter = createLimiter(() => rate)
    return times.filter(time => limiter.admit(time))
  }
  t.strictSame(
    admitted(2, [0, 10, 20, 999, 1000, 1009, 1010, 1999, 2000]),
    [0, 10, 1000, 1010, 2000],
  )
  t.strictSame(admitted(2, [0, 510, 1020, 1530, 2040]), [0, 510, 1020, 1530, 2040], 'evenly spaced')
  t.strictSame(admitted(0.5, [0, 1000, 1999, 2000]), [0, 2000], 'below one a second')
  t.equal(admitted(Infinity, Array(5000).fill(0)).length, 5000)
  const steady = Array.from({ length: 10_000 }, (_, index) => index * 2.05)
  t.equal(admitted(500, steady).length, 10_000)
})

t.test('the log has every call, without secrets', async t => {
  await using client = await rawClient({ password: 'hunter2', username: 'u' })
  await client.login({ username: 'u', password: 'hunter2' })
  await furnish(client)
  const log = await client.get('/_simulator/calls')
  t.notMatch(JSON.stringify(log), /hunter2|Bearer|LPA:/)
  t.match(log, [
    { operation: 'Login', outcome: 'rejected:10126' },
    { operation: 'Login', outcome: 'ok', executed: true },
    { operation: 'CreateRateZone', status: 200, body: { Request: {} } },
    {},
    {},
  ])
  const plans = await client.get('/_simulator/calls?operation=CreatePlan')
  t.equal(at(plans, 'length'), 1)
  await client.post('/_simulator/calls', undefined, 'DELETE')
  t.equal(client.simulator.calls.length, 0)
})

t.test('100,000 SIMs are served by page, and given ICCIDs come first', async t => {
  const iccids = ['8932042000010000012', '89320420000100000207']
  await using client = await rawClient({ sims: 100_000, iccids })
  const last = await client.get('/api/fetchSIM?page=401&perPage=250')
  t.equal(at(last, 'Response.totalNoOfPages'), '401')
  t.equal(at(last, 'Response.responseParam.rows.length'), 2)
  const first = await client.get('/api/fetchSIM?page=1&perPage=2')
  t.match(at(first, 'Response.responseParam.rows'), [{ iccid: iccids[0] }, { iccid: iccids[1] }])
  const list = [99_999, 50_000, 7].map(index => ({
    name: 'e',
    iccid: iccidAt(client.simulator, index),
  }))
  await client.post('/api/CreateBulkEndPoint', bulkBody(list))
  const stock = await client.get('/api/fetchSIM?simStatusId=12&simAttachStatusId=1')
  const rows = at(stock, 'Response.responseParam.rows')
  t.strictSame(
    Array.isArray(rows) ? rows.map(row => at(row, 'iccid')) : rows,
    list.map(item => item.iccid).toReversed(),
    'in order of delivery',
  )
  t.ok([...client.simulator.world.sims.keys()].slice(2).every(isValid), 'check digits are right')
  await client.post('/_simulator/sims', { iccids: ['8932042000010000038'] })
  t.equal(client.simulator.world.sims.size, 100_003)
})

function isValid(iccid: string): boolean {
  const digits = [...iccid].toReversed().map(Number)
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return iccid.length === 19 && sum % 10 === 0
}

t.test('a world is saved on closing and goes on from there', async t => {
  const save = join(t.testdir(), 'world.json')
  const client = await rawClient({ save })
  const { endPointId, planId, zoneId } = await furnish(client)
  const uniqueId = await sell(client, endPointId, planId)
  await client.post('/_simulator/time', { advanceSeconds: 1000 })
  await client.post('/_simulator/save', {})
  const world = await client.get('/_simulator/world')
  await client.simulator.close()
  t.equal(statSync(save).mode & 0o777, 0o600)
  await using again = await rawClient({ save, iccids: ['8932042000010000012'] })
  const { sims: simsBefore, executions: _, ...before } = world
  const { sims, executions: __, ...after } = await again.get('/_simulator/world')
  t.strictSame(after, before)
  t.strictSame(Array.isArray(sims) && sims.slice(0, -1), simsBefore, 'the new SIM comes last')
  t.ok(again.simulator.world.zones.has(zoneId))
  t.match(await balances(again, endPointId), [{ uniqueId }])
  t.ok(Number(await sell(again, endPointId, planId)) > Number(uniqueId), 'IDs go on growing')
  writeFileSync(save, readFileSync(save, 'utf8').slice(0, 100))
  await t.rejects(startSimulator({ save }), /is not a world that this simulator saved/)
})

t.test('the same options give the same world', async t => {
  await using one = await rawClient({ seed: 7 })
  await using two = await rawClient({ seed: 7 })
  const sims = async (client: RawClient) =>
    at(await client.get('/api/fetchSIM'), 'Response.responseParam.rows')
  t.strictSame(await sims(one), await sims(two))
  t.strictSame([...one.simulator.world.networks], [...two.simulator.world.networks])
})
