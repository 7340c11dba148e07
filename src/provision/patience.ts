import type { Patience } from './api.ts'

/** The signal of a caller who waits so long and no longer; undefined: for ever. */
export function signalOf({ signal, timeoutSeconds }: Patience): AbortSignal | undefined {
  if (timeoutSeconds === undefined) return signal
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

/** A signal that the end of the provisioner fires too. */
export function closingSignal(closing: AbortSignal, patience: Patience): AbortSignal {
  const signal = signalOf(patience)
  return signal === undefined ? closing : AbortSignal.any([closing, signal])
}
