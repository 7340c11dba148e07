import t from 'tap'
import type { Json } from '../../src/model.ts'
import type { Sft } from '../../src/sft/api.ts'
import { WIRE_ASSUMPTIONS } from '../../src/sft/assumptions.ts'
import { openSft } from '../../src/sft/client.ts'
import { parsePlatformDate } from '../../src/sft/dates.ts'
import { classifyAnswer, isEnvelopeSuccess } from '../../src/sft/envelope.ts'
import { OPERATIONS } from '../../src/sft/operations.ts'
import { createRedact, excerptOf } from '../../src/sft/redact.ts'
import { mergeUnder } from '../../src/sft/values.ts'
import { errorOf, withServer } from './support.ts'

const envelope = (outer: string, inner: string, resultDescription = ''): string =>
  JSON.stringify({
    Response: { resultCode: outer, resultParam: { resultCode: inner, resultDescription } },
  })

const ANSWERS: readonly (readonly [string, number, string, string])[] = [
  ['outer 0', 200, envelope('0', '5014'), 'answered'],
  ['outer 0 as a number', 200, '{"Response":{"resultCode":0}}', 'answered'],
  ['outer 0 after a byte order mark', 200, `\uFEFF${envelope('0', '0')}`, 'answered'],
  ['a success that talks of a rate limit', 200, envelope('0', '0', 'rate limit'), 'answered'],
  ['outer 1', 200, envelope('1', '6420', 'SIM not attached'), 'rejected'],
  ['outer 1 with HTTP 400', 400, envelope('1', '10098', 'Name exists'), 'rejected'],
  ['inner 401', 200, envelope('1', '401', 'Authorization Failed'), 'unauthorised'],
  ['outer 401', 200, envelope('401', '401'), 'unauthorised'],
  ['the text, American', 200, envelope('1', '77', 'Authorization Failure'), 'unauthorised'],
  ['the text, British', 200, envelope('1', '77', 'Authorisation failed'), 'unauthorised'],
  [
    'a token that expired, in words',
    200,
    envelope('1', '77', 'Token expired, please login again'),
    'unauthorised',
  ],
  [
    'a token that expired, bare',
    200,
    '{"message":"Token expired, please login again"}',
    'unauthorised',
  ],
  [
    'too many requests, in words',
    200,
    envelope('1', '77', 'Too many requests, please slow down'),
    'throttled',
  ],
  [
    'too many requests, bare',
    200,
    '{"message":"Too many requests, please slow down"}',
    'throttled',
  ],
  ['HTTP 401 with HTML', 401, '<html>', 'unauthorised'],
  ['HTTP 429 with HTML', 429, '<html>', 'throttled'],
  ['a bare gateway message', 200, '{"message":"API rate limit exceeded"}', 'throttled'],
  ['a rate limit in the description', 200, envelope('1', '9', 'Rate Limit exceeded'), 'throttled'],
  ['a rate limit in plain text', 200, 'API rate limit exceeded', 'throttled'],
  ['10239', 200, envelope('1', '10239'), 'unclear'],
  ['10240', 200, envelope('1', '10240'), 'unclear'],
  ['the timeout text', 200, envelope('1', '5', 'Operation has Time out'), 'unclear'],
  ['HTTP 504 with an envelope', 504, envelope('1', '6420'), 'unclear'],
  ['HTTP 403', 403, '<html>', 'unclear'],
  ['no result code', 200, '{"Response":{"responseParam":{}}}', 'unclear'],
  ['nothing', 200, '', 'unclear'],
  ['a list', 200, '[]', 'unclear'],
  ['half an answer', 200, envelope('0', '0').slice(0, 30), 'unclear'],
  ['HTTP 404 with HTML', 404, '<html>', 'missing'],
  ['HTTP 404 with an envelope', 404, envelope('1', '9'), 'missing'],
]

