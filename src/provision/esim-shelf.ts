import type { Sim } from '../sft/api.ts'
import type { Candidate } from './candidates.ts'
import { type Esim, withCode } from './sellable.ts'

/** What is left of a batch. */
export interface Batch {
  /** Not looked up yet, in order. */
  readonly cold: Map<string, Candidate>
  /** With their activation codes, the next one first. */
  warm: Esim[]
}

/** The eSIMs that may be sold, batch by batch in the order of sale, and those that are handed out. */
export interface EsimShelf {
  /** Learns what may be sold now, in order, and what is taken; whether anything came up. */
  update(candidates: readonly Candidate[], isTaken: (endpointId: string) => boolean): boolean
  /** Puts one up that came up since; false where it is known. `esim`: its code is at hand. */
  add(candidate: Candidate, esim?: Esim): boolean
  /** Puts a SIM that the account has for sale to the warm ones; false where that changes nothing. */
  warmUp(sim: Sim): boolean
  /** Takes an endpoint off that others took, unless it is handed out here. */
  forget(endpointId: string): void
  handOut(esim: Esim): void
  isHandedOut(endpointId: string | undefined): boolean
  /** Makes one that was handed out the next one; `last`: the last one of its batch. */
  putBack(esim: Esim, last: boolean): void
  /** One that was handed out is somebody's for good. */
  decide(endpointId: string): void
  /**
   * The first batch that has any; undefined where there is none, and none can come back from orders that turn out
   * to be there already. Throws when the signal fires.
   */
  front(signal: AbortSignal | undefined): Promise<Batch | undefined>
  /**
   * Of these SIMs, what is at hand and what comes next, the endpoints that others may have sold. All processes sell
   * in the same order, so that what they sold stands at the front.
   */
  nextToSell(sims: readonly Sim[]): readonly string[]
  /** Those with their codes at hand. */
  warm(): number
  /** Those at hand or not. */
  sellable(): number
}

/** Endpoints of which it is asked at least whether others took them. */
const MOST_ASKED = 1000

export function openEsimShelf(): EsimShelf {
  let batches = new Map<string, Batch>()
  let candidates = new Map<string, Candidate>()
  const handedOut = new Set<string>()
  /** Handed out, and neither an order's nor back yet. */
  const undecided = new Set<string>()
  let wakers: (() => void)[] = []

  const batchOf = (candidate: Candidate): Batch => {
    const there = batches.get(candidate.batch)
    if (there !== undefined) return there
    const made: Batch = { cold: new Map(), warm: [] }
    batches.set(candidate.batch, made)
    return made
  }

  const takeOff = (endpointId: string): void => {
    const candidate = candidates.get(endpointId)
    if (candidate === undefined) return
    const batch = batchOf(candidate)
    if (!batch.cold.delete(endpointId))
      batch.warm = batch.warm.filter(esim => esim.endpointId !== endpointId)
  }

  const decide = (endpointId: string): void => {
    undecided.delete(endpointId)
    const waked = wakers
    wakers = []
    for (const wake of waked) wake()
  }

  const count = (of: (batch: Batch) => number): number => {
    let sum = 0
    for (const batch of batches.values()) sum += of(batch)
    return sum
  }

  return {
    update(now, isTaken) {
      const order = new Map<string, Batch>()
      const next = new Map<string, Candidate>()
      let added = false
      for (const candidate of now) {
        const { endpointId } = candidate
        const known = candidates.has(endpointId)
        next.set(endpointId, candidate)
        const batch = batchOf(candidate)
        order.set(candidate.batch, batch)
        if (known || isTaken(endpointId)) continue
        batch.cold.set(endpointId, candidate)
        added = true
      }
      for (const [endpointId] of candidates) if (!next.has(endpointId)) takeOff(endpointId)
      batches = order
      candidates = next
      return added
    },
    add(candidate, esim) {
      const { endpointId } = candidate
      if (candidates.has(endpointId)) return false
      candidates.set(endpointId, candidate)
      const { cold, warm } = batchOf(candidate)
      if (esim === undefined) cold.set(endpointId, candidate)
      else warm.push(esim)
      return true
    },
    warmUp(sim) {
      const candidate = candidates.get(sim.endpointId ?? '')
      if (candidate === undefined) return false
      const { cold, warm } = batchOf(candidate)
      if (!cold.has(candidate.endpointId)) return false
      const esim = withCode(candidate, sim)
      // Not for sale by one reading: it stays cold, and is looked at by itself before it is set aside.
      if (typeof esim === 'string') return false
      cold.delete(candidate.endpointId)
      warm.push(esim)
      return true
    },
    forget(endpointId) {
      if (!handedOut.has(endpointId)) takeOff(endpointId)
    },
    handOut({ endpointId }) {
      handedOut.add(endpointId)
      undecided.add(endpointId)
    },
    isHandedOut: endpointId => endpointId !== undefined && handedOut.has(endpointId),
    putBack(esim, last) {
      const { endpointId } = esim
      handedOut.delete(endpointId)
      decide(endpointId)
      const candidate = candidates.get(endpointId)
      if (candidate === undefined) return
      const { warm } = batchOf(candidate)
      if (warm.some(other => other.endpointId === endpointId)) return
      if (last) warm.push(esim)
      else warm.unshift(esim)
    },
    decide,
    async front(signal) {
      for (;;) {
        signal?.throwIfAborted()
        const front = [...batches.values()].find(({ cold, warm }) => cold.size + warm.length > 0)
        if (front !== undefined || undecided.size === 0) return front
        await new Promise<void>(resolve => wakers.push(resolve))
      }
    },
    nextToSell(sims) {
      const ids = new Set<string>()
      for (const { endpointId } of sims)
        if (endpointId !== undefined && candidates.has(endpointId)) ids.add(endpointId)
      for (const { warm } of batches.values()) for (const esim of warm) ids.add(esim.endpointId)
      for (const { cold } of batches.values())
        for (const endpointId of cold.keys()) {
          if (ids.size >= MOST_ASKED) break
          ids.add(endpointId)
        }
      return [...ids].filter(endpointId => !handedOut.has(endpointId))
    },
    warm: () => count(({ warm }) => warm.length),
    sellable: () => count(({ cold, warm }) => cold.size + warm.length),
  }
}
