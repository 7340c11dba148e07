import { sayEvent } from '../provision/events.ts'
import {
  type Ledger,
  openProvisioner,
  type ProvisionEvent,
  type Provisioner,
  type ProvisionListener,
} from '../provision/index.ts'
import { viewLedger } from '../provision/read-ledger.ts'
import type { JsonCommand } from '../render/formats.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import {
  catalogLocation,
  ledgerLocation,
  onDemandSetting,
  stateLocation,
  timeZoneOf,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { withoutSecrets } from '../stores/addresses.ts'
import { openAccount } from './account.ts'
import { stoppingText } from './approved-run.ts'
import {
  ACCOUNT_FLAGS,
  type AccountFlags,
  CATALOG_FLAGS,
  JSON_FLAG,
  type JsonFlag,
  READ_FLAGS,
} from './command.ts'
import { type Context, exitOf, StopError } from './context.ts'
import { text, UsageError, type Values } from './flags.ts'

const LEDGER_FLAGS = {
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  'time-zone': text('ZONE', "IANA zone of the platform's dates (SFT_TIME_ZONE; default UTC)"),
  ...JSON_FLAG,
} as const

/** Flags of every command of the provisioner. */
export const PROVISIONER_FLAGS = { ...ACCOUNT_FLAGS, ...LEDGER_FLAGS } as const

/** Flags of its commands that settle no write. */
export const LOOKING_FLAGS = { ...READ_FLAGS, ...LEDGER_FLAGS } as const

/** Makes endpoints while somebody buys. */
export const ON_DEMAND_FLAGS = {
  'create-on-demand': text(
    'BATCH',
    'no stock left: make the endpoint of the next free SIM of this batch of the catalog (SFT_CREATE_ON_DEMAND)',
  ),
  catalog: CATALOG_FLAGS.catalog,
} as const

type Flags = AccountFlags & Values<typeof LEDGER_FLAGS> & Partial<Values<typeof ON_DEMAND_FLAGS>>

/** Opens the provisioner, does one thing, closes it. Steps are told on stderr as they end. */
export async function withProvisioner<Result>(
  flags: Flags,
  context: Context,
  work: (provisioner: Provisioner, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await withOpenProvisioner(flags, context, async provisioner => {
    context.onSignal((signal, times) => {
      if (times > 1) context.exit(exitOf(signal))
      context.err(`${stoppingText(context.live.calls.count())}; an order can be resumed`)
      context.stop.abort(new StopError(signal))
    })
    return await work(provisioner, context.stop.signal)
  })
}

/** Opens the provisioner and closes it; who works with it says what a signal does. */
export async function withOpenProvisioner<Result>(
  flags: Flags,
  context: Context,
  work: (provisioner: Provisioner, sft: Sft) => Promise<Result>,
  onEvent?: ProvisionListener,
): Promise<Result> {
  await using sft = openAccount(flags, context, 'writes')
  const ledger = ledgerOf(flags, context)
  await using provisioner = await openAtRest(sft, flags, context, ledger, onEvent)
  return await work(provisioner, sft)
}

/** Looks at the ledger through a provisioner: nothing is written, so that whoever may read it can look. */
export async function lookIntoLedger<Result>(
  flags: Flags,
  context: Context,
  work: (provisioner: Provisioner, sft: Sft) => Promise<Result>,
): Promise<Result> {
  await using sft = openAccount(flags, context, 'reads')
  const path = ledgerOf(flags, context)
  await using ledger = await viewLedger(path, () =>
    context.err(
      `${context.paintErr('warn', 'warning')} there is no ledger at ${withoutSecrets(path)} yet`,
    ),
  )
  await using provisioner = await openAtRest(sft, flags, context, ledger)
  return await work(provisioner, sft)
}

const ledgerOf = (flags: Flags, context: Context): string =>
  ledgerLocation(context.env, flags.ledger)

/** What goes well is no news: it stands in the answer, and in "order ID". */
const isNews = (event: ProvisionEvent): boolean =>
  event.type === 'order step'
    ? event.outcome !== 'done' && event.outcome !== 'announced'
    : !SAID_BY_ANSWERS.has(event.type)

const SAID_BY_ANSWERS: ReadonlySet<ProvisionEvent['type']> = new Set([
  'order started',
  'order delivered',
  'order stopped',
  'usage at 80 %',
  'usage exhausted',
  'usage expired',
])

/** The provisioner of a command line: it resumes nothing by itself, so that a command does one thing. */
function openAtRest(
  sft: Sft,
  flags: Flags,
  context: Context,
  ledger: string | Ledger,
  onEvent?: ProvisionListener,
): Promise<Provisioner> {
  // A command that reserves no eSIM does without the catalog.
  const reserves = 'create-on-demand' in flags
  const createOnDemand = reserves ? flags['create-on-demand'] : false
  if (reserves && flags.catalog !== undefined)
    if ((createOnDemand ?? onDemandSetting(context.env)) === undefined)
      throw new UsageError(
        '--catalog needs --create-on-demand: without it a sale looks at no catalog',
      )
  let step: string | undefined
  context.live.doing(() => step)
  return openProvisioner({
    ...(createOnDemand !== undefined && { policies: { createOnDemand } }),
    ...(reserves && { catalog: catalogLocation(context.env, flags.catalog) }),
    state: stateLocation(context.env, flags.state),
    ledger,
    sft,
    resumeAtOpen: false,
    env: context.env,
    ...(context.environment && { environment: context.environment }),
    onEvent:
      onEvent ??
      (event => {
        if (event.type === 'order step')
          step = event.outcome === 'announced' ? sayEvent(event) : undefined
        if (isNews(event)) context.err(context.paintErr('dim', sayEvent(event)))
      }),
    timeZone: timeZoneOf(context.env, flags['time-zone']),
  })
}

/** A flag that a command cannot do without. */
export function required<Name extends string>(
  flags: { readonly [One in Name]: string | undefined },
  name: Name,
): string {
  const value = flags[name]
  if (value === undefined) throw new UsageError(`--${name} is missing`)
  return value
}

/** Prints data, or lines for people. */
export function answer<Name extends JsonCommand>(
  flags: JsonFlag,
  context: Context,
  command: Name,
  fields: JsonAnswer<Name>,
  lines: readonly string[],
): void {
  if (flags.json) context.answer(command, fields)
  else for (const line of lines) context.out(line)
}
