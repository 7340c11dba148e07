import type { Clock } from '../clock.ts'
import { numberIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import { memorySlots, type SlotRequest, type SlotSource, type Slots } from '../sft/slots.ts'
import type { BudgetOptions } from '../stores/store.ts'
import { type Database, openDatabase } from './database.ts'

/**
 * One row an account, by the database's clock, in milliseconds since the epoch: `$2` is how long the wanted slots
 * take, `$3` the time before which there is none, `$4` and `$5` begin and end of slots that were not used, which are
 * taken back if nobody was given later ones since.
 */
const RESERVE = `insert into budgets as b (account, next_ms)
  values ($1, greatest($3::float8, ${now()}) + $2::float8)
  on conflict (account) do update set next_ms = $2::float8 + greatest($3::float8, ${now()},
    case when abs(b.next_ms - $5::float8) < 0.5 then $4::float8 else least(b.next_ms, ${now()} + ${300_000}) end)
  returning next_ms - $2::float8 as at, ${now()} as now`

const RELEASE = `update budgets set next_ms = $2::float8 where account = $1 and abs(next_ms - $3::float8) < 0.5`

function now(): string {
  return '(1000 * extract(epoch from clock_timestamp()))::float8'
}

/** How long the difference of two clocks is taken for what it was, in milliseconds. */
const DIFFERENCE_HOLDS_MS = 60_000

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

function slotsIn(database: Database, account: string, clock: Clock): SlotSource {
  /** What is to be added to a time of the database for one of this process. */
  let difference: { readonly ms: number; readonly until: number } | undefined
  const timesOf = ({ at, stepMs, left }: Slots): readonly [number, number] => {
    const begin = at - (difference?.ms ?? 0)
    return [begin, begin + left * stepMs]
  }
  return {
    async reserve({ stepMs, count, notBefore, unused }) {
      const began = clock.now()
      const spare = unused === undefined || unused.left === 0 ? [0, -1] : timesOf(unused)
      const earliest = notBefore - (difference?.ms ?? 0)
      const [row] = await database.ask(RESERVE, account, count * stepMs, earliest, ...spare)
      const ended = clock.now()
      if (difference === undefined || ended > difference.until)
        difference = {
          ms: (began + ended) / 2 - numberIn(row, 'now'),
          until: ended + DIFFERENCE_HOLDS_MS,
        }
      return { at: numberIn(row, 'at') + difference.ms, stepMs, left: count }
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
