import { createHmac, randomUUID } from 'node:crypto'
import type { Json } from '../model.ts'
import { isObject, optionalText } from './fields.ts'
import { CODES, Rejection } from './rejection.ts'
import { SIMULATED_ACCOUNT } from './world.ts'

const BAD_LOGINS_ALLOWED = 5
const REFRESH_SECONDS = 12 * 3600

/** The one login that a simulator knows, and how it behaves. */
export interface AuthOptions {
  readonly username: string
  readonly password: string
  readonly accessTokenSeconds: number
  readonly accountType: 'enterprise' | 'reseller'
}

/** A bare login or refresh answer (contract 1.3). */
export interface Tokens {
  readonly AccessToken: string
  readonly RefreshToken: string
}

/** What an access token stands for. */
export interface Session {
  readonly username: string
  readonly expiresAt: number
  /** Whether endpoint calls are allowed: an enterprise, or a reseller inside one. */
  readonly enterprise: boolean
}

/** Logins and tokens (contract 1.3 to 1.5). Time is handed in as ms. */
export interface Auth {
  /** Throws a Rejection with 10126, 10117 or 11044. */
  login(body: Json | undefined, now: number, opaque?: boolean): Tokens
  /** Undefined where the refresh token is not, or no longer, good: each is good once. */
  refresh(token: string | undefined, now: number, opaque?: boolean): Tokens | undefined
  /** The session of an access token that is good now. */
  session(token: string | undefined, now: number): Session | undefined
  /** Makes every access token invalid, as a restart of the platform would. */
  expireAll(): void
  /** What "Forgot password" does for a locked account. */
  unlock(): void
}

export function createAuth(options: AuthOptions): Auth {
  const access = new Map<string, Session>()
  const refresh = new Map<string, Session>()
  const key = randomUUID()
  let badLogins = 0

  const issue = (session: Omit<Session, 'expiresAt'>, now: number, opaque: boolean): Tokens => {
    for (const tokens of [access, refresh]) {
      for (const [token, { expiresAt }] of tokens) if (expiresAt <= now) tokens.delete(token)
    }
    const accessUntil = now + options.accessTokenSeconds * 1000
    const refreshUntil = now + REFRESH_SECONDS * 1000
    const told = opaque ? undefined : accessUntil
    const AccessToken = jwt({ sub: session.username, typ: 'access' }, now, told, key)
    const RefreshToken = jwt({ sub: session.username, typ: 'refresh' }, now, refreshUntil, key)
    access.set(AccessToken, { ...session, expiresAt: accessUntil })
    refresh.set(RefreshToken, { ...session, expiresAt: refreshUntil })
    return { AccessToken, RefreshToken }
  }

  return {
    login(body, now, opaque = false) {
      const given = isObject(body) ? body : {}
      const username = optionalText(given, 'username')
      const password = optionalText(given, 'password')
      if (!username || !password) {
        throw new Rejection(CODES.badCredentials, 'username and password are mandatory')
      }
      if (username === options.username && badLogins >= BAD_LOGINS_ALLOWED) {
        throw new Rejection(
          CODES.accountLocked,
          'Account is blocked after several failed logins: use "Forgot password"',
        )
      }
      if (username !== options.username || password !== options.password) {
        if (username === options.username) badLogins += 1
        throw new Rejection(CODES.badCredentials, 'Invalid user name or password')
      }
      const target = optionalText(given, 'targetAccountId')
      const reseller = options.accountType === 'reseller'
      if (target !== undefined && (!reseller || target !== SIMULATED_ACCOUNT.childAccountId)) {
        throw new Rejection(CODES.badTargetAccount, 'Invalid value in targetAccountId')
      }
      badLogins = 0
      return issue({ username, enterprise: !reseller || target !== undefined }, now, opaque)
    },
    refresh(token, now, opaque = false) {
      const session = token === undefined ? undefined : refresh.get(token)
      if (token === undefined || session === undefined || session.expiresAt <= now) return undefined
      refresh.delete(token)
      return issue({ username: session.username, enterprise: session.enterprise }, now, opaque)
    },
    session(token, now) {
      const session = token === undefined ? undefined : access.get(token)
      return session === undefined || session.expiresAt <= now ? undefined : session
    },
    expireAll() {
      access.clear()
    },
    unlock() {
      badLogins = 0
    },
  }
}

/** A token of RFC 7519; with `exp`, which clients may read (contract 1.5), where its end is told. */
function jwt(
  claims: { readonly sub: string; readonly typ: string },
  now: number,
  until: number | undefined,
  key: string,
): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(now / 1000)
  const exp = until === undefined ? undefined : Math.floor(until / 1000)
  const payload = encode({ ...claims, iat, exp, jti: randomUUID() })
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}
