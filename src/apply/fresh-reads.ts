import type { ReportedPlan, ReportedRateZone, SftReader } from '../sft/api.ts'

/**
 * A read shared by all who asked before it was sent, and by nobody who asked after: settling many writes
 * at once costs one list read a round, and none of them sees an answer older than its question.
 */
export function shareReads<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let waiting: Promise<Value> | undefined
  let running: Promise<unknown> = Promise.resolve()
  return () => {
    if (waiting === undefined) {
      const started = running.then(() => {
        waiting = undefined
        return read()
      })
      waiting = started
      running = started.catch(error => error)
    }
    return waiting
  }
}

/** A reader whose list reads are shared. */
export function freshReader(read: SftReader): SftReader {
  const rateZones = shareReads<readonly ReportedRateZone[]>(() => read.rateZones())
  const addonPlans = shareReads<readonly ReportedPlan[]>(() => read.addonPlans())
  return { ...read, rateZones, addonPlans }
}
