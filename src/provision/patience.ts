import { anySignal } from '../any-signal.ts'
import type { Patience } from './api.ts'

/** The signal of a caller who waits so long and no longer; undefined: for ever. */
export function signalOf({ signal, timeoutSeconds }: Patience): AbortSignal | undefined {
  if (timeoutSeconds === undefined) return signal
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  return signal === undefined ? timeout : anySignal([signal, timeout])
}

/** A signal that the end of the provisioner fires too. */
export function closingSignal(closing: AbortSignal, patience: Patience): AbortSignal {
  const signal = signalOf(patience)
  return signal === undefined ? closing : anySignal([closing, signal])
}
