import type { Sim } from '../sft/api.ts'

/**
 * How far the list of sellable SIMs was read. It shrinks at its front while eSIMs are sold, so the next page to read
 * follows from how many of the SIMs seen are surely still in it: a page read twice costs a call, one skipped would
 * hide eSIMs.
 */
export interface SellablePosition {
  /** From 1. */
  nextPage(): number
  /** What a page had, and on how many of its SIMs the pool got something new. */
  sawPage(page: Page): void
  /** An eSIM is sold, as far as this process knows: it leaves the list soon. */
  noteHandedOut(iccid: string, endpointId: string): void
  /** It cannot be in the list any more, or is not on its way out of it. */
  noteSettled(endpointId: string): void
  /** Endpoints came up anywhere in the list. */
  restart(): void
  /** There is nothing behind the pages that were read. */
  isAtEnd(): boolean
  /** It pays more to read the next page than single SIMs. */
  isPageWorthIt(): boolean
  /** Most of the next page was not seen yet. */
  isMostlyNew(): boolean
}

interface Page {
  readonly page: number
  readonly totalPages: number
  /** SIMs of the page, fewer than were asked for where the account grants no more. */
  readonly size: number
  /** Those of them that are not handed out. */
  readonly left: readonly Sim[]
  readonly newSims: number
}

/** New eSIMs on a page for which it pays to read the next one rather than single SIMs. */
const WORTH_A_PAGE = 20

/** @param perPage how many SIMs a page is asked to have. */
export function openSellablePosition(perPage: number): SellablePosition {
  /** ICCIDs seen in the list and not handed out since. */
  let listed = new Set<string>()
  /** Handed out, and possibly still in the list. */
  const inFlight = new Set<string>()
  let pageSize = perPage
  /** Pages that brought nothing new since the last one that did. */
  let stuck = 0
  let atEnd = false
  let newOnLastPage = WORTH_A_PAGE

  const nextPage = () => Math.floor(listed.size / pageSize) + 1 + stuck

  return {
    nextPage,
    sawPage({ page, totalPages, size, left, newSims }) {
      if (page < totalPages && size > 0) pageSize = size
      const before = listed.size
      for (const { iccid } of left) listed.add(iccid)
      const unseen = listed.size - before
      // One of SIMs that are known, or on their way out of the list, tells nothing of those behind it.
      if (unseen >= Math.min(WORTH_A_PAGE, size)) newOnLastPage = newSims
      stuck = unseen > 0 ? 0 : stuck + 1
      atEnd = page >= totalPages
    },
    noteHandedOut(iccid, endpointId) {
      inFlight.add(endpointId)
      listed.delete(iccid)
    },
    noteSettled(endpointId) {
      inFlight.delete(endpointId)
    },
    restart() {
      listed = new Set()
      stuck = 0
      atEnd = false
      newOnLastPage = WORTH_A_PAGE
    },
    isAtEnd: () => atEnd,
    isPageWorthIt: () => !atEnd && newOnLastPage >= WORTH_A_PAGE,
    // Those that are known or being activated are nothing new.
    isMostlyNew: () => (nextPage() * pageSize - listed.size - inFlight.size) * 2 >= pageSize,
  }
}
