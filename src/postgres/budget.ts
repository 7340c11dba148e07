import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { numberIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import {
  memorySlots,
  SLOT_SLACK_MS,
  type SlotRequest,
  type SlotSource,
  type Slots,
} from '../sft/slots.ts'
import type { BudgetOptions } from '../stores/store.ts'
import { type Database, openDatabase } from './database.ts'

const TAKE = 'select * from take_slots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)'

const RELEASE =
  'update budgets set next_ms = $2::float8 where account = $1 and abs(next_ms - $3::float8) < 0.5'

/** How long the difference of two clocks is taken for what it was, in milliseconds. */
const DIFFERENCE_HOLDS_MS = 60_000

/** Call times are given so long before they come at most (ms): later, somebody more urgent may want them. */
const AHEAD_MS = 20
/** Whoever waits asks again after so long at most (ms), with the lane that is the first then. */
const ASK_AGAIN_MS = 100

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
  const process = randomUUID()
  let difference: Difference | undefined
  /** How much later than the database says a slot must be, since its answer takes so long. */
  let lead = 0

  const learn = (began: number, ended: number, then: number): Difference => {
    const within = (ended - began) / 2
    lead = Math.max(0, 2 * within - SLOT_SLACK_MS / 2)
    if (difference === undefined || ended > difference.until || within < difference.within)
      difference = { ms: began + within - then, within, until: ended + DIFFERENCE_HOLDS_MS }
    return difference
  }

  const timesOf = ({ at, stepMs, left }: Slots): readonly [number, number] => {
    const begin = at - (difference?.ms ?? 0)
    return [begin, begin + left * stepMs]
  }

  return {
    async reserve({ stepMs, count, notBefore, unused, lane = () => 0 }) {
      const since = clock.now()
      let spare = unused === undefined || unused.left === 0 ? ([0, -1] as const) : timesOf(unused)
      for (;;) {
        const began = clock.now()
        const earliest = notBefore - (difference?.ms ?? 0)
        const [row] = await database.ask(
          TAKE,
          account,
          process,
          lane(),
          began - since,
          stepMs,
          count,
          earliest,
          ...spare,
          lead,
          lead + AHEAD_MS,
        )
        const { ms } = learn(began, clock.now(), numberIn(row, 'now_ms'))
        if (typeof row?.['at_ms'] === 'number')
          return { at: row['at_ms'] + ms, stepMs, left: count }
        spare = [0, -1]
        await clock.sleep(Math.min(Math.max(numberIn(row, 'wait_ms'), 1), ASK_AGAIN_MS))
      }
    },
    async release(unused) {
      if (unused.left > 0) await database.ask(RELEASE, account, ...timesOf(unused))
    },
    async close() {
      await database[Symbol.asyncDispose]()
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
    release: unused => (isAlone ? own.release(unused) : shared.release(unused)),
  }
}
