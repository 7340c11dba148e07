import type { RetireChange } from '../plan/plan.ts'
import { type Kind, RetirementRefusedError } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { recordOf } from '../state/records.ts'
import { intentDraft } from '../state/state.ts'
import { failed, unfinished, unlessStopped } from './endings.ts'
import type { Result } from './report.ts'
import { retiredEntry } from './retired-entry.ts'
import { type ApplyRun, concluded } from './run.ts'
import { writeObject } from './write-object.ts'

/** Takes an object out of use, having read its state in this run. */
export const retireObject = (run: ApplyRun, change: RetireChange): Promise<Result> =>
  unlessStopped(change, () => retire(run, change))

async function retire(run: ApplyRun, change: RetireChange): Promise<Result> {
  const { kind: name, key, address, id } = change
  const kind: Kind = kindOf(name)
  const { retirement } = kind
  const record = () => recordOf(run.store.state, address) ?? change.record
  if (retirement === undefined)
    return failed(change, kind.manualRetirement ?? `no call retires a ${kind.title}`)
  const isRetired = () => retirement.isRetired(run.sft.read, id, key)
  const outcome = await writeObject<true>(run, change, {
    operation: retirement.operation,
    action: 'retire',
    draft: () => intentDraft(name, key, key, record(), id),
    async send(sft) {
      await retirement.retire(sft, id, key)
      return true
    },
    find: isRetired,
    // Somebody was faster, or it was done all the same: what is out of use is retired.
    findRefused: isRetired,
    endsBy: error => (error instanceof RetirementRefusedError ? 'failed' : undefined),
  })
  if (outcome.is !== 'done') return unfinished(run, change, outcome)
  await run.store.append(concluded(outcome.intentId, 'done'), retiredEntry(name, key, record(), id))
  return { address, kind: name, status: 'done', action: 'retire', id }
}
