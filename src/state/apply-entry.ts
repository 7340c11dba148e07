import { randomUUID } from 'node:crypto'
import {
  type AccountIdentity,
  type AddonPlanRecord,
  type EndpointRecord,
  type Intent,
  type Learnt,
  type PutEntry,
  type RateZoneRecord,
  SECTION,
  STATE_VERSION,
  type State,
  type StateEntry,
} from './state.ts'

/** A state as its store holds it: the same shape, changed in place, so that an entry costs O(1). */
export interface MutableState {
  readonly version: typeof STATE_VERSION
  readonly lineage: string
  serial: number
  account?: AccountIdentity
  readonly rateZones: Record<string, RateZoneRecord>
  readonly addonPlans: Record<string, AddonPlanRecord>
  readonly endpoints: Record<string, EndpointRecord>
  learnt: Learnt
  readonly pending: Record<string, Intent>
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

/** A state that can be changed without changing `state`. Records are shared: nobody changes them. */
export const mutableState = (state: State): MutableState => ({
  version: state.version,
  lineage: state.lineage,
  serial: state.serial,
  ...(state.account !== undefined && { account: state.account }),
  rateZones: bare(state.rateZones),
  addonPlans: bare(state.addonPlans),
  endpoints: bare(state.endpoints),
  learnt: state.learnt,
  pending: bare(state.pending),
})

/** A state with nothing in it and, unless one is given, a lineage of its own. */
export const emptyState = (lineage: string = randomUUID()): MutableState =>
  mutableState({
    version: STATE_VERSION,
    lineage,
    serial: 0,
    rateZones: {},
    addonPlans: {},
    endpoints: {},
    learnt: {},
    pending: {},
  })

/** Changes a state by one entry. The serial is the store's: it grows once an append. */
export function applyEntry(state: MutableState, entry: StateEntry): void {
  switch (entry.type) {
    case 'put':
      putRecord(state, entry)
      return
    case 'remove':
      delete state[SECTION[entry.kind]][entry.key]
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

function putRecord(state: MutableState, entry: PutEntry): void {
  switch (entry.kind) {
    case 'rateZone':
      state.rateZones[entry.key] = entry.record
      return
    case 'addonPlan':
      state.addonPlans[entry.key] = entry.record
      return
    case 'endpoint':
      state.endpoints[entry.key] = entry.record
  }
}

/**
 * The entries as a store keeps them: without what JSON does not keep, and without a tie to the caller's
 * objects, so that a live state is what a reopened one is.
 */
export const storedEntries = (entries: readonly StateEntry[]): readonly StateEntry[] =>
  JSON.parse(JSON.stringify(entries))
