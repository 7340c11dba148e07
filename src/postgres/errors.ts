import { PlainError } from '../plain-error.ts'

/** The database did not answer for as long as it was waited for. Nothing that depends on it was done. */
export class DatabaseAwayError extends PlainError {
  override readonly name = 'DatabaseAwayError'
}

/** Codes of the network, and SQLSTATEs by which a server that goes or comes ends a session or refuses one. */
const AWAY =
  /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|08\w{3}|57P0[1235]|25P03|53300)$/

/** What the driver says without a code when a connection is gone. */
const GONE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

/** Whether an error only says that the database cannot be reached just now. */
export const isAway = (error: unknown): boolean =>
  error instanceof Error && (AWAY.test(codeOf(error)) || GONE.test(error.message))

/** Whether two transactions were in each other's way, so that this one was undone and can be done again. */
export const isUndone = (error: unknown): boolean => /^(40001|40P01|55P03)$/.test(codeOf(error))

interface Words {
  readonly code: RegExp
  readonly what: string
  readonly next: string
}

/** Two connections have one session, or one has another each time. */
export const POOLED =
  'what answers there is a pooler that lends its connections transaction by transaction; ' +
  'name the database itself, or a pool of whole sessions: a lock belongs to a session'

const WORDS: readonly Words[] = [
  {
    code: /^28/,
    what: 'the database refuses the user or the password',
    next: 'check them; a password can stand in PGPASSWORD or a .pgpass file',
  },
  { code: /^3D000$/, what: 'there is no such database', next: 'make it, or correct the address' },
  {
    code: /^42501$/,
    what: 'the user may not do this',
    next: 'let a user that may create the schema open it once, and grant its tables to this one',
  },
  {
    code: /^25006$/,
    what: 'the database takes no writes: it is a standby, or read only',
    next: 'name the primary',
  },
  {
    code: /^(53100|53200)$/,
    what: 'the database has no room left',
    next: 'make room; what was done before is kept',
  },
  {
    code: /^57014$|^25P0[24]$/,
    what: 'the database ended what took too long',
    next: 'see what holds it up (pg_stat_activity), and run again',
  },
  {
    code: /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+)$/,
    what: 'the certificate of the database cannot be trusted',
    next: 'name its authority with sslrootcert=FILE',
  },
]

/** What the database or its driver says, in plain words; every other error as it is. */
export function databaseError(shown: string, error: unknown): unknown {
  if (error instanceof PlainError || !(error instanceof Error)) return error
  if (error.message === 'The server does not support SSL connections')
    return new PlainError(
      `${shown}: the database takes no encrypted connections, and it is not on this machine; switch TLS on there`,
      { cause: error },
    )
  const code = codeOf(error)
  const words = WORDS.find(word => word.code.test(code))
  if (words !== undefined)
    return new PlainError(`${shown}: ${words.what}; ${words.next}`, { cause: error })
  return isAway(error) ? away(shown, error) : error
}

/** That somebody else had what was needed for as long as somebody waited. */
export const heldUp = (shown: string, cause: unknown): PlainError =>
  new PlainError(
    `${shown}: another process is in the middle of a change that takes long, such as \`sft-catalog store migrate\`; ` +
      'run again once it has ended (pg_stat_activity names it): nothing was sent to the account meanwhile',
    { cause },
  )

/** That a database cannot be reached, for as long as somebody waited. */
export const away = (shown: string, cause: unknown): DatabaseAwayError =>
  new DatabaseAwayError(
    `${shown}: the database cannot be reached; is it up, and is its address right? Run again once it is: ` +
      'nothing was sent to the account meanwhile',
    { cause },
  )
