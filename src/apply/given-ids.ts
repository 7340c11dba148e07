import type { KindName } from '../model.ts'
import { kindOf } from '../resources/kinds.ts'
import { idsIn } from '../state/records.ts'
import type { StateStore } from '../state/state.ts'

/** The platform IDs that are somebody's: of the state's objects, and of those that this run made. */
export interface GivenIds {
  /**
   * Takes an answered ID for a new object: IDs are given once (contract 4.3, 4.4). False where it is
   * another object's, so that the answer does not tell which one was made.
   */
  readonly claim: (kind: KindName, id: string) => boolean
}

/** The IDs that are given as a run begins, and those that it gives. */
export function givenIds({ state }: Pick<StateStore, 'state'>): GivenIds {
  const given = new Map<KindName, Set<string>>()
  const known = (name: KindName): Set<string> => {
    const ids = given.get(name) ?? idsIn(state, kindOf(name))
    given.set(name, ids)
    return ids
  }
  return {
    claim(kind, id) {
      const ids = known(kind)
      if (ids.has(id)) return false
      ids.add(id)
      return true
    },
  }
}
