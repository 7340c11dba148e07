import type { Address } from '../model.ts'
import { knownId } from '../state/records.ts'
import type { State } from '../state/state.ts'
import type { Change } from './plan.ts'

/** What became of the addresses that were compared so far, for those that refer to them. */
export interface Outcomes {
  remember(change: Change): void
  /** Those of some addresses that nothing can refer to now; undefined where all can be had. */
  lacking(needs: readonly Address[]): Lacking | undefined
  /** The ID that an address will stand for; undefined where only the run itself will tell. */
  idOf(ref: Address): string | undefined
}

/** What is in the way of something that refers to it. */
interface Lacking {
  readonly addresses: readonly Address[]
  /** One of them may be there: the account did not tell. */
  readonly notKnown: boolean
}

/** @param movedFrom where the catalog says that entries were before. */
export function openOutcomes(state: State, movedFrom: ReadonlyMap<Address, Address>): Outcomes {
  const newIds = new Set<Address>()
  const adoptedIds = new Map<Address, string>()
  const unavailable = new Set<Address>()
  const unknown = new Set<Address>()
  return {
    remember(change) {
      if (change.action === 'create' || change.action === 'replace') newIds.add(change.address)
      if (change.action === 'adopt') adoptedIds.set(change.address, change.id)
      if (change.action !== 'blocked') return
      if (change.id === undefined || change.notKnown) unavailable.add(change.address)
      if (change.notKnown) unknown.add(change.address)
    },
    lacking(needs) {
      const addresses = needs.filter(address => unavailable.has(address))
      return addresses.length === 0
        ? undefined
        : { addresses, notKnown: addresses.some(address => unknown.has(address)) }
    },
    idOf(ref) {
      const adopted = adoptedIds.get(ref)
      if (adopted !== undefined || newIds.has(ref)) return adopted
      return knownId(state, ref) ?? knownId(state, movedFrom.get(ref) ?? ref)
    },
  }
}
