import t, { type Test } from 'tap'
import type { Finding } from '../../src/finding.ts'
import { SIMULATED_ACCOUNT, type SimulatedWire } from '../../src/simulator/index.ts'
import {
  createZoneAndPlan,
  iccidsOf,
  openSimulated,
  planRequest,
  SETTINGS,
  startUnlimited,
} from './support.ts'

/** What a read found, if it found something. */
const foundBy = <Value>(finding: Finding<Value>): Value | undefined =>
  finding.kind === 'there' ? finding.value : undefined

const GIGABYTE = 1024 ** 3

async function goRound(t: Test, wire: SimulatedWire): Promise<void> {
  await using simulator = await startUnlimited({ wire })
  await using sft = openSimulated(simulator)
  const { read, write } = sft
  const [iccid = '', second = '', third = ''] = iccidsOf(simulator)

  t.same(await read.customerProfile(), { destGroupIds: [SIMULATED_ACCOUNT.destGroupId] })
  const networks = (await read.networks()).items
  t.equal(networks.length, simulator.world.networks.size, 'every network once')
  t.match(networks[0], { operatorId: /\d/, sponsorId: /./, tadig: /./, countryName: /./ })
  t.same(await read.rateZones(), { items: [] })
  const before = (await read.addonPlans()).items

  const [one, two] = networks
  if (one === undefined || two === undefined) throw new Error('no networks')
  const { id: told } = await write.createRateZone({
    name: 'Europe',
    destGroupId: SIMULATED_ACCOUNT.destGroupId,
    networks: [one],
    sft: { remark: 'kept' },
  })
  const [zone] = (await read.rateZones()).items
  t.match(zone, { id: told, name: 'Europe' })
  const zoneId = zone?.id ?? ''
  t.same(simulator.world.zones.get(zoneId)?.extra, { remark: 'kept' })
  await write.modifyRateZone({ id: zoneId, networks: [two] })
  const [changed] = (await read.rateZones()).items
  t.equal(changed?.name, 'Europe')
  if (wire.zoneNetworks !== false) t.equal(changed?.networks?.length, 2)
  else t.equal(changed?.networks, undefined, 'not reported is not empty')

  const { planId = '' } = await write.createPlan(planRequest(zoneId, 'Europe 1 GB'))
  const plans = (await read.addonPlans()).items
  t.equal(plans.length, before.length + 1)
  const plan = plans.find(candidate => candidate.planId === planId)
  if (wire.planQuery !== 'basicInfo')
    t.match(plan, {
      name: 'Europe 1 GB',
      category: 'ADDON',
      description: 'One gigabyte',
      status: 'Active',
      planType: '0',
      serviceProfile: SIMULATED_ACCOUNT.addonServiceProfileId,
      benefits: [{ value: '1024', rateZone: zoneId }],
      charge: '0',
      validity: { type: '1', factor: '30' },
      subscription: { reSubscription: 'true', rule: '2', occurrences: '1', activatedBy: '0' },
    })
  else t.equal(plan?.benefits, undefined)
  await write.modifyPlan({ planId, name: 'Europe 1 GB now', charge: '1.50', priority: '2' })
  t.match(
    (await read.addonPlans()).items.find(candidate => candidate.planId === planId),
    { name: 'Europe 1 GB now', priority: '2' },
  )

  const free = foundBy(await read.sim(iccid))
  t.match(free, { iccid, attached: false, status: 'Ready To Activate' })
  t.equal(free?.endpointId, undefined)
  t.match(await read.sim('8932042000099999999'), { kind: 'not there' })
  const { endpointId = '' } = await write.createEndpoint({ ...SETTINGS, name: 'travel-1', iccid })
  const sim = foundBy(await read.sim(iccid))
  t.match(sim, { endpointId, attached: true, status: 'Pre-Active' })
  t.match(sim?.activationCode, /^LPA:1\$/)
  t.match(await read.endpointProfile(endpointId), {
    endpointId,
    name: 'travel-1',
    iccid,
    ...SETTINGS,
    instances: [],
  })
  t.same(await write.activateEndpoint(endpointId), { already: false })
  t.same(await write.activateEndpoint(endpointId), { already: true })
  const suspend = { endpointId, lifecycle: 'S' } as const
  t.same(await write.changeLifecycle(suspend), { already: false })
  t.same(await write.changeLifecycle(suspend), { already: true })
  t.same(await write.changeLifecycle({ endpointId, lifecycle: 'A' }), { already: false })

  t.same((await read.addons(endpointId)).items, [])
  const [instance] = await write.subscribeAddon({ endpointId, planId })
  const { uniqueId = '' } = instance ?? {}
  t.match(instance, { planId, grantedBytes: GIGABYTE, leftBytes: GIGABYTE, startDate: /^\d\d\// })
  t.match(await read.addons(endpointId), { items: [{ uniqueId, planId, grantedBytes: GIGABYTE }] })
  await write.patchEndpoint({ endpointId, name: 'renamed', addAddonPlanIds: [planId] })
  t.equal((await read.addons(endpointId)).items.length, 2)
  await write.patchEndpoint({ endpointId, removeAddonUniqueIds: [uniqueId] })
  t.equal((await read.endpointProfile(endpointId)).name, 'renamed')
  t.equal((await read.endpointProfile(endpointId)).instances.items.length, 1)
  const [network = one] = networks
  await fetch(`${simulator.url}/_simulator/traffic`, {
    method: 'POST',
    body: JSON.stringify({ iccid, networkTadig: network.tadig, megabytes: 10 }),
  })
  const days = { from: new Date(Date.now() - 86_400_000), to: new Date() }
  t.match(await read.statistics({ endpointId, ...days }), { totalMB: 10, days: [{ totalMB: 10 }] })
  t.equal((await read.addons(endpointId)).items[0]?.leftBytes, GIGABYTE - 10 * 1024 ** 2)

  await write.changePlan({ endpointId, planId: SIMULATED_ACCOUNT.basePlanId })
  await write.deLinkSim(endpointId)
  await write.deLinkSim(endpointId)
  await write.linkSim({ endpointId, iccid: second })
  await write.deLinkSim(endpointId)
  await write.deleteEndpoint(endpointId)
  t.equal(simulator.world.endpoints.size, 0)

  const rows = await write.createEndpoints({
    ...SETTINGS,
    endpoints: [
      { name: 'a', iccid },
      { name: 'b', iccid: third },
      { name: 'c', iccid: '8932042000099999999' },
    ],
  })
  t.match(rows, [
    { iccid, endpointId: /./, unknown: false },
    { iccid: third, endpointId: /./, unknown: false },
    { iccid: '8932042000099999999', endpointId: undefined, unknown: false, code: /./ },
  ])
  const seen: string[] = []
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await read.sims({ page, perPage: 6 })
    pages = answer.totalPages
    seen.push(...answer.sims.map(({ iccid: shown }) => shown))
  }
  t.same(seen, iccidsOf(simulator), 'every page, each SIM once')
  const sellable = await read.sims({ page: 1, perPage: 100, sellable: true })
  t.same(
    sellable.sims.map(({ iccid: shown }) => shown),
    [iccid, third],
  )
  t.same((await read.sims({ page: 99, perPage: 100 })).sims, [], 'past the end')
  t.notOk(
    simulator.calls.some(({ outcome }) => outcome === 'unknown-operation' && !wire.networkList),
    'every path is known',
  )
  t.equal(simulator.calls.filter(({ operation }) => operation === 'Login').length, 1)
  t.equal(sft.budget.calls(), simulator.calls.length, 'every call is counted, the login too')
}

const WIRES: Readonly<Record<string, SimulatedWire>> = {
  'as seen': {},
  'with IDs as numbers': { numericIds: true },
  'with payloads in responseParam': { createdIds: 'responseParam' },
  'with payloads in rows': { createdIds: 'rows' },
  'with created IDs in resultParam': { createdIds: 'resultParam' },
  'with lists of one as objects': { singleAsObject: true },
  'with failures for empty lists, and few rows a page': { emptyAs: 'failure', maxPerPage: 4 },
  'with little reported': { planQuery: 'basicInfo', zoneNetworks: false },
  'without the assumed reads': { networkList: 'unknown', addonDetails: 'unknown' },
}

for (const [how, wire] of Object.entries(WIRES))
  t.test(`every operation goes round, ${how}`, t => goRound(t, wire))

t.test('a read that the account does not know is asked for once', async t => {
  await using simulator = await startUnlimited({ wire: { networkList: 'unknown' } })
  await using sft = openSimulated(simulator)
  await sft.read.networks()
  await sft.read.networks()
  const count = (name: string): number =>
    simulator.calls.filter(({ operation }) => operation === name).length
  t.equal(count('fetchNetworkList'), 1)
  t.equal(count('GetRoamingProfiles'), 2)
})

t.test('a field of sft: never overrides one of ours', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator)
  const { zoneId } = await createZoneAndPlan(sft)
  const { planId = '' } = await sft.write.createPlan({
    ...planRequest(zoneId, 'Named'),
    sft: { basicInfo: { planName: 'Other', extra: 'more' }, notification: [{ threshold: '80' }] },
  })
  const plan = simulator.world.plans.get(planId)
  t.equal(plan?.basicInfo.planName, 'Named')
  t.same(plan?.basicInfo.extra, { extra: 'more' })
  t.same(plan?.extra, { notification: [{ threshold: '80' }] })
})

t.test('what a call needs and nobody knows is named, with the step that yields it', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator)
  await t.rejects(sft.write.subscribeAddon({ endpointId: '', planId: '1' }), {
    name: 'SftMissingPrerequisiteError',
    message: /endPointId is not known; CreateEndPoint yields it/,
  })
  await t.rejects(sft.write.createRateZone({ name: 'x', destGroupId: '2515', networks: [] }), {
    message: /fetchNetworkList/,
  })
  t.equal(simulator.calls.length, 0, 'nothing is sent')
})
