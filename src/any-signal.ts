/** What each joined signal is made of. */
const madeOf = new WeakMap<AbortSignal, readonly AbortSignal[]>()

/**
 * A signal that fires when any of these does. `AbortSignal.any` alone lets go of them: one of `AbortSignal.timeout` that
 * nobody else holds is collected, and never fires.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  const joined = AbortSignal.any([...signals])
  madeOf.set(joined, signals)
  return joined
}
