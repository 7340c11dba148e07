import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import type { Sft } from '../../src/sft/api.ts'
import type { SftOptions } from '../../src/sft/client.ts'
import { openSft } from '../../src/sft/client.ts'
import { SftError } from '../../src/sft/errors.ts'
import {
  FAULT_KINDS,
  type FaultKind,
  SIMULATED_ACCOUNT,
  type Simulator,
} from '../../src/simulator/index.ts'
import {
  errorOf,
  iccidsOf,
  openSimulated,
  planRequest,
  SETTINGS,
  startUnlimited,
  withServer,
} from './support.ts'

// Most of them wait: for a pause after throttling, and for what is never answered.
t.jobs = 8
const AT_ONCE = { buffered: true }

/** Every writing operation, with identifiers that need not exist. */
const WRITES: Readonly<Record<string, (sft: Sft) => Promise<unknown>>> = {
  CreateRateZone: ({ write }) =>
    write.createRateZone({
      name: 'Europe',
      destGroupId: SIMULATED_ACCOUNT.destGroupId,
      networks: [{ operatorId: '1', sponsorId: '1' }],
    }),
  ModifyRateZone: ({ write }) => write.modifyRateZone({ id: '1', name: 'Europe' }),
  CreatePlan: ({ write }) => write.createPlan(planRequest('1', 'Plan')),
  ModifyPlan: ({ write }) => write.modifyPlan({ planId: '1', name: 'Plan' }),
  CreateEndPoint: ({ write }) => write.createEndpoint({ ...SETTINGS, name: 'e', iccid: '1' }),
  CreateBulkEndPoint: ({ write }) =>
    write.createEndpoints({ ...SETTINGS, endpoints: [{ name: 'e', iccid: '1' }] }),
  EndPointActivation: ({ write }) => write.activateEndpoint('1'),
  EndPointLifeCycleChange: ({ write }) =>
    write.changeLifecycle({ endpointId: '1', lifecycle: 'A' }),
  SubscribeAddon: ({ write }) => write.subscribeAddon({ endpointId: '1', planId: '1' }),
  ModifyEndPoint: ({ write }) => write.patchEndpoint({ endpointId: '1', name: 'e' }),
  LinkSim: ({ write }) => write.linkSim({ endpointId: '1', iccid: '1' }),
  DeLinkSim: ({ write }) => write.deLinkSim('1'),
  DeleteEndPoint: ({ write }) => write.deleteEndpoint('1'),
  ChangePlan: ({ write }) => write.changePlan({ endpointId: '1', planId: '1' }),
}

/** Faults after which nobody knows whether a write was executed. */
const UNCLEAR: readonly FaultKind[] = [
  'late',
  'late-after-answer',
  'timeout-text',
  'timeout-text-not-executed',
  '5xx-before',
  '5xx-after',
  'non-json-before',
  'non-json-after',
  'empty-body-after',
  'half-answer',
  'huge-body-after',
  'deep-body-after',
  'reset-before',
  'reset-after',
  'no-answer',
]
/** Answers by which nothing was executed, in forms of which the contract does not say so. */
const DOUBTFUL: readonly FaultKind[] = [
  'throttle-200-text',
  'throttle-words',
  'throttle-html',
  'throttle-html-after',
  'throttle-words-after',
  'unauthorised-html-after',
  'unauthorised-words-after',
]
const THROTTLED = FAULT_KINDS.filter(
  kind => kind.startsWith('throttle') && !DOUBTFUL.includes(kind),
)
const EXPIRED = FAULT_KINDS.filter(kind => kind.startsWith('expired'))

/** One of so many faults is met by each operation, those of a run by chance; all of them with `FAULT_CASES=1`. */
const ONE_OF = Number(process.env['FAULT_CASES'] ?? 3)
const FIRST = Number(process.env['FAULT_FIRST'] ?? Math.floor(Math.random() * ONE_OF))
t.comment(`FAULT_CASES=${ONE_OF} FAULT_FIRST=${FIRST}`)

const metBy = <Kind>(operationAt: number, kinds: readonly Kind[]): readonly Kind[] =>
  kinds.filter((_kind, at) => (at + operationAt + FIRST) % ONE_OF === 0)

