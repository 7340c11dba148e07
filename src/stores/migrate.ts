import { randomUUID } from 'node:crypto'
import { PlainError } from '../plain-error.ts'
import {
  type Arrival,
  type Departure,
  MovedError,
  type MovedPart,
  type MovedPlace,
  type MovedRow,
  type MovedRows,
  type MoveMark,
  type Moves,
  mayReceive,
  NO_LINEAGE,
  OtherPartError,
} from './moving.ts'
import { findAble, holdsBoth, shownPlace } from './registry.ts'

/** How far a move is, in rows of one part. */
export interface MoveProgress {
  readonly part: MovedPart
  readonly doing: 'copied' | 'compared'
  readonly rows: number
  readonly of: number
}

/** A state or a ledger that is to be moved. */
export interface StoreMove extends MovedPlace {
  readonly part: MovedPart
  /** Without secrets. */
  readonly from: string
  readonly to: string
  /** Rows by table; those of one that went already cannot all be counted. */
  readonly rows: Readonly<Record<string, number>>
  /**
   * `begin` it, begin it `again` where it was cut short, end what lacks only its `end`, or `nothing`: it is there
   * already.
   */
  readonly step: 'begin' | 'again' | 'end' | 'nothing'
}

/** What is moved, and who is asked and told. */
export interface MigrateOptions {
  readonly from: string
  readonly to: string
  /** Left out: whatever is at `from`. */
  readonly part?: MovedPart
  /** Sees what is to be moved, before anything is changed; only `true` begins it. */
  readonly confirm: (moves: readonly StoreMove[]) => boolean | Promise<boolean>
  readonly onProgress?: (progress: MoveProgress) => void
}

interface Side {
  readonly moves: Moves
  readonly place: string
}

interface Planned {
  readonly move: StoreMove
  readonly from: Side
  readonly to: Side
}

/** The ledger first: what stops selling first is asked by nobody while the state moves. */
const PARTS: readonly MovedPart[] = ['ledger', 'state']

/**
 * Moves a state, a ledger or both from one store to another, by the addresses of both. The source is locked
 * meanwhile, each row is compared, then the source is left with a mark that says where it went, which all who have it
 * open are refused by too. Cut short at any instant, the same call goes on. Returns what was moved; undefined where
 * `confirm` said no. Throws a `PlainError` where there is nothing at `from`, where something else is at `to`, or a store
 * cannot move; `LockedError` where somebody else works on it.
 *
 * @example
 * await migrateStore({ from: 'orders.json', to: 'postgres://db.example/sft', confirm: () => true })
 */
export async function migrateStore(
  options: MigrateOptions,
): Promise<readonly StoreMove[] | undefined> {
  const planned = await planMoves(options)
  if (!(await options.confirm(planned.map(({ move }) => move)))) return undefined
  const done: StoreMove[] = []
  for (const one of planned) done.push(await carryOut(one, options.onProgress))
  return done
}

async function planMoves({ from, to, part }: MigrateOptions): Promise<readonly Planned[]> {
  const planned: Planned[] = []
  let something: PlainError | undefined
  for (const one of part === undefined ? PARTS : [part]) {
    // Of a file that is a ledger nobody wants to know whether it is a state too.
    if (planned.length > 0 && !(await holdsBoth(from))) break
    try {
      const found = await planOne(one, from, to)
      if (found !== undefined) planned.push(found)
    } catch (error) {
      if (!(error instanceof OtherSourceError)) throw error
      something ??= error.other
    }
  }
  if (planned.length === 0)
    throw (
      something ??
      new PlainError(
        `${shownPlace(from)}: there is ${part === undefined ? 'neither a state nor a ledger' : `no ${part}`}; is --from the right place, and is it mounted?`,
      )
    )
  if (planned.length > 1 && !(await holdsBoth(to)))
    throw new PlainError(
      `${shownPlace(from)}: there are a state and a ledger, and ${shownPlace(to)} holds one of them: ` +
        'say --part state or --part ledger, and move the other one to a place of its own',
    )
  return planned
}

/** What is at the source is something else than what was looked for, or its store cannot move that. */
class OtherSourceError extends Error {
  readonly other: PlainError
  constructor(other: PlainError) {
    super(other.message, { cause: other })
    this.other = other
  }
}

