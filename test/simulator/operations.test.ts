import t from 'tap'
import { SIMULATED_ACCOUNT } from '../../src/simulator/index.ts'
import {
  at,
  type Body,
  bulkBody,
  endpointBody,
  furnish,
  iccidAt,
  inner,
  lifecycleBody,
  networksOf,
  outer,
  planBody,
  rawClient,
  subscribeBody,
  why,
  zoneBody,
} from './raw-client.ts'

t.test('login', async t => {
  t.test('answers bare tokens, the access token being a JWT with exp', async t => {
    await using client = await rawClient({ accessTokenSeconds: 60 })
    const body = await client.login()
    t.strictSame(Object.keys(body), ['AccessToken', 'RefreshToken'])
    const payload = Buffer.from(String(body['AccessToken']).split('.')[1] ?? '', 'base64url')
    const claims = JSON.parse(payload.toString())
    t.equal(claims.exp - claims.iat, 60)
  })

  t.test('refuses wrong credentials with 10126 and blocks after five with 11044', async t => {
    await using client = await rawClient()
    for (let count = 0; count < 5; count += 1) {
      t.equal(inner(await client.login({ password: 'wrong' })), '10126')
    }
    t.equal(inner(await client.login()), '11044', 'the right password too')
    await client.post('/_simulator/unlock', {})
    t.type((await client.login())['AccessToken'], 'string')
  })

  t.test('refresh tokens rotate: each is good once', async t => {
    await using client = await rawClient()
    const refreshToken = (await client.login())['RefreshToken']
    const refresh = async (): Promise<Body> => {
      const response = await fetch(`${client.simulator.url}/api/RefreshToken`, {
        headers: { 'X-Authorization': `Bearer ${refreshToken}` },
      })
      return JSON.parse(await response.text())
    }
    const renewed = await refresh()
    t.strictSame(Object.keys(renewed), ['AccessToken', 'RefreshToken'])
    t.equal(inner(await refresh()), '401')
  })

  t.test('an invalid token is answered in the form that the wire says', async t => {
    await using client = await rawClient()
    for (const [form, status, code] of [
      ['inner', 200, '1'],
      ['outer', 200, '401'],
      ['http', 401, '401'],
    ] as const) {
      await client.post('/_simulator/settings', { wire: { authFailure: form } })
      await client.post('/_simulator/expire-tokens', {})
      const answer = await client.raw('GET', '/api/GetRateZone')
      t.equal(answer.status, status)
      t.equal(outer(JSON.parse(answer.text)), code)
      t.equal(inner(JSON.parse(answer.text)), '401')
    }
  })

  t.test('a reseller makes endpoint calls only inside a child account', async t => {
    await using client = await rawClient({ accountType: 'reseller' })
    const refused = await client.get('/api/fetchSIM')
    t.equal(inner(refused), '401')
    t.match(why(refused), /Authorisation Failure/)
    t.equal(outer(await client.get('/api/QueryRatePlan')), '0')
    t.equal(inner(await client.login({ targetAccountId: '1' })), '10117')
    await client.login({ targetAccountId: SIMULATED_ACCOUNT.childAccountId })
    t.equal(outer(await client.get('/api/fetchSIM')), '0')
  })
})