const count = (simulator: Simulator, operation: string): number =>
  simulator.calls.filter(call => call.operation === operation).length

for (const [operationAt, [operation, send]] of Object.entries(WRITES).entries())
  t.test(
    `${operation} has an unknown outcome wherever it may have been executed`,
    AT_ONCE,
    async t => {
      await using simulator = await startUnlimited()
      await using patient = openSimulated(simulator, { timeoutSeconds: 60 })
      await using hasty = openSimulated(simulator, { timeoutSeconds: 0.2 })
      await patient.read.customerProfile()
      await hasty.read.customerProfile()
      for (const kind of metBy(operationAt, [...UNCLEAR, ...DOUBTFUL])) {
        // On a busy machine only what is never answered may be given up.
        const sft = kind === 'no-answer' ? hasty : patient
        const before = count(simulator, operation)
        const began = Date.now()
        simulator.fault({ operation, kind, delayMs: 1 })
        const error = await errorOf(send(sft))
        t.match(error, { name: 'SftUnknownOutcomeError', executed: 'unknown' }, kind)
        t.match(error, { sentAt: Number, call: { operation } })
        t.ok('sentAt' in error && Number(error.sentAt) >= began)
        t.equal(count(simulator, operation), before + 1, `${kind}: sent once`)
      }
      simulator.fault({ operation, kind: 'rejected' })
      t.match(await errorOf(send(patient)), {
        name: 'SftRejectedError',
        executed: 'no',
        code: '10057',
        description: /Unexpected error/,
      })
    },
  )

t.test('a write that was throttled or refused for its token is sent again, once', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator)
  const [network] = (await sft.read.networks()).items
  if (network === undefined) throw new Error('no network')
  const { destGroupId } = SIMULATED_ACCOUNT
  const create = (name: string) =>
    sft.write.createRateZone({ name, destGroupId, networks: [network] })
  for (const kind of [...THROTTLED, ...EXPIRED]) {
    simulator.fault({ operation: 'CreateRateZone', kind })
    t.match(await create(kind), { id: /./ }, kind)
  }
  t.equal(simulator.world.zones.size, THROTTLED.length + EXPIRED.length)
  t.equal(count(simulator, 'Login'), 1 + EXPIRED.length)
  simulator.fault({ operation: 'CreateRateZone', kind: 'field-missing' })
  t.same(await create('without an ID in the answer'), {})
  for (const kind of ['numeric-ids', 'ids-elsewhere', 'ids-elsewhere', 'ids-elsewhere'] as const) {
    simulator.fault({ operation: 'CreateRateZone', kind })
    t.match(await create(`${kind} ${simulator.calls.length}`), { id: /./ }, kind)
  }
})

t.test('rows of a bulk that are not answered, or answered with "verify", are unknown', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator)
  const endpoints = iccidsOf(simulator)
    .slice(0, 4)
    .map(iccid => ({ name: 'e', iccid }))
  simulator.fault({ operation: 'CreateBulkEndPoint', kind: 'row-timeouts' })
  const half = await sft.write.createEndpoints({ ...SETTINGS, endpoints: endpoints.slice(0, 2) })
  t.match(half, [
    { unknown: true, endpointId: undefined, code: '10240' },
    { unknown: false, endpointId: /./ },
  ])
  simulator.fault({ operation: 'CreateBulkEndPoint', kind: 'rows-missing' })
  const rest = await sft.write.createEndpoints({ ...SETTINGS, endpoints: endpoints.slice(2) })
  t.equal(rest.filter(({ unknown }) => unknown).length, 1)
})

t.test('a bulk call that the account does not know is rejected with 404', async t => {
  await using simulator = await startUnlimited({ bulk: 'unknown' })
  await using sft = openSimulated(simulator)
  const error = await errorOf(WRITES['CreateBulkEndPoint']?.(sft) ?? Promise.resolve())
  t.match(error, { name: 'SftRejectedError', code: '404', executed: 'no' })
})

const READS: Readonly<Record<string, (sft: Sft) => Promise<unknown>>> = {
  GetCustomerProfile: ({ read }) => read.customerProfile(),
  GetRateZone: ({ read }) => read.rateZones(),
  QueryRatePlan: ({ read }) => read.addonPlans(),
  fetchSIM: ({ read }) => read.sims({ page: 1, perPage: 5 }),
}

