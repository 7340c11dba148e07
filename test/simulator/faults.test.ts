import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/index.ts'
import {
  at,
  bulkBody,
  endpointBody,
  iccidAt,
  inner,
  outer,
  type RawClient,
  rawClient,
  why,
} from './raw-client.ts'

type Seen = { readonly status: number; readonly text: string } | 'broken'

/** What a client sees of one fault on CreateEndPoint, and whether it is executed at once. */
interface Case {
  readonly executed: boolean
  readonly check: (t: Test, seen: Seen) => void
}

const broken = (t: Test, seen: Seen) => t.equal(seen, 'broken')
const json = (check: (t: Test, body: unknown, status: number) => void) => (t: Test, seen: Seen) => {
  if (seen === 'broken') t.fail('the connection broke')
  else check(t, JSON.parse(seen.text), seen.status)
}
const html = (status: number) => (t: Test, seen: Seen) => t.match(seen, { status, text: /<html>/ })
const timedOut = json((t, body) => {
  t.equal(inner(body), '10240')
  t.match(why(body), /has Time out/)
})
const unauthorised = (status: number, code: string) =>
  json((t, body, seenStatus) => {
    t.strictSame([seenStatus, outer(body), inner(body)], [status, code, '401'])
  })
const created = json((t, body) => t.equal(outer(body), '0'))

const CASES: Readonly<Record<Exclude<FaultKind, 'no-answer'>, Case>> = {
  late: { executed: false, check: broken },
  'late-after-answer': { executed: false, check: timedOut },
  'timeout-text': { executed: true, check: timedOut },
  'timeout-text-not-executed': { executed: false, check: timedOut },
  'throttle-429': {
    executed: false,
    check: json((t, body, status) => {
      t.equal(status, 429)
      t.match(why(body), /rate limit/)
    }),
  },
  'throttle-200-text': {
    executed: false,
    check: json((t, body, status) => {
      t.equal(status, 200)
      t.match(why(body), /rate limit/)
    }),
  },
  'throttle-words': {
    executed: false,
    check: json((t, body, status) => {
      t.equal(status, 200)
      t.match(why(body), /Too many requests/)
    }),
  },
  'throttle-bare': {
    executed: false,
    check: json((t, body, status) => {
      t.equal(status, 429)
      t.strictSame(body, { message: 'API rate limit exceeded' })
    }),
  },
  'throttle-html': { executed: false, check: html(429) },
  'expired-token-inner': { executed: false, check: unauthorised(200, '1') },
  'expired-token-outer': { executed: false, check: unauthorised(200, '401') },
  'expired-token-words': {
    executed: false,
    check: json((t, body) => t.match(why(body), /Token expired/)),
  },
  'expired-token-http': { executed: false, check: unauthorised(401, '401') },
  '5xx-before': { executed: false, check: html(503) },
  '5xx-after': { executed: true, check: html(503) },
  'non-json-before': { executed: false, check: html(200) },
  'non-json-after': { executed: true, check: html(200) },
  'empty-body-after': {
    executed: true,
    check: (t, seen) => t.match(seen, { status: 200, text: '' }),
  },
  'half-answer': { executed: true, check: broken },
  'huge-body-after': { executed: true, check: created },
  'deep-body-after': { executed: true, check: created },
  'reset-before': { executed: false, check: broken },
  'reset-after': { executed: true, check: broken },
  'field-missing': {
    executed: true,
    check: json((t, body) => {
      t.equal(outer(body), '0')
      t.equal(at(body, 'Response.endPointId'), undefined)
    }),
  },
  'numeric-ids': {
    executed: true,
    check: json((t, body) => t.type(at(body, 'Response.endPointId'), 'number')),
  },
  'ids-elsewhere': {
    executed: true,
    check: json((t, body) => {
      t.equal(outer(body), '0')
      t.equal(at(body, 'Response.endPointId'), undefined)
    }),
  },
  'rows-missing': { executed: true, check: created },
  'row-timeouts': { executed: true, check: created },
  'no-data': {
    executed: false,
    check: json((t, body) => t.strictSame([outer(body), inner(body)], ['1', '1359'])),
  },
  'lists-empty': { executed: true, check: created },
  rejected: {
    executed: false,
    check: json((t, body) => t.strictSame([outer(body), inner(body)], ['1', '10057'])),
  },
  'rejected-after': {
    executed: true,
    check: json((t, body) => t.strictSame([outer(body), inner(body)], ['1', '10057'])),
  },
  'gateway-words-after': { executed: true, check: html(504) },
  'already-after': {
    executed: true,
    check: json((t, body) => t.strictSame([outer(body), inner(body)], ['1', '1254'])),
  },
  'unauthorised-html-after': { executed: true, check: html(401) },
  'unauthorised-words-after': {
    executed: true,
    check: json((t, body) => t.match(why(body), /Invalid session/)),
  },
  'throttle-html-after': { executed: true, check: html(429) },
  'throttle-words-after': {
    executed: true,
    check: json((t, body) => t.match(why(body), /Too many requests/)),
  },
}

