/** A run of call times: the first (ms since the epoch), and one each `stepMs` after it, `left` in all. */
export interface Slots {
  readonly at: number
  readonly stepMs: number
  readonly left: number
}

/** What is asked of a slot source. */
export interface SlotRequest {
  /** Milliseconds between two calls: all who share an account ask for the same, but while it throttles. */
  readonly stepMs: number
  /** How many are wanted at once; a source may give fewer, from one on. */
  readonly count: number
  /** No slot before this time (ms since the epoch), for the pause after throttling. */
  readonly notBefore: number
  /** Slots not used, to be taken back. */
  readonly unused: Slots | undefined
  /**
   * The lane for which they are wanted when it is asked: 0 goes before 1. A source that lets processes wait for
   * each other gives those of an earlier lane their slots first; others may do without.
   */
  readonly lane?: () => number
}

/**
 * Where call times come from: an account lets about two calls a second pass, whoever makes them (contract 1.10), so
 * that all who use it must draw on one source. Times are those of the caller's clock; a slot that comes too late is
 * given back with the next request.
 *
 * What it throws is thrown by the call that waits for a slot.
 *
 * @example
 * let next = 0
 * const slots: SlotSource = {
 *   reserve({ stepMs, count, notBefore }) {
 *     const at = Math.max(next, notBefore, Date.now())
 *     next = at + count * stepMs
 *     return { at, stepMs, left: count }
 *   },
 *   release() {},
 * }
 * await using sft = openSft({ baseUrl, username, password, slots })
 */
export interface SlotSource {
  reserve(request: SlotRequest): Slots | Promise<Slots>
  /** Takes unused slots back. */
  release(unused: Slots): void | Promise<void>
  /** Told when a call was really sent whose slot was at `at`: who is sent late must not meet its successors. */
  sent?(at: number, sentAt: number): void | Promise<void>
  /** Told when the client that it was given to is closed. */
  close?(): void | Promise<void>
}

/**
 * How late (ms) a slot may be used, of which the others are told at once: a call that is sent later than it was to be fills
 * no window that had it. A later one is given back, since its time may soon be somebody else's.
 */
export const SLOT_SLACK_MS = 12

/**
 * How late (ms) the call of a slot may leave this process: it is less than what windows are kept longer by where
 * somebody shares, so that one of which nobody is told in time, since its process stops, meets no successor either.
 */
export const LEAVING_SLACK_MS = 20
