/** Records of a state, whatever their kind. */
import type { Address, KindName } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { type AnyRecord, type State, splitAddress } from './state.ts'

/** Records of one kind, by key. */
export type Records = Readonly<Record<string, AnyRecord>>

const NO_RECORDS: Records = Object.freeze({})

/** The records of a kind. A state from before the kind has none. */
export function recordsOf(state: State, { section }: Pick<Kind, 'section'>): Records {
  const records: Records | undefined = Reflect.get(state, section)
  return records ?? NO_RECORDS
}

/**
 * Records with their keys, in their order. Where there are hundreds of thousands, a list of all pairs, as `Object.entries`
 * makes it, takes longer than what is done with them.
 */
export function* eachRecord<Kept>(
  records: Readonly<Record<string, Kept>>,
): Generator<readonly [key: string, record: Kept]> {
  for (const key of Object.keys(records)) {
    const record = records[key]
    if (record !== undefined) yield [key, record]
  }
}

/** The record of an address, if the state has one. */
export function recordOf(state: State, address: Address): AnyRecord | undefined {
  return recordAt(state, ...splitAddress(address))
}

/** The record of a key, if the state has one. */
export function recordAt(state: State, kind: KindName, key: string): AnyRecord | undefined {
  const records = recordsOf(state, kindOf(kind))
  return Object.hasOwn(records, key) ? records[key] : undefined
}

/** The platform ID that a record holds; empty in the draft of a creation. */
export function idOf({ idField }: Pick<Kind, 'idField'>, record: AnyRecord): string {
  const id: unknown = Reflect.get(record, idField)
  return typeof id === 'string' ? id : ''
}

/** The IDs that a record stands for, those of earlier revisions too. */
export const idsOf = (kind: Pick<Kind, 'idField'>, record: AnyRecord): readonly string[] => [
  idOf(kind, record),
  ...(record.superseded ?? []).map(old => old.id),
]

/** The IDs that all records of a kind stand for. */
export function idsIn(state: State, kind: Pick<Kind, 'section' | 'idField'>): Set<string> {
  const ids = new Set<string>()
  for (const [, record] of eachRecord(recordsOf(state, kind)))
    for (const id of idsOf(kind, record)) ids.add(id)
  return ids
}

/** The same record with the platform ID of its object. */
export const withId = (
  { idField }: Pick<Kind, 'idField'>,
  record: AnyRecord,
  id: string,
): AnyRecord => ({ ...record, [idField]: id })

/** The platform ID of an address, as far as the state has it. */
export function knownId(state: State, address: Address): string | undefined {
  const record = recordOf(state, address)
  return record === undefined ? undefined : idOf(kindOf(splitAddress(address)[0]), record)
}
