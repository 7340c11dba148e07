import type { KindName } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { idOf } from '../state/records.ts'
import type { AnyRecord, StateEntry } from '../state/state.ts'
import { putEntry } from '../state/state.ts'

/** What is left of a record once one of its objects, the current or a superseded one, is retired. */
export function retiredEntry(
  name: KindName,
  key: string,
  record: AnyRecord,
  retiredId: string,
): StateEntry {
  const kind: Kind = kindOf(name)
  if (idOf(kind, record) !== retiredId) {
    const { superseded = [], ...rest } = record
    const left = superseded.filter(old => old.id !== retiredId)
    return putEntry(name, key, left.length === 0 ? rest : { ...record, superseded: left })
  }
  const left = kind.retirement?.leaves?.(record)
  return left === undefined
    ? { type: 'remove', kind: name, key }
    : putEntry(name, key, { ...left, retired: true })
}
