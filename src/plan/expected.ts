import type { Expected, RecordedAccount } from '../account/observation.ts'
import type { Address, Catalog } from '../model.ts'
import { networkWord } from '../networks.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { eachRecord, idOf, recordAt, recordOf, recordsOf } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** What a comparison of catalog, state and account relies upon. */
export function expectedOf(catalog: Catalog, state: State): Expected {
  const movedFrom = new Map(catalog.moved.map(move => [move.to, move.from]))
  const isNew = (address: Address): boolean => {
    const from = movedFrom.get(address) ?? address
    return recordOf(state, address) === undefined && recordOf(state, from) === undefined
  }
  return recorded(state, kind => {
    const entries = entriesOf(catalog, kind)
    const wanted = new Set(entries.map(({ key }) => key))
    const also = kind.alsoReads?.(entries, key => recordAt(state, kind.kind, key))
    return {
      isWanted: key => wanted.has(key),
      whole: also?.whole === true || [...wanted].some(key => isNew(`${kind.kind}/${key}`)),
      also: also?.ids ?? [],
    }
  })
}

/** The same where everything that the account has is looked at. */
export const wholeLists = (state: State): Expected =>
  recorded(state, () => ({ isWanted: () => false, whole: true, also: [] }))

/** What is wanted of a kind. */
interface Wanted {
  readonly isWanted: (key: string) => boolean
  readonly whole: boolean
  /** Platform IDs of what entries depend on besides. */
  readonly also: readonly string[]
}

function recorded(state: State, wantedOf: (kind: Kind) => Wanted): Expected {
  const bySim = kinds().filter(({ identity }) => identity === 'iccid')
  const account = recordedAccount(state)
  return {
    ...(account && { account }),
    lists: kinds().flatMap(kind => {
      if (kind.list === undefined) return []
      const { isWanted, whole, also } = wantedOf(kind)
      // What was taken out of use matters only where the catalog wants it back.
      const ids = new Set<string>()
      for (const [key, record] of eachRecord(recordsOf(state, kind)))
        if (record.retired !== true || isWanted(key)) ids.add(idOf(kind, record))
      for (const id of also) ids.add(id)
      return [{ kind: kind.kind, plural: kind.plural, list: kind.list, ids, whole }]
    }),
    networks: recordedNetworks(state),
    iccids: idsByIccid(state, bySim),
    bySim: bySim.map(({ kind }) => kind),
  }
}

function idsByIccid(state: State, bySim: readonly Kind[]): ReadonlyMap<string, string> {
  const ids = new Map<string, string>()
  for (const kind of bySim)
    for (const [iccid, record] of eachRecord(recordsOf(state, kind)))
      ids.set(iccid, idOf(kind, record))
  return ids
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