async function planOne(part: MovedPart, from: string, to: string): Promise<Planned | undefined> {
  const source = await sideOf(part, from).catch((error: unknown) => {
    throw error instanceof PlainError ? new OtherSourceError(error) : error
  })
  const found = await source.moves.look(source.place).catch((error: unknown) => {
    throw error instanceof OtherPartError ? new OtherSourceError(error) : error
  })
  if (found === undefined) return undefined
  const target = await sideOf(part, to)
  const location = await target.moves.where(target.place)
  if (found.location === location)
    throw new PlainError(`${location}: --from and --to are the same place; name another one`)
  const there = await target.moves.look(target.place)
  const { lineage, serial, rows, mark } = found
  const plan = (step: StoreMove['step']): Planned => ({
    move: { part, from: found.location, to: location, lineage, serial, rows, step },
    from: source,
    to: target,
  })
  if (mark === undefined) {
    mayReceive(part, location, there, found)
    return plan(there?.mark?.move === 'comes' ? 'again' : 'begin')
  }
  const isThere = there?.lineage === lineage && there.mark?.move !== 'went'
  if (mark.move === 'comes' || !isThere) throw new MovedError(found.location, part, mark)
  return plan(there.mark === undefined ? 'nothing' : 'end')
}

async function sideOf(part: MovedPart, address: string): Promise<Side> {
  const cannot = 'cannot be moved'
  if (part === 'state') {
    const { keeper, place } = await findAble('state', address, 'moves', cannot)
    return { moves: keeper.moves, place }
  }
  const { keeper, place } = await findAble('ledger', address, 'moves', cannot)
  return { moves: keeper.moves, place }
}

async function carryOut(
  { move, from, to }: Planned,
  onProgress: MigrateOptions['onProgress'] = () => undefined,
): Promise<StoreMove> {
  if (move.step === 'nothing') return move
  let moved = move
  if (move.step !== 'end') {
    await using departure = await from.moves.depart(from.place)
    if (move.lineage !== NO_LINEAGE && departure.lineage !== move.lineage)
      throw new PlainError(`${move.from}: another ${move.part} stands there by now; run again`)
    moved = await copy(move, departure, to, onProgress)
  }
  await to.moves.finish(to.place, moved)
  return moved
}

/** Copies under the lock of the source, compares, and lets the source go. */
async function copy(
  move: StoreMove,
  departure: Departure,
  to: Side,
  onProgress: NonNullable<MigrateOptions['onProgress']>,
): Promise<StoreMove> {
  const { lineage, serial } = departure
  const mark: MoveMark = {
    move: 'comes',
    other: departure.location,
    at: new Date().toISOString(),
    token: randomUUID(),
    lineage,
    serial,
  }
  await using arrival = await to.moves.receive(to.place, mark)
  const rows: Record<string, number> = Object.fromEntries(
    Object.keys(move.rows).map(table => [table, 0]),
  )
  const of = Object.values(move.rows).reduce((sum, count) => sum + count, 0)
  const tell = (doing: MoveProgress['doing'], count: number): void =>
    onProgress({ part: move.part, doing, rows: count, of: Math.max(of, count) })
  await arrival.put(
    counted(departure.rows(), page => {
      for (const { table } of page)
        if (Object.hasOwn(rows, table)) rows[table] = (rows[table] ?? 0) + 1
      tell('copied', sumOf(rows))
    }),
  )
  await compare(departure, arrival, count => tell('compared', count))
  await arrival.seal()
  await departure.retire({ ...mark, move: 'went', other: arrival.location })
  return { ...move, to: arrival.location, lineage, serial, rows }
}

const sumOf = (rows: Readonly<Record<string, number>>): number =>
  Object.values(rows).reduce((sum, count) => sum + count, 0)

/** Pages as they pass. */
async function* counted(
  pages: MovedRows,
  see: (page: readonly MovedRow[]) => void,
): AsyncGenerator<readonly MovedRow[]> {
  for await (const page of pages) {
    yield page
    see(page)
  }
}

/** Throws for the first row that is not the same on both sides. */
async function compare(
  source: Departure,
  target: Arrival,
  onPage: (count: number) => void,
): Promise<void> {
  const there = eachRow(target.rows())
  let count = 0
  for await (const page of source.rows()) {
    for (const row of page) {
      const { value: other } = await there.next()
      if (!isSame(row, other)) throw differs(target.location, source.location, row)
    }
    count += page.length
    onPage(count)
  }
  const { value: more } = await there.next()
  if (more !== undefined) throw differs(target.location, source.location, more)
}

async function* eachRow(pages: MovedRows): AsyncGenerator<MovedRow, undefined> {
  for await (const page of pages) yield* page
  return undefined
}

const isSame = (one: MovedRow, other: MovedRow | undefined): boolean =>
  other !== undefined &&
  one.table === other.table &&
  one.key === other.key &&
  one.content === other.content

const differs = (to: string, from: string, { table, key }: MovedRow): PlainError =>
  new PlainError(
    `${to}: ${table} ${key} is not what ${from} has, which is used as before; nothing was switched. Run again; ` +
      'if it stays, something else writes there',
  )
