import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { MovedError, readMark } from '../stores/moving.ts'
import type { Database, Query } from './database.ts'
import { SYSTEM, TIMELINE } from './schema.ts'

/** Whose rows they are, how far they are, and whether the server is the one on which they were made. */
const PLACE = `select lineage, halted, (select last_value from ledger_serial) as serial,
    origin.system <> ${SYSTEM} or origin.timeline <> ${TIMELINE} as elsewhere
  from place, origin`

const HALT = 'update place set halted = $1 where halted is null'

/** Notes why nothing may be sold, unless that is known already. */
export async function halt(database: Database, { halted }: Place, why: string): Promise<void> {
  if (halted === undefined) await database.ask(HALT, why)
}

export const RELEASE = `with released as (update place set halted = null)
  update origin set system = ${SYSTEM}, timeline = ${TIMELINE}`

export interface Place {
  readonly lineage: string
  readonly halted: string | undefined
  readonly serial: number
  readonly elsewhere: boolean
}

export async function placeOf(query: Query): Promise<Place> {
  const found = await query(PLACE)
  const [row] = found
  // Tables that do not say whose they are may be anybody's, and as old as can be.
  if (row === undefined || found.length > 1)
    return { lineage: '', halted: NOBODY_KNOWS, serial: 0, elsewhere: true }
  const halted = textIn(row, 'halted')
  return {
    lineage: textIn(row, 'lineage'),
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

export async function refuseHalted(database: Database): Promise<void> {
  await refuse(database, await placeOf(database.ask))
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

/** Throws where the ledger went elsewhere, or is not all here. */
export async function refuseMoved(shown: string, query: Query): Promise<void> {
  const [row] = await query("select coalesce(halted, '') as halted from place")
  if (row === undefined) throw haltedError(shown, NOBODY_KNOWS)
  const mark = readMark(textIn(row, 'halted'))
  if (mark !== undefined) throw new MovedError(shown, 'ledger', mark)
}

export function haltedError(shown: string, why: string): PlainError {
  const mark = readMark(why)
  if (mark !== undefined) return new MovedError(shown, 'ledger', mark)
  return new PlainError(
    `${shown}: the ledger ${why}. What was sold since may not be in it and would be sold again, so nothing is sold ` +
      `from it; \`sft-catalog ledger recheck --ledger ${shown}\` reads the account and asks`,
  )
}
