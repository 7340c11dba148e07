import type { Lane, Sft, Sim } from '../sft/api.ts'
import { SftAbortedError } from '../sft/errors.ts'
import type { Candidate } from './candidates.ts'
import { requireKnown } from './require-known.ts'
import { type Esim, judgeForSale, withCode } from './sellable.ts'

/** eSIMs whose activation codes are at hand, so that the usual sale needs no look-up. */
export interface EsimPool {
  /** Learns what may be sold now, in order, and what is taken. */
  update(candidates: readonly Candidate[], isTaken: (endpointId: string) => boolean): void
  /**
   * The next eSIM, which nobody else of this process gets; undefined where there is none. Where none is
   * at hand it looks one up. Throws an `SftError`.
   */
  take(signal?: AbortSignal): Promise<Esim | undefined>
  /** Puts one up for sale that came up since; false where it is known. `esim`: its code is at hand. */
  add(candidate: Candidate, esim?: Esim): boolean
  /** Makes an eSIM that was not sold after all the next one; `last`: the last one of its batch. */
  putBack(esim: Esim, last?: boolean): void
  /** Says that an eSIM that was handed out is an order's now, here or elsewhere. */
  keep(endpointId: string): void
  /** Says that an eSIM that was handed out cannot be in the list of sellable SIMs any more. */
  noteGone(endpointId: string): void
  /** Endpoints that nobody took, at hand or not. */
  sellable(): number
  /** Ends the look-ups in the background. */
  stop(): Promise<void>
}

export interface EsimPoolOptions {
  readonly sft: Sft
  readonly poolSize: number
  /** Looks that one `take` gives at endpoints that are not in the list of sellable SIMs. */
  readonly looks: number
  /** Those of these endpoints that the ledger has as taken; asked with each page. */
  readonly taken: (endpointIds: readonly string[]) => Promise<ReadonlySet<string>>
  readonly setAside: (candidate: Candidate, reason: string) => Promise<void>
  readonly onError: (error: unknown) => void
}

/** New eSIMs on a page for which it pays to read the next one rather than single SIMs. */
const WORTH_A_PAGE = 20

/** Endpoints of which a page asks at least whether others took them. */
const MOST_ASKED = 1000

/** Endpoints that are asked for at once before one of them is looked up. */
const FRONT = 100

interface Reading {
  readonly lane: Lane
  readonly controller: AbortController
  readonly page: Promise<void>
}

/** Whether a page that was told to give way was read all the same; throws what else went wrong. */
const wasRead = (page: Promise<void>): Promise<boolean> =>
  page.then(
    () => true,
    (error: unknown) => {
      if (error instanceof SftAbortedError) return false
      throw error
    },
  )

interface Batch {
  /** Not looked up yet, in order. */
  readonly cold: Map<string, Candidate>
  warm: Esim[]
}

/**
 * The pool. The list of sellable SIMs shrinks at its front while eSIMs are sold, so the next page to read
 * follows from how many of the SIMs seen are surely still in it: a page read twice costs a call, one
 * skipped would hide eSIMs.
 */
