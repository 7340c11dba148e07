import { once } from 'node:events'
import { defined } from '../../defined.ts'
import { carryOnApplies } from '../../fleet/carry-on.ts'
import type { Duty } from '../../fleet/duty.ts'
import { finishOrders } from '../../fleet/finish-orders.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { checkStock, sweepUsage } from '../../fleet/shop-sweeps.ts'
import { sweepDuty } from '../../fleet/sweep.ts'
import { type Leaving, openWorker } from '../../fleet/worker.ts'
import { type Logger, logEvents, type Provisioner } from '../../provision/index.ts'
import { ledgerLocation } from '../../settings.ts'
import { hasFleet, openFleet } from '../../stores/fleets.ts'
import { shownPlace } from '../../stores/registry.ts'
import { keepsWork, openDispatcher } from '../../stores/work.ts'
import { openTelemetry } from '../../telemetry/opentelemetry.ts'
import { openAccount, stateOf } from '../account.ts'
import { defineCommand } from '../command.ts'
import { type Context, EXIT, exitOf, StopError } from '../context.ts'
import { number, orZero, text, UsageError, type Values, whole } from '../flags.ts'
import { LOG_FLAGS, openLog } from '../log.ts'
import { ON_DEMAND_FLAGS, PROVISIONER_FLAGS, withOpenProvisioner } from '../provisioner.ts'
import { HEALTH_FLAGS, serveHealth } from '../serve-health.ts'
import { logWork } from '../worker-log.ts'

const { json: _json, ...SHOP_FLAGS } = PROVISIONER_FLAGS

const FLAGS = {
  'at-once': whole('N', 'orders that it works on at once (default 8)'),
  every: number('SECONDS', 'time between two looks for work that was left (default 2)'),
  'usage-every': text('TIME', 'refresh usage that is older, such as 6h; one worker of the fleet'),
  'stock-every': text('TIME', 'count the stock so often, such as 30m; one worker of the fleet'),
  'drain-seconds': orZero(
    number('N', 'told to stop, wait so long for what is under way (default 20; 0: not at all)'),
  ),
  'keep-hours': number('N', 'how long finished work is remembered (default 24)'),
  ...ON_DEMAND_FLAGS,
  ...HEALTH_FLAGS,
  ...LOG_FLAGS,
  ...SHOP_FLAGS,
} as const

type Flags = Values<typeof FLAGS>

/** Told to stop, a worker waits so long for its work unless told otherwise. */
const DRAIN_SECONDS = 20

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
    const log = await openLog(flags, context)
    if (!hasShop && fleet !== undefined) {
      log.info({}, `orders of ${shownPlace(ledger)} are not finished by workers: it is a file`)
      await using sft = openAccount(flags, context, 'writes')
      return await work(
        [carryOnApplies(fleet, sft)],
        { address: state, fleet, log },
        flags,
        context,
      )
    }
    return await withOpenProvisioner(
      { ...flags, json: false },
      context,
      async (shop, sft) => {
        const duties = [
          finishOrders(shop, flags['at-once']),
          ...(fleet === undefined ? [] : [carryOnApplies(fleet, sft)]),
          ...sweeps.map(sweep => dutyOf(sweep, shop, fleet)),
        ]
        return await work(duties, { address: ledger, fleet, log }, flags, context)
      },
      logEvents(log),
    )
  },
})

/** What it works on, and where it says so. */
interface Place {
  readonly address: string
  readonly fleet: Fleet | undefined
  readonly log: Logger
}

/** Works until it is told to stop. */
async function work(
  duties: readonly Duty[],
  { address, fleet, log }: Place,
  flags: Flags,
  context: Context,
): Promise<number> {
  const { every: everySeconds, 'keep-hours': keepHours } = flags
  const drainSeconds = flags['drain-seconds'] ?? DRAIN_SECONDS
  context.onSignal((signal, times) => {
    if (times > 1) context.exit(exitOf(signal))
    log.info(
      { signal, drainSeconds },
      `stopping: waiting up to ${drainSeconds} s for what is under way (once more to stop at once); others go on with the rest`,
    )
    context.stop.abort(new StopError(signal))
  })
  await using running = await openWorker({
    duties,
    address,
    openDispatcher,
    onEvent: logWork(log),
    telemetry: openTelemetry(),
    ...defined({ fleet, everySeconds, keepHours }),
  })
  using _health = await serveHealth(flags, running.health)
  log.info({}, 'the worker runs')
  const { signal } = context.stop
  if (!signal.aborted) await once(signal, 'abort')
  return endOf(await running.leave(drainSeconds), log)
}

/** 0 where all that it took was done, 4 where others go on with some of it, 1 where the account let it in no more. */
function endOf({ left, isRefused }: Leaving, log: Logger): number {
  if (isRefused) {
    log.error({}, 'the worker ends: the account had refused it, and it took no work since')
    return EXIT.failed
  }
  if (left > 0) {
    log.warn({ left }, `the worker ends: ${left} under way did not end in time; others go on`)
    return EXIT.outOfTime
  }
  log.info({}, 'the worker ends: nothing is under way')
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
