import { setTimeout as wait } from 'node:timers/promises'
import type { Fetch } from '../fetch.ts'
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import { PlainError } from '../plain-error.ts'

/** A forge refused a call, or could not be reached; the message says what to do. */
export class ForgeError extends PlainError {
  /** Absent where there was no answer. */
  readonly status: number | undefined
  constructor(message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
  /** Whether the call may have been carried out all the same. */
  get isUncertain(): boolean {
    return this.status === undefined || this.status >= 500
  }
}

/** Where a forge is, and who asks. */
export interface ForgeAccess {
  readonly name: string
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** What lets a refused call through. */
  readonly advice: string
  /** The way there, which a proxy can be. */
  readonly fetch: Fetch
}

/** One call of a forge. */
export type Call = (
  method: 'GET' | 'POST' | 'PATCH' | 'PUT',
  path: string,
  body?: JsonObject,
) => Promise<Json>

const ATTEMPTS = 4
const TIMEOUT_MS = 30_000
const LONGEST_PAUSE_MS = 60_000

/** Calls of a forge: what may be repeated without harm is, a few times. Throws a `ForgeError`. */
export const openCalls =
  ({ name, baseUrl, headers, advice, fetch }: ForgeAccess): Call =>
  async (method, path, body) => {
    for (let attempt = 1; ; attempt += 1) {
      const failed = await once()
      if (!(failed instanceof Failure)) return failed.data
      const { error, retryAfterMs } = failed
      const isRefused =
        retryAfterMs !== undefined && error.status !== undefined && !error.isUncertain
      const mayRepeat = isRefused || (method !== 'POST' && error.isUncertain)
      if (!mayRepeat || attempt >= ATTEMPTS) throw error
      await wait(Math.min(retryAfterMs ?? 1000 * 2 ** (attempt - 1), LONGEST_PAUSE_MS))
    }

    async function once(): Promise<{ readonly data: Json } | Failure> {
      const where = `${method} ${path.split('?')[0] ?? path}`
      let response: Response
      try {
        response = await fetch(`${baseUrl}${path}`, {
          method,
          headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        const text = await response.text()
        if (response.ok) return { data: text === '' ? null : parsed(text) }
        return refusal(response, text, where)
      } catch (error) {
        const why = `${name} cannot be reached (${where}): check the network, and the address in ${baseUrl}`
        return new Failure(new ForgeError(why, undefined, error))
      }
    }

    function refusal(response: Response, text: string, where: string): Failure {
      const { status } = response
      const after = response.headers.get('retry-after')
      const said = messageOf(text)
      const told = `${name} answers ${status} to ${where}${said === undefined ? '' : `: ${said}`}`
      const error = new ForgeError(
        status === 401 || status === 403 || status === 404 ? `${told}; ${advice}` : told,
        status,
      )
      return new Failure(error, after === null ? undefined : Number(after) * 1000 || 1000)
    }
  }

class Failure {
  readonly error: ForgeError
  readonly retryAfterMs: number | undefined
  constructor(error: ForgeError, retryAfterMs?: number) {
    this.error = error
    this.retryAfterMs = retryAfterMs
  }
}

function parsed(text: string): Json {
  const value: Json = JSON.parse(text)
  return value
}

function messageOf(text: string): string | undefined {
  try {
    const value = parsed(text)
    if (!isJsonObject(value)) return undefined
    const message = value['message'] ?? value['error']
    return typeof message === 'string' ? message.slice(0, 200) : undefined
  } catch {
    return undefined
  }
}

const PAGE = 100
/** More pages than any change or label has; a server that never ends them is no forge. */
const MOST_PAGES = 100

/** Rows of a list, page by page. */
export async function* rowsOf(call: Call, path: string): AsyncGenerator<JsonObject> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const rows = await call(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE}&page=${page}`,
    )
    if (!Array.isArray(rows)) throw new ForgeError(`the answer to GET ${path} is no list`)
    for (const row of rows) if (isJsonObject(row)) yield row
    if (rows.length < PAGE) return
  }
  throw new ForgeError(`GET ${path} has more than ${MOST_PAGES} pages: it is not read to its end`)
}

/** A field that is an object; an empty one where it is not. */
export const partOf = (row: JsonObject, name: string): JsonObject => {
  const value = row[name]
  return isJsonObject(value) ? value : {}
}

/** A field as text; empty where it is absent. */
export const textOf = (row: JsonObject, name: string): string => {
  const value = row[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** A field that somebody is known by. Throws where it is absent: two of whom nothing is known are not the same. */
export function nameIn(row: JsonObject, name: string): string {
  const value = textOf(row, name)
  if (value === '') throw new ForgeError(`the answer to whose the token is has no ${name}`)
  return value
}

/** The row that was made or changed. */
export function rowOf(value: Json): JsonObject {
  if (isJsonObject(value)) return value
  throw new ForgeError('the answer is no object')
}
