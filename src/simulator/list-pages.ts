import type { Answer } from './answer.ts'
import type { SimulatedWire } from './settings.ts'

/** A list of an operation that comes in pages here; `perPage` lifts the usual number of rows. */
export function pageOfList(
  operation: string,
  answer: Answer,
  query: URLSearchParams,
  wire: SimulatedWire,
): Answer {
  const { list } = answer
  const usual = wire.listRows?.[operation]
  if (usual === undefined || list === undefined || list.pages !== undefined) return answer
  const rows = Number(query.get('perPage') ?? usual)
  const page = wire.listPages === 'ignored' ? 1 : Number(query.get('page') ?? 1)
  const items = list.items.slice((page - 1) * rows, page * rows)
  const pages = Math.ceil(list.items.length / rows)
  return { ...answer, list: { ...list, items, ...(wire.listTotal === 'told' && { pages }) } }
}
