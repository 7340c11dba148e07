import { existsSync } from 'node:fs'
import {
  type CheckDigitRule,
  type LoadedCatalog,
  type LoadOptions,
  loadCatalog,
} from '../catalog/index.ts'
import type { Catalog } from '../model.ts'
import { CHECK_DIGIT_RULES, catalogLocation, checkDigitSetting, wireSettings } from '../settings.ts'
import { OPERATIONS } from '../sft/operations.ts'
import type { CatalogFlags } from './command.ts'
import { type Context, showIssues } from './context.ts'
import { UsageError } from './flags.ts'

/** Where the catalog is. */
export const catalogFolder = (flags: Pick<CatalogFlags, 'catalog'>, context: Context): string =>
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

/** How catalogs are read here: by flags and environment. */
export function loadOptions(flags: CatalogFlags, context: Context): LoadOptions {
  const checkDigit = checkDigitOf(flags, context)
  const { wire } = wireSettings(context.env, Object.keys(OPERATIONS))
  return {
    wire,
    ...(checkDigit && { checkDigit }),
    ...(context.environment && { environment: context.environment }),
  }
}

/** The catalog and everything wrong with it. */
export const loadWith = (flags: CatalogFlags, context: Context): Promise<LoadedCatalog> =>
  loadCatalog(catalogFolder(flags, context), loadOptions(flags, context))

/** The catalog, its problems shown; undefined where it has errors. */
export async function readCatalog(
  flags: CatalogFlags,
  context: Context,
): Promise<Catalog | undefined> {
  const { catalog, issues } = await loadWith(flags, context)
  showIssues(context, issues)
  return catalog
}

/** What a folder to be written to has already; undefined where it has nothing yet. */
export async function existingCatalog(
  folder: string,
  flags: CatalogFlags,
  context: Context,
): Promise<Catalog | 'broken' | undefined> {
  if (!existsSync(folder)) return undefined
  const { catalog, issues } = await loadWith(flags, context)
  if (issues.some(issue => issue.code === 'CATALOG_EMPTY')) return undefined
  showIssues(context, issues)
  return catalog ?? 'broken'
}
