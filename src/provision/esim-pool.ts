import type { Lane, Sft } from '../sft/api.ts'
import { SftAbortedError } from '../sft/errors.ts'
import type { Candidate } from './candidates.ts'
import { type Batch, type EsimShelf, openEsimShelf } from './esim-shelf.ts'
import { requireKnown } from './require-known.ts'
import { type Esim, judgeForSale } from './sellable.ts'
import { openSellablePosition, type SellablePosition } from './sellable-position.ts'
import { openSharedReading, type SharedReading } from './shared-reading.ts'

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

/** Endpoints that are asked for at once before one of them is looked up. */
const FRONT = 100

/** What a pool works with. */
interface Parts extends EsimPoolOptions {
  readonly shelf: EsimShelf
  readonly position: SellablePosition
  readonly pages: SharedReading
  /** How many takers wait. */
  readonly waiting: () => number
  readonly isStopped: () => boolean
}

export function openEsimPool(options: EsimPoolOptions): EsimPool {
  const shelf = openEsimShelf()
  const position = openSellablePosition(options.sft.form.pageSize)
  const pages = openSharedReading((lane, signal) =>
    readPage(options, shelf, position, lane, signal),
  )
  let waiting = 0
  let stopped = false
  const parts: Parts = {
    ...options,
    shelf,
    position,
    pages,
    waiting: () => waiting,
    isStopped: () => stopped,
  }
  return {
    update(candidates, isTaken) {
      if (shelf.update(candidates, isTaken)) position.restart()
    },
    add: shelf.add,
    async take(signal) {
      waiting += 1
      try {
        return await takeOne(parts, signal)
      } finally {
        waiting -= 1
      }
    },
    putBack(esim, last = false) {
      position.noteSettled(esim.endpointId)
      shelf.putBack(esim, last)
    },
    keep: shelf.decide,
    noteGone(endpointId) {
      position.noteSettled(endpointId)
      warmAhead(parts)
    },
    sellable: shelf.sellable,
    async stop() {
      stopped = true
      await pages.stop()
    },
  }
}

/** Reads the next page of the list, and asks which of the next eSIMs others took meanwhile. */
async function readPage(
  { sft, taken }: EsimPoolOptions,
  shelf: EsimShelf,
  position: SellablePosition,
  lane: Lane,
  signal: AbortSignal,
): Promise<void> {
  const page = position.nextPage()
  const { sims, totalPages } = await sft.read.sims(
    { page, perPage: sft.form.pageSize, sellable: true },
    { lane, signal },
  )
  for (const endpointId of await taken(shelf.nextToSell(sims))) shelf.forget(endpointId)
  const left = sims.filter(({ endpointId }) => !shelf.isHandedOut(endpointId))
  const newSims = sims.filter(shelf.warmUp).length
  position.sawPage({ page, totalPages, size: sims.length, left, newSims })
}

/** Warms the pool for later, unless somebody warms it already. */
function warmAhead(parts: Parts): void {
  const { shelf, position, pages, poolSize, onError } = parts
  if (parts.isStopped() || pages.isRunning() || position.isAtEnd()) return
  if (shelf.warm() * 2 > poolSize || !position.isMostlyNew()) return
  pages.next('background').then(
    () => warmAhead(parts),
    error => {
      if (!(error instanceof SftAbortedError)) onError(error)
    },
  )
}

async function takeOne(parts: Parts, signal: AbortSignal | undefined): Promise<Esim | undefined> {
  const { shelf, pages, looks } = parts
  let looked = 0
  for (;;) {
    const front = await shelf.front(signal)
    if (front === undefined) return undefined
    if (isPageWorthIt(parts, front)) {
      await pages.next('traveller')
      continue
    }
    const warm = front.warm.shift()
    if (warm !== undefined) {
      warmAhead(parts)
      return handOut(parts, warm)
    }
    const cold = await firstFree(parts, front)
    if (cold === undefined) continue
    looked += 1
    if (looked > looks) {
      front.cold.set(cold.endpointId, cold)
      return undefined
    }
    const esim = await lookUp(parts, front, cold)
    if (esim !== undefined) return handOut(parts, esim)
  }
}

function handOut({ shelf, position }: Parts, esim: Esim): Esim {
  shelf.handOut(esim)
  position.noteHandedOut(esim.iccid, esim.endpointId)
  return esim
}

/** Enough for all who wait before the first activation makes the list shrink. */
const isPageWorthIt = ({ position, waiting }: Parts, { warm, cold }: Batch): boolean =>
  warm.length < waiting() && cold.size > 0 && position.isPageWorthIt()

/** Takes the first endpoint out of a batch that others did not take: whatever they took costs no look. */
async function firstFree({ taken }: Parts, { cold }: Batch): Promise<Candidate | undefined> {
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

/** Looks one endpoint up by its ICCID: it is not in the list, or far back in it. */
async function lookUp(
  { sft, setAside }: Parts,
  { cold }: Batch,
  candidate: Candidate,
): Promise<Esim | undefined> {
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
    cold.set(candidate.endpointId, candidate)
    throw error
  }
}
