import { allNear } from './nearest.ts'
import { SettingsError } from './setting-file.ts'

/** Every variable that is read. */
export const KNOWN_SETTINGS = [
  'SFT_ENV',
  'SFT_BASE_URL',
  'SFT_USERNAME',
  'SFT_PASSWORD',
  'SFT_PASSWORD_FILE',
  'SFT_TARGET_ACCOUNT_ID',
  'SFT_CALLS_PER_SECOND',
  'SFT_SETTLE_SECONDS',
  'SFT_STATE',
  'SFT_CATALOG',
  'SFT_LEDGER',
  'SFT_BUDGET',
  'SFT_CREATE_ON_DEMAND',
  'SFT_ENCRYPTION_KEY_FILE',
  'SFT_TIME_ZONE',
  'SFT_ICCID_CHECK_DIGIT',
  'SFT_WIRE',
  'SFT_BULK',
  'SFT_BULK_PATH',
  'SFT_BULK_SIZE',
  'SFT_PATHS',
] as const

/** A word without what is easily left out, so that `SFT_BASEURL` is one mistake or none. */
const plain = (name: string): string => name.replace(/^SFT_/i, '').replaceAll('_', '').toUpperCase()

/**
 * Looks at the names of variables that begin with `SFT_`. One that is nearly a setting would leave that
 * setting at its default, which may be another account: it throws a SettingsError. What is no setting at
 * all may be somebody else's, and is returned as a warning.
 */
export function unknownSettings(names: readonly string[]): readonly string[] {
  const known = new Set<string>(KNOWN_SETTINGS)
  const byPlain = new Map(KNOWN_SETTINGS.map(name => [plain(name), name]))
  return names
    .filter(name => /^SFT_/i.test(name) && !known.has(name))
    .map(name => {
      const [nearest] = allNear(plain(name), byPlain.keys(), 2)
      if (nearest === undefined)
        return `${name} is no setting of sft-catalog and says nothing to it; README.md lists the settings`
      const meant = byPlain.get(nearest) ?? nearest
      throw new SettingsError(
        `${name} is no setting: did you mean ${meant}? Rename it, or unset it; until then ${meant} would be as if it were not given`,
      )
    })
}