for (const [operationAt, [operation, ask]] of Object.entries(READS).entries())
  t.test(
    `${operation} is asked again after any fault, and never answers half the truth`,
    AT_ONCE,
    async t => {
      await using simulator = await startUnlimited()
      await using sft = openSimulated(simulator, { timeoutSeconds: 60 })
      // On a busy machine it gives up more than what is never answered, and asks for it again.
      await using hasty = openSimulated(simulator, {
        timeoutSeconds: 1,
        retryDelaysSeconds: Array(20).fill(0.01),
      })
      const whole = await ask(sft)
      const faults = [...UNCLEAR, ...DOUBTFUL, ...EXPIRED, 'field-missing', 'numeric-ids'] as const
      for (const kind of metBy<FaultKind>(operationAt, faults)) {
        simulator.fault({ operation, kind, delayMs: 1 })
        t.same(await ask(kind === 'no-answer' ? hasty : sft), whole, kind)
      }
      for (const kind of ['5xx-before', 'non-json-before', 'field-missing'] as const) {
        simulator.fault({ operation, kind, count: 3 })
        t.match(
          await errorOf(ask(sft)),
          { name: 'SftNotUnderstoodError', status: kind === '5xx-before' ? 503 : 200 },
          kind,
        )
      }
      simulator.fault({ operation, kind: 'reset-before', count: 3 })
      t.match(await errorOf(ask(sft)), { name: 'SftUnreachableError' })
      simulator.fault({ operation, kind: 'rejected' })
      t.match(await errorOf(ask(sft)), { name: 'SftRejectedError' }, 'an error is no empty list')
      simulator.fault({ operation, kind: 'throttle-200-text' })
      t.same(await ask(sft), whole)
    },
  )

t.test('an endpoint whose add-ons lost their IDs in the answer is read by its profile', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator)
  const [network] = (await sft.read.networks()).items
  if (network === undefined) throw new Error('no network')
  const { destGroupId } = SIMULATED_ACCOUNT
  const zone = await sft.write.createRateZone({ name: 'z', destGroupId, networks: [network] })
  const { planId = '' } = await sft.write.createPlan(planRequest(zone.id ?? '', 'p'))
  const [iccid = ''] = iccidsOf(simulator)
  const { endpointId = '' } = await sft.write.createEndpoint({ ...SETTINGS, name: 'e', iccid })
  const [instance] = await sft.write.subscribeAddon({ endpointId, planId })
  simulator.fault({ operation: 'GetEndPointProfile', kind: 'field-missing' })
  t.match((await sft.read.endpointProfile(endpointId)).instances, {
    items: [],
    doubt: /without uniqueId/,
  })
  simulator.fault({ operation: 'GetEndpointAddonDetails', kind: 'field-missing' })
  t.match(await sft.read.addons(endpointId), {
    items: [instance],
    by: 'profile',
    endpointStatus: 'Pre-Active',
  })
  simulator.fault({ operation: 'SubscribeAddon', kind: 'field-missing' })
  t.same(await sft.write.subscribeAddon({ endpointId, planId }), [], 'the answer did not tell')
})

t.test('throttled for longer than the patience, a call says so and was not executed', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator, { throttlePatienceSeconds: 0.5 })
  simulator.fault({ operation: 'CreateRateZone', kind: 'throttle-429', count: 99 })
  const error = await errorOf(WRITES['CreateRateZone']?.(sft) ?? Promise.resolve())
  t.match(error, { name: 'SftThrottledError', executed: 'no', message: /not executed/ })
})

/** A list of which the first page is enough. */
const ONE_PAGE = { enough: () => true }

for (const authFailure of ['inner', 'outer', 'http'] as const)
  t.test(`ten calls with a token that died (${authFailure}) make one login`, async t => {
    await using simulator = await startUnlimited({ wire: { authFailure }, latencyMs: 5 })
    await using sft = openSimulated(simulator)
    await sft.read.customerProfile()
    await fetch(`${simulator.url}/_simulator/expire-tokens`, { method: 'POST' })
    await Promise.all(Array.from({ length: 10 }, () => sft.read.rateZones(ONE_PAGE)))
    t.equal(count(simulator, 'Login'), 2)
    t.equal(count(simulator, 'GetRateZone'), 20, 'each is replayed once')
  })

