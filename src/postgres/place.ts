import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { MovedError, readMark } from '../stores/moving.ts'
import type { Database } from './database.ts'
import { prepared, type Query } from './query.ts'
import { SYSTEM, TIMELINE } from './schema.ts'

/** Whose rows they are, how far they are, and whether the server is the one on which they were made. */
const PLACE =
  prepared(`select lineage, halted, keys, (select last_value from ledger_serial) as serial,
    origin.system <> ${SYSTEM} or origin.timeline <> ${TIMELINE} as elsewhere
  from place, origin`)

const HALT = 'update place set halted = $1 where halted is null'

/** Notes why nothing may be sold, unless that is known already. */
export async function halt(database: Database, { halted }: Place, why: string): Promise<void> {
  if (halted === undefined) await database.ask(HALT, why)
}

export const RELEASE = `with released as (update place set halted = null)
  update origin set system = ${SYSTEM}, timeline = ${TIMELINE}`

/** Adds the ID of a key to those that may have encrypted a row. */
export const NOTE_KEY = `update place set keys = concat_ws(' ', keys, $1::text)
  where not ($1 = any(string_to_array(coalesce(keys, ''), ' ')))`

/** Whose rows they are, and what they may be encrypted with. */
export interface Owner {
  readonly lineage: string
  /** IDs of keys, with blanks between them. */
  readonly keyIds: string
}

export interface Place extends Owner {
  readonly halted: string | undefined
  readonly serial: number
  readonly elsewhere: boolean
}

export async function placeOf(query: Query): Promise<Place> {
  const found = await query(PLACE)
  const [row] = found
  // Tables that do not say whose they are may be anybody's, and as old as can be.
  if (row === undefined || found.length > 1)
    return { lineage: '', keyIds: '', halted: NOBODY_KNOWS, serial: 0, elsewhere: true }
  const halted = textIn(row, 'halted')
  return {
    lineage: textIn(row, 'lineage'),
    keyIds: textIn(row, 'keys'),
    halted: halted === '' ? undefined : halted,
    serial: numberIn(row, 'serial'),
    elsewhere: row['elsewhere'] !== false,
  }
}

const NOBODY_KNOWS =
  'does not say whose it is and how far: rows of its tables place or origin are gone, or were added'

/** Why nothing may be sold from it, if nothing may; `known` is the last serial that this process has seen committed. */
export function haltedIn({ halted, serial, elsewhere }: Place, known = 0): string | undefined {
  if (halted !== undefined) return halted
  if (elsewhere)
    return 'is on another server than the one it was made on, or that one was put back or another one took over'
  return serial < known
    ? `is older than it was: it stands at ${serial}, and was at ${known}`
    : undefined
}

export async function refuseHalted(database: Database): Promise<Place> {
  const place = await placeOf(database.ask)
  await refuse(database, place)
  return place
}

/** As `refuseHalted`, for what is not the ledger: where only that one went elsewhere, nothing is wrong. */
export async function refuseElsewhere(database: Database): Promise<void> {
  const place = await placeOf(database.ask)
  const { halted, ...others } = place
  if (readMark(halted) === undefined) await refuse(database, place)
  else await refuse(database, { ...others, halted: undefined })
}

async function refuse(database: Database, place: Place): Promise<void> {
  const why = haltedIn(place)
  if (why === undefined) return
  await halt(database, place, why)
  throw haltedError(database.shown, why)
}

/** Throws where the ledger went elsewhere, or is not all here; else says whose it is. */
export async function refuseMoved(shown: string, query: Query): Promise<Owner> {
  const [row] = await query('select lineage, halted, keys from place')
  if (row === undefined) throw haltedError(shown, NOBODY_KNOWS)
  const mark = readMark(textIn(row, 'halted'))
  if (mark !== undefined) throw new MovedError(shown, 'ledger', mark)
  return { lineage: textIn(row, 'lineage'), keyIds: textIn(row, 'keys') }
}

export function haltedError(shown: string, why: string): PlainError {
  const mark = readMark(why)
  if (mark !== undefined) return new MovedError(shown, 'ledger', mark)
  return new PlainError(
    `${shown}: the database ${why}. What was sold or made since may not be in it and would be sold or made again, so ` +
      'nothing is sold from it and nothing applied; `sft-catalog reconcile` reads the account and asks',
  )
}
