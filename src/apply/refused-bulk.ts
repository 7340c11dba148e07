import { endpointIn, readSims } from '../account/read-sims.ts'
import { type Finding, notKnown } from '../finding.ts'
import type { CreateChange } from '../plan/plan.ts'
import { SftError } from '../sft/errors.ts'
import { takeOver } from './create-object.ts'
import { failed } from './endings.ts'
import type { Tell } from './report.ts'
import type { ApplyRun } from './run.ts'
import { specOf } from './send-bulk.ts'

/**
 * Endpoints of a refused bulk that are still to be made. Those that are there all the same, made by it or
 * by somebody, are told: recorded where they fit.
 */
export async function withoutThose(
  run: ApplyRun,
  members: readonly CreateChange[],
  tell: Tell,
): Promise<readonly CreateChange[]> {
  const findings = await endpointsOf(run, members)
  const open: CreateChange[] = []
  await Promise.all(
    members.map(async (change, at) => {
      const found = findings[at]
      if (found?.kind === 'not there') open.push(change)
      else if (found?.kind === 'there')
        tell(
          (await takeOver(run, change, specOf(run, change))) ??
            failed(change, 'refused, and its SIM had an endpoint for a moment'),
        )
      else tell(failed(change, `refused, and why could not be read: ${found?.reason}`))
    }),
  )
  return open
}

/** The endpoints that SIMs have by now, in their order. */
async function endpointsOf(
  run: ApplyRun,
  members: readonly CreateChange[],
): Promise<readonly Finding<string>[]> {
  const iccids = members.map(change => change.key)
  try {
    const listing = await readSims(run.sft.read, iccids, { pageSize: run.pageSize, confirm: true })
    return iccids.map(iccid => endpointIn(listing, iccid))
  } catch (error) {
    if (!(error instanceof SftError)) throw error
    return iccids.map(() => notKnown(error.message))
  }
}
