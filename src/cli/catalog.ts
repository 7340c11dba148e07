import { type CheckDigitRule, type LoadedCatalog, loadCatalog } from '../catalog/index.ts'
import type { Catalog } from '../model.ts'
import { CHECK_DIGIT_RULES, catalogLocation, checkDigitSetting } from '../settings.ts'
import type { CatalogFlags } from './command.ts'
import { type Context, showIssues } from './context.ts'
import { UsageError } from './flags.ts'

/** Where the catalog is. */
export const catalogFolder = (flags: CatalogFlags, context: Context): string =>
  catalogLocation(context.env, flags.catalog)

/** How a wrong check digit is taken; undefined: as usual. */
export function checkDigitOf(
  flags: Pick<CatalogFlags, 'iccid-check-digit'>,
  context: Context,
): CheckDigitRule | undefined {
  const given = flags['iccid-check-digit']
  if (given === undefined) return checkDigitSetting(context.env)
  const rule = CHECK_DIGIT_RULES.find(rule => rule === given)
  if (rule !== undefined) return rule
  throw new UsageError(
    `--iccid-check-digit is "${given}": give one of ${CHECK_DIGIT_RULES.join(', ')}`,
  )
}

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
