import { setMaxListeners } from 'node:events'
import { endpointIn, readSims } from '../account/read-sims.ts'
import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import {
  allThere,
  type Finding,
  mapFinding,
  notKnown,
  notThere,
  seenIn,
  there,
} from '../finding.ts'
import type { Catalog } from '../model.ts'
import { AmbiguousNameError, type Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { ANNOUNCEMENT_MS } from '../sft/announcement.ts'
import type { Sft } from '../sft/api.ts'
import { settle } from '../sft/write-and-settle.ts'
import { idOf, recordOf, withId } from '../state/records.ts'
import type { Intent, IntentDraft, StateEntry, StateStore } from '../state/state.ts'
import { putEntry } from '../state/state.ts'
import { withWireOf } from '../with-wire.ts'
import { freshReader } from './fresh-reads.ts'
import { retiredEntry } from './retired-entry.ts'
import { concluded } from './run.ts'

/**
 * A write may have waited so long for its turn in the run that announced it, by a clock that may differ
 * from this one by ten minutes.
 */
const HELD_SECONDS = ANNOUNCEMENT_MS / 1000 + 600

/** What became of an announced write whose end an earlier run did not see. */
export interface SettledIntent {
  readonly intent: Intent
  readonly found: readonly string[]
  readonly absent: readonly string[]
  /** Neither found nor known to be absent: the announcement stands, and is looked for again. */
  readonly notKnown: readonly string[]
}

export interface SettlePendingOptions {
  /** Default: real time. */
  readonly clock?: Clock
  /** Rows of a page of the SIM stock. Default: what the client is set to (contract 4.6). */
  readonly pageSize?: number
  /** Longest an announced write may have waited for its turn in the run that announced it. By default so long that none is missed. */
  readonly heldSeconds?: number
  readonly signal?: AbortSignal
  /**
   * The catalog that is applied, by whose `account.wire` plans are read. Without it a plan that seems to lack what it was
   * given is not known.
   */
  readonly catalog?: Pick<Catalog, 'account'>
  readonly onSettled?: (settled: SettledIntent) => void
}

/** The latest time (epoch ms) by which a run that begins now has settled announced writes, or leaves them as not known. */
export const settledBy = (intents: readonly Intent[], now: number): number =>
  Math.max(now, ...intents.map(intent => deadlineOf(intent, now, HELD_SECONDS)))

const deadlineOf = (intent: Intent, now: number, heldSeconds: number): number =>
  Math.min(now, Date.parse(intent.at) + heldSeconds * 1000) + intent.settleSeconds * 1000

/**
 * Settles every announced and unconfirmed write of earlier runs by reading, before anything is planned:
 * what is found gets its ID into the state, what is absent after its time never happened, and where the
 * account does not tell, the announcement stands. An edit is only waited for, since planning compares it
 * with the account again. Throws what reading throws, once nothing is under way any more.
 */
export async function settlePending(
  sft: Sft,
  store: StateStore,
  options: SettlePendingOptions = {},
): Promise<void> {
  const { clock = SYSTEM_CLOCK, pageSize = sft.form.pageSize, heldSeconds = HELD_SECONDS } = options
  const read = freshReader(withWireOf(sft, options.catalog).read)
  const knowsWords = options.catalog !== undefined
  // Each announced write listens to it while it is looked for.
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const started = clock.now()
  const ended = await Promise.allSettled(
    Object.values(store.state.pending).map(intent => settleIntent(intent)),
  )
  for (const end of ended) if (end.status === 'rejected') throw end.reason

  async function settleIntent(intent: Intent): Promise<void> {
    const deadline = deadlineOf(intent, started, heldSeconds)
    const open = new Set(intent.drafts.filter(draft => !isRecorded(store, draft)))
    const found: IntentDraft[] = []
    const look = async (): Promise<Finding<true>> => {
      const findings = await findEntries(read, store, intent, [...open], { pageSize, knowsWords })
      const entries = [...findings].flatMap(([draft, finding]) =>
        finding.kind === 'there' ? [{ draft, entry: finding.value }] : [],
      )
      if (entries.length > 0) await store.append(...entries.map(({ entry }) => entry))
      for (const { draft } of entries) {
        open.delete(draft)
        found.push(draft)
      }
      return allThere([...findings.values()])
    }
    const settled = await settle(look, deadline, clock, options.signal)
    const name = (draft: IntentDraft) => `${draft.kind}/${draft.key}`
    const left = [...open].map(name)
    const isKnown = settled.kind !== 'not known'
    if (isKnown) await store.append(concluded(intent.id, found.length > 0 ? 'done' : 'absent'))
    options.onSettled?.({
      intent,
      found: found.map(name),
      absent: isKnown ? left : [],
      notKnown: isKnown ? [] : left,
    })
  }
}

/** A draft whose object the state has already: of a bulk, those that were answered for. */
function isRecorded(store: StateStore, draft: IntentDraft): boolean {
  const record = recordOf(store.state, `${draft.kind}/${draft.key}`)
  return record !== undefined && draft.id !== idOf(kindOf(draft.kind), record)
}

/** How the account is looked at. */
interface Looking {
  readonly pageSize: number
  /** The account is read by the words of a catalog: what a plan seems to lack, it lacks. */
  readonly knowsWords: boolean
}

type Findings<Value> = ReadonlyMap<IntentDraft, Finding<Value>>

/** What the effect of an announced write, as far as it is seen on the account, means for the state. */
async function findEntries(
  read: Sft['read'],
  store: StateStore,
  intent: Intent,
  drafts: readonly IntentDraft[],
  how: Looking,
): Promise<Findings<StateEntry>> {
  switch (intent.action) {
    case 'update':
      return new Map(drafts.map(draft => [draft, notThere('an edit is compared by planning')]))
    case 'retire':
      return await findRetired(read, store, drafts)
    case 'create':
    case 'replace': {
      const findings = await findDrafts(read, drafts, how)
      const entryOf = (draft: IntentDraft, id: string) =>
        putEntry(draft.kind, draft.key, withId(kindOf(draft.kind), draft.record, id))
      return new Map(
        [...findings].map(([draft, finding]) => [
          draft,
          mapFinding(finding, id => entryOf(draft, id)),
        ]),
      )
    }
  }
}

async function findRetired(
  read: Sft['read'],
  store: StateStore,
  drafts: readonly IntentDraft[],
): Promise<Findings<StateEntry>> {
  const findings = new Map<IntentDraft, Finding<StateEntry>>()
  for (const draft of drafts) {
    const { kind, key, naturalKey, id } = draft
    const record = recordOf(store.state, `${kind}/${key}`)
    const { retirement } = kindOf(kind)
    findings.set(
      draft,
      id === undefined || record === undefined || retirement === undefined
        ? notThere('the state does not have it any more')
        : mapFinding(await retirement.isRetired(read, id, naturalKey), () =>
            retiredEntry(kind, key, record, id),
          ),
    )
  }
  return findings
}

async function findDrafts(
  read: Sft['read'],
  drafts: readonly IntentDraft[],
  { pageSize, knowsWords }: Looking,
): Promise<Findings<string>> {
  const findings = new Map<IntentDraft, Finding<string>>()
  // What stood there before is not what the write made.
  const take = (draft: IntentDraft, finding: Finding<string>) =>
    findings.set(
      draft,
      seenIn(finding, `${draft.naturalKey} is the one from before`, id =>
        id === draft.id ? undefined : id,
      ),
    )
  const bySim = drafts.filter(draft => kindOf(draft.kind).identity === 'iccid')
  if (bySim.length > 1) {
    const iccids = bySim.map(draft => draft.naturalKey)
    const listing = await readSims(read, iccids, { pageSize, confirm: true })
    for (const draft of bySim) take(draft, endpointIn(listing, draft.naturalKey))
  }
  await Promise.all(
    drafts.map(async draft => {
      if (bySim.length > 1 && bySim.includes(draft)) return
      take(draft, await findOne(read, draft, knowsWords))
    }),
  )
  return findings
}

async function findOne(
  read: Sft['read'],
  draft: IntentDraft,
  knowsWords: boolean,
): Promise<Finding<string>> {
  const kind: Kind = kindOf(draft.kind)
  try {
    const found = await kind.find(read, draft.naturalKey)
    if (found.kind !== 'there') return found
    const { id, spec } = found.value
    if (kind.unfit?.(draft.record.spec, spec) === undefined) return there(id)
    // What does not have what its making must have given it is nothing that may be sold.
    const what = `${kind.title} "${draft.naturalKey}"`
    return knowsWords
      ? notThere(`${what} does not have what it was given`)
      : notKnown(`whether ${what} has what it was given takes the catalog's account.wire`)
  } catch (error) {
    // Two of one name: nobody can tell which is ours. The plan blocks the entry and says so.
    if (error instanceof AmbiguousNameError) return notThere(error.message)
    throw error
  }
}
