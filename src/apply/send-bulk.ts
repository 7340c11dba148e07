import { instantOf } from '../clock.ts'
import type { Spec } from '../model.ts'
import type { CreateChange } from '../plan/plan.ts'
import { kindOf } from '../resources/kinds.ts'
import { agingAnnouncement } from '../sft/announcement.ts'
import type { BulkRow } from '../sft/api.ts'
import { SftError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { intentDraft } from '../state/state.ts'
import { draftRecord, formerId } from './create-object.ts'
import {
  type ApplyRun,
  announce,
  concluded,
  newIntent,
  resolveReferences,
  StoppedError,
} from './run.ts'

/** A bulk call that was answered, row by row. */
export interface Sent {
  readonly rows: readonly BulkRow[]
  readonly intentId: string
  readonly sentAt: number
}

/** A bulk call that was refused, or whose outcome is unknown. */
export interface NotSent {
  readonly error: SftError
  readonly intentId: string
  readonly sentAt: number
}

/** Announces and sends one bulk call. */
export async function sendBulk(
  run: ApplyRun,
  changes: readonly CreateChange[],
): Promise<Sent | NotSent | 'stopped'> {
  try {
    return await announceAndSendBulk(run, changes)
  } catch (error) {
    if (error instanceof StoppedError) return 'stopped'
    throw error
  }
}

function announceAndSendBulk(
  run: ApplyRun,
  changes: readonly CreateChange[],
): Promise<Sent | NotSent> {
  const kind = kindOf(changes[0]?.kind ?? '')
  const { bulk } = kind
  if (bulk === undefined) throw new TypeError(`no call creates many ${kind.plural}`)
  return run.slot(kind.kind)(async () => {
    const specs = changes.map(change => specOf(run, change))
    const drafts = changes.map((change, at) =>
      intentDraft(
        change.kind,
        change.key,
        change.key,
        draftRecord(run, kind, change, specs[at] ?? change.spec),
        formerId(change),
      ),
    )
    let intent = newIntent(run, bulk.operation, 'create', drafts)
    const made = instantOf(run.clock)
    await announce(run, intent)
    const announcement = agingAnnouncement(run.clock, made, async () => {
      await run.store.append(concluded(intent.id, 'failed'))
      intent = newIntent(run, bulk.operation, 'create', drafts)
      await announce(run, intent)
    })
    const sentAt = () => announcement.sent()?.wall ?? run.clock.now()
    try {
      const rows = await run.send(() =>
        bulk.create(
          run.sft,
          changes.map(({ key, spec }, at) => ({ key, spec: specs[at] ?? spec })),
          { announcement },
        ),
      )
      return { rows, intentId: intent.id, sentAt: sentAt() }
    } catch (error) {
      if (!(error instanceof SftError)) throw error
      if (error instanceof SftUnknownOutcomeError)
        return { error, intentId: intent.id, sentAt: error.sentAt }
      await run.store.append(concluded(intent.id, 'failed'))
      return { error, intentId: intent.id, sentAt: sentAt() }
    }
  })
}

/** What an endpoint is to be, its references resolved. */
export const specOf = (run: ApplyRun, change: CreateChange): Spec =>
  resolveReferences(change.spec, run.store.state)
