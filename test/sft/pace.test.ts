import t from 'tap'
import type { Clock } from '../../src/clock.ts'
import type { Lane } from '../../src/sft/api.ts'
import { createCallBudget } from '../../src/sft/budget.ts'
import { type Ask, createPace } from '../../src/sft/pace.ts'
import { sharedPaceSlots } from '../../src/sft/shared-slots.ts'
import { mostInASecond } from '../most-in-a-second.ts'
import { randomOf } from '../random.ts'

const SEED = Number(process.env['PACE_SEED'] ?? Date.now() % 2 ** 31)

/** Time that passes only while everybody waits; each wait takes longer than it should, as on a busy machine. */
class Time {
  now = 1_000_000
  readonly #end: number
  readonly #waiting: { readonly until: number; readonly wake: () => void }[] = []

  constructor(seconds: number) {
    this.#end = this.now + seconds * 1000
  }

  get isOver(): boolean {
    return this.now >= this.#end
  }

  wait(ms: number): Promise<void> {
    return new Promise(wake => {
      const until = this.now + ms
      let at = this.#waiting.length
      while (at > 0 && (this.#waiting[at - 1]?.until ?? 0) <= until) at -= 1
      this.#waiting.splice(at, 0, { until, wake })
    })
  }

  async run(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
      const next = this.#waiting.pop()
      if (next === undefined || next.until > this.#end) return
      this.now = Math.max(this.now, next.until)
      next.wake()
    }
  }
}

interface Machine {
  /** How late timers are, how long an answer of the place takes, and how long a call is under way (ms). */
  readonly late: () => number
  readonly asked: () => number
  readonly underWay: () => number
}

interface Caller {
  readonly lane: Lane
  /** Milliseconds between two calls; 0: ten at once, as many as it may. */
  readonly every: number
}

interface Told {
  readonly arrivals: number[]
  /** When each caller's calls were sent, and how long they waited. */
  readonly sent: (readonly { readonly at: number; readonly waited: number }[])[]
}

/** Callers in processes of their own, on one place: what the platform sees of them. */
async function model(
  rate: number,
  seconds: number,
  callers: readonly Caller[],
  { late, asked, underWay }: Machine,
): Promise<Told> {
  const time = new Time(seconds)
  const pace = createPace()
  const arrivals: number[] = []
  const sent = callers.map(({ lane, every }) => {
    const clock: Clock = { now: () => time.now, sleep: ms => time.wait(ms + late()) }
    const answered = async <Result>(work: () => Result): Promise<Result> => {
      await time.wait(asked() / 2)
      const result = work()
      await time.wait(asked() / 2)
      return result
    }
    const slots = sharedPaceSlots(
      {
        take: (ask: Ask) => answered(() => pace.take(ask, time.now)),
        sent: calls =>
          answered(() => {
            for (const [at, sentAt] of calls) pace.sent(at, sentAt)
          }),
        release: unused => answered(() => pace.release(unused)),
      },
      clock,
    )
    const budget = createCallBudget({ callsPerSecond: rate, slots, clock })
    const own: { readonly at: number; readonly waited: number }[] = []
    const call = async (): Promise<void> => {
      const since = time.now
      const ticket = budget.ticket(lane, undefined)
      for (;;) {
        const pass = await budget.enter(ticket)
        if (pass.take()) {
          const ms = underWay()
          pass.sent(time.now + ms * 0.5)
          arrivals.push(time.now + ms)
          own.push({ at: time.now, waited: time.now - since })
          await time.wait(ms + 50)
          return
        }
      }
    }
    const work = async (): Promise<void> => {
      while (!time.isOver) {
        await call()
        if (every > 0) await time.wait(every)
      }
    }
    for (let n = 0; n < (every > 0 ? 1 : 10); n++) void work()
    return own
  })
  await time.run()
  return { arrivals: arrivals.toSorted((a, b) => a - b), sent }
}

const BACKLOG: Caller = { lane: 'background', every: 0 }
const SEVEN: readonly Caller[] = [
  { lane: 'traveller', every: 2000 },
  { lane: 'normal', every: 3000 },
  ...Array.from({ length: 5 }, () => BACKLOG),
]

/** Mostly a little, now and then much. */
const usually = (random: () => number, ms: number, much: number) => () =>
  random() < 0.05 ? random() * much : random() * ms

for (const rate of [2, 20, 200])
  t.test(`seven processes at ${rate} calls a second on a busy machine, seed ${SEED}`, async t => {
    const random = randomOf(SEED)
    const seconds = rate === 200 ? 20 : 60
    const { arrivals, sent } = await model(rate, seconds, SEVEN, {
      late: usually(random, 8, 60),
      asked: usually(random, 12, 80),
      underWay: usually(random, 5, 30),
    })
    t.ok(mostInASecond(arrivals) <= rate, `${mostInASecond(arrivals)} in a second`)
    const begin = (arrivals[0] ?? 0) + 2000
    const used = arrivals.filter(at => at > begin).length / (seconds - 2) / rate
    t.ok(used >= 0.9, `${(100 * used).toFixed(1)} % used`)
    for (const [index, own] of sent.entries()) {
      const times = own.map(({ at }) => at)
      const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
      t.ok(Math.max(...gaps) < 16_000, `process ${index}: ${times.length} calls`)
    }
    const waits = sent[0]?.map(({ waited }) => waited).toSorted((a, b) => a - b) ?? []
    const most = Math.max(1500 / rate, 300)
    t.ok(
      (waits[waits.length >> 1] ?? 0) <= most,
      `a traveller waits ${waits[waits.length >> 1]} ms`,
    )
  })

for (const { rate, most, nearlyAll } of [
  { rate: 20, most: 40, nearlyAll: 120 },
  { rate: 200, most: 20, nearlyAll: 40 },
])
  t.test(
    `at ${rate} calls a second a traveller waits for the next time beside a backlog that takes all, seed ${SEED}`,
    async t => {
      const random = randomOf(SEED)
      const some = (ms: number) => () => random() * ms
      const callers: readonly Caller[] = [
        { lane: 'traveller', every: 500 },
        BACKLOG,
        BACKLOG,
        BACKLOG,
      ]
      const machine = { late: some(1), asked: some(4), underWay: some(2) }
      const { arrivals, sent } = await model(rate, 30, callers, machine)
      const begin = (arrivals[0] ?? 0) + 2000
      const used = arrivals.filter(at => at > begin).length / 28 / rate
      t.ok(used >= 0.93, `${(100 * used).toFixed(1)} % used`)
      t.ok(mostInASecond(arrivals) <= rate, `${mostInASecond(arrivals)} in a second`)
      const waits = sent[0]?.map(({ waited }) => waited).toSorted((a, b) => a - b) ?? []
      const at = (share: number) => waits[Math.floor(waits.length * share)] ?? 0
      t.ok(at(0.5) <= most, `half of them waited ${at(0.5).toFixed(0)} ms at most`)
      t.ok(at(0.9) <= nearlyAll, `nine in ten waited ${at(0.9).toFixed(0)} ms at most`)
    },
  )
