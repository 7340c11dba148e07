import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { carryOnApplies } from '../../fleet/carry-on.ts'
import type { Duty, WorkerEvent } from '../../fleet/duty.ts'
import { finishOrders } from '../../fleet/finish-orders.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { checkStock, sweepUsage } from '../../fleet/shop-sweeps.ts'
import { sweepDuty } from '../../fleet/sweep.ts'
import { openWorker, type Worker } from '../../fleet/worker.ts'
import { plainly } from '../../plain-error.ts'
import type { Provisioner } from '../../provision/index.ts'
import { ledgerLocation } from '../../settings.ts'
import { hasFleet, openFleet } from '../../stores/fleets.ts'
import { shownPlace } from '../../stores/registry.ts'
import { keepsWork, openDispatcher } from '../../stores/work.ts'
import { openAccount, stateOf } from '../account.ts'
import { defineCommand } from '../command.ts'
import { type Context, EXIT, exitOf, StopError } from '../context.ts'
import { number, text, UsageError, type Values, whole } from '../flags.ts'
import { ON_DEMAND_FLAGS, PROVISIONER_FLAGS, withOpenProvisioner } from '../provisioner.ts'

const { json: _json, ...SHOP_FLAGS } = PROVISIONER_FLAGS

const FLAGS = {
  'at-once': whole('N', 'orders that it works on at once (default 8)'),
  every: number('SECONDS', 'time between two looks for work that was left (default 2)'),
  'usage-every': text('TIME', 'refresh usage that is older, such as 6h; one worker of the fleet'),
  'stock-every': text('TIME', 'count the stock so often, such as 30m; one worker of the fleet'),
  'health-port': whole('N', 'answer /healthz and /readyz on 127.0.0.1'),
  ...ON_DEMAND_FLAGS,
  ...SHOP_FLAGS,
} as const

type Flags = Values<typeof FLAGS>

/** One of the workers of a fleet. */
export const worker = defineCommand({
  name: 'worker',
  summary:
    'carry out what applies left and finish orders whose process died, until it is told to stop (PostgreSQL)',
  usage: '[flags]',
  flags: FLAGS,
  run: async ({ flags }, context) => {
    const [ledger, state] = [ledgerLocation(context.env, flags.ledger), stateOf(flags, context)]
    const [hasShop, hasApplies] = [await keepsWork(ledger), await hasFleet(state)]
    const sweeps = [...sweepsOf(flags)]
    if (sweeps.length > 0 && !hasShop)
      throw new UsageError(
        `--usage-every and --stock-every need a ledger in PostgreSQL, and it is at ${shownPlace(ledger)}`,
      )
    await using fleet = hasApplies ? await openFleet(state) : undefined
    context.onSignal((signal, times) => {
      if (times > 1) context.exit(exitOf(signal))
      context.err(
        'stopping: waiting for what is under way (once more to stop at once); others go on with the rest',
      )
      context.stop.abort(new StopError(signal))
    })
    if (!hasShop && fleet !== undefined) {
      context.err(`orders of ${shownPlace(ledger)} are not finished by workers: it is a file`)
      await using sft = openAccount(flags, context, 'writes')
      return await work([carryOnApplies(fleet, sft)], state, fleet, flags, context)
    }
    return await withOpenProvisioner({ ...flags, json: false }, context, async (shop, sft) => {
      const duties = [
        finishOrders(shop, flags['at-once']),
        ...(fleet === undefined ? [] : [carryOnApplies(fleet, sft)]),
        ...sweeps.map(sweep => dutyOf(sweep, shop, fleet)),
      ]
      return await work(duties, ledger, fleet, flags, context)
    })
  },
})

/** Works until it is told to stop. */
async function work(
  duties: readonly Duty[],
  address: string,
  fleet: Fleet | undefined,
  flags: Flags,
  context: Context,
): Promise<number> {
  const everySeconds = flags.every
  await using running = await openWorker({
    duties,
    address,
    openDispatcher,
    onEvent: event => context.err(lineOf(event, context)),
    ...(fleet !== undefined && { fleet }),
    ...(everySeconds !== undefined && { everySeconds }),
  })
  const server = await serveHealth(running, flags['health-port'])
  context.err('the worker runs')
  const { signal } = context.stop
  if (!signal.aborted) await once(signal, 'abort')
  server?.close()
  return EXIT.ok
}

/** A look at the shop that was asked for, and how often. */
interface AskedSweep {
  readonly kind: 'usage' | 'stock'
  readonly everySeconds: number
}

function* sweepsOf(flags: Flags): Iterable<AskedSweep> {
  for (const kind of ['usage', 'stock'] as const) {
    const time = flags[`${kind}-every`]
    if (time !== undefined) yield { kind, everySeconds: secondsOf(`${kind}-every`, time) }
  }
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** A time with its unit: `90s`, `30m`, `6h`, `1d`. */
function secondsOf(flag: string, time: string): number {
  const [, number = '', unit = ''] = /^(\d+)([smhd])$/.exec(time.trim()) ?? []
  const seconds = Number(number) * (UNITS[unit as keyof typeof UNITS] ?? 0)
  if (seconds > 0) return seconds
  throw new UsageError(`--${flag} ${time}: give a number with its unit, such as 90s, 30m, 6h or 1d`)
}

function dutyOf(
  { kind, everySeconds }: AskedSweep,
  shop: Provisioner,
  fleet: Fleet | undefined,
): Duty {
  const sweep = (signal: AbortSignal): Promise<string> =>
    kind === 'stock' ? checkStock(shop) : sweepUsage(shop, everySeconds, signal)
  return sweepDuty({ kind, everySeconds, sweep, fleet })
}

function lineOf(event: WorkerEvent, { paintErr }: Context): string {
  switch (event.type) {
    case 'given out':
      return `${event.orderId}: given out, attempt ${event.attempt}`
    case 'finished':
      return `${event.orderId}: ${event.status}`
    case 'not finished':
      return `${event.orderId}: ${paintErr('warn', 'not finished')}: ${event.message}`
    case 'apply taken':
      return `apply ${event.id}: taken up`
    case 'apply ended':
      return `apply ${event.id}: ended: ${event.outcome}`
    case 'apply stopped':
      return `apply ${event.id}: ${paintErr('warn', 'left for now')}: ${event.why}`
    case 'swept':
      return `${event.sweep}: ${event.result}`
    case 'trouble':
      return `${paintErr('error', 'error')} ${event.message}`
  }
}

/** Tells whoever watches the process that it lives, and that it does its work. */
async function serveHealth(running: Worker, port: number | undefined): Promise<Server | undefined> {
  if (port === undefined) return undefined
  if (port > 65_535) throw new UsageError(`--health-port ${port}: a port is at most 65535`)
  const server = createServer((request, response) => {
    const health = running.health()
    const isFine = request.url === '/healthz' || (request.url === '/readyz' && health.isReady)
    response.writeHead(isFine ? 200 : request.url === '/readyz' ? 503 : 404, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify(health))
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw plainly(error)
  }
  return server
}
