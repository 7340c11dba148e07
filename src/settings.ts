import { keyThatStandsTwice } from './durable/duplicate-keys.ts'
import { readSettingFile, SettingsError } from './setting-file.ts'
import { checkWireSettings, type WireOverrides } from './sft/wire-settings.ts'

export { SettingsError } from './setting-file.ts'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where things are and who we are, after flags, environment and defaults. */
export interface SftSettings {
  /** Origin of the platform; `/api/…` is added to it. */
  readonly baseUrl: string
  readonly username: string
  readonly password: string
  readonly targetAccountId?: string
  /** The account's limit; absent: the client's default. */
  readonly callsPerSecond?: number
  /** Overrides the documented timeouts (contract 1.9). */
  readonly settleSeconds?: number
}

/** What a caller gives instead of the environment. `undefined` counts as not given. */
export type SettingOverrides = {
  readonly [Key in keyof SftSettings]?: SftSettings[Key] | undefined
}

const DEFAULT_BASE_URL = 'https://sft.bics.com'
const DEFAULT_STATE = 'state.json'
const DEFAULT_CATALOG = 'catalog'
const DEFAULT_LEDGER = 'orders.json'
const DEFAULT_POLICY = 'policy'

/**
 * The account settings: what is given first, then the environment (`SFT_BASE_URL`, `SFT_USERNAME`,
 * `SFT_PASSWORD` or `SFT_PASSWORD_FILE`, `SFT_TARGET_ACCOUNT_ID`, `SFT_CALLS_PER_SECOND`,
 * `SFT_SETTLE_SECONDS`). An empty variable counts as not set, but for those whose default is another account
 * or another place: these are refused. Throws a SettingsError.
 */
export function sftSettings(env: Environment, given: SettingOverrides = {}): SftSettings {
  const targetAccountId = given.targetAccountId ?? readWhole(env, 'SFT_TARGET_ACCOUNT_ID')
  const callsPerSecond = numberOf('callsPerSecond', given, env, 'SFT_CALLS_PER_SECOND')
  const settleSeconds = numberOf('settleSeconds', given, env, 'SFT_SETTLE_SECONDS')
  return {
    baseUrl: baseUrlOf(given.baseUrl ?? readWhole(env, 'SFT_BASE_URL') ?? DEFAULT_BASE_URL),
    username:
      given.username ??
      read(env, 'SFT_USERNAME') ??
      fail('the user name of the SFT account is missing: set SFT_USERNAME'),
    password: given.password ?? passwordOf(env),
    ...(targetAccountId === undefined ? {} : { targetAccountId }),
    ...(callsPerSecond === undefined ? {} : { callsPerSecond }),
    ...(settleSeconds === undefined ? {} : { settleSeconds }),
  }
}

/** Where the state is: what is given, `SFT_STATE`, or `state.json` in the working folder. */
export const stateLocation = (env: Environment, given?: string): string =>
  given ?? readWhole(env, 'SFT_STATE') ?? DEFAULT_STATE

/** Where the catalog is: what is given, `SFT_CATALOG`, or the folder `catalog`. */
export const catalogLocation = (env: Environment, given?: string): string =>
  given ?? readWhole(env, 'SFT_CATALOG') ?? DEFAULT_CATALOG

/** Where the team's own rules are: what is given, `SFT_POLICY`, or the folder `policy`, and whether somebody said so. */
export function policyLocation(
  env: Environment,
  given?: string,
): { readonly folder: string; readonly isNamed: boolean } {
  const named = given ?? readWhole(env, 'SFT_POLICY')
  return { folder: named ?? DEFAULT_POLICY, isNamed: named !== undefined }
}

/** Where the ledger is: what is given, `SFT_LEDGER`, or `orders.json` in the working folder. */
export const ledgerLocation = (env: Environment, given?: string): string =>
  given ?? readWhole(env, 'SFT_LEDGER') ?? DEFAULT_LEDGER

/**
 * By which address those who use the account share its rate: what is given, `SFT_BUDGET`, or that of the state
 * or ledger that they share anyway.
 */
