import { allNear } from './nearest.ts'
import { SettingsError } from './setting-file.ts'

/** A variable: what it says, in Markdown with links of a page in docs/, and what holds without it. */
interface Setting {
  readonly means: string
  readonly otherwise?: string
}

/** Every variable that is read. */
export const SETTINGS = {
  SFT_ENV: {
    means:
      'the environment, as `--env NAME`: `environments/NAME.yaml` binds the rest ([environments.md](environments.md))',
    otherwise: 'none',
  },
  SFT_BASE_URL: {
    means: 'origin of the platform; `/api/…` is added',
    otherwise: '`https://sft.bics.com`',
  },
  SFT_USERNAME: { means: 'user name of the account' },
  SFT_PASSWORD: {
    means: 'its password, or `SFT_PASSWORD_FILE`, one of them; a password is never a flag',
  },
  SFT_PASSWORD_FILE: { means: 'file that holds the password' },
  SFT_TARGET_ACCOUNT_ID: {
    means: "a reseller's child account to act in",
    otherwise: 'the account of the user',
  },
  SFT_CALLS_PER_SECOND: {
    means: "the account's limit, which all runs on one state share (`SFT_BUDGET`)",
    otherwise: '2',
  },
  SFT_SETTLE_SECONDS: {
    means: 'how long a write of unknown outcome is looked for',
    otherwise: "the platform's documented timeouts, 30 or 180",
  },
  SFT_STATE: {
    means:
      'where the state is: a path, or an address by the scheme of its store (`postgres://…`, [postgres.md](postgres.md); `memory:`)',
    otherwise: '`state.json`',
  },
  SFT_CATALOG: { means: 'folder of the catalog', otherwise: '`catalog`' },
  SFT_POLICY: {
    means:
      'folder of rules of your own, which must be there once it is named ([policy.md](policy.md))',
    otherwise: '`policy`, where it is there',
  },
  SFT_LEDGER: {
    means: 'where the ledger of orders is, in the same forms as `SFT_STATE`',
    otherwise: '`orders.json`',
  },
  SFT_BUDGET: {
    means: "all who name the same address share the account's rate",
    otherwise: 'that of the state',
  },
  SFT_CREATE_ON_DEMAND: {
    means:
      'a batch of the catalog whose endpoints are made while somebody buys and no stock is left ([stock.md](stock.md#creation-on-demand))',
    otherwise: 'off',
  },
  SFT_ENCRYPTION_KEY_FILE: {
    means:
      'file with the key, or the keys, that encrypt state and ledger ([encryption.md](encryption.md))',
    otherwise: 'not encrypted',
  },
  SFT_TIME_ZONE: { means: "zone of the platform's dates", otherwise: 'UTC' },
  SFT_ICCID_CHECK_DIGIT: {
    means: 'a wrong check digit of a 19-digit ICCID is an `error`, a `warning` or `off`',
    otherwise: '`error`',
  },
  SFT_WIRE: {
    means:
      "values, units and forms where your account's wire differs, as `doctor` says ([wire.md](wire.md))",
    otherwise: 'as assumed',
  },
  SFT_BULK: {
    means: 'creation of endpoints in bulk: `auto`, `on` or `off` ([wire.md](wire.md))',
    otherwise: '`auto`',
  },
  SFT_BULK_PATH: {
    means: 'path of that call',
    otherwise: '`/api/CreateBulkEndPoint`',
  },
  SFT_BULK_SIZE: { means: 'how many endpoints it carries', otherwise: '100' },
  SFT_PATHS: {
    means: 'paths of operations: `GetCustomerProfile=/api/Other,…` ([wire.md](wire.md))',
    otherwise: 'as assumed',
  },
} as const satisfies Readonly<Record<string, Setting>>

type SettingName = keyof typeof SETTINGS

/** Their names. */
export const KNOWN_SETTINGS = Object.keys(SETTINGS) as readonly SettingName[]

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
        return `${name} is no setting of sft-catalog and says nothing to it; docs/reference/settings.md lists them`
      const meant = byPlain.get(nearest) ?? nearest
      throw new SettingsError(
        `${name} is no setting: did you mean ${meant}? Rename it, or unset it; until then ${meant} would be as if it were not given`,
      )
    })
}