t.test('an answer is told by its code, then its text, then its status', async t => {
  for (const [title, status, body, kind] of ANSWERS)
    t.equal(
      classifyAnswer({ status, body, retryAfter: null }, isEnvelopeSuccess, 0).kind,
      kind,
      title,
    )
  const now = Date.UTC(2026, 10, 1)
  for (const [retryAfter, retryAfterMs] of [
    ['3', 3000],
    [new Date(now + 5000).toUTCString(), 5000],
    ['soon', undefined],
    [null, undefined],
  ] as const)
    t.same(classifyAnswer({ status: 429, body: '', retryAfter }, isEnvelopeSuccess, now), {
      kind: 'throttled',
      retryAfterMs,
      isSure: true,
      status: 429,
      body: '',
    })
})

t.test('that nothing was executed is sure in the documented forms only', async t => {
  for (const [status, body, isSure] of [
    [200, envelope('1', '401', 'Authorization Failed'), true],
    [401, envelope('401', '401'), true],
    [200, envelope('1', '77', 'Authorisation failure'), true],
    [200, envelope('1', '77', 'Token expired, please login again'), true],
    [200, envelope('1', '77', 'Invalid session'), false],
    [401, envelope('0', '0'), false],
    [502, envelope('1', '401'), false],
    [401, '<html>', false],
    [403, 'session expired', false],
    [429, '', true],
    [429, '{"message":"API rate limit exceeded"}', true],
    [429, envelope('1', '9', 'API rate limit exceeded'), true],
    [429, envelope('0', '0'), false],
    [429, envelope('1', '10240'), false],
    [429, '<html>', false],
    [200, envelope('1', '9', 'API rate limit exceeded'), false],
    [503, '<html>slow down', false],
  ] as const)
    t.match(
      classifyAnswer({ status, body, retryAfter: null }, isEnvelopeSuccess, 0),
      { kind: /unauthorised|throttled/, isSure },
      `${status} ${body}`,
    )
})

/** A client whose platform answers each operation as given: what stands under `Response`. */
async function answered(
  answers: Readonly<Record<string, Json | ((query: URLSearchParams) => Json)>>,
  run: (sft: Sft) => Promise<void>,
): Promise<void> {
  await withServer(
    (request, response) => {
      const url = new URL(request.url ?? '/', 'http://platform')
      if (url.pathname === '/api/login') {
        response.end('{"AccessToken":"a","RefreshToken":"r"}')
        return
      }
      const given = answers[url.pathname.slice('/api/'.length)] ?? {}
      const parts = typeof given === 'function' ? given(url.searchParams) : given
      response.end(JSON.stringify({ Response: Object.assign({ resultCode: '0' }, parts) }))
    },
    async baseUrl => {
      await using sft = openSft({
        baseUrl,
        username: 'u',
        password: 'p',
        callsPerSecond: Number.POSITIVE_INFINITY,
        retryDelaysSeconds: [],
      })
      await run(sft)
    },
  )
}

t.test('the destination group is found wherever the profile has it', async t => {
  for (const [responseParam, destGroupIds] of [
    [{ destGroupId: 2515 }, ['2515']],
    [{ customer: { groups: [{ destinationGroupId: '7' }] } }, ['7']],
    [{ destGroupId: ['1', 2, '1'] }, ['1', '2']],
    [{ destGroupId: '-', name: 'none' }, []],
  ] as const)
    await answered({ GetCustomerProfile: { responseParam } }, async ({ read }) => {
      t.same(await read.customerProfile(), { destGroupIds })
    })
})

t.test('networks are found flat, nested and on several pages, each once', async t => {
  const network = { operatorId: 1, categoryGroupId: 2, tadigCode: 'BELTB', operatorName: 'One' }
  const nested = [{ countryName: 'Belgium', operators: [network, network] }]
  const expected = [
    {
      operatorId: '1',
      sponsorId: '2',
      tadig: 'BELTB',
      operatorName: 'One',
      countryName: 'Belgium',
    },
  ]
  for (const responseParam of [
    { rows: [{ ...network, countryName: 'Belgium' }] },
    { rows: nested },
    { countries: nested },
    { rows: { ...network, countryName: 'Belgium' } },
    { rows: [{ operatorId: 1, countryName: 'Belgium', sponsors: [network] }] },
  ])
    await answered({ fetchNetworkList: { responseParam } }, async ({ read }) => {
      t.same((await read.networks()).items, expected)
    })
  await answered(
    {
      GetRateZone: query => ({
        totalNoOfPages: 3,
        responseParam: { rateZoneList: { id: Number(query.get('page') ?? 1), name: 'z' } },
      }),
    },
    async ({ read }) => {
      t.same(
        (await read.rateZones()).items.map(({ id }) => id),
        ['1', '2', '3'],
      )
    },
  )
})

