import { crc32 } from 'node:zlib'
import type { SqlRow } from '../ledger/connection.ts'
import { pageOf } from '../ledger/move-rows.ts'
import {
  ENCRYPTED_TABLES,
  isLeft,
  numberIn,
  ownerOf,
  readWhole,
  textIn,
  textToKeep,
} from '../ledger/rows.ts'
import { TABLES, type Table } from '../ledger/sql.ts'
import {
  type Cipher,
  cipherOf,
  type EncryptionKeys,
  isUpToDate,
  markOf,
  noteKey,
  requireKeys,
} from '../secrets/cipher.ts'
import {
  type EncryptionReport,
  MOST_PASSES,
  type OnEncrypted,
  othersWrite,
} from '../secrets/encryption.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import { rowsOfState } from '../state/state-rows.ts'
import { changePlace, framePlace } from './apply-log.ts'
import { type Database, openDatabase, type Session } from './database.ts'
import { LOCK_DECISIONS } from './move-ledger.ts'
import { putPage } from './move-state.ts'
import { NOTE_KEY, refuseMoved } from './place.ts'
import type { Query } from './query.ts'
import { readAll } from './read-state.ts'
import { isPostgresState } from './state.ts'
import { openLocked } from './state-lock.ts'

const SET_KEYS = 'update place set keys = $1'

