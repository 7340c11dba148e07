import { createServer } from 'node:http'
import { metrics, trace } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import t, { type Test } from 'tap'
import type { CallTrace, ProvisionEvent } from '../../src/provision/index.ts'
import { METRICS } from '../../src/telemetry/metrics.ts'
import { readTraceparent } from '../../src/telemetry/trace-context.ts'
import { findSecret } from '../cli/run-cli.ts'
import { anOrder } from '../provision/ledger-contract.ts'
import { openMarket, openShop } from '../provision/support.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const GIVEN = `00-${TRACE}-b7ad6b7169203331-01`

const ordersOnly = (events: readonly ProvisionEvent[], orderId: string) =>
  events.filter(event => 'orderId' in event && event.orderId === orderId)

t.test('an event of an order has time, SKU, duration and the trace that was given', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop, events, ledger } = await openShop(market)
  const sale = await shop.purchase({ orderId: 'A', sku: 'EU-1GB', traceparent: GIVEN })
  const told = ordersOnly(events, 'A')
  t.ok(told.length >= 6, 'started, each step, delivered')
  for (const event of told) {
    t.match(event, { sku: 'EU-1GB', kind: 'purchase', traceparent: GIVEN })
    t.ok(!Number.isNaN(Date.parse(event.at)), event.at)
    if (event.type === 'order step' || event.type === 'order delivered')
      t.ok(event.seconds >= 0 && event.seconds < 600, `${event.type} took ${event.seconds} s`)
  }
  await shop.topUp({
    orderId: 'B',
    sku: 'EU-10GB-30D',
    endpointId: sale.endpointId,
    traceparent: '<none>',
  })
  t.match(ordersOnly(events, 'B')[0], { sku: 'EU-10GB-30D', kind: 'topUp' })
  t.notOk(
    ordersOnly(events, 'B').some(event => 'traceparent' in event),
    'a text that is no trace context stops no sale and goes nowhere',
  )
  const kept = await ledger.transact({ orderIds: ['A', 'B'] }, rows => ({
    entries: [],
    result: [rows.order('A'), rows.order('B')],
  }))
  t.equal(kept[0]?.traceparent, GIVEN, 'a worker that goes on with it knows its trace')
  t.equal(kept[1]?.traceparent, undefined)
  t.equal(
    (await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })).endpointId,
    sale.endpointId,
    'the same order with another trace is the same order',
  )
  await t.rejects(shop.purchase({ orderId: 'Z', sku: 'NONE' }), { name: 'UnknownSkuError' })
  t.match(ordersOnly(events, 'Z').at(-1), {
    type: 'order stopped',
    code: 'UNKNOWN_SKU',
    sku: 'NONE',
    resumable: false,
  })
  t.equal(findSecret(JSON.stringify(events)), undefined)
  await shop[Symbol.asyncDispose]()
})

t.test('an order that is taken from a process tells so where it is lost', async t => {
  const market = await openMarket(t, { endpoints: 2, simulator: { latencyMs: 200 } })
  const { shop, events, ledger } = await openShop(market)
  const sale = shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
  while (!events.some(event => event.type === 'order step'))
    await new Promise(resolve => setTimeout(resolve, 5))
  // What another process does that finds this one silent.
  await ledger.transact({ orderIds: ['A'] }, rows => {
    const { owner: _owner, ...order } = rows.order('A') ?? anOrder('A', {})
    const row = { ...order, fence: (order.fence ?? 0) + 1 }
    return { entries: [{ table: 'orders', row }], result: undefined }
  })
  await sale
  t.match(
    events.filter(event => event.type === 'order lost'),
    [{ orderId: 'A', sku: 'EU-1GB', kind: 'purchase' }],
  )
  await shop[Symbol.asyncDispose]()
})

