/** A state as its rows in PostgreSQL tell it: all of it, or what changed since. */
import { crc32 } from 'node:zlib'
import type { SqlRow } from '../ledger/connection.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import { findKind, kinds } from '../resources/kinds.ts'
import {
  type Cipher,
  type CipherPlace,
  DecryptError,
  type EncryptionKeys,
} from '../secrets/cipher.ts'
import type { MutableState } from '../state/apply-entry.ts'
import { changedState } from '../state/changed-state.ts'
import { takeState } from '../state/decode-state.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import type { State } from '../state/state.ts'
import { StateDamagedError } from '../state/state-errors.ts'
import { MovedError, readMark } from '../stores/moving.ts'
import type { Query } from './query.ts'

export const RECORD = 'record'
export const PENDING = 'pending'
export const HEAD = 'head'

/** All of a state in one question, which sees one moment: the head, then records in the order of their keys. */
const ALL = `select 'head' as source, lineage as kind, serial::text as key, crc, head as content
    from state_place
  union all select 'mark', '', '', 0, mark from state_place where mark is not null
  union all select 'pending', '', id, crc, content from state_pending
  union all select 'record', kind, key, crc, content from state_records
  order by source, kind, key`

/** The same without the records that were written before a serial, of a state from which none was taken out since. */
const SINCE = `select 'head' as source, lineage as kind, serial::text as key, crc, head as content
    from state_place where lineage = $1 and serial >= $2 and removed < $2 and mark is null
  union all select 'pending', '', id, crc, content from state_pending
  union all select 'record', kind, key, crc, content from state_records where serial >= $2
  order by source, kind, key`

/** Throws where a row is marked by a move. */
export function refuseMark(shown: string, row: SqlRow | undefined, column: string): void {
  const mark = readMark(textIn(row, column))
  if (mark !== undefined) throw new MovedError(shown, 'state', mark)
}

/** All of a state; undefined where there is none. One that is marked by a move is refused, unless it is `taken`. */
export async function readAll(
  shown: string,
  query: Query,
  keys: EncryptionKeys,
  marked: 'refused' | 'taken' = 'refused',
): Promise<MutableState | undefined> {
  const rows = await query(ALL)
  const [head, ...all] = rows
  if (head === undefined) return undefined
  const isMark = (row: SqlRow): boolean => textIn(row, 'source') === 'mark'
  if (marked === 'refused') refuseMark(shown, all.find(isMark), 'content')
  const rest = all.filter(row => !isMark(row))
  if (textIn(head, 'source') !== 'head') throw damaged(shown, 'it has records and no head')
  const cipher = stateCipher(keys, shown, textIn(head, 'kind'))
  const sections = new Map(kinds().map(kind => [kind.kind, bare()] as const))
  const pending = bare()
  for (const row of rest) {
    const kind = textIn(row, 'kind')
    const into = textIn(row, 'source') === 'pending' ? pending : sections.get(kind)
    if (into === undefined)
      throw damaged(shown, `it has records of ${kind}, which this sft-catalog does not know`)
    into[textIn(row, 'key')] = contentOf(shown, row, cipher)
  }
  const sectioned = [...sections].map(([kind, records]) => [
    findKind(kind)?.section ?? kind,
    records,
  ])
  try {
    return takeState({
      ...(contentOf(shown, head, cipher) as object),
      lineage: textIn(head, 'kind'),
      serial: numberIn(head, 'key'),
      ...Object.fromEntries(sectioned),
      pending,
    })
  } catch (error) {
    throw error instanceof StateDamagedError ? error : damaged(shown, `it ${reasonOf(error)}`)
  }
}

const bare = (): Record<string, unknown> => Object.create(null)

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

function contentOf(shown: string, row: SqlRow, cipher: Cipher): unknown {
  const content = textIn(row, 'content')
  const [source, kind, key] = [textIn(row, 'source'), textIn(row, 'kind'), textIn(row, 'key')]
  const name = source === RECORD ? `${kind}/${key}` : 'a part'
  if (crc32(content) !== numberIn(row, 'crc'))
    throw damaged(shown, `${name} does not match its checksum: it was changed by hand`)
  try {
    return JSON.parse(cipher.decrypt(placeOf(source, kind, key), content))
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error
    throw damaged(shown, `${name} ${error.message}`)
  }
}

/** Where a content stands, for its cipher. */
function placeOf(source: string, kind: string, key: string): CipherPlace {
  if (source === RECORD) return [RECORD, kind, key]
  return source === PENDING ? [PENDING, key] : [HEAD]
}

const damaged = (shown: string, what: string): StateDamagedError =>
  new StateDamagedError(
    shown,
    'damaged',
    `${shown}: ${what}. Nothing was changed; put the database back to a copy that is whole`,
  )

/**
 * The state as it is now, of an earlier one and what came since: an apply of thousands of endpoints writes it again and
 * again. Undefined where that does not tell, since records were taken out, or it is another one.
 */
export async function readSince(
  shown: string,
  query: Query,
  last: State,
  keys: EncryptionKeys,
): Promise<State | undefined> {
  const [head, ...rows] = await query(SINCE, last.lineage, last.serial)
  if (textIn(head, 'source') !== 'head' || head === undefined) return undefined
  const cipher = stateCipher(keys, shown, last.lineage)
  const pending = bare()
  const changes = new Map<string, Record<string, unknown>>()
  for (const row of rows) {
    const key = textIn(row, 'key')
    if (textIn(row, 'source') === 'pending') pending[key] = contentOf(shown, row, cipher)
    else {
      const kind = findKind(textIn(row, 'kind'))
      if (kind === undefined) return undefined
      const records = changes.get(kind.section) ?? bare()
      changes.set(kind.section, records)
      records[key] = contentOf(shown, row, cipher)
    }
  }
  // Sections without a change stay the same objects, so that who has seen them need not look again.
  return changedState(last, changes, {
    ...(contentOf(shown, head, cipher) as object),
    serial: numberIn(head, 'key'),
    pending,
  })
}
