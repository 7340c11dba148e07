import type { SqlRow } from '../ledger/connection.ts'
import { contradictions, judgeStored, nameOf } from '../ledger/judge-rows.ts'
import type { LedgerCheck } from '../ledger/keeper.ts'
import { ownerOf, textIn } from '../ledger/rows.ts'
import { TABLES, type Table } from '../ledger/sql.ts'
import { cipherOf, type EncryptionKeys, requireKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { openDatabase } from './database.ts'
import { haltedIn, placeOf, refuseMoved } from './place.ts'
import type { Query } from './query.ts'

const TABLE_NAMES = Object.keys(TABLES) as readonly Table[]

/** Rows at a time. */
const AT_ONCE = 1000

/** Owners that have never given a sign of life: others could not tell whether they live. */
const NO_SIGN = (table: 'orders' | 'esims'): string =>
  `select ${TABLES[table].key.join()} as id, owner_id from ${table} where owner_id is not null
    and not exists (select 1 from processes where processes.id = ${table}.owner_id)`

/**
 * Reads every row of a ledger in one view of the database, and changes nothing; undefined where there is none. Others
 * sell meanwhile.
 */
export async function checkPostgresLedger(
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<LedgerCheck | undefined> {
  await using database = await openDatabase(address)
  const { shown } = database
  if (!(await database.isPrepared())) return undefined
  await refuseMoved(shown, database.ask)
  await using session = await database.connect('sft-catalog ledger check')
  const { query } = session
  await query('begin isolation level repeatable read read only')
  const place = await placeOf(query)
  requireKeys(shown, place.keyIds, keys)
  const cipher = cipherOf(keys, shown, ownerOf(place.lineage))
  const halted = haltedIn(place)
  const problems = halted === undefined ? [] : [`nothing is sold from it: it ${halted}`]
  const rows: Record<string, number> = {}
  for (const table of TABLE_NAMES) {
    rows[table] = 0
    for await (const row of eachRow(query, table)) {
      rows[table] += 1
      const { problem } = judgeStored(table, row, cipher)
      if (problem !== undefined) problems.push(`${nameOf(table, row)} ${problem}`)
    }
  }
  problems.push(...(await contradictions(query)))
  for (const table of ['orders', 'esims'] as const)
    for (const row of await query(NO_SIGN(table)))
      problems.push(
        `${table}.${textIn(row, 'id')} is owned by ${textIn(row, 'owner_id')}, which gave no sign of life`,
      )
  return { lineage: place.lineage, serial: place.serial, rows, problems }
}

async function* eachRow(query: Query, table: Table): AsyncGenerator<SqlRow> {
  const names = TABLES[table].key.join(', ')
  await query(`declare every_row no scroll cursor for select * from ${table} order by ${names}`)
  for (;;) {
    const page = await query(`fetch ${AT_ONCE} from every_row`)
    yield* page
    if (page.length < AT_ONCE) break
  }
  await query('close every_row')
}
