import { setTimeout as delay } from 'node:timers/promises'
import { type LoadedCatalog, loadCatalog } from '../catalog/index.ts'
import type { Catalog } from '../model.ts'
import { sftSettings, stateLocation } from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import type { Clock } from '../sft/once.ts'
import { type Given, UsageError } from './command.ts'
import { showIssues, type World } from './world.ts'

/** Real time. */
export const clock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
}

/** SIMs asked for in one page (contract U22: 250 was seen to work). */
export const PAGE_SIZE = 250

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

/** The account by flags and environment. Its budget is shared by all runs on the same state. */
export function openAccount(given: Given, world: World): Sft {
  const settings = sftSettings(world.env, {
    baseUrl: given.text('base-url'),
    username: given.text('username'),
    targetAccountId: given.text('target-account-id'),
    callsPerSecond: given.number('calls-per-second'),
    settleSeconds: given.number('settle-seconds'),
  })
  const state = stateOf(given, world)
  const mode = chosen('SFT_BULK', world.env['SFT_BULK'], ['on', 'off', 'auto'])
  const path = world.env['SFT_BULK_PATH']
  const size = world.env['SFT_BULK_SIZE']
  return openSft({
    ...settings,
    ...(!state.startsWith('memory:') && { budgetFile: `${state.replace(/^file:/, '')}.calls` }),
    bulk: {
      ...(mode && { mode }),
      ...(path && { path }),
      ...(size && { size: Number(size) }),
    },
    ...(given.is('trace') && {
      onCall: call => world.err(world.paintErr('dim', JSON.stringify(call))),
    }),
  })
}

/** Where the catalog is. */
export const catalogFolder = (given: Given, world: World): string =>
  given.text('catalog') || world.env['SFT_CATALOG'] || 'catalog'

/** The catalog and everything wrong with it. */
export async function loadWith(given: Given, world: World): Promise<LoadedCatalog> {
  const checkDigit = chosen(
    '--iccid-check-digit',
    given.text('iccid-check-digit') ?? world.env['SFT_ICCID_CHECK_DIGIT'],
    ['error', 'warning', 'off'],
  )
  return loadCatalog(catalogFolder(given, world), { ...(checkDigit && { checkDigit }) })
}

/** The catalog, its problems shown; undefined where it has errors. */
export async function readCatalog(given: Given, world: World): Promise<Catalog | undefined> {
  const { catalog, issues } = await loadWith(given, world)
  showIssues(world, issues)
  return catalog
}
