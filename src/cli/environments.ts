import {
  ENVIRONMENT_NAME,
  type EnvironmentFile,
  environmentPath,
  readEnvironmentFile,
} from '../catalog/index.ts'
import { type Environment, SettingsError } from '../settings.ts'
import { withoutSecrets } from '../stores/addresses.ts'
import type { Context } from './context.ts'

/** The setting of each field, and the flag that would say otherwise. */
const BINDINGS = [
  ['baseUrl', 'SFT_BASE_URL', 'base-url'],
  ['username', 'SFT_USERNAME', 'username'],
  ['passwordFile', 'SFT_PASSWORD_FILE', undefined],
  ['targetAccountId', 'SFT_TARGET_ACCOUNT_ID', 'target-account-id'],
  ['catalog', 'SFT_CATALOG', 'catalog'],
  ['policy', 'SFT_POLICY', 'policy'],
  ['state', 'SFT_STATE', 'state'],
  ['ledger', 'SFT_LEDGER', 'ledger'],
  ['budget', 'SFT_BUDGET', undefined],
] as const satisfies readonly Binding[]

/** The same for fields that name a variable, from which the setting is taken. */
const TAKEN = [
  ['usernameFrom', 'SFT_USERNAME', 'username'],
  ['passwordFrom', 'SFT_PASSWORD', undefined],
  ['stateFrom', 'SFT_STATE', 'state'],
  ['ledgerFrom', 'SFT_LEDGER', 'ledger'],
] as const satisfies readonly Binding[]

type Binding = readonly [keyof EnvironmentFile, string, string | undefined]

/**
 * The settings with what an environment binds. Whoever says otherwise beside it, by a variable or a flag, is refused:
 * half of one environment and half of another is no environment. Throws a `SettingsError`, and an `IssuesError` for the
 * file.
 */
export async function bindEnvironment(
  name: string,
  words: readonly string[],
  env: Environment,
): Promise<{
  readonly env: Environment
  readonly environment: NonNullable<Context['environment']>
}> {
  if (!ENVIRONMENT_NAME.test(name))
    throw new SettingsError(
      `the environment is "${name}": give the name of a file in environments/, such as prod (--env, SFT_ENV)`,
    )
  const file = await readEnvironmentFile(name)
  const path = environmentPath(name)
  const bound: Record<string, string> = {}
  const differs = (setting: string, value: string): boolean =>
    env[setting] !== undefined && env[setting] !== value
  const otherwise = (what: string) =>
    new SettingsError(`${what}: unset it, or name another environment`)
  const requireNoFlag = (flag: string | undefined, field: string): void => {
    const isGiven = (word: string) => word === `--${flag}` || word.startsWith(`--${flag}=`)
    if (flag !== undefined && words.some(isGiven))
      throw new SettingsError(`--${flag} does not go with --env ${name}: ${path} binds ${field}`)
  }
  for (const [field, setting, flag] of BINDINGS) {
    const value = file[field]
    if (value === undefined) continue
    requireNoFlag(flag, field)
    bound[setting] = value
    if (differs(setting, value))
      throw otherwise(
        `${setting} is ${withoutSecrets(env[setting] ?? '')}, and ${path} binds ${field} to ${value}`,
      )
  }
  for (const [field, setting, flag] of TAKEN) {
    const variable = file[field]
    if (variable === undefined) continue
    requireNoFlag(flag, field)
    const value = env[variable]
    if (value === undefined || value === '')
      throw new SettingsError(`${path} takes ${field} from ${variable}, which is not set: set it`)
    bound[setting] = value
    // What the two say is not shown: an address may have a password.
    if (field !== 'passwordFrom' && differs(setting, value))
      throw otherwise(
        `${setting} is set, and ${path} takes ${field} from ${variable}, which differs`,
      )
  }
  const merged: Record<string, string | undefined> = { ...env, ...bound }
  // What an environment says about a password counts alone: of two, one would be the other account's.
  if (file.passwordFrom !== undefined) merged['SFT_PASSWORD_FILE'] = undefined
  if (file.passwordFile !== undefined) merged['SFT_PASSWORD'] = undefined
  return { env: merged, environment: { name, values: file.values ?? {} } }
}
