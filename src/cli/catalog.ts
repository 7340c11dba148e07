import { type CheckDigitRule, type LoadedCatalog, loadCatalog } from '../catalog/index.ts'
import type { Catalog } from '../model.ts'
import { catalogLocation } from '../settings.ts'
import type { CatalogFlags } from './command.ts'
import { type Context, showIssues } from './context.ts'
import { UsageError } from './flags.ts'

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

/** Where the catalog is. */
export const catalogFolder = (flags: CatalogFlags, context: Context): string =>
  catalogLocation(context.env, flags.catalog)

/** How a wrong check digit is taken; undefined: as usual. */
export const checkDigitOf = (flags: CatalogFlags, context: Context): CheckDigitRule | undefined =>
  chosen(
    '--iccid-check-digit',
    flags['iccid-check-digit'] ?? context.env['SFT_ICCID_CHECK_DIGIT'],
    ['error', 'warning', 'off'],
  )

/** The catalog and everything wrong with it. */
export async function loadWith(flags: CatalogFlags, context: Context): Promise<LoadedCatalog> {
  const checkDigit = checkDigitOf(flags, context)
  return loadCatalog(catalogFolder(flags, context), { ...(checkDigit && { checkDigit }) })
}

/** The catalog, its problems shown; undefined where it has errors. */
export async function readCatalog(
  flags: CatalogFlags,
  context: Context,
): Promise<Catalog | undefined> {
  const { catalog, issues } = await loadWith(flags, context)
  showIssues(context, issues)
  return catalog
}
