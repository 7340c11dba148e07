import { anySignal } from '../any-signal.ts'
import type { LedgerKeys, LedgerWatch } from './ledger.ts'
import type { SellingContext } from './selling-context.ts'

/** Times at which somebody looks again whether something is theirs to do. */
export interface Turns extends Disposable {
  /** Resolves when it is time to look again at the rows that are in the way. Rejects where the signal fires. */
  next(keys: LedgerKeys, signal: AbortSignal): Promise<void>
}

/** Milliseconds between two looks: of those who are told of changes, only for those who died without a word. */
const POLLED = { first: 20, longest: 500 } as const
const TOLD = { first: 500, longest: 2000 } as const

/**
 * Waits for others who work on some rows: until the ledger tells that one of them changed, where it can, and from
 * time to time besides, since whoever dies changes nothing.
 */
export function openTurns({ ledger, clock }: SellingContext): Turns {
  const { first, longest } = ledger.watch === undefined ? POLLED : TOLD
  let wait: number = first
  let watch: LedgerWatch | undefined
  let watched: string | undefined

  /** Whether it only begins now: what changed before that is seen by looking at once. */
  const begins = (keys: LedgerKeys): boolean => {
    const rows = JSON.stringify(keys)
    if (ledger.watch === undefined || rows === watched) return false
    watch?.[Symbol.dispose]()
    watch = ledger.watch(keys)
    watched = rows
    return true
  }

  return {
    async next(keys, signal) {
      if (begins(keys)) return
      const over = new AbortController()
      const either = anySignal([signal, over.signal])
      const looks = [
        clock.sleep(wait, either),
        ...(watch === undefined ? [] : [watch.changed(either)]),
      ]
      wait = Math.min(wait * 1.5, longest)
      try {
        await Promise.race(looks)
      } finally {
        over.abort()
      }
    },
    [Symbol.dispose]: () => watch?.[Symbol.dispose](),
  }
}
