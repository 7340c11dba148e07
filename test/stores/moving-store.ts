import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  isFinished,
  type MovableThere,
  MovedError,
  type MovedRow,
  type MoveMark,
  type Moves,
  mayReceive,
  type Store,
} from '../../src/index.ts'

/** All that a place has: `moving:FILE`. Only for one process. */
interface Box {
  readonly lineage: string
  readonly serial: number
  readonly rows: readonly MovedRow[]
  readonly mark?: MoveMark
}

const fileOf = (place: string): string => place.replace(/^\w+:/, '')
const boxAt = (place: string): Box | undefined =>
  existsSync(fileOf(place)) ? JSON.parse(readFileSync(fileOf(place), 'utf8')) : undefined
const keep = (place: string, box: Box): void => writeFileSync(fileOf(place), JSON.stringify(box))

function thereAt(place: string): MovableThere | undefined {
  const box = boxAt(place)
  return box && { ...box, location: place, rows: { endpoint: box.rows.length } }
}

async function* pages(rows: readonly MovedRow[]): AsyncGenerator<readonly MovedRow[]> {
  for (let start = 0; start < rows.length; start += 7) yield rows.slice(start, start + 7)
}

type Fault = 'loses' | 'changes' | 'adds'

function spoilt(rows: readonly MovedRow[], fault: Fault | undefined): readonly MovedRow[] {
  const last = rows.at(-1)
  if (fault === undefined || last === undefined) return rows
  if (fault === 'loses') return rows.slice(0, -1)
  if (fault === 'adds') return [...rows, last]
  return [...rows.slice(0, -1), { ...last, content: last.content.replace(/\d/, 'x') }]
}

const moves = (fault: Fault | undefined): Moves => ({
  where: async place => place,
  look: async place => thereAt(place),
  async depart(place) {
    const box = boxAt(place)
    if (box === undefined) throw new Error('nothing is there')
    if (box.mark !== undefined) throw new MovedError(place, 'state', box.mark)
    return {
      location: place,
      lineage: box.lineage,
      serial: box.serial,
      rows: () => pages(box.rows),
      retire: async mark => keep(place, { ...box, mark }),
      [Symbol.asyncDispose]: async () => undefined,
    }
  },
  async receive(place, mark) {
    mayReceive('state', place, thereAt(place), mark)
    const { lineage, serial } = mark
    const take = (rows: readonly MovedRow[], more: Partial<MoveMark> = {}) =>
      keep(place, { lineage, serial, rows, mark: { ...mark, ...more } })
    take([])
    return {
      location: place,
      async put(rows) {
        const all: MovedRow[] = []
        for await (const page of rows) all.push(...page)
        take(spoilt(all, fault))
      },
      rows: () => pages(boxAt(place)?.rows ?? []),
      seal: async () => take(boxAt(place)?.rows ?? [], { whole: true }),
      [Symbol.asyncDispose]: async () => undefined,
    }
  },
  async finish(place, at) {
    const box = boxAt(place)
    if (box === undefined || isFinished('state', place, thereAt(place), at)) return
    const { mark: _, ...whole } = box
    keep(place, whole)
  },
})

const never = (): never => {
  throw new Error('it is only moved')
}

/** A store that somebody could add, which keeps states that are moved to it; one with a fault does not keep all. */
export const movingStore = (fault?: Fault): Store => ({
  state: { open: never, read: never, isThere: never, moves: moves(fault) },
})
