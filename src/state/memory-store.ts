import { applyEntry, emptyState, mutableState, storedEntries } from './apply-entry.ts'
import type { State, StateStore } from './state.ts'

/** A state that lives as long as the process: for tests, and for looking at an account once. */
export function memoryState(initial: State = emptyState()): StateStore {
  const state = mutableState(initial)
  let disposed = false
  return {
    location: 'memory:',
    state,
    async append(...entries) {
      if (disposed) throw new Error('memory: the state was disposed of')
      if (entries.length === 0) return
      for (const entry of storedEntries(entries)) applyEntry(state, entry)
      state.serial += 1
    },
    async fold() {
      if (disposed) throw new Error('memory: the state was disposed of')
    },
    async [Symbol.asyncDispose]() {
      disposed = true
    },
  }
}
