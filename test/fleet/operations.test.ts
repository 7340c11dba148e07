/** A worker as whoever operates it sees it: its log, its health, its end, its metrics. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { openLedger } from '../../src/stores/ledgers.ts'
import { findSecret, type Running, type RunOptions, startCli, startInside } from '../cli/run-cli.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'
import { doomedLedger, doomedSft, doomWhen } from '../provision/crash.ts'
import { allOrders } from '../provision/rows.ts'
import { type Market, openMarket, openShop } from '../provision/support.ts'
import { shopEnv } from './shop-env.ts'

/** In every address of a database here; servers that trust everybody do not look at it. */
const DATABASE_PASSWORD = 'p%40ss-of-the-database'

interface RunningWorker {
  readonly kill: Running['kill']
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
  readonly text: () => string
  readonly until: (pattern: RegExp) => Promise<void>
  /** Its exit code. */
  readonly ended: Promise<number | undefined>
}

const WORDS = ['worker', '--every', '0.5']

/** A worker inside this process; there is one at a time. */
function startWorker(
  t: Test,
  market: Market,
  place: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): RunningWorker {
  const running = startInside([...WORDS, ...flags], optionsFor(t, market, place, env))
  t.teardown(async () => {
    running.kill('SIGTERM')
    await running.ended
  })
  return watched(running)
}

interface WorkerProcess {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Said to Node itself. */
  readonly node?: readonly string[]
}

/** A worker with a process of its own, which it takes along when it ends at once. */
function startWorkerProcess(
  t: Test,
  market: Market,
  place: string,
  { flags = [], env = {}, node = [] }: WorkerProcess,
): RunningWorker {
  const options = { ...optionsFor(t, market, place, env), node }
  const running = startCli([...WORDS, ...flags], options)
  t.teardown(() => running.kill('SIGKILL'))
  return watched(running)
}

const optionsFor = (
  t: Test,
  market: Market,
  place: string,
  env: Readonly<Record<string, string>>,
): RunOptions => ({
  cwd: t.testdir({}),
  env: {
    ...shopEnv(market.simulator.url, place),
    ...env,
  },
})

function watched({ kill, stderr, until, ended }: Running): RunningWorker {
  return {
    kill,
    until,
    text: stderr,
    lines: () =>
      stderr()
        .split('\n')
        .slice(0, -1)
        .map((line): Record<string, unknown> => JSON.parse(line)),
    ended: ended.then(({ code }) => code),
  }
}

/** A port that the worker is told to use. */
let nextPort = 20_000 + Math.floor(Math.random() * 20_000)
const aPort = (): number => nextPort++

async function ready(port: number): Promise<{ status: number; body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
  return { status: answer?.status ?? 0, body: (await answer?.text()) ?? '' }
}

async function untilReady(port: number, status: number): Promise<string> {
  for (;;) {
    const now = await ready(port)
    if (now.status === status) return now.body
    await sleep(100)
  }
}

