/** What moving a state or a ledger to another store asks of both stores, and what marks the two meanwhile. */
import { isJsonObject } from '../json.ts'
import { PlainError } from '../plain-error.ts'

/** What can be moved. */
export type MovedPart = 'state' | 'ledger'

/** How far something is: its lineage is made once and goes along, its serial grows with each change. */
export interface MovedPlace {
  readonly lineage: string
  readonly serial: number
}

/** A row as text, the same in every store: what is the same text is the same row. `key` is for messages. */
export interface MovedRow {
  readonly table: string
  readonly key: string
  readonly content: string
}

/** Rows at a time, so that no store holds all of them for it. */
export type MovedRows = AsyncIterable<readonly MovedRow[]>

/**
 * What stands on a state or a ledger that nobody may use: one that `went` elsewhere, or one that `comes` and is not
 * all there. It has the place at which it went or comes.
 */
export interface MoveMark extends MovedPlace {
  readonly move: 'went' | 'comes'
  /** Where it went, or comes from: a whole path, or an address without secrets. */
  readonly other: string
  /** ISO time. */
  readonly at: string
  /** Made for each attempt: of two that fill one target, only the last goes on. */
  readonly token: string
  /** Of one that comes: all rows are there and were compared. */
  readonly whole?: boolean
}

/** The lineage of a ledger of release 0.1.0: it gets one when it is opened to be moved. */
export const NO_LINEAGE = ''

/** What is at a place. */
export interface MovableThere extends MovedPlace {
  /** For messages, and for the mark on the other one: without secrets. */
  readonly location: string
  /** Rows by table; empty where a mark is all that can be read. */
  readonly rows: Readonly<Record<string, number>>
  readonly mark?: MoveMark
}

/** A source under its lock: nobody else writes it before this is disposed of. */
export interface Departure extends AsyncDisposable, MovedPlace {
  readonly location: string
  /**
   * All rows, tables in an order that all stores have, the rows of a table by the bytes of their keys. May be asked
   * for again.
   */
  rows(): MovedRows
  /** Marks it, in one durable step, as one that went: all who have it open are refused from then on. */
  retire(mark: MoveMark): Promise<void>
}

/** A target that is marked as one that comes. Nobody may use it. */
export interface Arrival extends AsyncDisposable {
  readonly location: string
  /** Takes all rows; they are durable when this resolves. */
  put(rows: MovedRows): Promise<void>
  /** What it has now, read from where it is kept, in the order of `Departure.rows`. */
  rows(): MovedRows
  /** Notes that all is there. */
  seal(): Promise<void>
}

/**
 * An ability of stores: what they keep can be moved to another store that has it, and from there. An interruption at
 * any instant leaves a source that is used as before, or a source that went and a target that is whole and needs
 * only `finish`.
 */
export interface Moves {
  /** A place for messages: a whole path, links followed, or an address without secrets. */
  where(place: string): Promise<string>
  /** What is there; undefined: nothing, or nothing that would be lost. Throws `OtherPartError` for something else. */
  look(place: string): Promise<MovableThere | undefined>
  /** Takes the lock of a source. Throws where there is none, and where it is locked, damaged or marked. */
  depart(place: string): Promise<Departure>
  /**
   * Marks a target and empties it. Throws what `mayReceive` says, looked at under the target's own lock, so that
   * nothing is overwritten.
   */
  receive(place: string, mark: MoveMark): Promise<Arrival>
  /** Takes the mark off a target that is whole, at this place: it is used from then on. */
  finish(place: string, at: MovedPlace): Promise<void>
}

/** There is something, and it is not of this part: a ledger where a state is looked for. */
export class OtherPartError extends PlainError {
  override readonly name = 'OtherPartError'
}

const FLAGS = {
  state: '--state, SFT_STATE',
  ledger: '--ledger, SFT_LEDGER',
} as const satisfies Record<MovedPart, string>