t.test('onCall tells of each call who waited for it, how long, and no secret', async t => {
  const market = await openMarket(t, { endpoints: 2 })
  const calls: CallTrace[] = []
  await using sft = market.openSft({ callsPerSecond: 20, onCall: call => calls.push(call) })
  const { shop } = await openShop(market, { sft })
  await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
  await shop[Symbol.asyncDispose]()
  const subscribed = calls.find(call => call.operation === 'SubscribeAddon')
  t.match(subscribed, { lane: 'traveller', status: 200, attempt: 1, outcome: 'answered' })
  for (const { at, waitedSeconds, seconds } of calls)
    t.ok(Date.parse(at) > 0 && waitedSeconds >= 0 && seconds >= 0)
  t.ok(
    calls.some(call => call.waitedSeconds > 0.01),
    'at 20 calls a second some wait for their time',
  )
  t.equal(findSecret(JSON.stringify(calls)), undefined)
  t.same(Object.keys(subscribed ?? {}).toSorted(), [
    'at',
    'attempt',
    'lane',
    'operation',
    'outcome',
    'seconds',
    'status',
    'waitedSeconds',
  ])
})

/** What a Prometheus server reads, from a real exporter. */
async function scrape(exporter: PrometheusExporter): Promise<string> {
  const server = createServer((request, response) =>
    exporter.getMetricsRequestHandler(request, response),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const answer = await fetch(`http://127.0.0.1:${address.port}/metrics`)
  const text = await answer.text()
  await new Promise(resolve => server.close(resolve))
  return text
}

/** The value of a sample whose labels have all of these; the sum where there are more. */
function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const lines = text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter(line =>
      Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)),
    )
  return lines.length === 0
    ? Number.NaN
    : lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const isUnder = (span: ReadableSpan, parent: ReadableSpan | undefined) =>
  parent !== undefined && span.parentSpanContext?.spanId === parent.spanContext().spanId

async function testSpans(t: Test, spans: InMemorySpanExporter): Promise<void> {
  const market = await openMarket(t, { endpoints: 2 })
  const { shop, events } = await openShop(market)
  spans.reset()
  await shop.purchase({ orderId: 'A', sku: 'EU-1GB', traceparent: GIVEN })
  const ended = spans.getFinishedSpans()
  const order = ended.find(span => span.name === 'order purchase')
  t.equal(order?.spanContext().traceId, TRACE, 'in the trace of the request')
  t.equal(order?.parentSpanContext?.spanId, 'b7ad6b7169203331')
  t.match(order?.attributes, {
    'sft.order.id': 'A',
    'sft.order.kind': 'purchase',
    'sft.sku': 'EU-1GB',
    'sft.order.outcome': 'delivered',
  })
  const activate = ended.find(span => span.name === 'order step activate')
  const subscribe = ended.find(span => span.name === 'order step subscribe')
  for (const step of [activate, subscribe])
    t.ok(step && isUnder(step, order), 'a step stands under its order')
  const call = ended.find(span => span.name === 'SFT SubscribeAddon')
  t.ok(call && isUnder(call, subscribe), 'a call stands under the step that made it')
  t.match(call?.attributes, {
    'sft.operation': 'SubscribeAddon',
    'sft.outcome': 'answered',
    'sft.lane': 'traveller',
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'server.address': new URL(market.simulator.url).host,
  })
  t.type(call?.attributes['sft.budget.wait'], 'number')
  const delivered = events.find(event => event.type === 'order delivered')
  const { traceId = '', spanId = '' } = readTraceparent(delivered?.traceparent ?? '') ?? {}
  t.same([traceId, spanId], [TRACE, order?.spanContext().spanId], 'events name the span')

  market.simulator.fault({ operation: 'SubscribeAddon', kind: '5xx-after' })
  spans.reset()
  await trace.getTracer('portal').startActiveSpan('GET /buy', async request => {
    await shop.purchase({ orderId: 'B', sku: 'EU-1GB' })
    const portal = request.spanContext().traceId
    request.end()
    const mine = spans.getFinishedSpans().filter(span => span.spanContext().traceId === portal)
    t.ok(
      mine.some(span => span.name === 'order purchase'),
      'without one that is given: in what is under way',
    )
    const failed = mine.find(
      span => span.name === 'SFT SubscribeAddon' && span.attributes['error.type'] !== undefined,
    )
    t.match(failed?.attributes, { 'error.type': 'unclear', 'http.response.status_code': 503 })
  })
  const text = JSON.stringify(
    [...ended, ...spans.getFinishedSpans()].map(({ name, attributes, status, events }) => ({
      name,
      attributes,
      status,
      events,
    })),
  )
  t.equal(findSecret(text), undefined, 'no span holds a secret')
  await shop[Symbol.asyncDispose]()
}