/** From now on the account answers after so long. */
async function slow(market: Market, latencyMs: number): Promise<void> {
  const answer = await fetch(`${market.simulator.url}/_simulator/settings`, {
    method: 'POST',
    body: JSON.stringify({ latencyMs }),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** Orders that a seller left in the middle of their activation, when it died. */
async function leaveOrders(t: Test, market: Market, place: string, orders: readonly string[]) {
  await slow(market, 200)
  const ledger = await openLedger(place)
  const sft = market.openSft()
  t.teardown(async () => {
    await sft[Symbol.asyncDispose]()
    await ledger[Symbol.asyncDispose]()
  })
  const sent = () => market.simulator.calls.filter(call => /LifeCycle/.test(call.operation)).length
  const doom = doomWhen(() => sent() >= orders.length)
  const { shop } = await openShop(market, {
    sft: doomedSft(sft, doom),
    ledger: doomedLedger(ledger, doom),
  })
  for (const orderId of orders) shop.purchase({ orderId, sku: 'EU-1GB' }).catch(() => undefined)
  await doom.died
  await slow(market, 20)
}

async function statusesAt(place: string): Promise<readonly string[]> {
  await using ledger = await openLedger(place)
  return (await allOrders(ledger)).map(order => order.status)
}

function testOperations(server: PostgresServer): void {
  let schemas = 0
  const open = async (t: Test) => {
    schemas += 1
    const base = server.url.replace('postgres@', `postgres:${DATABASE_PASSWORD}@`)
    const place = `${base}?schema=operations_${schemas}`
    const market = await openMarket(t, {
      endpoints: 10,
      simulator: { latencyMs: 20 },
      sft: { timeoutSeconds: 60 },
    })
    await market.save(place)
    return { place, market }
  }

  t.test('its log is JSON lines with fields, and holds no secret', async t => {
    const { place, market } = await open(t)
    await leaveOrders(t, market, place, ['A', 'B'])
    const worker = startWorker(t, market, place, ['--log-level', 'debug'])
    await worker.until(/"event":"finished"/)
    while ((await statusesAt(place)).some(status => status !== 'delivered')) await sleep(100)
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
    const lines = worker.lines()
    for (const line of lines)
      t.match(line, { level: /^(debug|info|warn|error)$/, time: /^\d{4}-.*Z$/, msg: String })
    t.ok(
      lines.some(
        ({ level, event, orderId, sku }) =>
          level === 'debug' && event === 'order step' && orderId === 'A' && sku === 'EU-1GB',
      ),
    )
    t.match(lines.at(-1), { level: 'info', msg: /the worker ends/ })
    t.equal(findSecret(worker.text()), undefined)
    t.notMatch(worker.text(), 'ss-of-the-database')
    t.notMatch(worker.text(), /"simulator"/, 'the password of the account')
  })

  t.test('--log-level and --log-format say what is written, others are refused', async t => {
    const { place, market } = await open(t)
    const quiet = startWorker(t, market, place, ['--log-level', 'error', '--health-port', '0'])
    t.equal(await quiet.ended, 64, 'a port is from 1')
    const wrong = startWorker(t, market, place, ['--log-level', 'loud'])
    t.equal(await wrong.ended, 64)
    t.match(wrong.text(), /--log-level loud: it is one of debug, info, warn, error/)
    const text = startWorker(t, market, place, ['--log-format', 'text'])
    await text.until(/the worker runs\n/)
    text.kill('SIGTERM')
    t.equal(await text.ended, 0)
    t.notMatch(text.text(), '{')
  })

  t.test('it is ready while the database answers, and not while it is away', async t => {
    const { place, market } = await open(t)
    const port = aPort()
    const worker = startWorker(t, market, place, ['--health-port', String(port)])
    t.match(JSON.parse(await untilReady(port, 200)), {
      isReady: true,
      checks: { database: 'ok', account: 'not asked yet', work: 'ok' },
    })
    await server.stop('immediate')
    const away = await untilReady(port, 503)
    const alive = await fetch(`http://127.0.0.1:${port}/healthz`)
    t.equal(alive.status, 200, 'it lives all the same')
    await alive.text()
    t.match(JSON.parse(away), { isReady: false, checks: { account: 'not asked yet' } })
    t.not(JSON.parse(away).checks.database, 'ok')
    t.notMatch(away, 'ss-of-the-database')
    await server.start()
    await untilReady(port, 200)
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
    t.notMatch(worker.text(), 'ss-of-the-database')
  })

  t.test('told to stop, it ends what is under way and takes nothing new', async t => {
    const { place, market } = await open(t)
    await leaveOrders(t, market, place, ['A', 'B'])
    await slow(market, 700)
    const worker = startWorker(t, market, place, ['--drain-seconds', '60'])
    await worker.until(/"event":"given out"/)
    while (!worker.text().includes('"event":"order taken over"')) await sleep(10)
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0, 'all that it took was done')
    t.match(worker.text(), /"orderId":"[AB]","status":"delivered"/)
    t.match(worker.text(), /nothing is under way/)
  })

  t.test(
    'what does not end within --drain-seconds is left to others, and the exit code says so',
    async t => {
      const { place, market } = await open(t)
      await leaveOrders(t, market, place, ['A', 'B'])
      await slow(market, 1500)
      const worker = startWorkerProcess(t, market, place, { flags: ['--drain-seconds', '0'] })
      await worker.until(/"event":"order taken over"/)
      worker.kill('SIGTERM')
      t.equal(await worker.ended, 4)
      t.match(worker.text(), /did not end in time; others go on/)
      await slow(market, 20)
      startWorker(t, market, place)
      while ((await statusesAt(place)).some(status => status !== 'delivered')) await sleep(100)
      const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
      t.equal(instances.length, 2, 'each once')
    },
  )

  t.test('a second signal ends it at once', async t => {
    const { place, market } = await open(t)
    await leaveOrders(t, market, place, ['A'])
    await slow(market, 5000)
    const worker = startWorkerProcess(t, market, place, { flags: ['--drain-seconds', '600'] })
    await worker.until(/"event":"order taken over"/)
    worker.kill('SIGTERM')
    await worker.until(/once more to stop at once/)
    worker.kill('SIGINT')
    t.equal(await worker.ended, 130)
  })

  t.test(
    'one that the account lets in no more takes no work, and says so until it ends',
    async t => {
      const { place, market } = await open(t)
      await leaveOrders(t, market, place, ['A', 'B', 'C'])
      const before = market.simulator.calls.length
      const port = aPort()
      const env = { SFT_PASSWORD: 'a-password-nobody-may-see' }
      const worker = startWorker(t, market, place, ['--health-port', String(port)], env)
      await worker.until(/ACCOUNT_REFUSED/)
      t.match(JSON.parse(await untilReady(port, 503)), {
        checks: { work: /none is taken, since the account was refused/ },
      })
      await sleep(2000)
      const { status } = await ready(port)
      t.equal(status, 503)
      const logins = market.simulator.calls
        .slice(before)
        .filter(({ operation }) => operation === 'Login')
      t.equal(logins.length, 1, 'failed logins lock accounts: there was one')
      worker.kill('SIGTERM')
      t.equal(await worker.ended, 1)
      t.equal(findSecret(worker.text()), undefined)
      startWorker(t, market, place)
      while ((await statusesAt(place)).some(status => status !== 'delivered')) await sleep(200)
      await using ledger = await openLedger(place)
      t.ok(
        (await allOrders(ledger)).every(order => (order.givenOut?.count ?? 0) <= 2),
        'the orders lost no more than one attempt to it',
      )
    },
  )

  t.test('its metrics reach Prometheus as docs/observability.md says', async t => {
    const { place, market } = await open(t)
    await leaveOrders(t, market, place, ['A'])
    const port = aPort()
    const sdk = pathToFileURL(resolve('examples/observability/otel.mjs')).href
    const worker = startWorkerProcess(t, market, place, {
      env: { METRICS_PORT: String(port) },
      node: ['--import', sdk],
    })
    await worker.until(/"event":"finished"/)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    t.match(text, /^sft_worker_queue\{sft_work_kind="orders",sft_work_state="queued"[^}]*\} \d+$/m)
    t.match(text, /^sft_order_takeovers_total\{[^}]*\} 1$/m)
    t.match(text, /^sft_call_duration_count\{sft_operation="SubscribeAddon",[^}]*\} \d+$/m)
    t.match(text, /^sft_stock_esims\{sft_stock_state="sold",sft_batch="first"[^}]*\} 1$/m)
    t.match(text, /^sft_budget_limit\{[^}]*\} 100$/m)
    t.equal(findSecret(text), undefined)
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
  })
}

if (noPostgres === false) testOperations(await startPostgres(t))
else t.test('workers', { skip: noPostgres }, async () => {})