/** A state or ledger that went to another store, or that comes from one and is not all there. Nothing is read from it. */
export class MovedError extends PlainError {
  override readonly name = 'MovedError'
  readonly mark: MoveMark
  constructor(location: string, part: MovedPart, mark: MoveMark) {
    super(`${location}: the ${part} ${markWords(part, mark)}`)
    this.mark = mark
  }
}

/** A mark in words, without the place that it stands on. */
export const markWords = (part: MovedPart, { move, other, at }: MoveMark): string =>
  move === 'went'
    ? `was moved to ${other} on ${at}, and nothing here is used any more; name it there (${FLAGS[part]})`
    : `comes from ${other} and is not all here: a move that began on ${at} was cut short or is under way. ` +
      'Run the same `sft-catalog store migrate` again: it goes on'

/** The mark in a text where a ledger says why nothing is sold from it; undefined: that is another reason. */
export function readMark(text: string | undefined): MoveMark | undefined {
  if (text?.startsWith('{') !== true) return undefined
  const value: unknown = JSON.parse(text)
  if (!isMark(value)) throw new Error('a mark of a move is expected')
  return value
}

/** Whether a parsed value is a mark. */
export const isMark = (value: unknown): value is MoveMark =>
  isJsonObject(value) &&
  (value['move'] === 'went' || value['move'] === 'comes') &&
  [value['other'], value['at'], value['token'], value['lineage']].every(
    text => typeof text === 'string',
  ) &&
  typeof value['serial'] === 'number'

/**
 * Why a target cannot take something of this place; undefined: it can. It must be empty, or be that very thing, left
 * by a move that was cut short or that led away from here.
 */
function whyNotReceive(
  part: MovedPart,
  there: MovableThere | undefined,
  { lineage, serial }: MovedPlace,
): string | undefined {
  if (there === undefined) return undefined
  const { mark } = there
  const empty = 'Nothing is written over it: name a place that is empty'
  if (mark === undefined)
    return there.lineage === lineage
      ? `there is this very ${part} already, at serial ${there.serial}: is it the same place, or a copy? ${empty}`
      : `there is a ${part} already (lineage ${there.lineage}, serial ${there.serial}). ${empty}`
  if (mark.lineage !== lineage)
    return `another ${part} than this one ${mark.move === 'went' ? `was here and went to ${mark.other}` : `comes here from ${mark.other}`}. ${empty}`
  return mark.move === 'went' && mark.serial > serial
    ? `this ${part} went from here to ${mark.other} at serial ${mark.serial}, and what would be moved is at serial ${serial}: it is an older one. ${empty}`
    : undefined
}

/** Throws where a target cannot take something of this place. */
export function mayReceive(
  part: MovedPart,
  location: string,
  there: MovableThere | undefined,
  place: MovedPlace,
): void {
  const why = whyNotReceive(part, there, place)
  if (why !== undefined) throw new PlainError(`${location}: ${why}`)
}

/** Throws where a target is not what a move left that lacks only its end; true where nothing is left to do. */
export function isFinished(
  part: MovedPart,
  location: string,
  there: MovableThere | undefined,
  { lineage, serial }: MovedPlace,
): boolean {
  if (there?.lineage === lineage && there.serial >= serial) {
    if (there.mark === undefined) return true
    if (there.mark.move === 'comes' && there.mark.whole === true && there.serial === serial)
      return false
  }
  throw new PlainError(
    `${location}: it is not the whole ${part} of lineage ${lineage} at serial ${serial} that a move left here: ` +
      'something changed it meanwhile; put it back, or take the backup that its source kept',
  )
}

/** Throws where somebody else fills the target by now: `found` is what stands where the mark was written. */
export function requireToken(location: string, found: MoveMark | undefined, mark: MoveMark): void {
  if (found?.token === mark.token && found.move === 'comes') return
  throw new PlainError(
    `${location}: another run of \`sft-catalog store migrate\` fills it by now, or ended it; look there before running again`,
  )
}
