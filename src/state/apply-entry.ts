import { randomUUID } from 'node:crypto'
import type { KindName } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { byKind, kindOf } from '../resources/kinds.ts'
import { type Records, recordsOf } from './records.ts'
import { type AnyRecord, STATE_VERSION, type State, type StateEntry } from './state.ts'

/** A state as its store holds it: the same shape, changed in place, so that an entry costs O(1). */
export type MutableState = {
  -readonly [Part in keyof State]: State[Part] extends Readonly<Record<string, infer Item>>
    ? Record<string, Item>
    : State[Part]
}

/** What a state has whatever its kinds. */
type StateFields = Pick<
  MutableState,
  'version' | 'lineage' | 'serial' | 'account' | 'learnt' | 'pending'
>

/** A state of these fields and of a section for each kind, in the order in which it is written. */
export function composeState(
  { version, lineage, serial, account, learnt, pending }: StateFields,
  sectionOf: (kind: Kind) => Records,
): MutableState {
  const state = {
    version,
    lineage,
    serial,
    ...(account !== undefined && { account }),
    ...byKind(kind => kind.section, sectionOf),
    learnt,
    pending,
  }
  // The sections are those that the kinds' files declare.
  return state as StateFields as MutableState
}

/** A copy that has no prototype: keys come from users, and `__proto__` is one like any other. */
const bare = <Value>(source: Readonly<Record<string, Value>>): Record<string, Value> => {
  const copy: Record<string, Value> = Object.create(null)
  for (const key of Object.keys(source)) {
    const value = source[key]
    if (value !== undefined) copy[key] = value
  }
  return copy
}

/**
 * A state that can be changed, made of one that nobody else holds, such as what was just read: nothing is copied,
 * and its records lose their prototype.
 */
export const ownState = (state: State): MutableState =>
  composeState({ ...state, pending: bared(state.pending) }, kind => bared(recordsOf(state, kind)))

/** The same object, without a prototype; see `bare`. */
const bared = <Value>(source: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.isFrozen(source) ? bare(source) : Object.setPrototypeOf(source, null)

/** A state that can be changed without changing `state`. Records are shared: nobody changes them. */
export const mutableState = (state: State): MutableState =>
  composeState({ ...state, pending: bare(state.pending) }, kind => bare(recordsOf(state, kind)))

/** A state with nothing in it and, unless one is given, a lineage of its own. */
export const emptyState = (lineage: string = randomUUID()): MutableState =>
  composeState({ version: STATE_VERSION, lineage, serial: 0, learnt: {}, pending: bare({}) }, () =>
    bare({}),
  )

/** Changes a state by one entry. The serial is the store's: it grows once an append. */
export function applyEntry(state: MutableState, entry: StateEntry): void {
  switch (entry.type) {
    case 'put':
      sectionOf(state, entry.kind)[entry.key] = entry.record
      return
    case 'remove':
      delete sectionOf(state, entry.kind)[entry.key]
      return
    case 'intent':
      state.pending[entry.intent.id] = entry.intent
      return
    case 'conclude':
      delete state.pending[entry.id]
      return
    case 'account':
      state.account = entry.account
      return
    case 'learn':
      state.learnt = { ...state.learnt, ...entry.learnt }
  }
}

/** The section of a kind, to be changed; one that the state was opened without is added. */
function sectionOf(state: MutableState, name: KindName): Record<string, AnyRecord> {
  const { section } = kindOf(name)
  const known: Record<string, AnyRecord> | undefined = Reflect.get(state, section)
  if (known !== undefined) return known
  const made = bare<AnyRecord>({})
  Reflect.set(state, section, made)
  return made
}

/**
 * The entries as a store keeps them: without what JSON does not keep, and without a tie to the caller's
 * objects, so that a live state is what a reopened one is.
 */
export const storedEntries = (entries: readonly StateEntry[]): readonly StateEntry[] =>
  JSON.parse(JSON.stringify(entries))
