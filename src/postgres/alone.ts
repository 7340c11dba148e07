import { openDatabase } from './database.ts'

/** How often whoever does it shows that it lives, in milliseconds. */
const SIGN_MS = 2000
/** The database ends the connection of whoever gave no sign for so long, so that a stopped process holds nobody up. */
const SILENT_SECONDS = 10

const END_OF_SILENT = `select set_config(name, '${SILENT_SECONDS}s', false) from pg_settings
  where name = 'idle_session_timeout'`
const LOCK = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as got'

/**
 * Does what only one process may do at a time, as the database of an address says; undefined where another one does
 * it. `lost` fires when the database let it go, and others may do it from then on.
 */
export async function aloneIn<Result>(
  address: string,
  name: string,
  work: (lost: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  await using database = await openDatabase(address)
  await using session = await database.connect(`sft-catalog ${name}`)
  const { query, onLost } = session
  await query(END_OF_SILENT)
  const [row] = await query(LOCK, `sft-catalog ${name} of ${database.schema}`)
  if (row?.['got'] !== true) return undefined
  const lost = new AbortController()
  onLost(() => lost.abort())
  const signs = setInterval(() => {
    query('select').catch(() => lost.abort())
  }, SIGN_MS)
  try {
    return await work(lost.signal)
  } finally {
    clearInterval(signs)
  }
}
