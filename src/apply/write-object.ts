import type { Finding } from '../finding.ts'
import type { Change } from '../plan/plan.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import type { OperationName, Sft } from '../sft/api.ts'
import { type WriteOutcome, writeAndSettle } from '../sft/write-and-settle.ts'
import type { Intent, IntentDraft } from '../state/state.ts'
import { type ApplyRun, announce, concluded, newIntent } from './run.ts'

/** The write of one object: what it would leave, how it is sent, and how its effect is looked for. */
export interface ObjectWrite<Result> {
  readonly operation: OperationName
  readonly action: Intent['action']
  /** The record that its success would leave, as it is when the write is announced. */
  readonly draft: () => IntentDraft
  readonly send: (sft: Sft) => Promise<Result>
  readonly find: () => Promise<Finding<Result>>
  readonly findRefused: () => Promise<Finding<Result>>
  /** What may be thrown on the way that ends the write for good, and as what it then ends. */
  readonly endsBy?: (error: unknown) => 'failed' | 'absent' | undefined
}

/** A write that an error ended for good: nothing of it is open. */
export interface EndedWrite {
  readonly is: 'ended'
  readonly message: string
}

/** How a write of an object ended. */
export type ObjectOutcome<Result> =
  | EndedWrite
  | (WriteOutcome<Result> & { readonly intentId: string })

/** Announces the write of one object in the state, sends it, and settles what is unclear. */
export async function writeObject<Result>(
  run: ApplyRun,
  { kind, address }: Pick<Change, 'kind' | 'address'>,
  write: ObjectWrite<Result>,
): Promise<ObjectOutcome<Result>> {
  const { operation } = write
  let intentId = ''
  try {
    const outcome = await writeAndSettle<Result>(
      {
        announce: async () => {
          const intent = newIntent(run, operation, write.action, [write.draft()])
          await announce(run, intent)
          intentId = intent.id
          return intent.id
        },
        send: announcement => run.send(() => write.send(withAnnouncement(run.sft, announcement))),
        find: write.find,
        findRefused: write.findRefused,
        conclude: (id, ending) => run.store.append(concluded(id, ending)),
        settleSeconds: run.sft.settleSeconds(operation),
        slot: run.slot(kind),
        onSettling: ({ message }) =>
          run.emit({ type: 'settling', operation, addresses: [address], message }),
      },
      run.clock,
      run.stop,
    )
    return { ...outcome, intentId }
  } catch (error) {
    const ending = write.endsBy?.(error)
    if (ending === undefined || !(error instanceof Error)) throw error
    await run.store.append(concluded(intentId, ending))
    return { is: 'ended', message: error.message }
  }
}
