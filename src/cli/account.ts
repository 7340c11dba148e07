import { type CheckDigitRule, type LoadedCatalog, loadCatalog } from '../catalog/index.ts'
import type { Catalog } from '../model.ts'
import type { Subject } from '../render/subject.ts'
import {
  accountName,
  budgetLocation,
  catalogLocation,
  sftSettings,
  stateLocation,
  wireSettings,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import { OPERATIONS } from '../sft/operations.ts'
import { sharedSlots } from '../stores/budgets.ts'
import { withoutSecrets } from '../stores/registry.ts'
import { type Given, UsageError } from './command.ts'
import { showIssues, type World } from './world.ts'

const chosen = <Choice extends string>(
  name: string,
  value: string | undefined,
  choices: readonly Choice[],
): Choice | undefined => {
  if (value === undefined || value === '') return undefined
  const choice = choices.find(choice => choice === value)
  if (choice === undefined)
    throw new UsageError(`${name} is "${value}": give one of ${choices.join(', ')}`)
  return choice
}

/** Where the state is. */
export const stateOf = (given: Given, world: World): string =>
  stateLocation(world.env, given.text('state'))

/**
 * The account by flags and environment. Its budget is shared by all runs on the same state; one that only
 * reads leaves no file behind.
 */
export function openAccount(given: Given, world: World, use: 'reads' | 'writes'): Sft {
  const settings = sftSettings(world.env, {
    baseUrl: given.text('base-url'),
    username: given.text('username'),
    targetAccountId: given.text('target-account-id'),
    callsPerSecond: given.number('calls-per-second'),
    settleSeconds: given.number('settle-seconds'),
  })
  const slots = sharedSlots(budgetLocation(world.env, stateOf(given, world)), {
    account: accountName(settings),
    ...(use === 'reads' && {
      onAlone: message => world.err(`${world.paintErr('warn', 'warning')} ${message}`),
    }),
  })
  const { bulk, paths, wire } = wireSettings(world.env, Object.keys(OPERATIONS))
  return openSft({
    ...settings,
    slots,
    bulk,
    paths,
    wire,
    env: world.env,
    ...(given.is('trace') && {
      onCall: call => world.err(world.paintErr('dim', JSON.stringify(call))),
    }),
  })
}

/** Which account a command is about, to be named in whatever it says. */
export const subjectOf = (sft: Sft, given: Given, world: World): Subject => ({
  host: sft.host,
  user: given.text('username') ?? world.env['SFT_USERNAME'] ?? '',
  ...(sft.targetAccountId !== undefined && { targetAccountId: sft.targetAccountId }),
  state: withoutSecrets(stateOf(given, world)),
})

/** Where the catalog is. */
export const catalogFolder = (given: Given, world: World): string =>
  catalogLocation(world.env, given.text('catalog'))

/** How a wrong check digit is taken; undefined: as usual. */
export const checkDigitOf = (given: Given, world: World): CheckDigitRule | undefined =>
  chosen(
    '--iccid-check-digit',
    given.text('iccid-check-digit') ?? world.env['SFT_ICCID_CHECK_DIGIT'],
    ['error', 'warning', 'off'],
  )

/** The catalog and everything wrong with it. */
export async function loadWith(given: Given, world: World): Promise<LoadedCatalog> {
  const checkDigit = checkDigitOf(given, world)
  return loadCatalog(catalogFolder(given, world), { ...(checkDigit && { checkDigit }) })
}

/** The catalog, its problems shown; undefined where it has errors. */
export async function readCatalog(given: Given, world: World): Promise<Catalog | undefined> {
  const { catalog, issues } = await loadWith(given, world)
  showIssues(world, issues)
  return catalog
}
