import type { Learnt } from '../state/state.ts'
import type { ApplyRun } from './run.ts'

/** Decides, across all operations of a run, whether bulk calls may be sent. */
export interface BulkUse {
  /**
   * True: larger bulk calls may be sent. `tryOne` makes the account's first one, with a single endpoint;
   * it is asked by one operation at a time, again while nothing was learnt, and answers undefined where
   * there is no endpoint left to try with.
   */
  readonly decide: (tryOne: () => Promise<Lesson> | undefined) => Promise<boolean>
}

/** What a trial came to; `learnt` stands in the state by then. */
export type Lesson = 'learnt' | 'row refused' | 'unclear'

/** So many trials of unknown outcome in one run; then single calls go on. */
const UNCLEAR_TRIALS = 3

/** Bulk calls by mode and by what was learnt; in `auto` a first one is tried with one endpoint. */
export function openBulkUse(run: ApplyRun): BulkUse {
  let trial: Promise<void> | undefined
  let unclear = 0
  const learnt = (): Learnt['bulk'] => run.store.state.learnt.bulk
  const begin = (tryOne: () => Promise<Lesson> | undefined): Promise<void> | undefined => {
    const started = unclear < UNCLEAR_TRIALS ? tryOne() : undefined
    return started
      ?.then(lesson => {
        if (lesson === 'unclear') unclear += 1
      })
      .finally(() => {
        trial = undefined
      })
  }
  return {
    decide: async tryOne => {
      if (run.sft.bulkMode !== 'auto') return run.sft.bulkMode === 'on'
      while (learnt() === undefined && !run.stop.aborted) {
        trial ??= begin(tryOne)
        if (trial === undefined) return false
        await trial
      }
      return learnt() === 'works'
    },
  }
}

const LEARNT_MESSAGE = {
  works: 'endpoints can be created in bulk (tried with one, read back)',
  unknown: 'this account does not know CreateBulkEndPoint: endpoints are created by single calls',
  wrong:
    'CreateBulkEndPoint answered success, but its endpoint did not read back: endpoints are created by single calls',
} as const

/** Keeps what was learnt of bulk calls, and says it once. */
export async function learn(run: ApplyRun, bulk: NonNullable<Learnt['bulk']>): Promise<void> {
  if (run.store.state.learnt.bulk === bulk) return
  await run.store.append({ type: 'learn', learnt: { ...run.store.state.learnt, bulk } })
  run.emit({ type: 'learnt', message: LEARNT_MESSAGE[bulk] })
}
