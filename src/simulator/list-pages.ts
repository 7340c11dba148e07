import type { Json } from '../model.ts'
import type { Answer } from './answer.ts'
import { isObject } from './fields.ts'
import type { JunkRows, SimulatedWire } from './settings.ts'

/** A page count that nobody can mean. */
const ENDLESS = 1_000_000_000

/** A list as an account answers with it that leaves rows out, spoils them or gives them in pages. */
export function pageOfList(
  operation: string,
  answer: Answer,
  query: URLSearchParams,
  wire: SimulatedWire,
): Answer {
  const { list } = answer
  if (list === undefined) return answer
  // A thing that is asked for by its own ID is answered for.
  const isLookUp = query.has('planId') || query.has('iccid')
  const hidden = isLookUp ? 0 : (wire.hiddenRows?.[operation] ?? 0)
  const paged = inPages(operation, { ...list, items: list.items.slice(hidden) }, query, wire)
  const rows = paged.items.map(item => spoilWithin(item, wire))
  const spoilt = { ...paged, items: spoil(rows, wire.junkRows?.[operation]) }
  return { ...answer, list: spoilt }
}

type List = NonNullable<Answer['list']>

/** `perPage` lifts the usual number of rows. */
function inPages(operation: string, list: List, query: URLSearchParams, wire: SimulatedWire): List {
  const endless = wire.listTotal === 'endless' && { pages: ENDLESS }
  const usual = wire.listRows?.[operation]
  if (usual === undefined || list.pages !== undefined) return { ...list, ...endless }
  const rows = Number(query.get('perPage') ?? usual)
  const page = wire.listPages === 'ignored' ? 1 : Number(query.get('page') ?? 1)
  const items = list.items.slice((page - 1) * rows, page * rows)
  const pages = Math.ceil(list.items.length / rows)
  return {
    ...list,
    items,
    ...(wire.listTotal === 'told' && { pages }),
    ...(wire.listTotal === 'growing' && { pages: Math.min(page + 1, pages) }),
    ...endless,
  }
}

/** A row whose lists within leave rows out, or have some that are none. */
function spoilWithin(row: Json, { hiddenRows, junkRows }: SimulatedWire): Json {
  if (!isObject(row) || (hiddenRows === undefined && junkRows === undefined)) return row
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [
      field,
      Array.isArray(value)
        ? spoil(value.slice(hiddenRows?.[field] ?? 0), junkRows?.[field])
        : value,
    ]),
  )
}

function spoil(items: readonly Json[], junk: JunkRows | undefined): readonly Json[] {
  switch (junk) {
    case undefined:
      return items
    case 'nulls':
      return [null, null]
    case 'mixed':
      return [...items, null, 1, 'x']
    case 'bare':
      return [...items, {}, { remark: 'x' }]
  }
}