/** Writes rows anew that are still what was read; others are what somebody wrote meanwhile. */
function rewriteSql(table: Table): string {
  const { key } = TABLES[table]
  const columns = [...key, 'old', 'content']
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`)
  const same = [...key.map(name => `${table}.${name} = given.${name}`), `${table}.content = old`]
  return `update ${table} set content = given.content, crc = given.crc
    from unnest(${arrays.join(', ')}, $${columns.length + 1}::bigint[]) as given (${columns.join(', ')}, crc)
    where ${same.join(' and ')}`
}

/**
 * Encrypts all rows of a ledger with the first key, or makes them plain where no key is the first; others may sell from
 * it meanwhile. Cut short anywhere, it is read as before, and the same call goes on. Undefined where there is none.
 */
export async function encryptPostgresLedger(
  address: string,
  onRows: OnEncrypted = () => undefined,
  keys: EncryptionKeys = keysInForce(),
): Promise<EncryptionReport | undefined> {
  await using database = await openDatabase(address)
  const { shown } = database
  if (!(await database.isPrepared())) return undefined
  const { lineage, keyIds } = await refuseMoved(shown, database.ask)
  requireKeys(shown, keyIds, keys)
  const cipher = cipherOf(keys, shown, ownerOf(lineage))
  const { first } = keys
  if (first !== undefined && noteKey(keyIds, keys) !== undefined)
    await database.ask(NOTE_KEY, first.id)
  let rewritten = 0
  for (let pass = 1; ; pass++) {
    for (const table of ENCRYPTED_TABLES)
      rewritten += await encryptTable(database, table, cipher, keys, onRows)
    if (await end(database, keys)) break
    if (pass >= MOST_PASSES) throw othersWrite(shown)
  }
  await using session = await database.connect('sft-catalog store encrypt')
  await clean(session, ENCRYPTED_TABLES)
  return { location: shown, rewritten, backups: 0, left: [], ...(first && { keyId: first.id }) }
}

async function encryptTable(
  { ask, shown }: Database,
  table: Table,
  cipher: Cipher,
  keys: EncryptionKeys,
  onRows: OnEncrypted,
): Promise<number> {
  const { key } = TABLES[table]
  const sql = rewriteSql(table)
  let last: SqlRow | undefined
  let seen = 0
  let rewritten = 0
  do {
    const after = last === undefined ? [] : key.map(column => textIn(last, column))
    const page = await ask(pageOf(table, last !== undefined), ...after)
    const old = page.filter(row => !isUpToDate(keys, textIn(row, 'content')))
    if (old.length > 0) {
      const contents = old.map(row => {
        const { text } = readWhole(shown, table, row, cipher)
        return textToKeep(table, row, text, cipher)
      })
      const columns = [...key, 'content'].map(name => old.map(row => textIn(row, name)))
      await ask(
        sql,
        ...columns,
        contents,
        contents.map(content => crc32(content)),
      )
    }
    rewritten += old.length
    seen += page.length
    onRows(seen)
    last = page.at(-1)
  } while (last !== undefined)
  return rewritten
}

/** Notes that there is the first key only, while nobody decides anything; false where a row is left. */
const end = (database: Database, keys: EncryptionKeys): Promise<boolean> =>
  database.transaction(async query => {
    await query(LOCK_DECISIONS)
    for (const table of ENCRYPTED_TABLES)
      if ((await query(`${isLeft(table, keys)} limit 1`)).length > 0) return { result: false }
    await query(SET_KEYS, keys.first?.id ?? null)
    return { result: true }
  })

/** What was plain stands in dead rows until the tables are written anew. */
async function clean({ query }: Session, tables: readonly string[]): Promise<void> {
  await query("set statement_timeout = '0'")
  for (const table of tables) await query(`vacuum (full) ${table}`)
}

const STATE_TABLES = [
  'state_records',
  'state_pending',
  'state_place',
  'apply_changes',
  'applies',
] as const

/** The texts of a state that are not kept as these keys write them now. */
const COUNT_LEFT = ({ first }: EncryptionKeys): string => {
  const isLeft = `${first === undefined ? '' : 'not '}like '${markOf(first)}%'`
  return `select (select count(*) from state_records where content ${isLeft})
    + (select count(*) from state_pending where content ${isLeft})
    + (select count(*) from state_place where head ${isLeft})
    + (select count(*) from apply_changes where content ${isLeft})
    + (select count(*) from applies where frame ${isLeft}) as n`
}

/** What applies left to workers. */
async function encryptApplies(query: Query, cipher: Cipher): Promise<void> {
  for (const row of await query('select apply, kind, key, content from apply_changes')) {
    const [kind, key] = [textIn(row, 'kind'), textIn(row, 'key')]
    const place = changePlace(numberIn(row, 'apply'), { kind, key })
    const content = cipher.encrypt(place, cipher.decrypt(place, textIn(row, 'content')))
    await query(
      'update apply_changes set content = $4 where apply = $1 and kind = $2 and key = $3',
      numberIn(row, 'apply'),
      kind,
      key,
      content,
    )
  }
  for (const row of await query('select id, frame from applies where frame is not null')) {
    const id = numberIn(row, 'id')
    const place = framePlace(id)
    const frame = cipher.encrypt(place, cipher.decrypt(place, textIn(row, 'frame')))
    await query('update applies set frame = $2 where id = $1', id, frame)
  }
}

/** As `encryptPostgresLedger`, for a state, under its lock. Throws `LockedError`. */
export async function encryptPostgresState(
  address: string,
  onRows: OnEncrypted = () => undefined,
  keys: EncryptionKeys = keysInForce(),
): Promise<EncryptionReport | undefined> {
  if (!(await isPostgresState(address, keys))) return undefined
  const { shown, session, close } = await openLocked(address, { purpose: 'store encrypt' })
  try {
    const { query } = session
    const state = await readAll(shown, query, keys)
    if (state === undefined) return undefined
    const rewritten = numberIn((await query(COUNT_LEFT(keys)))[0], 'n')
    if (rewritten > 0) {
      const cipher = stateCipher(keys, shown, state.lineage)
      await query('begin')
      let seen = 0
      for await (const page of rowsOfState(state)) {
        await putPage(query, page, cipher)
        seen += page.length
        onRows(seen)
      }
      await encryptApplies(query, cipher)
      await query('commit')
      await clean(session, STATE_TABLES)
    }
    const { first } = keys
    return { location: shown, rewritten, backups: 0, left: [], ...(first && { keyId: first.id }) }
  } finally {
    await close()
  }
}
