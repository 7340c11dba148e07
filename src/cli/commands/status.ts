import { count, grouped } from '../../counts.ts'
import { lookAtLedger } from '../../provision/index.ts'
import { isParked } from '../../provision/orphans.ts'
import { orderPages } from '../../provision/pages.ts'
import type { JsonAnswer } from '../../render/outputs.ts'
import { ledgerLocation } from '../../settings.ts'
import { lookAtFleet } from '../../stores/fleets.ts'
import { shownPlace } from '../../stores/registry.ts'
import { stateOf } from '../account.ts'
import { withinTime } from '../approved-run.ts'
import { defineCommand, JSON_FLAG, STATE_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { followApply } from '../detached.ts'
import { detachedToJson, renderDetached } from '../detached-text.ts'
import { number, on, text, type Values } from '../flags.ts'

const FLAGS = {
  ...STATE_FLAG,
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  watch: on('go on until workers have ended what was left to them; the exit code is that of apply'),
  'max-minutes': number('N', 'watch for so long at most, exit 4'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** What workers have to do, and how far they are. */
export const status = defineCommand({
  name: 'status',
  summary: 'what workers carry out: applies left to them, unfinished orders, who is alive',
  usage: '[--watch] [flags]',
  flags: FLAGS,
  rules: [{ when: '--max-minutes', needs: ['--watch'], why: 'without it nothing is waited for' }],
  run: async ({ flags }, context) => {
    const code = flags.watch ? await watch(flags, context) : EXIT.ok
    const now = await statusOf(flags, context)
    if (flags.json) context.answer('status', now.json)
    else for (const line of now.lines) context.out(line)
    return code
  },
})

async function watch(flags: Flags, context: Context): Promise<number> {
  const { outcome } = await withinTime(flags, context, () =>
    followApply(stateOf(flags, context), context),
  )
  return EXIT[outcome]
}

type StatusJson = JsonAnswer<'status'>

async function statusOf(
  flags: Flags,
  context: Context,
): Promise<{ readonly json: StatusJson; readonly lines: readonly string[] }> {
  const place = stateOf(flags, context)
  await using fleet = await lookAtFleet(place)
  const apply = await fleet?.detached()
  // Without a fleet nobody tells of workers: there may be some, for orders in another place.
  const workers = await fleet?.workers()
  const sweeps = await fleet?.sweeps()
  const orders = await unfinishedOrders(flags, context)
  const lines = [
    ...(apply === undefined
      ? [`No apply was left to the workers of ${shownPlace(place)}`]
      : renderDetached(apply, context.paint)),
    ...(workers === undefined ? [] : [`Workers alive: ${grouped(workers.length)}`]),
    ...(workers ?? []).map(({ worker, since }) => `  ${worker}, since ${since}`),
    ...(orders === null
      ? []
      : [
          `Orders: ${orders.unfinished} unfinished${orders.parked === 0 ? '' : `, ${context.paint('error', `${orders.parked} parked`)} (orders --unfinished)`}`,
        ]),
    ...(sweeps ?? []).map(
      ({ sweep, at, seconds, result }) =>
        `${sweep}, ${at}, ${count(Math.round(seconds), 'second')}: ${result}`,
    ),
  ]
  return {
    json: {
      apply: apply === undefined ? null : detachedToJson(apply),
      workers: workers ?? null,
      orders,
      sweeps: sweeps ?? null,
    },
    lines,
  }
}

async function unfinishedOrders(flags: Flags, context: Context): Promise<StatusJson['orders']> {
  await using ledger = await lookAtLedger(ledgerLocation(context.env, flags.ledger))
  if (ledger === undefined) return null
  let unfinished = 0
  let parked = 0
  for await (const page of orderPages(ledger, { unfinished: true }))
    for (const order of page) {
      unfinished += 1
      if (isParked(order)) parked += 1
    }
  return { unfinished, parked }
}
