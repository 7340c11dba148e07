/** How long purchases wait while a worker carries out a detached apply by single calls. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { noPostgres, startPostgres } from '../../test/postgres/server.ts'
import { iccidsFrom, temporaryFolder, writeBatch, writeZones } from '../catalogs.ts'
import { type Absent, type Figure, median, quantile, type Row } from '../figure.ts'
import { startPlatform } from '../platform.ts'
import { CLI, run } from '../processes.ts'
import { openShop, type Shop } from '../shop.ts'

const ENDPOINTS = 20_000
const CALLS_PER_SECOND = 200
const LATENCY_MS = 50
const SALES = 60
const WARM = 10
const EVERY_MS = 500
const STOCK = 2 * SALES + WARM

/** Sells one after another at a steady pace; milliseconds of each. */
async function sell(shop: Shop, name: string, count: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const { took } = await shop.sell(`${name}-${n}`)
    times.push(took)
    await sleep(Math.max(0, EVERY_MS - took))
  }
  return times
}

interface Apply {
  readonly outcome?: string
  readonly endpoints: { readonly done: number; readonly failed: number }
}

async function startWorker(env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [CLI, 'worker'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      told += String(chunk)
      if (told.includes('the worker runs')) resolve()
    }
    worker.stdout.on('data', hear)
    worker.stderr.on('data', hear)
    worker.once('exit', code => reject(new Error(`the worker ended with ${code}: ${told}`)))
  })
  return worker
}

/** Simulator, worker, shop and PostgreSQL are processes of their own. */
async function measure(endpoints: number, endings: (() => unknown)[]): Promise<readonly Row[]> {
  await using folder = await temporaryFolder()
  const { url } = await startPostgres({ teardown: end => endings.push(end) })
  const iccids = iccidsFrom(endpoints + STOCK)
  // The account's own limit is a little above what its users keep to: the clocks of processes differ.
  const callsPerSecond = Math.ceil(1.1 * CALLS_PER_SECOND)
  await using platform = await startPlatform({
    sims: 1,
    iccids,
    latencyMs: LATENCY_MS,
    callsPerSecond,
  })
  const state = `${url}?schema=bench`
  const env = {
    ...platform.env,
    SFT_CALLS_PER_SECOND: String(CALLS_PER_SECOND),
    SFT_BULK: 'off',
    SFT_STATE: state,
    SFT_LEDGER: state,
  }
  const catalog = join(folder.path, 'catalog')
  const catalogOf = (count: number) => writeBatch(catalog, iccids.slice(0, count), 'batch.yaml')
  const command = (...words: readonly string[]) => run({ args: [CLI, ...words], env })
  const applyNow = async (): Promise<Apply> =>
    JSON.parse((await command('status', '--json')).stdout).apply
  await writeZones(catalog, 1)
  await catalogOf(STOCK)
  await command('apply', '--auto-approve', '--init', '--catalog', catalog)
  const worker = await startWorker(env)
  endings.unshift(() => worker.kill('SIGKILL'))
  await using shop = await openShop({ platform, state }, state, CALLS_PER_SECOND)
  await sell(shop, 'warm', WARM)
  const idle = await sell(shop, 'idle', SALES)
  await catalogOf(iccids.length)
  await command('apply', '--auto-approve', '--detach', '--catalog', catalog)
  while ((await applyNow()).endpoints.done === 0) await sleep(500)
  const before = await applyNow()
  const since = performance.now()
  const busy = await sell(shop, 'busy', SALES)
  const seconds = (performance.now() - since) / 1000
  const after = await applyNow()
  if (after.outcome !== undefined)
    throw new Error('the apply ended before the sales did: it has too few endpoints')
  const of = `during an apply --detach of ${endpoints.toLocaleString('en')} endpoints`
  const made = (after.endpoints.done - before.endpoints.done) / seconds
  return [
    {
      what: `a purchase ${of}`,
      unit: 'ms',
      value: median(busy),
      floor: { what: 'with an idle account', value: median(idle) },
      measure: median(busy) / median(idle),
      target: { most: 1.5, times: true },
    },
    {
      what: `a purchase ${of}: p99`,
      unit: 'ms',
      value: quantile(busy, 0.99),
      floor: { what: 'with an idle account', value: quantile(idle, 0.99) },
      measure: quantile(busy, 0.99) / quantile(idle, 0.99),
    },
    {
      what: `endpoints that were made meanwhile, of ${CALLS_PER_SECOND} calls/s`,
      unit: 'calls/s',
      value: made,
      measure: made,
    },
  ]
}

export const detach: Figure = {
  key: 'detach',
  title: `Selling while a worker applies, ${CALLS_PER_SECOND} calls/s, ${LATENCY_MS} ms a call`,
  async measure({ shrink }): Promise<readonly (Row | Absent)[]> {
    if (noPostgres !== false) return [{ what: 'a purchase during an apply', absent: noPostgres }]
    const endings: (() => unknown)[] = []
    try {
      // It must last as long as the sales, however much else is shrunk.
      return await measure(Math.max(Math.round(ENDPOINTS / shrink), 8_000), endings)
    } finally {
      for (const end of endings) await end()
    }
  },
}