export const budgetLocation = <Shared extends string | undefined>(
  env: Environment,
  shared: Shared,
  given?: string,
): string | Shared => given ?? readWhole(env, 'SFT_BUDGET') ?? shared

/** Names an account, for what is shared by all who use it. */
export const accountName = ({
  baseUrl,
  username,
  targetAccountId,
}: Pick<SftSettings, 'baseUrl' | 'username' | 'targetAccountId'>): string =>
  [baseUrl, username, ...(targetAccountId === undefined ? [] : [targetAccountId])].join(' ')

/**
 * Of which batch endpoints are made while somebody buys, by `SFT_CREATE_ON_DEMAND`; undefined where it is not set: they
 * are made in advance only.
 */
export const onDemandSetting = (env: Environment): string | undefined =>
  read(env, 'SFT_CREATE_ON_DEMAND')

/** The zone of the platform's dates: what is given, `SFT_TIME_ZONE`, or UTC. Throws a SettingsError. */
export function timeZoneOf(env: Environment, given?: string): string {
  const zone = given ?? read(env, 'SFT_TIME_ZONE') ?? 'UTC'
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (error) {
    const name = given === undefined ? 'SFT_TIME_ZONE is' : 'the time zone is'
    throw new SettingsError(
      `${name} '${zone}', which is not known: give an IANA name such as Europe/Brussels`,
      { cause: error },
    )
  }
  return zone
}

/** How a wrong check digit of an ICCID is taken. */
export const CHECK_DIGIT_RULES = ['error', 'warning', 'off'] as const

/** `SFT_ICCID_CHECK_DIGIT`; undefined where it is not set. Throws a SettingsError. */
export const checkDigitSetting = (
  env: Environment,
): (typeof CHECK_DIGIT_RULES)[number] | undefined =>
  oneOf(env, 'SFT_ICCID_CHECK_DIGIT', CHECK_DIGIT_RULES)

function oneOf<Word extends string>(
  env: Environment,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = read(env, name)
  const word = words.find(word => word === text)
  if (text !== undefined && word === undefined)
    fail(`${name} is '${text}': give one of ${words.join(', ')}`)
  return word
}

function read(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value === undefined || value === '' ? undefined : value
}

/** A variable whose default is another account or place, so that an empty one must not mean it. */
function readWhole(env: Environment, name: string): string | undefined {
  const value = env[name]
  if (value !== undefined && value.trim() === '')
    fail(`${name} is set and empty: give it a value, or unset it to mean the default`)
  return value
}

function fail(message: string): never {
  throw new SettingsError(message)
}

/** Of a password and a file for one, neither may be passed over: accounts get locked by the wrong one. */
function passwordOf(env: Environment): string {
  const password = read(env, 'SFT_PASSWORD')
  const file = read(env, 'SFT_PASSWORD_FILE')
  if (password !== undefined && file !== undefined)
    fail('SFT_PASSWORD and SFT_PASSWORD_FILE are both set (a .env file counts too): keep one')
  if (password !== undefined) return password
  if (file === undefined)
    fail('the password of the SFT account is missing: set SFT_PASSWORD or SFT_PASSWORD_FILE')
  return passwordIn(file)
}

