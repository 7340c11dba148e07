import type { Address } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { findKind, kindOf, kinds } from '../resources/kinds.ts'
import { decodeRecord } from './decode-state.ts'
import { idOf, recordOf, recordsOf } from './records.ts'
import {
  type AnyRecord,
  putEntry,
  type State,
  type StateEntry,
  type StateStore,
  splitAddress,
} from './state.ts'
import { StateEditError } from './state-errors.ts'

/** A line of `state list`. */
export interface ListedRecord {
  readonly address: Address
  readonly id: string
  readonly name: string
}

/** What a state holds, kind by kind, each in the order of their keys. */
export function listRecords(state: State): readonly ListedRecord[] {
  return kinds().flatMap(kind =>
    Object.entries(recordsOf(state, kind))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, record]) => ({
        address: `${kind.kind}/${key}` as const,
        id: idOf(kind, record),
        name: record.name,
      })),
  )
}

/** Text from outside as an address. Throws `StateEditError`. */
export function parseAddress(text: string): Address {
  const [, name = '', key = ''] = /^([^/]+)\/(.+)$/s.exec(text) ?? []
  if (findKind(name) !== undefined) return `${name}/${key}`
  const forms = kinds().map(({ kind, identity }) => `${kind}/${KEY_WORD[identity]}`)
  throw new StateEditError(
    `${text} is not an address; write ${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}`,
  )
}

const KEY_WORD = { name: 'KEY', iccid: 'ICCID' } as const

/** The record of an address. Throws `StateEditError` where the state has none. */
export function showRecord(state: State, address: Address): AnyRecord {
  const record = recordOf(state, address)
  if (record === undefined)
    throw new StateEditError(
      `${address} is not in the state; \`sft-catalog state list\` shows what is`,
    )
  return record
}

/**
 * Gives a record another key, and tells those that refer to it, such as the plans of a zone. The platform
 * is not touched. Throws `StateEditError`.
 */
export async function moveRecord(store: StateStore, from: Address, to: Address): Promise<void> {
  const [kind, key] = splitAddress(from)
  const [toKind, toKey] = splitAddress(to)
  const record = showRecord(store.state, from)
  if (kind !== toKind) throw new StateEditError(`${from} and ${to} are of two kinds`)
  const { fixedKey } = kindOf(kind)
  if (fixedKey !== undefined) throw new StateEditError(`${from}: ${fixedKey}`)
  assertFree(store.state, to)
  assertSettled(store.state, from)
  await store.append(
    { type: 'remove', kind, key },
    putEntry(kind, toKey, record),
    ...followers(store.state, from, toKey),
  )
}

/** Forgets a record. The object stays on the platform. Throws `StateEditError`. */
export async function removeRecord(store: StateStore, address: Address): Promise<void> {
  const [kind, key] = splitAddress(address)
  showRecord(store.state, address)
  assertSettled(store.state, address)
  await store.append({ type: 'remove', kind, key })
}

/**
 * Puts an object of the platform under an address, with the record that the caller made from reading it.
 * Throws `StateEditError` where the address or the ID has a place already, or the record is not one.
 */
export async function importRecord(
  store: StateStore,
  address: Address,
  record: AnyRecord,
): Promise<void> {
  const [name, key] = splitAddress(address)
  const kind = kindOf(name)
  assertFree(store.state, address)
  assertSettled(store.state, address)
  const entry = putEntry(name, key, decoded(kind, key, record))
  const id = idOf(kind, entry.record)
  const other = listRecords(store.state).find(
    listed => listed.id === id && splitAddress(listed.address)[0] === name,
  )
  if (other !== undefined)
    throw new StateEditError(
      `${id} is in the state as ${other.address}; \`sft-catalog state mv\` gives it another key`,
    )
  await store.append(entry)
}

function decoded(kind: Kind, key: string, record: AnyRecord): AnyRecord {
  try {
    return decodeRecord(kind, key, record)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new StateEditError(error.message, { cause: error })
  }
}

/** Records that keep the key of what they refer to, with its new one. */
function followers(state: State, to: Address, newKey: string): readonly StateEntry[] {
  const [name, key] = splitAddress(to)
  return kinds().flatMap(kind =>
    kind.references
      .filter(reference => reference.to === name)
      .flatMap(({ keyField }) =>
        Object.entries(recordsOf(state, kind))
          .filter(([, record]) => Reflect.get(record, keyField) === key)
          .map(([own, record]) => putEntry(kind.kind, own, { ...record, [keyField]: newKey })),
      ),
  )
}

function assertFree(state: State, address: Address): void {
  if (recordOf(state, address) !== undefined)
    throw new StateEditError(
      `${address} is in the state already; \`sft-catalog state rm ${address}\` makes room`,
    )
}

/** A record that a write of unknown outcome is about must be settled by reading first. */
function assertSettled(state: State, address: Address): void {
  const [kind, key] = splitAddress(address)
  const open = Object.values(state.pending).find(intent =>
    intent.drafts.some(draft => draft.kind === kind && draft.key === key),
  )
  if (open !== undefined)
    throw new StateEditError(
      `${address}: ${open.operation} was announced at ${open.at} and its end is not known; ` +
        'run `sft-catalog apply` first, which settles it',
    )
}