t.test('a token is renewed before it ends, by one refresh whose token is used once', async t => {
  await using simulator = await startUnlimited()
  let ahead = 0
  await using sft = openSimulated(simulator, {
    clock: { ...SYSTEM_CLOCK, now: () => Date.now() + ahead },
  })
  const askTen = () => Promise.all(Array.from({ length: 10 }, () => sft.read.customerProfile()))
  await askTen()
  ahead = 550_000
  await askTen()
  ahead = 2_000_000
  await askTen()
  t.equal(count(simulator, 'Login'), 1)
  t.equal(count(simulator, 'RefreshToken'), 2)
  simulator.fault({ operation: 'RefreshToken', kind: 'reset-after' })
  ahead = 4_000_000
  await askTen()
  t.equal(count(simulator, 'RefreshToken'), 3, 'it may be used up, so it is not sent again')
  t.equal(count(simulator, 'Login'), 2)
  t.notOk(simulator.calls.some(({ outcome }) => outcome === 'unauthorised'))
})

t.test('refused credentials are tried once, whoever asks and however often', async t => {
  await using simulator = await startUnlimited()
  for (const wrong of [{ password: 'wrong' }, { targetAccountId: '1' }]) {
    await using sft = openSimulated(simulator, wrong)
    const before = count(simulator, 'Login')
    const errors = await Promise.all(
      Array.from({ length: 10 }, () => errorOf(sft.read.customerProfile())),
    )
    errors.push(await errorOf(WRITES['CreatePlan']?.(sft) ?? Promise.resolve()))
    t.ok(errors.every(({ name }) => name === 'SftCredentialsError'))
    t.match(errors[0]?.message, /login refused \(10126|10117\)/)
    t.equal(count(simulator, 'Login'), before + 1)
  }
})

t.test('a login meets faults as a read does, and is never sent twice for a refusal', async t => {
  for (const kind of ['5xx-before', 'reset-before', 'throttle-bare', 'non-json-before'] as const) {
    await using simulator = await startUnlimited()
    await using sft = openSimulated(simulator)
    simulator.fault({ operation: 'Login', kind })
    await sft.read.customerProfile()
    t.equal(count(simulator, 'Login'), 2, kind)
  }
})

