import { PlainError } from '../plain-error.ts'
import { withoutSecrets } from '../stores/addresses.ts'

/** Where in PostgreSQL a state, a ledger and a budget are. */
export interface DatabaseAddress {
  /** For the driver: without what is ours. It may have a password. */
  readonly connectionString: string
  /** The schema that holds the tables: several accounts can share a database. */
  readonly schema: string
  /** For messages: no user, password or parameter but the schema. */
  readonly shown: string
  /** Whether the connection must be encrypted, and the server's certificate proved. */
  readonly needsTls: boolean
}

const DEFAULT_SCHEMA = 'sft_catalog'
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/

/** `sslmode`s that may go on without encryption. */
const OPEN_MODES: readonly (string | null)[] = ['disable', 'allow', 'prefer']

/**
 * Reads an address of the form `postgres://user@host:5432/database?schema=sft_catalog`. What else it has is the
 * driver's (`sslrootcert`, `sslmode=verify-full`). Throws a `PlainError` without the address's secrets.
 */
export function parseAddress(address: string): DatabaseAddress {
  const url = readUrl(address)
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA
  if (!SCHEMA_NAME.test(schema))
    throw new PlainError(
      `${withoutSecrets(address)}: schema must be lower-case letters, digits and _, at most 63 of them`,
    )
  url.searchParams.delete('schema')
  const shown = `${withoutSecrets(url.href)}${schema === DEFAULT_SCHEMA ? '' : `?schema=${schema}`}`
  const host = url.searchParams.get('host') ?? url.hostname
  const mode = url.searchParams.get('sslmode')
  const needsTls = !isLocal(host)
  if (needsTls && OPEN_MODES.includes(mode))
    throw new PlainError(
      `${shown}: sslmode=${mode} would send activation codes over the network unencrypted; ` +
        'leave it out, and name the certificate authority with sslrootcert where it is your own',
    )
  return { connectionString: url.href, schema, shown, needsTls: needsTls && mode === null }
}

function readUrl(address: string): URL {
  try {
    // A URL without a host is allowed by the driver: a socket given as `host`.
    return new URL(address)
  } catch (error) {
    throw new PlainError(
      `${withoutSecrets(address)} is no address of a database: write postgres://user@host:5432/database, with ` +
        'special characters of user and password percent-encoded',
      { cause: error },
    )
  }
}

const isLocal = (host: string): boolean =>
  host === '' || host.startsWith('/') || /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
