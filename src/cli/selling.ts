import {
  type Ledger,
  openProvisioner,
  type ProvisionEvent,
  type Provisioner,
} from '../provision/index.ts'
import { viewLedger } from '../provision/read-ledger.ts'
import { ledgerLocation, stateLocation, timeZoneOf } from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { withoutSecrets } from '../stores/registry.ts'
import { openAccount } from './account.ts'
import { ACCOUNT_FLAGS, type Given, JSON_FLAG, READ_FLAGS, UsageError } from './command.ts'
import { EXIT, type World } from './world.ts'

const LEDGER_FLAGS = [
  ['--ledger FILE', 'order ledger (SFT_LEDGER; default orders.json)'],
  ['--time-zone ZONE', "IANA zone of the platform's dates (SFT_TIME_ZONE; default UTC)"],
  JSON_FLAG,
] as const

/** Flags of every selling command. */
export const SELLING_FLAGS = [...ACCOUNT_FLAGS, ...LEDGER_FLAGS] as const

/** Flags of those that sell and change nothing. */
export const LOOKING_FLAGS = [...READ_FLAGS, ...LEDGER_FLAGS] as const

/** Opens the provisioner, does one thing, closes it. Steps are told on stderr as they end. */
export async function withShop<Result>(
  given: Given,
  world: World,
  work: (shop: Provisioner, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  await using sft = openAccount(given, world, 'writes')
  await using shop = await openShop(sft, given, world, ledgerOf(given, world))
  world.onSignal((_signal, times) => {
    if (times > 1) world.exit(EXIT.interrupted)
    world.err('stopping: the order can be resumed')
    world.stop.abort()
  })
  return await work(shop, world.stop.signal)
}

/** Looks at the ledger through a provisioner: nothing is written, so that whoever may read it can look. */
export async function lookIntoShop<Result>(
  given: Given,
  world: World,
  work: (shop: Provisioner) => Promise<Result>,
): Promise<Result> {
  await using sft = openAccount(given, world, 'reads')
  const path = ledgerOf(given, world)
  await using ledger = await viewLedger(path, () =>
    world.err(
      `${world.paintErr('warn', 'warning')} there is no ledger at ${withoutSecrets(path)} yet`,
    ),
  )
  await using shop = await openShop(sft, given, world, ledger)
  return await work(shop)
}

const ledgerOf = (given: Given, world: World): string =>
  ledgerLocation(world.env, given.text('ledger'))

/** The provisioner of a command line: it resumes nothing by itself, so that a command does one thing. */
function openShop(
  sft: Sft,
  given: Given,
  world: World,
  ledger: string | Ledger,
): Promise<Provisioner> {
  return openProvisioner({
    state: stateLocation(world.env, given.text('state')),
    ledger,
    sft,
    resumeAtOpen: false,
    env: world.env,
    onEvent: event => {
      const line = lineOf(event)
      if (line !== undefined) world.err(world.paintErr('dim', line))
    },
    timeZone: timeZoneOf(world.env, given.text('time-zone')),
  })
}

function lineOf(event: ProvisionEvent): string | undefined {
  switch (event.type) {
    case 'order step':
      return `${event.orderId}: ${event.step}, ${event.outcome}${event.endpointId === undefined ? '' : ` (endpoint ${event.endpointId})`}${event.detail === undefined ? '' : `: ${event.detail}`}`
    case 'order taken over':
      return `${event.orderId}: taken over from ${event.from}`
    case 'esim set aside':
      return `endpoint ${event.endpointId} set aside: ${event.reason}`
    case 'stock low':
      return `${event.sellable} sellable eSIMs left`
    case 'background work failed':
      return `${event.work} failed: ${event.message}`
    case 'order started':
    case 'order delivered':
    case 'order stopped':
    case 'usage at 80 %':
    case 'usage exhausted':
    case 'usage expired':
      return undefined
  }
}

/** A flag that a command cannot do without. */
export function required(given: Given, flag: string): string {
  const value = given.text(flag)
  if (value === undefined || value === '') throw new UsageError(`--${flag} is missing`)
  return value
}

/** Prints data, or lines for people. */
export function answer(given: Given, world: World, data: unknown, lines: readonly string[]): void {
  if (given.is('json')) world.json(data)
  else for (const line of lines) world.out(line)
}