t.test('a reseller outside a child account has no access, after new logins', async t => {
  await using simulator = await startUnlimited({ accountType: 'reseller' })
  await using outside = openSimulated(simulator)
  t.match(await errorOf(outside.read.sims({ page: 1, perPage: 1 })), {
    name: 'SftNoAccessError',
    message: /targetAccountId/,
  })
  t.equal(count(simulator, 'Login'), 3)
  t.match(await errorOf(outside.read.sims({ page: 1, perPage: 1 })), { name: 'SftNoAccessError' })
  t.equal(count(simulator, 'Login'), 3, 'a further login would not help')
  const targetAccountId = SIMULATED_ACCOUNT.childAccountId
  await using inside = openSimulated(simulator, { targetAccountId })
  t.match(await inside.read.sims({ page: 1, perPage: 1 }), { totalPages: 20 })
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const OPTIONS = {
  username: 'user',
  password: 'hunter2-secret',
  callsPerSecond: Number.POSITIVE_INFINITY,
  retryDelaysSeconds: [0.01],
} satisfies Partial<SftOptions>
const TOKENS = { AccessToken: 'opaque-access-4711', RefreshToken: 'opaque-refresh-4711' }

t.test('where nobody listens nothing was executed', async t => {
  let url = ''
  await withServer(
    () => undefined,
    async free => {
      url = free
    },
  )
  await using sft = openSft({ ...OPTIONS, baseUrl: url })
  t.match(await errorOf(sft.write.deleteEndpoint('1')), {
    name: 'SftUnreachableError',
    executed: 'no',
    message: /no connection \(127\.0\.0\.1:\d+: nothing listens there\)/,
  })
  await using nowhere = openSft({ ...OPTIONS, baseUrl: 'https://sft.invalid' })
  t.match(await errorOf(nowhere.read.rateZones()), { name: 'SftUnreachableError' })
})

t.test('no secret is in any error, whatever the platform echoes', async t => {
  const messages: string[] = []
  const traces: string[] = []
  for (const loginWorks of [true, false])
    for (const status of [200, 404, 500])
      await withServer(
        async (request, response) => {
          const body = await bodyOf(request)
          if (request.url === '/api/login' && loginWorks) {
            response.end(JSON.stringify(TOKENS))
            return
          }
          const echo = JSON.stringify({
            headers: request.headers,
            body,
            activationCode: {
              textQrCode: 'LPA:1$smdp.secret.example$MATCH-4711',
              smDpPlusAdress: 'smdp.secret.example',
              matchingId: 'MATCH-4711',
            },
          })
          const rejected = { resultCode: '9', resultDescription: echo }
          response.statusCode = status
          response.end(
            request.method === 'GET'
              ? echo.slice(0, -3)
              : JSON.stringify({ Response: { resultCode: '1', resultParam: rejected } }),
          )
        },
        async baseUrl => {
          const onCall = (call: object) => traces.push(JSON.stringify(call))
          await using sft = openSft({ ...OPTIONS, baseUrl, onCall })
          for (const attempt of [() => sft.read.rateZones(), () => sft.write.deleteEndpoint('1')]) {
            const error = await errorOf(attempt())
            t.ok(error instanceof SftError, error.name)
            messages.push(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`)
          }
        },
      )
  for (const text of [...messages, ...traces])
    t.notMatch(text, /hunter2|4711|smdp\.secret|LPA:1/, text.slice(0, 60))
  t.ok(messages.some(text => text.includes('[hidden]')))
})

t.test('a redirect is not followed: the token stays here', async t => {
  let elsewhere = 0
  await withServer(
    (_request, response) => {
      elsewhere++
      response.end()
    },
    async target => {
      await withServer(
        (request, response) => {
          if (request.url === '/api/login') response.end(JSON.stringify(TOKENS))
          else response.writeHead(307, { location: target }).end()
        },
        async baseUrl => {
          await using sft = openSft({ ...OPTIONS, baseUrl })
          t.match(await errorOf(sft.write.deleteEndpoint('1')), { name: 'SftUnknownOutcomeError' })
          t.match(await errorOf(sft.read.rateZones()), {
            name: 'SftNotUnderstoodError',
            status: 307,
            message: `${baseUrl} redirects to ${target}`,
          })
        },
      )
    },
  )
  t.equal(elsewhere, 0)
})

t.test('a base URL that cannot be meant is refused at once', async t => {
  for (const baseUrl of [
    'sft.bics.com',
    'http://sft.bics.com',
    'http://127.0.0.1.evil.example',
    'https://sft.bics.com/api',
    'https://user:secret@sft.bics.com',
    'https://sft.bics.com/?x=1',
  ])
    t.throws(() => openSft({ ...OPTIONS, baseUrl }), TypeError, baseUrl)
  t.throws(
    () => openSft({ ...OPTIONS, baseUrl: 'https://a.example', callsPerSecond: 0 }),
    RangeError,
  )
  const sft = openSft({ ...OPTIONS, baseUrl: 'https://a.example:8443/' })
  t.match(sft, { host: 'a.example:8443', bulkSize: 100, bulkMode: 'auto' })
  t.equal(sft.settleSeconds('CreateEndPoint'), 180)
  t.equal(sft.settleSeconds('CreatePlan'), 30)
})

t.test('who gives up waiting gets an error that says nothing was sent', async t => {
  await using simulator = await startUnlimited()
  await using sft = openSimulated(simulator, { callsPerSecond: 5 })
  const stop = new AbortController()
  await sft.read.customerProfile()
  const given = errorOf(sft.write.deleteEndpoint('1', { signal: stop.signal }))
  stop.abort()
  t.match(await given, { name: 'SftAbortedError', executed: 'no' })
  const closed = errorOf(sft.read.rateZones())
  await sft[Symbol.asyncDispose]()
  t.match(await closed, { name: 'SftAbortedError' })
  t.equal(count(simulator, 'DeleteEndPoint'), 0)
})
