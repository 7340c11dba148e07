/** What the shop is told by its environment; every mistake is named at the start, and none shows a secret. */
import { readFileSync } from 'node:fs'

export interface Settings {
  readonly host: string
  readonly port: number
  /** Where browsers see the shop: behind a proxy it is another place than `host` and `port`. */
  readonly origin: string
  /** 32 bytes each. The first one seals cookies; those after it still open what it sealed before. */
  readonly sessionKeys: readonly Buffer[]
  readonly operator: { readonly name: string; readonly password: string }
  /** A file, or `postgres://…` where several nodes sell. */
  readonly book: string
  /** ISO 4217: the price of a plan is `portal.prices` of its catalog in this currency. */
  readonly currency: string
  /** Usage that is younger is shown without asking the platform: all who look share the account's calls. */
  readonly usageSeconds: number
  /** Requests that one address may make in a minute. */
  readonly ratePerMinute: number
  /** `info` by default; of pino. */
  readonly logLevel: string
  /** Believe `X-Forwarded-For` of the proxy in front. */
  readonly trustProxy: boolean
}

/** A setting is missing or wrong. */
class WrongSetting extends Error {
  override readonly name = 'WrongSetting'
}

type Environment = Readonly<Record<string, string | undefined>>

export function readSettings(env: Environment): Settings {
  const host = env['PORTAL_HOST'] ?? '127.0.0.1'
  const port = wholeNumber(env, 'PORTAL_PORT', 8080)
  const ledger = env['SFT_LEDGER'] ?? ''
  return {
    host,
    port,
    origin: env['PORTAL_ORIGIN'] ?? `http://${host}:${port}`,
    sessionKeys: sessionKeys(secret(env, 'PORTAL_SESSION_KEY')),
    operator: {
      name: env['PORTAL_OPERATOR'] ?? 'operator',
      password: longEnough(secret(env, 'PORTAL_OPERATOR_PASSWORD')),
    },
    book: env['PORTAL_BOOK'] ?? (ledger.startsWith('postgres') ? ledger : 'portal.db'),
    currency: env['PORTAL_CURRENCY'] ?? 'EUR',
    usageSeconds: wholeNumber(env, 'PORTAL_USAGE_SECONDS', 10),
    ratePerMinute: wholeNumber(env, 'PORTAL_RATE_PER_MINUTE', 300),
    logLevel: env['PORTAL_LOG_LEVEL'] ?? 'info',
    trustProxy: env['PORTAL_TRUST_PROXY'] === 'on',
  }
}

/** A secret, or the file that has it, as orchestrators mount them. */
function secret(env: Environment, name: string): string {
  const file = env[`${name}_FILE`]
  const value = file === undefined ? env[name] : readFileSync(file, 'utf8').trim()
  if (value === undefined || value === '')
    throw new WrongSetting(`set ${name}, or ${name}_FILE to a file that has it`)
  return value
}

function sessionKeys(text: string): readonly Buffer[] {
  const words = text.split(',')
  if (!words.every(word => /^[0-9a-f]{64}$/i.test(word)))
    throw new WrongSetting(
      'PORTAL_SESSION_KEY must be 64 hexadecimal digits (openssl rand -hex 32); several, separated by commas, change keys without logging anybody out',
    )
  return words.map(word => Buffer.from(word, 'hex'))
}

function longEnough(password: string): string {
  if (password.length < 12)
    throw new WrongSetting('PORTAL_OPERATOR_PASSWORD must have at least 12 characters')
  return password
}

function wholeNumber(env: Environment, name: string, otherwise: number): number {
  const text = env[name]
  if (text === undefined) return otherwise
  if (!/^\d{1,6}$/.test(text)) throw new WrongSetting(`${name} must be a whole number`)
  return Number(text)
}
