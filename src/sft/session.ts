import type { Clock } from '../clock.ts'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { meaningOfCode } from './codes.ts'
import { responseOf } from './envelope.ts'
import { SftCredentialsError, SftNotUnderstoodError, SftUnreachableError } from './errors.ts'
import { excerptOf, type Redact } from './redact.ts'
import type { Delivery, Token, Transport } from './transport.ts'
import { asObject, asText } from './values.ts'

/** What a login is made with. */
export interface Credentials {
  readonly username: string
  readonly password: string
  readonly targetAccountId: string | undefined
}

/** Life of an access token, and whether the token itself tells it. */
interface TokenLife {
  readonly seconds: number
  readonly told: boolean
}

/** The tokens of one account: one login at a time, none after the credentials were refused. */
export interface Session {
  /** A token in force; logs in or renews first where needed. */
  readonly token: () => Promise<Token>
  /** A token of a later generation than the refused one: a new login, shared by all who ask. */
  readonly replace: (refused: Token) => Promise<Token>
  /** How long the latest access token lives; undefined before the first login. */
  readonly tokenLife: () => TokenLife | undefined
  /** What must not be shown. */
  readonly secrets: () => readonly (string | undefined)[]
}

interface Tokens extends Token {
  readonly refresh: string | undefined
  readonly renewAt: number
}

/** Opens a session; nothing is sent before the first token is asked for. */
export function createSession(
  transport: Transport,
  credentials: Credentials,
  clock: Clock,
  redact: Redact,
  /** ASSUMED (contract 1.5, U7): how long an access token lives where its JWT does not tell. */
  assumedLifeMs: number,
): Session {
  let tokens: Tokens | undefined
  let generations = 0
  let lastLife: TokenLife | undefined
  let renewing: Promise<Tokens> | undefined
  // Kept for good: repeated bad logins lock the account (contract 1.3).
  let refused: SftCredentialsError | undefined

  async function login(): Promise<Tokens> {
    if (refused !== undefined) throw refused
    const delivery = await transport.deliver({
      operation: 'Login',
      lane: 'traveller',
      body: {
        username: credentials.username,
        password: credentials.password,
        ...(credentials.targetAccountId !== undefined && {
          targetAccountId: credentials.targetAccountId,
        }),
      },
      isSuccess: body => tokensIn(body).access !== undefined,
      resendUnclear: 'all',
    })
    if (delivery.kind === 'answered') return adopt(delivery.response)
    const name = transport.callName('Login')
    if (delivery.kind === 'rejected' || delivery.kind === 'unauthorised') {
      refused = new SftCredentialsError(refusal(delivery, redact), name, delivery.code)
      throw refused
    }
    if (delivery.kind === 'missing')
      throw new SftNotUnderstoodError(404, excerptOf(delivery.body, redact), name)
    if (delivery.status === undefined)
      throw new SftUnreachableError(`no answer (${redact(delivery.reason)})`, name)
    throw new SftNotUnderstoodError(
      delivery.status,
      delivery.body === '' ? redact(delivery.reason) : excerptOf(delivery.body, redact),
      name,
    )
  }

  async function refresh(current: Tokens): Promise<Tokens> {
    if (current.refresh === undefined) return await login()
    const delivery = await transport.deliver({
      operation: 'RefreshToken',
      lane: 'traveller',
      authorise: async () => ({
        access: current.refresh ?? '',
        generation: current.generation,
        isUsable: () => true,
      }),
      isSuccess: body => tokensIn(body).access !== undefined,
      // It may have been used up by an answer that was lost.
      resendUnclear: 'none',
    })
    return delivery.kind === 'answered' ? adopt(delivery.response) : await login()
  }

  function adopt(response: JsonObject): Tokens {
    const { access = '', refresh } = tokensIn(response)
    const now = clock.now()
    const told = lifeOf(access, now)
    const life = told ?? assumedLifeMs
    lastLife = { seconds: life / 1000, told: told !== undefined }
    const expiresAt = now + life
    tokens = {
      access,
      refresh,
      generation: ++generations,
      // A minute early, or a tenth of a short life.
      renewAt: expiresAt - Math.min(60_000, life / 10),
      isUsable: () => clock.now() < expiresAt,
    }
    return tokens
  }

  function renew(how: () => Promise<Tokens>): Promise<Tokens> {
    renewing ??= how().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  return {
    async token() {
      const current = tokens
      if (current === undefined) return await renew(login)
      if (clock.now() < current.renewAt) return current
      const renewed = renew(() => refresh(current))
      if (!current.isUsable()) return await renewed
      // The old one still works; whoever finds it expired meets the failure of its renewal.
      renewed.catch(() => undefined)
      return current
    },
    async replace(refusedToken) {
      if (tokens !== undefined && tokens.generation > refusedToken.generation) return tokens
      return await renew(login)
    },
    tokenLife: () => lastLife,
    secrets: () => [credentials.password, tokens?.access, tokens?.refresh],
  }
}

/** ASSUMED (contract 1.3): the tokens stand in the bare body, or where a payload does, in any case. */
function tokensIn(body: JsonObject): {
  readonly access: string | undefined
  readonly refresh: string | undefined
} {
  const response = responseOf(body)
  const param = asObject(response['responseParam'])
  const find = (name: RegExp) =>
    textUnder(response, name) ?? (param === undefined ? undefined : textUnder(param, name))
  return { access: find(/^access_?token$/i), refresh: find(/^refresh_?token$/i) }
}

function textUnder(object: JsonObject, name: RegExp): string | undefined {
  const key = Object.keys(object).find(candidate => name.test(candidate))
  return key === undefined ? undefined : asText(object[key])
}

/**
 * ASSUMED (contract 1.3, U9): any login answered with a failure in the envelope, or with HTTP 401, is a
 * refusal of the credentials; the envelope of a failed login is not documented.
 */
function refusal(
  delivery: Extract<Delivery, { readonly kind: 'rejected' | 'unauthorised' }>,
  redact: Redact,
): string {
  const meaning = delivery.code === '401' ? undefined : meaningOfCode(delivery.code)
  const words = redact(delivery.description)
  return (
    `login refused (${delivery.code || 'no code'}): ${meaning ?? (words || 'no description')}. ` +
    'It is not tried again, since failed logins lock the account; check user name, password and targetAccountId'
  )
}

/** Milliseconds that a token lives, from its own claims: `exp` against `iat`, so that clocks may differ. */
function lifeOf(access: string, now: number): number | undefined {
  const claims = claimsOf(access)
  const { exp, iat } = claims
  if (typeof exp !== 'number') return undefined
  const life = typeof iat === 'number' ? (exp - iat) * 1000 : exp * 1000 - now
  return life > 0 ? life : undefined
}

function claimsOf(access: string): { readonly exp?: unknown; readonly iat?: unknown } {
  const part = access.split('.')[1]
  if (part === undefined) return {}
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isJsonObject(claims) ? claims : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