export function openEsimPool(options: EsimPoolOptions): EsimPool {
  const { sft, poolSize, looks, taken, setAside, onError } = options
  let batches = new Map<string, Batch>()
  let candidates = new Map<string, Candidate>()
  const handedOut = new Set<string>()
  /** Handed out, and possibly still in the list. */
  const inFlight = new Set<string>()
  /** Handed out, and neither an order's nor back yet. */
  const undecided = new Set<string>()
  let wakers: (() => void)[] = []
  let waiting = 0
  /** ICCIDs seen in the list and not handed out since. */
  let listed = new Set<string>()
  let pageSize = sft.form.pageSize
  /** Pages that brought nothing new since the last one that did. */
  let stuck = 0
  let walked = false
  let newOnLastPage = WORTH_A_PAGE
  let stopped = false
  let reading: Reading | undefined

  const restartWalk = (): void => {
    listed = new Set()
    stuck = 0
    walked = false
    newOnLastPage = WORTH_A_PAGE
  }

  const batchOf = (candidate: Candidate): Batch => {
    const there = batches.get(candidate.batch)
    if (there !== undefined) return there
    const made: Batch = { cold: new Map(), warm: [] }
    batches.set(candidate.batch, made)
    return made
  }

  const decide = (endpointId: string): void => {
    undecided.delete(endpointId)
    const waked = wakers
    wakers = []
    for (const wake of waked) wake()
  }

  const handOut = (esim: Esim): Esim => {
    handedOut.add(esim.endpointId)
    undecided.add(esim.endpointId)
    inFlight.add(esim.endpointId)
    listed.delete(esim.iccid)
    return esim
  }

  const forget = (endpointId: string): void => {
    const candidate = candidates.get(endpointId)
    if (candidate === undefined) return
    const batch = batchOf(candidate)
    if (!batch.cold.delete(endpointId))
      batch.warm = batch.warm.filter(esim => esim.endpointId !== endpointId)
  }

  /**
   * What a page may bring, what is at hand, and what comes next: of these others may have sold some. All
   * processes sell in the same order, so that what they sold stands at the front.
   */
  const nextToSell = (sims: readonly Sim[]): readonly string[] => {
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
  }

  const nextPageNumber = (): number => Math.floor(listed.size / pageSize) + 1 + stuck

  const readPage = async (lane: Lane, signal: AbortSignal): Promise<void> => {
    const page = nextPageNumber()
    const { sims, totalPages } = await sft.read.sims(
      { page, perPage: sft.form.pageSize, sellable: true },
      { lane, signal },
    )
    if (page < totalPages && sims.length > 0) pageSize = sims.length
    for (const endpointId of await taken(nextToSell(sims)))
      if (!handedOut.has(endpointId)) forget(endpointId)
    const before = listed.size
    for (const { iccid, endpointId } of sims)
      if (endpointId === undefined || !handedOut.has(endpointId)) listed.add(iccid)
    newOnLastPage = sims.filter(warmUp).length
    stuck = listed.size > before ? 0 : stuck + 1
    walked = page >= totalPages
  }

  /** Puts a SIM of a page to the warm ones; false where that changes nothing. */
  const warmUp = (sim: Sim): boolean => {
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
  }

  /**
   * Reads the next page; takers that wait at the same time share it. A page that still waits in the
   * background lane gives way to a traveller's.
   */
  const nextPage = (lane: Lane): Promise<void> => {
    const earlier = reading
    if (earlier !== undefined && (lane === 'background' || earlier.lane !== 'background'))
      return earlier.page
    const controller = new AbortController()
    earlier?.controller.abort()
    const read = async (): Promise<void> => {
      if (earlier !== undefined && (await wasRead(earlier.page))) return
      await readPage(lane, controller.signal)
    }
    const mine = { lane, controller, page: read() }
    reading = mine
    const done = () => {
      if (reading === mine) reading = undefined
    }
    mine.page.then(done, done)
    return mine.page
  }

  const warmCount = (): number => {
    let count = 0
    for (const batch of batches.values()) count += batch.warm.length
    return count
  }

  /** Warms the pool for later, unless somebody warms it already. */
  const warmAhead = (): void => {
    if (stopped || walked || reading !== undefined || warmCount() * 2 > poolSize) return
    // Of the page that would be read, those that are known or being activated are nothing new.
    if ((nextPageNumber() * pageSize - listed.size - inFlight.size) * 2 < pageSize) return
    nextPage('background').then(warmAhead, error => {
      if (!(error instanceof SftAbortedError)) onError(error)
    })
  }

  /** Looks one endpoint up by its ICCID: it is not in the list, or far back in it. */
  const lookUp = async (batch: Batch, candidate: Candidate): Promise<Esim | undefined> => {
    const look = async () =>
      judgeForSale(
        candidate,
        requireKnown(await sft.read.sim(candidate.iccid, { lane: 'traveller' })),
      )
    try {
      const first = await look()
      // No verdict stands on one reading.
      const esim = typeof first === 'string' ? await look() : first
      if (typeof esim !== 'string') return esim
      await setAside(candidate, esim)
      return undefined
    } catch (error) {
      batch.cold.set(candidate.endpointId, candidate)
      throw error
    }
  }

  /** Takes the first endpoint out of a batch that others did not take: whatever they took costs no look. */
  const firstFree = async ({ cold }: Batch): Promise<Candidate | undefined> => {
    while (cold.size > 0) {
      const front = [...cold.keys()].slice(0, FRONT)
      for (const endpointId of await taken(front)) cold.delete(endpointId)
      const free = cold.values().next().value
      if (free !== undefined && front.includes(free.endpointId)) {
        cold.delete(free.endpointId)
        return free
      }
    }
    return undefined
  }

  /** Enough for all who wait before the first activation makes the list shrink. */
  const isPageWorthIt = ({ warm, cold }: Batch): boolean =>
    warm.length < waiting && cold.size > 0 && !walked && newOnLastPage >= WORTH_A_PAGE

  /** The first batch that has any; the last ones may come back from orders that turn out to be there already. */
  const nextInStock = async (signal: AbortSignal | undefined): Promise<Batch | undefined> => {
    for (;;) {
      signal?.throwIfAborted()
      const front = [...batches.values()].find(({ cold, warm }) => cold.size + warm.length > 0)
      if (front !== undefined || undecided.size === 0) return front
      await new Promise<void>(resolve => wakers.push(resolve))
    }
  }

  const takeOne = async (signal: AbortSignal | undefined): Promise<Esim | undefined> => {
    let looked = 0
    for (;;) {
      const front = await nextInStock(signal)
      if (front === undefined) return undefined
      if (isPageWorthIt(front)) {
        await nextPage('traveller')
        continue
      }
      const warm = front.warm.shift()
      if (warm !== undefined) {
        warmAhead()
        return handOut(warm)
      }
      const cold = await firstFree(front)
      if (cold === undefined) continue
      looked += 1
      if (looked > looks) {
        front.cold.set(cold.endpointId, cold)
        return undefined
      }
      const esim = await lookUp(front, cold)
      if (esim !== undefined) return handOut(esim)
    }
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
      for (const [endpointId] of candidates) if (!next.has(endpointId)) forget(endpointId)
      batches = order
      candidates = next
      if (added) restartWalk()
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

    async take(signal) {
      waiting += 1
      try {
        return await takeOne(signal)
      } finally {
        waiting -= 1
      }
    },

    putBack(esim, last = false) {
      handedOut.delete(esim.endpointId)
      inFlight.delete(esim.endpointId)
      decide(esim.endpointId)
      const candidate = candidates.get(esim.endpointId)
      if (candidate === undefined) return
      const { warm } = batchOf(candidate)
      if (warm.some(({ endpointId }) => endpointId === esim.endpointId)) return
      if (last) warm.push(esim)
      else warm.unshift(esim)
    },

    keep(endpointId) {
      decide(endpointId)
    },

    noteGone(endpointId) {
      inFlight.delete(endpointId)
      warmAhead()
    },

    sellable() {
      let count = 0
      for (const { cold, warm } of batches.values()) count += cold.size + warm.length
      return count
    },

    async stop() {
      stopped = true
      while (reading !== undefined) {
        reading.controller.abort()
        await Promise.allSettled([reading.page])
      }
    },
  }
}