t.test('a list that is not there is no empty list', async t => {
  await answered({ GetRateZone: {}, QueryRatePlan: { responseParam: {} } }, async ({ read }) => {
    t.match(await errorOf(read.rateZones()), { name: 'SftNotUnderstoodError' })
    t.match(await errorOf(read.addonPlans()), { name: 'SftNotUnderstoodError' })
    t.match(await errorOf(read.sims({ page: 1, perPage: 1 })), { name: 'SftNotUnderstoodError' })
  })
  const none = { resultCode: '1', resultParam: { resultCode: '1359' } }
  const told = { resultCode: '1', resultParam: { resultCode: '8', resultDescription: 'No data' } }
  await answered({ GetRateZone: none, QueryRatePlan: told, fetchSIM: told }, async ({ read }) => {
    t.same(await read.rateZones(), { items: [] }, 'twice the same')
    t.same(await read.addonPlans(), { items: [] })
    t.match(await read.sim('8932042000010000012'), { kind: 'not there' })
  })
})

t.test('a row without name or ID leaves the list in doubt', async t => {
  const responseParam = { rateZoneList: [{ id: '1', name: 'a' }, { id: '2' }] }
  const plans = { responseParam: { plan: [{ basicInfo: { planName: 'p' } }] } }
  await answered({ GetRateZone: { responseParam }, QueryRatePlan: plans }, async ({ read }) => {
    t.match(await read.rateZones(), { items: [{ id: '1' }], doubt: /1 of its rows cannot be read/ })
    t.match(await read.addonPlans(), { items: [], doubt: /1 of its rows/ })
  })
})

t.test('numbers that lost digits are not taken for IDs', async t => {
  const rows = '[{"iccid":8932042000010000012,"endPointId":"-"}]'
  await answered({ fetchSIM: { responseParam: { rows: JSON.parse(rows) } } }, async ({ read }) => {
    t.match(await read.sim('8932042000010000012'), { kind: 'not known' })
  })
})

t.test('add-ons are joined from their blocks, wherever these stand', async t => {
  const blocks = {
    promotionalPlans: { plan: { uniqueId: 9, planId: 5, planStartDate: '-' } },
    benefitInfo: {
      benefit: [
        { name: 'DATA', uniqueId: '9', balance: '10', actualBalance: 30, startDate: '-' },
        { name: 'SMS', uniqueId: '9', balance: '3', actualBalance: '4' },
        { name: 'DATA', uniqueId: '10', balance: null, expiryDate: '01/02/2026 03:04:05' },
        { name: 'DATA', balance: '1' },
      ],
    },
  }
  for (const answer of [
    { info: blocks },
    { responseParam: { info: blocks } },
    { responseParam: blocks },
  ])
    await answered({ GetEndPointProfile: answer }, async ({ read }) => {
      t.same((await read.addons('1')).items, [
        {
          uniqueId: '9',
          planId: '5',
          grantedBytes: 30,
          leftBytes: 10,
          benefits: [{ name: 'SMS', granted: 4, left: 3 }],
        },
        { uniqueId: '10', expiryDate: '01/02/2026 03:04:05' },
      ])
    })
})

t.test('statistics take null for nothing, and no usage for an empty list', async t => {
  const day = { date: '01/11/2026', uplink: '0.500', downlink: null, totalVolume: null }
  const period = { endpointId: '1', from: new Date(0), to: new Date() }
  await answered({ GetStatistics: { responseParam: { dataUsage: day } } }, async ({ read }) => {
    t.same(await read.statistics(period), {
      days: [{ date: '01/11/2026', uplinkMB: 0.5, downlinkMB: 0, totalMB: 0.5 }],
      totalMB: 0.5,
    })
  })
  const none = { resultCode: '1', resultParam: { resultCode: 1340 } }
  await answered({ GetStatistics: none }, async ({ read }) => {
    t.same(await read.statistics(period), { days: [], totalMB: 0 })
  })
})

