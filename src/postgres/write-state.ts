/** Entries of a state as rows of PostgreSQL. */
import { crc32 } from 'node:zlib'
import type { Cipher } from '../secrets/cipher.ts'
import type { StateEntry } from '../state/state.ts'
import type { Query } from './query.ts'
import { PENDING, RECORD } from './read-state.ts'

export const PUT_RECORDS = `insert into state_records (kind, key, crc, content, serial)
  select given.*, state_place.serial from state_place,
    unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as given
  on conflict (kind, key) do update
    set crc = excluded.crc, content = excluded.content, serial = excluded.serial`
const NOTE_REMOVAL = 'update state_place set removed = serial'
const REMOVE_RECORDS = `delete from state_records using unnest($1::text[], $2::text[]) as old (kind, key)
  where state_records.kind = old.kind and state_records.key = old.key`
export const PUT_PENDING = `insert into state_pending (id, crc, content)
  select * from unnest($1::text[], $2::bigint[], $3::text[])
  on conflict (id) do update set crc = excluded.crc, content = excluded.content`
const REMOVE_PENDING = 'delete from state_pending where id = any($1)'

/** Writes entries in a transaction that is under way; the last of each place counts. */
export async function writeEntries(
  query: Query,
  entries: readonly StateEntry[],
  cipher: Cipher,
): Promise<void> {
  const removed: StateEntry[] = []
  const put = new Map<string, Extract<StateEntry, { readonly type: 'put' }>>()
  const intents = new Map<string, unknown>()
  const concluded: string[] = []
  for (const entry of entries)
    switch (entry.type) {
      case 'put':
        put.set(`${entry.kind}/${entry.key}`, entry)
        break
      case 'remove':
        put.delete(`${entry.kind}/${entry.key}`)
        removed.push(entry)
        break
      case 'intent':
        intents.set(entry.intent.id, entry.intent)
        break
      case 'conclude':
        intents.delete(entry.id)
        concluded.push(entry.id)
        break
      default:
    }
  const gone = removed.flatMap(entry => (entry.type === 'remove' ? [entry] : []))
  if (gone.length > 0)
    await query(
      REMOVE_RECORDS,
      gone.map(one => one.kind),
      gone.map(one => one.key),
    )
  if (gone.length > 0) await query(NOTE_REMOVAL)
  const records = [...put.values()]
  const contents = records.map(one =>
    cipher.encrypt([RECORD, one.kind, one.key], JSON.stringify(one.record)),
  )
  if (records.length > 0)
    await query(
      PUT_RECORDS,
      records.map(one => one.kind),
      records.map(one => one.key),
      contents.map(content => crc32(content)),
      contents,
    )
  if (concluded.length > 0) await query(REMOVE_PENDING, concluded)
  const announced = [...intents].map(
    ([id, intent]) => [id, cipher.encrypt([PENDING, id], JSON.stringify(intent))] as const,
  )
  if (announced.length > 0)
    await query(
      PUT_PENDING,
      announced.map(([id]) => id),
      announced.map(([, content]) => crc32(content)),
      announced.map(([, content]) => content),
    )
}