async function testMetrics(t: Test, exporter: PrometheusExporter): Promise<void> {
  const market = await openMarket(t, { endpoints: 5 })
  await using sft = market.openSft({ callsPerSecond: 50 })
  const { shop, ledger } = await openShop(market, { sft, countEverySeconds: 0 })
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  const stuck = (orderId: string, seconds: number, count: number) => ({
    table: 'orders' as const,
    row: {
      ...anOrder(orderId, { status: 'new' }),
      createdAt: ago(seconds),
      givenOut: { count, at: ago(1) },
    },
  })
  await ledger.transact({ orderIds: ['old', 'older'] }, () => ({
    entries: [stuck('old', 200, 1), stuck('older', 200_000, 10)],
    result: undefined,
  }))
  await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
  await t.rejects(shop.purchase({ orderId: 'Z', sku: 'NONE' }))
  const text = await scrape(exporter)
  const calls = sample(text, 'sft_call_duration_count', {
    sft_operation: 'SubscribeAddon',
    sft_outcome: 'answered',
    sft_lane: 'traveller',
    http_response_status_code: '200',
  })
  t.ok(calls >= 1, `${calls} calls by operation and outcome`)
  t.ok(sample(text, 'sft_budget_wait_duration_count', { sft_lane: 'traveller' }) >= 1)
  t.equal(sample(text, 'sft_budget_limit', { server_address: sft.host }), 50)
  t.equal(sample(text, 'sft_budget_rate', { server_address: sft.host }), 50)
  t.equal(sample(text, 'sft_budget_waiting', { server_address: sft.host }), 0)
  const step = { sft_order_step: 'subscribe', sft_order_step_outcome: 'done' }
  t.ok(sample(text, 'sft_order_step_duration_count', step) >= 1)
  const delivered = { sft_order_outcome: 'delivered', sft_order_kind: 'purchase' }
  t.ok(sample(text, 'sft_order_duration_count', delivered) >= 1)
  const failed = { sft_order_outcome: 'failed', error_type: 'UNKNOWN_SKU' }
  t.ok(sample(text, 'sft_order_duration_count', failed) >= 1)
  t.equal(sample(text, 'sft_stock_esims', { sft_stock_state: 'sellable', sft_batch: 'first' }), 4)
  t.equal(sample(text, 'sft_stock_esims', { sft_stock_state: 'sold' }), 1)
  t.equal(sample(text, 'sft_orders_unfinished', { sft_order_age: 'up to 15 min' }), 1)
  t.equal(sample(text, 'sft_orders_unfinished', { sft_order_age: 'over 1 d' }), 1)
  t.equal(sample(text, 'sft_orders_parked'), 1)
  t.equal(findSecret(text), undefined, 'no metric holds a secret')
  for (const line of text.split('\n').filter(line => line.startsWith('# HELP sft_')))
    t.ok(
      Object.values(METRICS).some(({ help }) => line.endsWith(help)),
      line,
    )
  await shop[Symbol.asyncDispose]()
}

t.test('with an SDK that the process registered', async t => {
  const spans = new InMemorySpanExporter()
  const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  tracing.register()
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const meters = new MeterProvider({ readers: [exporter] })
  metrics.setGlobalMeterProvider(meters)
  t.teardown(async () => {
    await tracing.shutdown()
    await meters.shutdown()
  })
  await t.test('an order, its steps and its calls are spans of one trace', t => testSpans(t, spans))
  await t.test('a Prometheus server reads calls, budget, sales, stock and what is stuck', t =>
    testMetrics(t, exporter),
  )
})
