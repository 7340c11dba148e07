import { readSims } from '../observe.ts'
import { type Kind, putEntry } from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
import { type Clock, settle } from '../sft/once.ts'
import {
  type AnyRecord,
  type Intent,
  type IntentDraft,
  idOf,
  recordOf,
  type StateStore,
} from '../state/state.ts'
import { freshReader } from './fresh-reads.ts'
import { concluded } from './run.ts'

/** What became of an announced write whose end an earlier run did not see. */
export interface SettledIntent {
  readonly intent: Intent
  readonly found: readonly string[]
  readonly absent: readonly string[]
}

export interface SettlePendingOptions {
  readonly clock: Clock
  readonly pageSize: number
  /** Longest an announced write may have waited for its turn in the run that announced it. */
  readonly heldSeconds: number
  readonly signal?: AbortSignal
  readonly onSettled?: (settled: SettledIntent) => void
}

/**
 * Settles every announced and unconfirmed write of earlier runs by reading, before anything is planned:
 * what is found gets its ID into the state, what is absent after its time never happened. An edit is
 * only waited for, since planning compares it with the account again.
 */
export async function settlePending(
  sft: Sft,
  store: StateStore,
  options: SettlePendingOptions,
): Promise<void> {
  const read = freshReader(sft.read)
  const started = options.clock.now()
  await Promise.all(
    Object.values(store.state.pending).map(async intent => {
      const sentBy = Math.min(started, Date.parse(intent.at) + options.heldSeconds * 1000)
      const deadline = sentBy + intent.settleSeconds * 1000
      const open = intent.drafts.filter(draft => !isRecorded(store, draft))
      const found: IntentDraft[] = []
      const look = async (): Promise<true | undefined> => {
        if (intent.action === 'update' || intent.action === 'retire') return undefined
        const missing = open.filter(draft => !found.includes(draft))
        const ids = await findDrafts(read, missing, options.pageSize)
        const entries = missing.flatMap(draft => {
          const id = ids.get(draft)
          if (id === undefined) return []
          found.push(draft)
          return [putEntry(draft.kind, draft.key, withId(draft.record, id))]
        })
        if (entries.length > 0) await store.append(...entries)
        return found.length === open.length ? true : undefined
      }
      await settle(look, deadline, options.clock, options.signal)
      await store.append(concluded(intent.id, found.length > 0 ? 'done' : 'absent'))
      const name = (draft: IntentDraft) => `${draft.kind}/${draft.key}`
      options.onSettled?.({
        intent,
        found: found.map(name),
        absent: open.filter(draft => !found.includes(draft)).map(name),
      })
    }),
  )
}

/** A draft whose object the state has already: the end was recorded before the run died. */
function isRecorded(store: StateStore, draft: IntentDraft): boolean {
  const record = recordOf(store.state, `${draft.kind}/${draft.key}`)
  return (
    record !== undefined &&
    idOf(record) !== '' &&
    record.name === draft.record.name &&
    record.revision === draft.record.revision
  )
}

async function findDrafts(
  read: Sft['read'],
  drafts: readonly IntentDraft[],
  pageSize: number,
): Promise<Map<IntentDraft, string>> {
  const ids = new Map<IntentDraft, string>()
  const bySim = drafts.filter(draft => KINDS[draft.kind].identity === 'iccid')
  if (bySim.length > 1) {
    const sims = await readSims(
      read,
      bySim.map(draft => draft.naturalKey),
      pageSize,
    )
    for (const draft of bySim) {
      const id = sims.get(draft.naturalKey)?.endpointId
      if (id !== undefined) ids.set(draft, id)
    }
  }
  await Promise.all(
    drafts.map(async draft => {
      if (bySim.length > 1 && bySim.includes(draft)) return
      const kind: Kind = KINDS[draft.kind]
      const found = await kind.find(read, draft.naturalKey)
      if (found !== undefined) ids.set(draft, found.id)
    }),
  )
  return ids
}

function withId(record: AnyRecord, id: string): AnyRecord {
  if ('planId' in record) return { ...record, planId: id }
  if ('endpointId' in record) return { ...record, endpointId: id }
  return { ...record, id }
}
