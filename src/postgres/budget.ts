import { rateSpacedBy } from '../call-rate.ts'
import type { Clock } from '../clock.ts'
import { numberIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { memorySlots } from '../sft/memory-slots.ts'
import { sharedPaceSlots } from '../sft/shared-slots.ts'
import type { SlotRequest, SlotSource, Slots } from '../sft/slots.ts'
import type { BudgetOptions } from '../stores/store.ts'
import { type Database, openDatabase } from './database.ts'
import { prepared } from './query.ts'

const TAKE = prepared(
  'select at_ms, step_ms, now_ms, wait_ms from take_slots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
)
const SENT = prepared('select note_sent($1, $2, $3)')
const RELEASE = 'select give_back($1, $2, $3)'
const NOW = 'select 1000 * extract(epoch from clock_timestamp())::float8 as now_ms'

/** How long the difference of two clocks is taken for what it was, in milliseconds. */
const DIFFERENCE_HOLDS_MS = 60_000
/** How well it must be known before the first call, if so many questions tell (ms). */
const WELL_KNOWN_MS = 3
const QUESTIONS = 20
/** Of so many slots it is remembered by which difference they were told. */
const REMEMBERED = 256

/** The call times of an account that all share who name the same database, whichever machine they run on. */
export async function openPostgresBudget(
  address: string,
  { account, clock, onAlone }: BudgetOptions,
): Promise<SlotSource> {
  const database = await openDatabase(address)
  // A reader makes no tables: where there are none, no writer has used the account from here.
  if (onAlone === undefined) await database.prepare()
  else if (!(await database.isPrepared())) return memorySlots(clock)
  const shared = slotsIn(database, account, clock)
  return onAlone === undefined ? shared : orAlone(shared, clock, onAlone)
}

/** What is to be added to a time of the database for one of this process, and how well it is known (ms). */
interface Difference {
  readonly ms: number
  readonly within: number
  readonly until: number
}

function slotsIn(database: Database, account: string, clock: Clock): SlotSource {
  const difference = differenceOf(database, clock)
  /** Slots that were told, and what was added to them. */
  let told: readonly { readonly at: number; readonly end: number; readonly ms: number }[] = []

  /** The time of the database that was told as this one. */
  const toldAs = (at: number): number =>
    at - (told.findLast(run => at > run.at - 1 && at < run.end)?.ms ?? difference.ms())
  const timesOf = ({ at, stepMs, left }: Slots): readonly number[] => {
    const first = toldAs(at)
    return Array.from({ length: left }, (_, k) => first + k * stepMs)
  }

  return sharedPaceSlots(
    {
      async take({ process, lane, waitedMs, stepMs, count, notBefore, unused, leadMs }) {
        await difference.learn()
        const began = clock.now()
        const [row] = await database.ask(
          TAKE,
          account,
          process,
          lane,
          waitedMs,
          rateSpacedBy(stepMs),
          count,
          notBefore - difference.ms(),
          unused === undefined ? [] : timesOf(unused),
          unused?.stepMs ?? 0,
          leadMs,
        )
        difference.note(began, clock.now(), numberIn(row, 'now_ms'))
        if (typeof row?.['at_ms'] !== 'number') return { waitMs: numberIn(row, 'wait_ms') }
        const ms = difference.ms()
        const slots = { at: row['at_ms'] + ms, stepMs: numberIn(row, 'step_ms'), left: count }
        told = [...told, { at: slots.at, end: slots.at + count * slots.stepMs, ms }].slice(
          -REMEMBERED,
        )
        return { slots }
      },
      async sent(calls) {
        const then = calls.map(([at]) => toldAs(at))
        const sent = calls.map(([at, sentAt], index) => (then[index] ?? 0) + sentAt - at)
        await database.ask(SENT, account, then, sent)
      },
      async release(unused) {
        await database.ask(RELEASE, account, timesOf(unused), unused.stepMs)
      },
      vagueMs: () => 2 * difference.withinMs(),
      async close() {
        await database[Symbol.asyncDispose]()
      },
    },
    clock,
  )
}

/** How this process's clock differs from the database's: by the fastest answer of the last minute. */
function differenceOf(database: Database, clock: Clock) {
  let known: Difference | undefined
  const isWellKnown = () => known !== undefined && known.within <= WELL_KNOWN_MS

  function note(began: number, ended: number, then: number): void {
    const within = (ended - began) / 2
    const ms = began + within - then
    // Where both cannot be true, a clock was set.
    const isSet = known !== undefined && Math.abs(ms - known.ms) > within + known.within + 1
    if (known === undefined || isSet || ended > known.until || within < known.within)
      known = { ms, within, until: ended + DIFFERENCE_HOLDS_MS }
  }

  return {
    note,
    /** So that no time of the database is taken for an earlier one than it is. */
    ms: () => (known === undefined ? 0 : known.ms + known.within),
    withinMs: () => known?.within ?? 0,
    /** Makes it known well enough for the first call. */
    async learn(): Promise<void> {
      if (known !== undefined) return
      for (let asked = 0; asked < QUESTIONS && !isWellKnown(); asked++) {
        const began = clock.now()
        const [row] = await database.ask(NOW)
        note(began, clock.now(), numberIn(row, 'now_ms'))
      }
    },
  }
}

/** Shared as long as the database lets this reader; alone at half the rate otherwise, since others may use the rest. */
function orAlone(shared: SlotSource, clock: Clock, onAlone: (message: string) => void): SlotSource {
  const own = memorySlots(clock)
  let isAlone = false
  const halved = (request: SlotRequest) => own.reserve({ ...request, stepMs: 2 * request.stepMs })
  return {
    ...shared,
    async reserve(request) {
      if (isAlone) return halved(request)
      try {
        return await shared.reserve(request)
      } catch (error) {
        if (!(error instanceof PlainError)) throw error
        isAlone = true
        onAlone(
          `the account's rate cannot be shared with others (${error.message}): going on alone, at half the rate`,
        )
        return halved(request)
      }
    },
    sent: (at, sentAt) => (isAlone ? own : shared).sent?.(at, sentAt),
    release: unused => (isAlone ? own : shared).release(unused),
  }
}