t.test("platform dates are read in the account's time zone", async t => {
  t.equal(parsePlatformDate('05/11/2026 10:20:30'), '2026-11-05T10:20:30.000Z')
  t.equal(parsePlatformDate('05/11/2026'), '2026-11-05T00:00:00.000Z')
  t.equal(parsePlatformDate('05/11/2026 10:20:30', 'Europe/Brussels'), '2026-11-05T09:20:30.000Z')
  t.equal(parsePlatformDate('05/07/2026 00:30:00', 'Europe/Brussels'), '2026-07-04T22:30:00.000Z')
  t.equal(parsePlatformDate('29/03/2026 03:30:00', 'Europe/Brussels'), '2026-03-29T01:30:00.000Z')
  t.equal(parsePlatformDate('01/01/2026 12:00:00', 'Asia/Kolkata'), '2026-01-01T06:30:00.000Z')
  for (const [text, iso] of [
    ['2026-11-05', '2026-11-05T00:00:00.000Z'],
    ['2026-11-05T10:20:30', '2026-11-05T10:20:30.000Z'],
    ['2026-11-05T10:20:30.123+02:00', '2026-11-05T08:20:30.000Z'],
    ['2026/11/05 10:20', '2026-11-05T10:20:00.000Z'],
    ['05-11-2026 10:20:30', '2026-11-05T10:20:30.000Z'],
    ['05.11.2026', '2026-11-05T00:00:00.000Z'],
    ['12/31/2026', '2026-12-31T00:00:00.000Z'],
  ] as const)
    t.equal(parsePlatformDate(text), iso, text)
  t.equal(parsePlatformDate('05/11/2026', 'UTC', 'end'), '2026-11-05T23:59:59.000Z')
  t.equal(parsePlatformDate('05/11/2026 10:00:00', 'UTC', 'end'), '2026-11-05T10:00:00.000Z')
  for (const none of ['-', '', '31/02/2026', '13/13/2026', '05/11-2026', '05/11/2026 24:00:00'])
    t.equal(parsePlatformDate(none), undefined, `"${none}" is no date`)
})

t.test('secrets are hidden before an excerpt is cut', async t => {
  const redact = createRedact(() => ['hunter2', undefined])
  const code = `${'x'.repeat(290)}LPA:1$smdp.example.com$MATCHING-ID`
  t.notMatch(excerptOf(code, redact), /LPA/)
  t.notMatch(excerptOf('{"RefreshToken":"abc', redact), /abc/, 'cut off by the platform')
  t.notMatch(excerptOf('Bearer eyJhbGci.eyJzdWIi.c2ln pw hunter2', redact), /eyJ|c2ln|hunter2/)
  t.equal(excerptOf(' ', redact), '(empty body)')
})

t.test('merging never overrides, and adds own fields only', async t => {
  const extra = JSON.parse('{"a":1,"b":{"c":2,"d":3},"__proto__":{"polluted":true}}')
  const merged = mergeUnder({ a: 0, b: { c: 0 } }, extra)
  t.equal(JSON.stringify(merged), '{"a":0,"b":{"c":0,"d":3},"__proto__":{"polluted":true}}')
  t.notOk('polluted' in {})
})

t.test('every assumption has an ID of its own, and what to do otherwise', async t => {
  t.equal(new Set(WIRE_ASSUMPTIONS.map(({ id }) => id)).size, WIRE_ASSUMPTIONS.length)
  t.ok(WIRE_ASSUMPTIONS.every(({ contract, otherwise }) => /\d/.test(contract) && otherwise))
  const reads = Object.values(OPERATIONS).filter(({ method }) => method === 'GET')
  t.equal(reads.length, 10, 'reads and the refresh, nothing else')
})
