/** The team's own rules, where a command looks at them. */
import { lstat } from 'node:fs/promises'
import { isMissing } from '../durable/files.ts'
import type { Issue } from '../issues.ts'
import type { Catalog } from '../model.ts'
import type { Policy } from '../policy/check-policy.ts'
import { policyLocation } from '../settings.ts'
import { loadWith } from './catalog.ts'
import type { CatalogFlags } from './command.ts'
import { type Context, showIssues } from './context.ts'
import { text, type Values } from './flags.ts'

export const POLICY_FLAG = {
  policy: text(
    'FOLDER',
    'folder of your own rules (SFT_POLICY; default policy, where it is there)',
  ),
} as const

type Flags = CatalogFlags & Values<typeof POLICY_FLAG>

/** A catalog that was read and held against the rules, with everything that is wrong with either. */
export interface CheckedCatalog {
  /** Only where no issue is an error. */
  readonly catalog?: Catalog
  readonly policy?: Policy
  readonly issues: readonly Issue[]
}

/** Reads catalog and rules, and holds the one against the other. */
export async function loadChecked(flags: Flags, context: Context): Promise<CheckedCatalog> {
  const [loaded, rules] = await Promise.all([loadWith(flags, context), openRules(flags, context)])
  const { catalog } = loaded
  const { policy } = rules
  const broken =
    catalog === undefined || policy === undefined ? [] : await policy.checkCatalog(catalog)
  const issues = [...loaded.issues, ...rules.issues, ...broken]
  const isWrong = issues.some(({ severity }) => severity === 'error')
  return { issues, ...(policy && { policy }), ...(catalog && !isWrong && { catalog }) }
}

/** The same, its problems shown; undefined where it has errors. */
export async function readChecked(
  flags: Flags,
  context: Context,
): Promise<{ readonly catalog: Catalog; readonly policy?: Policy } | undefined> {
  const { catalog, policy, issues } = await loadChecked(flags, context)
  showIssues(context, issues)
  return catalog && { catalog, ...(policy && { policy }) }
}

/** A folder that somebody named must be there; without one the usual place may have none. */
async function openRules(
  flags: Values<typeof POLICY_FLAG>,
  context: Context,
): Promise<{ readonly policy?: Policy; readonly issues: readonly Issue[] }> {
  const { folder, isNamed } = policyLocation(context.env, flags.policy)
  if (!isNamed && !(await isThere(folder))) return { issues: [] }
  const { loadPolicy } = await import('../policy/load-policy.ts')
  return await loadPolicy(folder)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
