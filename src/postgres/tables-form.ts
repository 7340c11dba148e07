/** How far the tables of a schema are, and what brings them up to date. */
import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import type { DatabaseAddress } from './address.ts'
import type { Query } from './query.ts'
import { MIGRATIONS } from './schema.ts'

const MIGRATION_LOCK =
  "select pg_advisory_xact_lock(hashtextextended('sft-catalog tables of ' || $1, 0))"

/** How far the tables are; undefined where there are none. */
export async function versionOf(query: Query, schema: string): Promise<number | undefined> {
  const [found] = await query('select to_regclass($1)::text as name', `${schema}.migrations`)
  if (textIn(found, 'name') === '') return undefined
  return numberIn((await query('select max(version) as version from migrations'))[0], 'version')
}

/** Makes the tables, or brings them up to date; nodes that start together do so one after another. */
export async function migrate(query: Query, { shown, schema }: DatabaseAddress): Promise<void> {
  await query(MIGRATION_LOCK, schema)
  const version = await versionOf(query, schema)
  if (version === undefined) {
    await query(`create schema if not exists ${schema}`)
    await query(
      `create table ${schema}.migrations (version integer primary key, at timestamptz not null default clock_timestamp())`,
    )
  }
  refuseNewer(shown, version)
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < (version ?? 0)) continue
    await query(step)
    await query('insert into migrations (version) values ($1)', index + 1)
  }
}

export function refuseNewer(shown: string, version = 0): void {
  if (version > MIGRATIONS.length)
    throw new PlainError(
      `${shown}: its tables were made by a newer sft-catalog (form ${version}, this one knows ${MIGRATIONS.length}); use that one`,
    )
}
