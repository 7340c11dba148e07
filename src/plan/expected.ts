import type { Expected, RecordedAccount } from '../account/observation.ts'
import type { Address, Catalog } from '../model.ts'
import { networkWord } from '../networks.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { idOf, recordOf, recordsOf } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** What a comparison of catalog, state and account relies upon. */
export function expectedOf(catalog: Catalog, state: State): Expected {
  const movedFrom = new Map(catalog.moved.map(move => [move.to, move.from]))
  const isNew = (address: Address): boolean => {
    const from = movedFrom.get(address) ?? address
    return recordOf(state, address) === undefined && recordOf(state, from) === undefined
  }
  return recorded(state, kind => {
    const wanted = new Set(entriesOf(catalog, kind).map(({ key }) => key))
    return {
      isWanted: key => wanted.has(key),
      whole: [...wanted].some(key => isNew(`${kind.kind}/${key}`)),
    }
  })
}

/** The same where everything that the account has is looked at. */
export const wholeLists = (state: State): Expected =>
  recorded(state, () => ({ isWanted: () => false, whole: true }))

/** What is wanted of a kind. */
interface Wanted {
  readonly isWanted: (key: string) => boolean
  readonly whole: boolean
}

function recorded(state: State, wantedOf: (kind: Kind) => Wanted): Expected {
  const bySim = kinds().filter(({ identity }) => identity === 'iccid')
  const account = recordedAccount(state)
  return {
    ...(account && { account }),
    lists: kinds().flatMap(kind => {
      if (kind.list === undefined) return []
      const { isWanted, whole } = wantedOf(kind)
      // What was taken out of use matters only where the catalog wants it back.
      const judged = Object.entries(recordsOf(state, kind)).filter(
        ([key, record]) => record.retired !== true || isWanted(key),
      )
      const ids = new Set(judged.map(([, record]) => idOf(kind, record)))
      return [{ kind: kind.kind, plural: kind.plural, list: kind.list, ids, whole }]
    }),
    networks: recordedNetworks(state),
    iccids: new Map(
      bySim.flatMap(kind =>
        Object.entries(recordsOf(state, kind)).map(
          ([iccid, record]) => [iccid, idOf(kind, record)] as const,
        ),
      ),
    ),
    bySim: bySim.map(({ kind }) => kind),
  }
}

/** Networks that objects of the state have, with the ID of one. */
const recordedNetworks = (state: State): ReadonlyMap<string, string> =>
  new Map(
    kinds().flatMap(kind =>
      kind.networks === undefined
        ? []
        : Object.values(recordsOf(state, kind)).flatMap(record =>
            (kind.networks?.(record) ?? []).map(
              network => [networkWord(network), idOf(kind, record)] as const,
            ),
          ),
    ),
  )

/** The account of the state, where the state knows its destination group and has something of it. */
function recordedAccount(state: State): RecordedAccount | undefined {
  const names = new Map(
    kinds()
      .filter(({ list }) => list !== undefined)
      .flatMap(kind =>
        Object.values(recordsOf(state, kind)).map(
          record => [`${kind.kind} ${idOf(kind, record)}`, record.name] as const,
        ),
      ),
  )
  const destGroupId = state.account?.destGroupId
  return destGroupId === undefined || names.size === 0 ? undefined : { destGroupId, names }
}