function passwordIn(file: string): string {
  const text = textOf(file)
  const line = text.replace(/\r?\n$/, '')
  if (line.trim() === '')
    fail(`the password file ${file} is empty: write the password on its only line`)
  if (/[\r\n]/.test(line))
    fail(`the password file ${file} has several lines: it must hold the password and nothing else`)
  if (/^(["'`]).*\1$/s.test(line) && line.length > 1)
    fail(
      `the password file ${file} has quotes around the password: write it without, since nothing is taken off`,
    )
  return line
}

function textOf(file: string): string {
  const told = (problem: string, cause?: unknown) =>
    new SettingsError(
      `SFT_PASSWORD_FILE names ${file}, which cannot be read: ${problem}; correct the path or the file`,
      { cause },
    )
  let text: string | undefined
  try {
    text = readSettingFile(file, { pipes: true })
  } catch (error) {
    throw error instanceof SettingsError ? told(error.message, error) : error
  }
  if (text === undefined) throw told('it does not exist')
  return text
}

function baseUrlOf(text: string): string {
  // A password in it is shown to nobody, whatever else is wrong.
  const shown = text.includes('@') ? 'the base URL' : `the base URL '${text}'`
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return fail(`${shown} is not a URL: give one such as ${DEFAULT_BASE_URL}`)
  }
  if (url.username !== '' || url.password !== '')
    fail('the base URL holds a user name or password: give them as SFT_USERNAME and SFT_PASSWORD')
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    fail(`${shown} is neither https nor http: give one such as ${DEFAULT_BASE_URL}`)
  return text.replace(/\/+$/, '')
}

function numberOf(
  key: 'callsPerSecond' | 'settleSeconds',
  given: SettingOverrides,
  env: Environment,
  variable: string,
): number | undefined {
  const text = read(env, variable)
  const value = given[key] ?? (text === undefined ? undefined : Number(text))
  if (value === undefined) return undefined
  // No limit at all is a rate; settling without an end is not a time.
  if (!(value > 0) || (key === 'settleSeconds' && value === Number.POSITIVE_INFINITY))
    fail(
      `${given[key] === undefined ? `${variable} is '${text}'` : `${key} is ${value}`}: give a number above 0`,
    )
  return value
}

/** What differs on an account whose wire is not as assumed (docs/wire.md). */
export interface WireSettings {
  readonly bulk: {
    readonly mode?: 'on' | 'off' | 'auto'
    readonly path?: string
    readonly size?: number
  }
  readonly paths: Readonly<Record<string, string>>
  /** `SFT_WIRE`: values, units and forms; openSft checks them. */
  readonly wire: WireOverrides
}

const BULK_MODES = ['on', 'off', 'auto'] as const

/**
 * The wire settings of the environment: `SFT_BULK` (on, off, auto), `SFT_BULK_PATH`, `SFT_BULK_SIZE`,
 * `SFT_PATHS`, pairs such as `GetCustomerProfile=/api/Other` separated by commas, and `SFT_WIRE`, JSON or
 * the path of a JSON file. Throws a SettingsError.
 */
export function wireSettings(env: Environment, operations: readonly string[]): WireSettings {
  const mode = oneOf(env, 'SFT_BULK', BULK_MODES)
  const path = read(env, 'SFT_BULK_PATH')
  const size = read(env, 'SFT_BULK_SIZE')
  if (size !== undefined && !(Number.isInteger(Number(size)) && Number(size) > 0))
    fail(`SFT_BULK_SIZE is '${size}': give a whole number from 1`)
  const paths = (read(env, 'SFT_PATHS') ?? '').split(',').flatMap(pair => {
    if (pair.trim() === '') return []
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    const place = pair.slice(at + 1).trim()
    if (!operations.includes(name) || !place.startsWith('/'))
      fail(
        `SFT_PATHS has '${pair.trim()}': give OPERATION=/path, with one of ${operations.join(', ')}`,
      )
    return [[name, place] as const]
  })
  return {
    bulk: {
      ...(mode === undefined ? {} : { mode }),
      ...(path === undefined ? {} : { path }),
      ...(size === undefined ? {} : { size: Number(size) }),
    },
    paths: Object.fromEntries(paths),
    wire: wireOf(read(env, 'SFT_WIRE')),
  }
}

/** The overrides of `SFT_WIRE`: JSON, or the name of a file that holds it. */
function wireOf(given: string | undefined): WireOverrides {
  if (given === undefined) return {}
  const inline = given.trimStart().startsWith('{')
  const place = inline ? 'SFT_WIRE' : `the file ${given} that SFT_WIRE names`
  const advice = `give it as JSON, such as {"balance-unit":"MB"}, or as the name of a file that holds it`
  let text = given
  if (!inline) text = readSettingFile(given) ?? fail(`${place} does not exist; ${advice}`)
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new SettingsError(`${place} is not JSON; ${advice}`, { cause: error })
  }
  const twice = keyThatStandsTwice(text)
  if (twice !== undefined) fail(`${place} has ${twice.key} twice: keep one of the two`)
  try {
    return checkWireSettings(parsed)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new SettingsError(`${place}: ${error.message}`, { cause: error })
  }
}