t.test('the account has its networks, profile and defaults', async t => {
  await using client = await rawClient()
  const profile = await client.get('/api/GetCustomerProfile')
  t.equal(at(profile, 'Response.responseParam.destGroupId'), '2515')
  const list = await client.get('/api/fetchNetworkList')
  const rows = at(list, 'Response.responseParam.rows')
  const networks: Body[] = Array.isArray(rows) ? rows : []
  t.ok(networks.length > 1500, `${networks.length} networks`)
  t.ok(new Set(networks.map(network => network['countryName'])).size > 200, 'over 200 countries')
  for (const network of networks) {
    if (!/^[A-Z]{3}[A-Z0-9]{2}$/.test(String(network['tadigCode']))) t.fail('not a TADIG code')
    if (!/^\d{4,5}$/.test(String(network['operatorId']))) t.fail('not an operator ID')
  }
  const keys = networks.map(network => `${network['tadigCode']}/${network['categoryGroupId']}`)
  t.equal(new Set(keys).size, keys.length, 'TADIG code and sponsor name one network')
  t.ok(new Set(networks.map(network => network['tadigCode'])).size < keys.length, 'two sponsors')
  const profiles = await client.get('/api/GetRoamingProfiles?roamingProfileId=3017')
  const tadigList = at(profiles, 'Response.responseParam.rows.0.tadigList')
  t.equal(Array.isArray(tadigList) && tadigList.length, networks.length)
  const base = await client.get('/api/QueryRatePlan?planCategory=NORMAL')
  t.equal(at(base, 'Response.responseParam.plan.0.basicInfo.planId'), SIMULATED_ACCOUNT.basePlanId)
  for (const path of ['GetCurrency', 'GetCountries', 'GetTimeZone', 'GetServiceProfile']) {
    t.equal(outer(await client.get(`/api/${path}`)), '0', path)
  }
})

t.test('rate zones are created, listed and added to', async t => {
  await using client = await rawClient()
  const networks = networksOf(client.simulator, 'Belgium')
  const more = networksOf(client.simulator, 'Luxembourg')
  const { zoneId } = await furnish(client)
  const listed = await client.get('/api/GetRateZone')
  t.equal(at(listed, 'Response.responseParam.rateZoneList.0.name'), 'Belgium')
  const details = { id: zoneId, operatorIdList: more, colour: 'red' }
  await client.post('/api/ModifyRateZone', {
    Request: { requestParam: { ratezoneDetails: details } },
  })
  const zone = client.simulator.world.zones.get(zoneId)!
  t.strictSame(zone.networks, [...networks, ...more])
  t.strictSame(zone.extra, { colour: 'red' }, 'a field without meaning is kept')
  await client.post('/_simulator/settings', {
    modifyRateZone: 'replaces',
    wire: { zoneNames: 'editable' },
  })
  const renamed = { ...details, name: 'Luxembourg' }
  await client.post('/api/ModifyRateZone', {
    Request: { requestParam: { ratezoneDetails: renamed } },
  })
  t.strictSame(zone.networks, more, 'replaced where the account does so')
  t.equal(zone.name, 'Luxembourg')
})

