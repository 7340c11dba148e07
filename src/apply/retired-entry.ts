import type { KindName } from '../model.ts'
import { type Kind, putEntry } from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import { type AddonPlanRecord, type AnyRecord, idOf, type StateEntry } from '../state/state.ts'

/** What is left of a record once one of its objects, the current or a superseded one, is retired. */
export function retiredEntry(
  name: KindName,
  key: string,
  record: AnyRecord,
  retiredId: string,
): StateEntry {
  const kind: Kind = KINDS[name]
  if (idOf(record) !== retiredId) {
    const { superseded = [], ...rest } = record
    const left = superseded.filter(old => old.id !== retiredId)
    return putEntry(
      name,
      key,
      left.length === 0 ? (rest as AnyRecord) : { ...record, superseded: left },
    )
  }
  if (kind.retirement?.keepsRecord !== true) return { type: 'remove', kind: name, key }
  const retired: AddonPlanRecord = {
    ...(record as AddonPlanRecord),
    retired: true,
    spec: { ...record.spec, status: 'In-Active' },
  }
  return putEntry(name, key, retired)
}
