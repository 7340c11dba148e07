/** A state as rows of text, for moving it from one store to another. */
import { kinds } from '../resources/kinds.ts'
import type { MovedPlace, MovedRow, MovedRows } from '../stores/moving.ts'
import { byText } from '../text-order.ts'
import { emptyState } from './apply-entry.ts'
import { takeState } from './decode-state.ts'
import { recordsOf } from './records.ts'
import type { State } from './state.ts'

/** Where what a state has besides records and announced writes stands. */
export const HEAD_TABLE = 'head'
export const PENDING_TABLE = 'pending'

const PAGE = 1000

/** What a state has besides its records and announced writes, as text. */
export const headOf = ({ version, account, learnt }: State): string =>
  JSON.stringify({ version, account, learnt })

/** Pages of all rows: the head, each kind's records, announced writes, by their keys. */
export async function* rowsOfState(state: State): AsyncGenerator<readonly MovedRow[]> {
  yield [{ table: HEAD_TABLE, key: '', content: headOf(state) }]
  for (const kind of kinds()) yield* pagesOf(kind.kind, recordsOf(state, kind))
  yield* pagesOf(PENDING_TABLE, state.pending)
}

function* pagesOf(table: string, items: Readonly<Record<string, unknown>>) {
  const keys = Object.keys(items).toSorted(byText)
  for (let start = 0; start < keys.length; start += PAGE)
    yield keys
      .slice(start, start + PAGE)
      .map((key): MovedRow => ({ table, key, content: JSON.stringify(items[key]) }))
}

/** How many rows a state has, by table. */
export const countRows = (state: State): Readonly<Record<string, number>> =>
  Object.fromEntries([
    ...kinds().map(kind => [kind.kind, Object.keys(recordsOf(state, kind)).length] as const),
    [PENDING_TABLE, Object.keys(state.pending).length] as const,
  ])

/** The state that rows are. Throws where they are none, or have records of a kind that nobody knows here. */
export async function stateOfRows(
  { lineage, serial }: MovedPlace,
  rows: MovedRows,
): Promise<State> {
  const empty = emptyState(lineage)
  const sections = new Map(
    kinds().map(kind => [kind.kind, [kind.section, bare()] as const] as const),
  )
  const pending = bare()
  let head: object = {}
  for await (const page of rows)
    for (const { table, key, content } of page) {
      const value: unknown = JSON.parse(content)
      const into = table === PENDING_TABLE ? pending : sections.get(table)?.[1]
      if (into !== undefined) into[key] = value
      else if (table === HEAD_TABLE) head = Object(value)
      else throw new Error(`has records of ${table}, which this sft-catalog does not know`)
    }
  return takeState({
    ...empty,
    ...head,
    lineage,
    serial,
    ...Object.fromEntries(sections.values()),
    pending,
  })
}

const bare = (): Record<string, unknown> => Object.create(null)