t.test('what the contract does not allow is refused without effect', async t => {
  await using client = await rawClient()
  const { simulator } = client
  const { zoneId, planId, endPointId, iccid } = await furnish(client)
  const [first] = networksOf(simulator, 'Belgium')
  const zone = (networks: readonly object[], more?: object) => zoneBody('Z', networks, more)
  const plan = (more?: Body) => planBody('P', zoneId, more)
  const free = iccidAt(simulator, 1)
  const cases: readonly [string, string, unknown, RegExp][] = [
    ['no Request', 'CreateRateZone', {}, /Request is missing/],
    ['no name', 'CreateRateZone', zone([first!], { name: '' }), /name is missing/],
    ['zone name taken', 'CreateRateZone', zoneBody('Belgium', [first!]), /exists already/],
    ['other group', 'CreateRateZone', zone([first!], { destGroupId: '1' }), /not of this account/],
    ['no networks', 'CreateRateZone', zone([]), /not empty/],
    ['network twice', 'CreateRateZone', zone([first!, first!]), /already in the list/],
    [
      'network outside the group',
      'CreateRateZone',
      zone([{ operatorId: '1', sponsorId: '101' }]),
      /not in the destination group/,
    ],
    ['plan name taken', 'CreatePlan', planBody('BE 1 GB', zoneId), /exists already/],
    ['no subscription', 'CreatePlan', withoutSection(plan(), 'subscription'), /subscription/],
    ['no validity', 'CreatePlan', withoutSection(plan(), 'validity'), /validity/],
    ['unknown zone', 'CreatePlan', planBody('P', '9'), /no rate zone 9/],
    ['base profile', 'CreatePlan', plan({ basicInfo: { serviceProfile: 'SP_1249' } }), /category/],
    ['group', 'CreatePlan', plan({ basicInfo: { destinationGroup: '2515' } }), /destinationGroup/],
    ['no such status', 'CreatePlan', plan({ basicInfo: { planStatus: 'On' } }), /must be one of/],
    ['SIM attached', 'CreateEndPoint', endpointBody('x', iccid), /already attached/],
    ['no such SIM', 'CreateEndPoint', endpointBody('x', '1'), /no SIM/],
    ['add-on as base', 'CreateEndPoint', endpointBody('x', free, { planId }), /category NORMAL/],
    ['no APN group', 'CreateEndPoint', endpointBody('x', free, { apnGroupId: 'X' }), /APN/],
    [
      'profile',
      'CreateEndPoint',
      endpointBody('x', free, { roamingProfileId: '1|2' }),
      /profile 1/,
    ],
    ['flag', 'CreateEndPoint', endpointBody('x', free, { isLinkSIM: 'yes' }), /true, false/],
    [
      'ID outside',
      'SubscribeAddon',
      { Request: { endPointId, requestParam: { planId } } },
      /endPointId/,
    ],
    [
      'base plan',
      'SubscribeAddon',
      subscribeBody(endPointId, SIMULATED_ACCOUNT.basePlanId),
      /ADDON/,
    ],
    ['suspend', 'EndPointLifeCycleChange', lifecycleBody(endPointId, 'S'), /Pre-Active/],
    ['attached', 'DeleteEndPoint', { Request: { endPointId } }, /de-link/],
  ]
  const before = JSON.stringify(await client.get('/_simulator/world?part=zones'))
  for (const [title, operation, body, message] of cases) {
    const answer = await client.post(`/api/${operation}`, body)
    t.equal(outer(answer), '1', title)
    t.match(why(answer), message, title)
    const call = simulator.calls.at(-1)!
    t.equal(call.executed, false, title)
    t.match(call.outcome, /^rejected:\d+$/, title)
  }
  t.equal(simulator.world.plans.size, 2)
  t.equal(simulator.world.endpoints.size, 1)
  t.equal(JSON.stringify(await client.get('/_simulator/world?part=zones')), before)
  t.equal((await client.raw('GET', '/api/GetEverything')).status, 404)
})

function withoutSection(body: Body, name: string): unknown {
  return JSON.parse(JSON.stringify(body), (key, value) => (key === name ? undefined : value))
}

t.test('a plan is listed as it was made, and edited as far as the account takes edits', async t => {
  await using client = await rawClient()
  const { planId } = await furnish(client, { notification: [{ channel: 'email' }] })
  const listed = async () =>
    at(await client.get('/api/QueryRatePlan?planCategory=ADDON'), 'Response.responseParam.plan.0')
  const plan = await listed()
  t.equal(at(plan, 'basicInfo.planId'), planId)
  t.equal(at(plan, 'basicInfo.destinationGroup'), '3017', 'scalars go out as strings')
  t.equal(at(plan, 'benefit.0.value'), '1024')
  t.equal(at(plan, 'notification.0.channel'), 'email')
  const modify = (more: object) =>
    client.post('/api/ModifyPlan', {
      Request: { plan: { basicInfo: { planId, planStatus: 'In-Active' }, ...more } },
    })
  await modify({ charge: [{ chargeAmount: '9.90' }] })
  t.equal(at(await listed(), 'charge.0.chargeAmount'), '9.90')
  t.equal(at(await listed(), 'basicInfo.planStatus'), 'In-Active')
  await client.post('/_simulator/settings', { wire: { editsBeyondBasicInfo: 'dropped' } })
  t.equal(outer(await modify({ charge: [{ chargeAmount: '5' }] })), '0')
  t.equal(at(await listed(), 'charge.0.chargeAmount'), '9.90', 'success, and dropped')
  const param = { Request: { requestParam: { planId } } }
  t.equal(outer(await client.post('/api/DeleteRatePlan', param)), '0')
  t.equal(client.simulator.world.plans.has(planId), false)
})

