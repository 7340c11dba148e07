/** What a fleet's database shows of it while it works. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../src/postgres/database.ts'

/** Whether any process waited for its time in the account's rate. */
interface Look {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly waits: boolean
}

export interface Watch {
  /** Orders that are delivered or cancelled. */
  countEnded(): Promise<number>
  end(): Promise<Watched>
}

interface Watched {
  readonly looks: readonly Look[]
  /** For how long (ms) the simulator was busy at most: so much later than it came a call may have been seen. */
  readonly busyMs: number
}

const LOOK_MS = 50
/** A moment between two calls in which nobody waits for the next one yet is no lack of work (ms). */
const MOMENT_MS = 150
/** In a shorter time (ms) one call more or less would decide. */
const SPELL_MS = 5000

/** Looks again and again, beside the simulator. */
export async function watchFleet(place: string): Promise<Watch> {
  const database = await openDatabase(place)
  await database.prepare()
  const looks: Look[] = []
  const busy = monitorEventLoopDelay({ resolution: 1 })
  busy.enable()
  let hasEnded = false
  const look = async (): Promise<void> => {
    while (!hasEnded) {
      const [row] = await database.ask(
        'select count(*) as n from budget_waits where until_ms > 1000 * extract(epoch from clock_timestamp())',
      )
      looks.push({ at: Date.now(), waits: Number(row?.['n']) > 0 })
      await sleep(LOOK_MS)
    }
  }
  const looking = look()
  return {
    async countEnded() {
      const [row] = await database.ask(
        "select count(*) as n from orders where status in ('delivered', 'cancelled')",
      )
      return Number(row?.['n'])
    },
    async end() {
      hasEnded = true
      await looking
      busy.disable()
      await database[Symbol.asyncDispose]()
      return { looks, busyMs: busy.max / 1e6 }
    },
  }
}

/** Times from and to which somebody waited all the while. */
function spellsOf(looks: readonly Look[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = []
  for (const { at, waits } of looks) {
    if (!waits) continue
    const last = found.at(-1)
    if (last !== undefined && at - last[1] <= MOMENT_MS) last[1] = at
    else found.push([at, at])
  }
  return found.filter(([from, to]) => to - from >= SPELL_MS)
}

/** Which share of the rate was used while somebody waited, and for how many seconds that was. */
export function usedWhileWaiting(
  looks: readonly Look[],
  times: readonly number[],
  rate: number,
): { readonly used: number; readonly seconds: number } {
  const spells = spellsOf(looks)
  const seconds = spells.reduce((sum, [from, to]) => sum + to - from, 0) / 1000
  const calls = times.filter(at => spells.some(([from, to]) => at > from && at <= to)).length
  return { used: seconds === 0 ? 1 : calls / seconds / rate, seconds }
}
