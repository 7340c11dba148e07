import type { Address, Moved } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { idOf, idsOf, recordOf } from '../state/records.ts'
import { type State, splitAddress } from '../state/state.ts'
import { findRecorded, type ObservedIndex } from './observed-index.ts'
import type { Change } from './plan.ts'

/** What decides over things that the catalog does not name. */
export interface OrphanOptions {
  /** Retire what left the catalog, and old revisions. */
  readonly prune: boolean
  readonly moved: readonly Moved[]
  /** ICCIDs that orders hold. */
  readonly sold?: ReadonlySet<string>
  /** Endpoints that the order ledger has and the state does not, by ICCID. */
  readonly known?: ReadonlyMap<string, string>
  /** Addresses with an announced creation of which reading could not tell whether it happened. */
  readonly unsettled?: ReadonlySet<Address>
}

/** What becomes of an address of the state that the catalog no longer names. */
export function diffOrphan(
  address: Address,
  state: State,
  index: ObservedIndex,
  options: OrphanOptions,
): readonly Change[] {
  const record = recordOf(state, address)
  if (record === undefined) return []
  const [name, key] = splitAddress(address)
  const kind: Kind = kindOf(name)
  const id = idOf(kind, record)
  const base = { address, kind: name, key, name: record.name, id }
  const orphan = (note: string): readonly Change[] => [{ ...base, action: 'orphan', notes: [note] }]
  const movedTo = moveOf(address, state, options.moved)
  if (movedTo !== undefined) return [{ ...base, action: 'forget', notes: [`moved to ${movedTo}`] }]
  const found = findRecorded(kind, index, record, key)
  if (found.kind === 'not there')
    return [
      {
        ...base,
        action: 'forget',
        notes: [`gone from the account and from the catalog: ${found.evidence}`],
      },
    ]
  if (record.retired === true) return []
  if (found.kind === 'not known') return orphan(`kept: ${found.reason}`)
  if (record.preventRetire === true) return orphan('protected by lifecycle.preventRetire')
  if (kind.retirement === undefined) return orphan(kind.manualRetirement ?? '')
  if (!options.prune) return orphan('left the catalog; "apply --prune" retires it')
  const obstacle = options.sold?.has(key)
    ? 'sold, or reserved for an order'
    : kind.retirement.obstacle?.(index.byId.get(id))
  if (obstacle !== undefined) return orphan(`kept: ${obstacle}`)
  return [{ ...base, action: 'retire', record, notes: [] }]
}

/** Where an entry went whose move a killed run had not ended: its object stands under the new key too. */
function moveOf(from: Address, state: State, moved: readonly Moved[]): Address | undefined {
  const to = moved.find(move => move.from === from)?.to
  const left = recordOf(state, from)
  const there = to && recordOf(state, to)
  if (to === undefined || left === undefined || there === undefined) return undefined
  const kind = kindOf(splitAddress(to)[0])
  return idsOf(kind, there).includes(idOf(kind, left)) ? to : undefined
}

/** Superseded objects that `--prune` takes out of use. */
export function retireSuperseded(changes: readonly Change[], state: State): readonly Change[] {
  return changes.flatMap(change => {
    const kind = kindOf(change.kind)
    const record = recordOf(state, change.address)
    if (kind.retirement === undefined || record === undefined || record.preventRetire === true)
      return []
    if (change.action === 'retire' || change.action === 'forget' || change.action === 'blocked')
      return []
    return (record.superseded ?? []).map(
      (superseded): Change => ({
        action: 'retire',
        address: change.address,
        kind: change.kind,
        key: change.key,
        name: superseded.name,
        id: superseded.id,
        record,
        superseded,
        notes: [`old revision, replaced ${superseded.since}`],
      }),
    )
  })
}