t.test('an endpoint lives through its states with the codes of the contract', async t => {
  await using client = await rawClient()
  const { endPointId, iccid, planId } = await furnish(client)
  const only = { Request: { endPointId } }
  const sim = () => client.simulator.world.sims.get(iccid)
  const sellable = async () =>
    at(
      await client.get('/api/fetchSIM?simStatusId=12&simAttachStatusId=1&page=1&perPage=1'),
      'Response.responseParam.rows.0.endPointId',
    )
  t.equal(await sellable(), endPointId)
  const step = async (operation: string, body: unknown, codes: readonly [string, string]) => {
    const answer = await client.post(`/api/${operation}`, body)
    t.strictSame([outer(answer), inner(answer)], codes, operation)
    return answer
  }
  await step('EndPointActivation', only, ['0', '5014'])
  t.equal(await sellable(), undefined, 'an active SIM has left the stock query')
  await step('EndPointActivation', only, ['1', '2507'])
  await step('EndPointLifeCycleChange', lifecycleBody(endPointId, 'A'), ['1', '1254'])
  const suspended = await step('EndPointLifeCycleChange', lifecycleBody(endPointId, 'S'), [
    '0',
    '9003',
  ])
  t.equal(at(suspended, 'Response.responseParam.currentStatus'), 'Suspended')
  t.equal(at(suspended, 'Response.responseParam.previousStatus'), 'Active')
  t.equal(sim()?.status, 'Suspended')
  await step('EndPointLifeCycleChange', lifecycleBody(endPointId, 'A'), ['0', '5017'])
  const base = { planId: SIMULATED_ACCOUNT.basePlanId }
  await step('ChangePlan', { Request: { endPointId, requestParam: base } }, ['0', '7001'])
  const threshold = { planId, counterId: '1', threshold: '80' }
  await step('UpdateThreshold', { Request: { endPointId, requestParam: threshold } }, ['0', '3005'])
  await step('DeLinkSim', only, ['0', '6413'])
  t.strictSame(sim(), { position: 0, iccid, status: 'Ready To Activate' })
  t.equal(client.simulator.world.endpoints.get(endPointId)?.status, 'Hold')
  await step('DeLinkSim', only, ['1', '6420'])
  await step('EndPointActivation', only, ['1', '6420'])
  await step('LinkSim', { Request: { endPointId, requestParam: { iccid } } }, ['0', '0'])
  t.equal(await sellable(), endPointId, 'a linked endpoint is Pre-Active again')
  await step('DeLinkSim', only, ['0', '6413'])
  await step('DeleteEndPoint', only, ['0', '10159'])
  t.equal(client.simulator.world.endpoints.size, 0)
})

t.test('lifecycle A from Pre-Active can be refused, activation then works', async t => {
  await using client = await rawClient({ wire: { activateByLifecycle: false } })
  const { endPointId } = await furnish(client)
  t.equal(
    outer(await client.post('/api/EndPointLifeCycleChange', lifecycleBody(endPointId, 'A'))),
    '1',
  )
  t.equal(outer(await client.post('/api/EndPointActivation', { Request: { endPointId } })), '0')
})

