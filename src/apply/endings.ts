import type { Address } from '../model.ts'
import { SftUnknownOutcomeError } from '../sft/errors.ts'
import type { WriteOutcome } from '../sft/write-and-settle.ts'
import type { Result } from './report.ts'
import { type ApplyRun, StoppedError } from './run.ts'
import type { EndedWrite } from './write-object.ts'

interface Addressed {
  readonly address: Address
  readonly kind: Result['kind']
}

/** Work that ends as deferred where the run is told to stop before it is sent. */
export async function unlessStopped(
  change: Addressed,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoppedError) return deferred(change, error.message)
    throw error
  }
}

export const deferred = (change: Addressed, message: string): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'deferred',
  message,
})

export const failed = (change: Addressed, message: string): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'failed',
  message,
})

/** A write that did not end well, as a result. */
export function unfinished(
  run: Pick<ApplyRun, 'stop'>,
  change: Addressed,
  outcome: Exclude<WriteOutcome<unknown>, { readonly is: 'done' }> | EndedWrite,
): Result {
  if (outcome.is === 'ended') return failed(change, outcome.message)
  if (outcome.is === 'failed') {
    const unsent = outcome.error instanceof SftUnknownOutcomeError && run.stop.aborted
    if (!unsent) return failed(change, outcome.error.message)
    return deferred(
      change,
      'not there after its time; the run was told to stop before it was sent again',
    )
  }
  return deferred(
    change,
    `outcome not known yet, the next run looks for it first: ${outcome.error.message}; ${outcome.reason}`,
  )
}
