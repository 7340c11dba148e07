import type { Clock } from '../clock.ts'
import { memoryLedger } from '../provision/memory-ledger.ts'
import { memorySlots } from '../sft/memory-slots.ts'
import type { SlotSource } from '../sft/slots.ts'
import { memoryState } from '../state/memory-store.ts'
import type { Store } from './store.ts'

/** The call times of this process, by the clock that they go by, place and account. */
const SHARED = new WeakMap<Clock, Map<string, SlotSource>>()

/** The memory of this process: every state and ledger begins with nothing, the rate is shared. */
export const memoryStore: Store = {
  state: {
    open: async () => memoryState(),
    read: async () => memoryState().state,
    // Whoever asks for it wants one that begins with nothing.
    isThere: async () => true,
  },
  ledger: { open: async () => memoryLedger(), look: async () => undefined },
  budget: {
    open(place, { account, clock }) {
      const known = SHARED.get(clock) ?? new Map<string, SlotSource>()
      SHARED.set(clock, known)
      const key = JSON.stringify([place, account])
      const slots = known.get(key) ?? memorySlots(clock)
      known.set(key, slots)
      return slots
    },
  },
}