t.test('add-ons: each subscription is a new instance, in both readers alike', async t => {
  await using client = await rawClient()
  const { endPointId, planId } = await furnish(client)
  const ids: number[] = []
  for (let count = 0; count < 3; count += 1) {
    const answer = await client.post('/api/SubscribeAddon', subscribeBody(endPointId, planId))
    ids.push(Number(at(answer, 'Response.info.promotionalPlans.plan.uniqueId')))
  }
  t.ok(ids[0]! < ids[1]! && ids[1]! < ids[2]!, 'uniqueIds grow')
  const profile = await client.get(`/api/GetEndPointProfile?endPointId=${endPointId}`)
  const details = await client.get(`/api/GetEndpointAddonDetails?endPointId=${endPointId}`)
  for (const block of ['basicInfo', 'promotionalPlans', 'benefitInfo'])
    t.strictSame(at(details, `Response.info.${block}`), at(profile, `Response.info.${block}`))
  t.equal(at(details, 'Response.info.counterInfo.counter.length'), 3)
  t.equal(at(profile, 'Response.info.counterInfo'), undefined)
  t.strictSame(at(profile, 'Response.info.benefitInfo.benefit.0'), {
    name: 'DATA',
    uniqueId: String(ids[0]),
    balance: '1073741824',
    actualBalance: '1073741824',
    startDate: '-',
    expiryDate: '-',
  })
  const one = await client.get(
    `/api/GetEndpointAddonDetails?endPointId=${endPointId}&uniqueId=${ids[1]}`,
  )
  t.equal(at(one, 'Response.info.promotionalPlans.plan.length'), 1)
  const patch = (requestParam: object) =>
    client.post('/api/endpoint', { Request: { endPointId, requestParam } }, 'PATCH')
  t.equal(outer(await patch({ removeAddonUniqueIds: [ids[0], 1] })), '1', 'all of it or nothing')
  const changed = {
    name: 'renamed',
    removeAddonUniqueIds: [ids[0]],
    addAddonPlanIds: [Number(planId)],
  }
  t.equal(outer(await patch(changed)), '0')
  const after = await client.get(`/api/GetEndPointProfile?endPointId=${endPointId}`)
  const plans = at(after, 'Response.info.promotionalPlans.plan')
  const left = Array.isArray(plans) ? plans.map(plan => Number(at(plan, 'uniqueId'))) : []
  t.strictSame(left, [ids[1], ids[2], ids[2]! + 1])
  t.equal(at(after, 'Response.info.basicInfo.name'), 'renamed')
})

t.test('bulk rows fail one by one', async t => {
  await using client = await rawClient()
  const { iccid } = await furnish(client)
  const free = iccidAt(client.simulator, 1)
  const list = [iccid, free, '1'].map(one => ({ name: `e-${one}`, iccid: one }))
  const answer = await client.post('/api/CreateBulkEndPoint', bulkBody(list))
  t.equal(outer(answer), '0')
  t.match(at(answer, 'Response.responseParam.rows'), [
    { iccid, endPointId: '-', resultDescription: /already attached/ },
    { iccid: free, name: `e-${free}`, endPointId: /^\d+$/, resultCode: '0' },
    { iccid: '1', endPointId: '-', resultDescription: /no SIM/ },
  ])
  const many = Array.from({ length: 101 }, () => ({ name: 'x', iccid: free }))
  t.equal(outer(await client.post('/api/CreateBulkEndPoint', bulkBody(many))), '1')
  await client.post('/_simulator/settings', { bulk: 'wrong' })
  const wrong = await client.post('/api/CreateBulkEndPoint', bulkBody(list))
  t.equal(outer(wrong), '0')
  t.equal(client.simulator.world.endpoints.size, 2, 'success, and nothing happened')
  await client.post('/_simulator/settings', { bulk: 'unknown' })
  const unknown = await client.raw('POST', '/api/CreateBulkEndPoint', bulkBody(list))
  t.equal(unknown.status, 404)
  t.match(unknown.text, /<html>/)
})

