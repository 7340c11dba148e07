import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import type { Database, Query } from './database.ts'
import { SYSTEM, TIMELINE } from './schema.ts'

/** Whose rows they are, how far they are, and whether the server is the one on which they were made. */
const PLACE = `select lineage, halted, (select last_value from ledger_serial) as serial,
    origin.system <> ${SYSTEM} or origin.timeline <> ${TIMELINE} as elsewhere
  from place, origin`

export const HALT = 'update place set halted = $1 where halted is null'
export const RELEASE = `with released as (update place set halted = null)
  update origin set system = ${SYSTEM}, timeline = ${TIMELINE}`

export interface Place {
  readonly halted: string | undefined
  readonly serial: number
  readonly elsewhere: boolean
}

export async function placeOf(query: Query): Promise<Place> {
  const [row] = await query(PLACE)
  const halted = textIn(row, 'halted')
  return {
    halted: halted === '' ? undefined : halted,
    serial: numberIn(row, 'serial'),
    elsewhere: row?.['elsewhere'] === true,
  }
}

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
  const why = haltedIn(await placeOf(database.ask))
  if (why === undefined) return
  await database.ask(HALT, why)
  throw haltedError(database.shown, why)
}

export const haltedError = (shown: string, why: string): PlainError =>
  new PlainError(
    `${shown}: the ledger ${why}. What was sold since may not be in it and would be sold again, so nothing is sold ` +
      `from it; \`sft-catalog ledger recheck --ledger ${shown}\` reads the account and asks`,
  )
