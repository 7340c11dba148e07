import type { LedgerKeys, LedgerWatch } from './ledger.ts'

/** Somebody who waits for a change of some rows. */
export interface Watcher {
  readonly keys: LedgerKeys
  /** Says that one of them may have changed. */
  tell(): void
}

/** A watch for a ledger to hand out, and the watcher to tell; `ended` when nobody waits any more. */
export function makeWatch(
  keys: LedgerKeys,
  ended: () => void,
): { readonly watch: LedgerWatch; readonly watcher: Watcher } {
  let isTold = false
  let wake: (() => void) | undefined
  const watcher: Watcher = {
    keys,
    tell() {
      isTold = true
      wake?.()
    },
  }
  const watch: LedgerWatch = {
    async changed(signal) {
      signal.throwIfAborted()
      if (!isTold)
        await new Promise<void>((resolve, reject) => {
          const abort = () => reject(signal.reason)
          signal.addEventListener('abort', abort, { once: true })
          wake = () => {
            signal.removeEventListener('abort', abort)
            resolve()
          }
        })
      isTold = false
    },
    [Symbol.dispose]: ended,
  }
  return { watch, watcher }
}