t.test('fetchSIM pages from 1 and grants at most the largest page', async t => {
  await using client = await rawClient({ sims: 20, wire: { maxPerPage: 8 } })
  const page = async (query: string) => {
    const answer = await client.get(`/api/fetchSIM?${query}`)
    const rows = at(answer, 'Response.responseParam.rows')
    return { rows: Array.isArray(rows) ? rows : [], pages: at(answer, 'Response.totalNoOfPages') }
  }
  const seen: unknown[] = []
  for (const number of [1, 2, 3]) {
    const { rows, pages } = await page(`page=${number}&perPage=100`)
    t.equal(pages, '3')
    seen.push(...rows.map(row => at(row, 'iccid')))
  }
  t.strictSame(seen, [...client.simulator.world.sims.keys()])
  const { rows } = await page(`iccid=${seen[3]}`)
  t.match(rows, [
    {
      iccid: seen[3],
      eid: /^\d{32}$/,
      simStatus: 'Ready To Activate',
      simAttachStatus: 'NOT ATTACHED',
      endPointId: '-',
      activationCode: { textQrCode: /^LPA:1\$smdp\.example\.com\$[0-9A-F-]+$/ },
    },
  ])
  t.strictSame((await page('page=4&perPage=8')).rows, [], 'past the end')
  t.strictSame((await page('iccid=1')).rows, [])
  await client.post('/_simulator/settings', { wire: { emptyAs: 'failure' } })
  t.equal(inner(await client.get('/api/fetchSIM?iccid=1')), '1359')
})

t.test('the wire varies where the contract knows several ways', async t => {
  await using client = await rawClient()
  const wire = (settings: object) => client.post('/_simulator/settings', { wire: settings })
  const { endPointId, planId } = await furnish(client)
  const create = (name: string, index: number) =>
    client.post('/api/CreateEndPoint', endpointBody(name, iccidAt(client.simulator, index)))
  await wire({ createdIds: 'responseParam' })
  t.match(at(await create('a', 1), 'Response.responseParam.endPointId'), /^\d+$/)
  await wire({ createdIds: 'rows' })
  t.match(at(await create('b', 2), 'Response.responseParam.rows.0.endPointId'), /^\d+$/)
  await wire({ createdIds: 'resultParam', numericIds: true })
  const numeric = await create('c', 3)
  t.type(at(numeric, 'Response.resultParam.endPointId'), 'number')
  t.equal(outer(numeric), 0)
  await wire({ createdIds: 'response', numericIds: false, singleAsObject: true })
  const plans = await client.get('/api/QueryRatePlan?planCategory=ADDON')
  t.equal(at(plans, 'Response.responseParam.plan.basicInfo.planId'), planId)
  await wire({ singleAsObject: false, planQuery: 'basicInfo', zoneNetworks: false })
  const bare = await client.get('/api/QueryRatePlan?planCategory=ADDON')
  t.strictSame(Object.keys(Object(at(bare, 'Response.responseParam.plan.0'))), ['basicInfo'])
  const zones = await client.get('/api/GetRateZone')
  t.equal(at(zones, 'Response.responseParam.rateZoneList.0.operatorIdList'), undefined)
  await wire({ networkList: 'unknown', addonDetails: 'unknown' })
  t.equal((await client.raw('GET', '/api/fetchNetworkList')).status, 404)
  const details = `/api/GetEndpointAddonDetails?endPointId=${endPointId}`
  t.equal((await client.raw('GET', details)).status, 404)
  t.match(await wire({ nonsense: 1 }), { error: /no setting nonsense/ })
})

t.test('profiles of roaming and services can be created', async t => {
  await using client = await rawClient()
  const network = [...client.simulator.world.networks.values()][0]!
  const roamingProfileInfo = {
    roamingProfileName: 'one',
    tadigCodeList: [{ categoryGroupId: network.sponsorId, tadigCode: network.tadig }],
  }
  const roaming = await client.post('/api/createRoamingProfile', { roamingProfileInfo })
  const id = String(at(roaming, 'Response.roamingProfileId'))
  const read = await client.get(`/api/GetRoamingProfiles?roamingProfileId=${id}`)
  t.equal(at(read, 'Response.responseParam.rows.0.tadigList.0.tadigCode'), network.tadig)
  const serviceProfile = { name: 'S', category: '1', status: '1', service: '4', accessType: '10' }
  const body = { Request: { requestParam: { serviceProfile } } }
  t.equal(inner(await client.post('/api/CreateServiceProfile', body)), '1323')
  t.equal(inner(await client.post('/api/CreateServiceProfile', body)), '6554')
  t.equal(outer(await client.get('/api/GetEndpoints')), '0')
})
