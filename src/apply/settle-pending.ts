import { readSims } from '../observe.ts'
import { AmbiguousNameError, type Kind, putEntry } from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
import { type Clock, settle } from '../sft/once.ts'
import {
  type AnyRecord,
  type Intent,
  type IntentDraft,
  idOf,
  recordOf,
  type StateEntry,
  type StateStore,
} from '../state/state.ts'
import { freshReader } from './fresh-reads.ts'
import { retiredEntry } from './retired-entry.ts'
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
 * only waited for, since planning compares it with the account again. Throws what reading throws, once
 * nothing is under way any more.
 */
export async function settlePending(
  sft: Sft,
  store: StateStore,
  options: SettlePendingOptions,
): Promise<void> {
  const read = freshReader(sft.read)
  const started = options.clock.now()
  const ended = await Promise.allSettled(
    Object.values(store.state.pending).map(intent => settleIntent(intent)),
  )
  for (const end of ended) if (end.status === 'rejected') throw end.reason

  async function settleIntent(intent: Intent): Promise<void> {
    const sentBy = Math.min(started, Date.parse(intent.at) + options.heldSeconds * 1000)
    const deadline = sentBy + intent.settleSeconds * 1000
    const open = new Set(intent.drafts.filter(draft => !isRecorded(store, draft)))
    const found: IntentDraft[] = []
    const look = async (): Promise<true | undefined> => {
      const entries = await findEntries(read, store, intent, [...open], options.pageSize)
      if (entries.size > 0) await store.append(...entries.values())
      for (const draft of entries.keys()) {
        open.delete(draft)
        found.push(draft)
      }
      return open.size === 0 ? true : undefined
    }
    await settle(look, deadline, options.clock, options.signal)
    await store.append(concluded(intent.id, found.length > 0 ? 'done' : 'absent'))
    const name = (draft: IntentDraft) => `${draft.kind}/${draft.key}`
    options.onSettled?.({ intent, found: found.map(name), absent: [...open].map(name) })
  }
}

/** A draft whose object the state has already: of a bulk, those that were answered for. */
function isRecorded(store: StateStore, draft: IntentDraft): boolean {
  const record = recordOf(store.state, `${draft.kind}/${draft.key}`)
  return record !== undefined && draft.id !== idOf(record)
}

/** What the effect of an announced write, as far as it is seen on the account, means for the state. */
async function findEntries(
  read: Sft['read'],
  store: StateStore,
  intent: Intent,
  drafts: readonly IntentDraft[],
  pageSize: number,
): Promise<ReadonlyMap<IntentDraft, StateEntry>> {
  const entries = new Map<IntentDraft, StateEntry>()
  switch (intent.action) {
    case 'update':
      break
    case 'retire':
      for (const draft of drafts) {
        const { kind, key, naturalKey, id } = draft
        const record = recordOf(store.state, `${kind}/${key}`)
        if (id === undefined || record === undefined) continue
        if (await KINDS[kind].retirement?.isRetired(read, id, naturalKey))
          entries.set(draft, retiredEntry(kind, key, record, id))
      }
      break
    case 'create':
    case 'replace':
      for (const [draft, id] of await findDrafts(read, drafts, pageSize))
        entries.set(draft, putEntry(draft.kind, draft.key, withId(draft.record, id)))
  }
  return entries
}

async function findDrafts(
  read: Sft['read'],
  drafts: readonly IntentDraft[],
  pageSize: number,
): Promise<ReadonlyMap<IntentDraft, string>> {
  const ids = new Map<IntentDraft, string>()
  // What stood there before is not what the write made.
  const take = (draft: IntentDraft, id: string | undefined) => {
    if (id !== undefined && id !== draft.id) ids.set(draft, id)
  }
  const bySim = drafts.filter(draft => KINDS[draft.kind].identity === 'iccid')
  if (bySim.length > 1) {
    const sims = await readSims(
      read,
      bySim.map(draft => draft.naturalKey),
      pageSize,
    )
    for (const draft of bySim) take(draft, sims.get(draft.naturalKey)?.endpointId)
  }
  await Promise.all(
    drafts.map(async draft => {
      if (bySim.length > 1 && bySim.includes(draft)) return
      take(draft, await findOne(read, draft))
    }),
  )
  return ids
}

async function findOne(read: Sft['read'], draft: IntentDraft): Promise<string | undefined> {
  const kind: Kind = KINDS[draft.kind]
  try {
    return (await kind.find(read, draft.naturalKey))?.id
  } catch (error) {
    // Two of one name: nobody can tell which is ours. The plan blocks the entry and says so.
    if (error instanceof AmbiguousNameError) return undefined
    throw error
  }
}

function withId(record: AnyRecord, id: string): AnyRecord {
  if ('planId' in record) return { ...record, planId: id }
  if ('endpointId' in record) return { ...record, endpointId: id }
  return { ...record, id }
}
