import type { RetireChange } from '../plan/plan.ts'
import { type Kind, RetirementRefusedError } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import { type WriteOutcome, writeAndSettle } from '../sft/write-and-settle.ts'
import { recordOf } from '../state/records.ts'
import { intentDraft } from '../state/state.ts'
import { failed, unfinished, unlessStopped } from './endings.ts'
import type { Result } from './report.ts'
import { retiredEntry } from './retired-entry.ts'
import { type ApplyRun, announce, concluded, newIntent } from './run.ts'

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
  let intentId = ''
  let outcome: WriteOutcome<true>
  try {
    outcome = await writeAndSettle<true>(
      {
        announce: async () => {
          const intent = newIntent(run, retirement.operation, 'retire', [
            intentDraft(name, key, key, record(), id),
          ])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: announcement =>
          run.send(async () => {
            await retirement.retire(withAnnouncement(run.sft, announcement), id, key)
            return true as const
          }),
        find: isRetired,
        // Somebody was faster, or it was done all the same: what is out of use is retired.
        findRefused: isRetired,
        conclude: (intent, ending) => run.store.append(concluded(intent, ending)),
        settleSeconds: run.sft.settleSeconds(retirement.operation),
        slot: run.slot(name),
        onSettling: error =>
          run.emit({
            type: 'settling',
            operation: retirement.operation,
            addresses: [address],
            message: error.message,
          }),
      },
      run.clock,
      run.stop,
    )
  } catch (error) {
    if (!(error instanceof RetirementRefusedError)) throw error
    await run.store.append(concluded(intentId, 'failed'))
    return failed(change, error.message)
  }
  if (outcome.is !== 'done') return unfinished(run, change, outcome)
  await run.store.append(concluded(intentId, 'done'), retiredEntry(name, key, record(), id))
  return { address, kind: name, status: 'done', action: 'retire', id }
}