async function create(client: RawClient): Promise<Seen> {
  const body = endpointBody('e', iccidAt(client.simulator, 0))
  try {
    return await client.raw('POST', '/api/CreateEndPoint', body)
  } catch (error) {
    if (error instanceof TypeError) return 'broken'
    throw error
  }
}

for (const [kind, { executed, check }] of Object.entries(CASES)) {
  t.test(
    `${kind} is ${executed ? '' : 'not '}executed at once, and answered as it says`,
    async t => {
      await using client = await rawClient()
      const { simulator } = client
      const known = FAULT_KINDS.find(one => one === kind)!
      simulator.fault({ operation: 'CreateEndPoint', kind: known, delayMs: 60_000 })
      check(t, await create(client))
      t.equal(simulator.world.endpoints.size, executed ? 1 : 0)
      const call = simulator.calls.at(-1)
      t.match(call, { operation: 'CreateEndPoint', outcome: `fault:${kind}`, executed })
      t.equal(simulator.world.executions.get('CreateEndPoint') ?? 0, executed ? 1 : 0)
    },
  )
}

t.test('every kind of fault stands in the table', async t => {
  t.strictSame(Object.keys(CASES).concat('no-answer').toSorted(), [...FAULT_KINDS].toSorted())
})

t.test('no-answer is executed and never answered', async t => {
  await using client = await rawClient()
  client.simulator.fault({ operation: 'CreateEndPoint', kind: 'no-answer' })
  const waiting = create(client)
  while (client.simulator.world.endpoints.size === 0) await sleep(5)
  await client.simulator.close()
  t.equal(await waiting, 'broken', 'closing the simulator ends the wait')
})

t.test('what is late happens later, and at the latest on closing', async t => {
  const client = await rawClient()
  const { simulator } = client
  simulator.fault({ operation: 'CreateEndPoint', kind: 'late', delayMs: 20 })
  t.equal(await create(client), 'broken')
  while (simulator.world.endpoints.size === 0) await sleep(5)
  t.equal(simulator.calls.at(-1)?.executed, true)
  simulator.fault({ operation: 'DeLinkSim', kind: 'late-after-answer', delayMs: 60_000 })
  const [endPointId] = [...simulator.world.endpoints.keys()]
  t.equal(inner(await client.post('/api/DeLinkSim', { Request: { endPointId } })), '10240')
  await simulator.close()
  t.equal(simulator.world.endpoints.get(endPointId!)?.status, 'Hold')
})

t.test('bulk rows go missing or unclear though all of them are executed', async t => {
  await using client = await rawClient()
  const { simulator } = client
  const bulk = (from: number, count: number) =>
    client.post(
      '/api/CreateBulkEndPoint',
      bulkBody(
        Array.from({ length: count }, (_, index) => ({
          name: 'e',
          iccid: iccidAt(simulator, from + index),
        })),
      ),
    )
  simulator.fault({ operation: 'CreateBulkEndPoint', kind: 'rows-missing', count: 2 })
  t.equal(at(await bulk(0, 4), 'Response.responseParam.rows.length'), 2)
  t.equal(at(await bulk(4, 1), 'Response.responseParam'), undefined)
  simulator.fault({ operation: 'CreateBulkEndPoint', kind: 'row-timeouts' })
  t.match(at(await bulk(5, 4), 'Response.responseParam.rows'), [
    { endPointId: '-', resultCode: '10240' },
    { endPointId: /^\d+$/, resultCode: '0' },
    { endPointId: '-', resultCode: '10239' },
    { endPointId: /^\d+$/, resultCode: '0' },
  ])
  t.equal(simulator.world.endpoints.size, 9)
})

t.test('a fault waits for its operation, lets some pass, and meets as many as it says', async t => {
  await using client = await rawClient()
  const added = await client.post('/_simulator/faults', [
    { operation: 'writes', kind: 'rejected', skip: 1, count: 2 },
    { operation: '*', kind: '5xx-before', status: 502 },
  ])
  t.strictSame(added, { added: 2 })
  t.equal((await client.raw('GET', '/api/GetRateZone')).status, 502, 'not a write: the second one')
  const outcomes: unknown[] = []
  for (let index = 0; index < 4; index += 1) {
    const body = endpointBody('e', iccidAt(client.simulator, index))
    outcomes.push(inner(await client.post('/api/CreateEndPoint', body)))
  }
  t.strictSame(outcomes, ['0', '10057', '10057', '0'])
  client.simulator.fault({ operation: '*', kind: 'rejected' })
  await client.post('/_simulator/faults', undefined, 'DELETE')
  t.equal(outer(await client.get('/api/GetRateZone')), '0')
  const wrong = await client.post('/_simulator/faults', { operation: 'CreateZone', kind: 'late' })
  t.match(wrong, { error: /no operation CreateZone/ })
  t.throws(() => client.simulator.fault({ operation: 'CreateZone', kind: 'late' }))
})

t.test('an expired token is expired for every call until there is a new one', async t => {
  await using client = await rawClient()
  client.simulator.fault({ operation: 'CreateEndPoint', kind: 'expired-token-inner' })
  await create(client)
  t.equal(inner(await client.get('/api/GetRateZone')), '401')
  await client.login()
  t.equal(outer(await client.get('/api/GetRateZone')), '0')
})
