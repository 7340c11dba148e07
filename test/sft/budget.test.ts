import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Clock } from '../../src/clock.ts'
import { type CallBudget, createCallBudget } from '../../src/sft/budget.ts'
import { memorySlots } from '../../src/sft/memory-slots.ts'
import { SIMULATED_ACCOUNT, startSimulator } from '../../src/simulator/index.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { errorOf, openSimulated } from './support.ts'

/** Time that passes only while everybody sleeps; `lateness` is how late a timer may be (ms). */
function virtualClock(
  lateness: (seed: number) => number = () => 0,
): Clock & { run(): Promise<void> } {
  let now = 1_000_000
  let timers = 0
  let sleepers: { readonly until: number; readonly wake: () => void }[] = []
  return {
    now: () => now,
    sleep: ms =>
      new Promise(resolve => {
        sleepers.push({ until: now + ms + lateness(timers++), wake: resolve })
      }),
    async run() {
      for (;;) {
        // Everything that can go on without time passing does so first.
        await new Promise(setImmediate)
        const next = sleepers.toSorted((a, b) => a.until - b.until)[0]
        if (next === undefined) return
        sleepers = sleepers.filter(sleeper => sleeper !== next)
        now = Math.max(now, next.until)
        next.wake()
      }
    },
  }
}

/** A pseudo-random number from 0 to 1 that is the same in every run. */
const noise = (seed: number): number => {
  const value = Math.sin(seed * 12.9898) * 43758.5453
  return value - Math.floor(value)
}

/** Most calls in any window of one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(
    ...times.map(start => times.filter(at => at >= start && at < start + 1000).length),
  )
}

async function callTimes(budget: CallBudget, clock: Clock, count: number): Promise<number[]> {
  const times: number[] = []
  await Promise.all(
    Array.from({ length: count }, async () => {
      const pass = await budget.enter(budget.ticket('normal', undefined))
      pass.take()
      pass.sent(clock.now())
      times.push(clock.now())
    }),
  )
  return times
}

for (const rate of [0.5, 1, 2, 7, 20, 500])
  t.test(`at ${rate} calls a second no window has more, the first included`, async t => {
    for (const lateness of [0, 3, 40]) {
      const clock = virtualClock(seed => Math.floor(noise(seed) * (lateness + 1)))
      const budget = createCallBudget({ callsPerSecond: rate, slots: memorySlots(clock), clock })
      const pending = callTimes(budget, clock, Math.max(10, rate * 4))
      await clock.run()
      const times = await pending
      const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000
      t.ok(mostInASecond(times) <= Math.max(1, rate), `timers up to ${lateness} ms late`)
      if (lateness < 10) {
        const used = (times.length - 1) / (rate * span)
        t.ok(used >= 0.95, `${(used * 100).toFixed(1)} % of the rate with ${lateness} ms`)
      }
    }
  })

t.test('a pause saves nothing up: who comes after it is spaced as ever', async t => {
  const clock = virtualClock()
  const budget = createCallBudget({ callsPerSecond: 5, slots: memorySlots(clock), clock })
  const first = callTimes(budget, clock, 3)
  await clock.run()
  void clock.sleep(60_000)
  await clock.run()
  const second = callTimes(budget, clock, 6)
  await clock.run()
  t.ok(mostInASecond([...(await first), ...(await second)]) <= 5)
})

t.test('without a rate nobody waits', async t => {
  const clock = virtualClock()
  const callsPerSecond = Number.POSITIVE_INFINITY
  const budget = createCallBudget({ callsPerSecond, slots: memorySlots(clock), clock })
  t.equal(new Set(await callTimes(budget, clock, 1000)).size, 1)
  t.equal(budget.calls(), 1000)
})

t.test('a traveller goes before all others, and a resent call before its lane', async t => {
  const clock = virtualClock()
  const budget = createCallBudget({ callsPerSecond: 10, slots: memorySlots(clock), clock })
  const resent = budget.ticket('normal', undefined)
  const order: string[] = []
  const waiting = [
    ...(['background', 'normal', 'normal', 'traveller'] as const).map(async (lane, at) => {
      await budget.enter(budget.ticket(lane, undefined))
      order.push(`${lane} ${at}`)
    }),
    budget.enter(resent).then(() => order.push('resent')),
  ]
  await clock.run()
  await Promise.all(waiting)
  t.same(order, ['traveller 3', 'resent', 'normal 1', 'normal 2', 'background 0'])
})

t.test('a time that is given back where nobody waits is there for other processes', async t => {
  const clock = virtualClock()
  const slots = memorySlots(clock)
  const open = () => createCallBudget({ callsPerSecond: 1, slots, clock })
  const [one, other] = [open(), open()] as const
  const began = clock.now()
  const pass = await one.enter(one.ticket('normal', undefined))
  pass.giveBack()
  const [at] = await Promise.all([callTimes(other, clock, 1), clock.run()])
  t.same(at, [began], 'its time is not lost')
})

t.test('who gives up while waiting leaves the place to the next', async t => {
  const clock = virtualClock()
  const budget = createCallBudget({ callsPerSecond: 1, slots: memorySlots(clock), clock })
  const stop = new AbortController()
  const take = async () => (await budget.enter(budget.ticket('normal', undefined))).take()
  const first = take()
  const given = errorOf(budget.enter(budget.ticket('normal', stop.signal)))
  const next = take()
  stop.abort()
  t.equal((await given).name, 'SftAbortedError')
  await clock.run()
  await Promise.all([first, next])
  t.equal(budget.calls(), 2)
  t.equal(
    (await errorOf(budget.enter(budget.ticket('normal', stop.signal)))).name,
    'SftAbortedError',
  )
})

for (const rate of [2, 21])
  t.test(`a hidden limit three times below ${rate} is found within ten seconds`, async t => {
    const clock = virtualClock()
    const budget = createCallBudget({ callsPerSecond: rate, slots: memorySlots(clock), clock })
    const hidden = rate / 3
    const windowMs = (Math.max(1, Math.floor(hidden)) / hidden) * 1000
    const began = clock.now()
    const admitted: number[] = []
    const refused: number[] = []
    const callers = Array.from({ length: 12 }, async () => {
      while (clock.now() < began + 60_000) {
        const ticket = budget.ticket('normal', undefined)
        for (let done = false; !done; ) {
          ;(await budget.enter(ticket)).take()
          const sentAt = clock.now()
          const inWindow = admitted.filter(at => at > sentAt - windowMs).length
          done = inWindow < Math.max(1, Math.floor(hidden))
          if (done) admitted.push(sentAt)
          else refused.push(sentAt)
          await clock.sleep(150)
          if (!done) budget.throttled(sentAt, undefined)
        }
      }
    })
    await clock.run()
    await Promise.all(callers)
    const after = (times: readonly number[]): number =>
      times.filter(at => at > began + 10_000).length
    t.ok(refused.length > 0, 'it was met')
    t.ok(
      after(refused) <= 0.1 * after(admitted),
      `${after(refused)} of ${after(admitted)} refused later`,
    )
    const used = after(admitted) / (50 * hidden)
    t.ok(used > 0.6, `${(used * 100).toFixed(0)} % of the hidden limit is used`)
  })

t.test(
  'the calls in flight when it is throttled halve the rate once; it then recovers',
  async t => {
    const clock = virtualClock()
    const budget = createCallBudget({ callsPerSecond: 8, slots: memorySlots(clock), clock })
    const sentAt = clock.now()
    void clock.sleep(100)
    await clock.run()
    for (let call = 0; call < 10; call++) budget.throttled(sentAt, undefined)
    t.equal(budget.currentRate(), 4)
    void clock.sleep(20_000)
    await clock.run()
    t.ok(budget.currentRate() > 6 && budget.currentRate() < 8, 'fast at first, then slowly')
    void clock.sleep(240_000)
    await clock.run()
    t.equal(budget.currentRate(), 8)
  },
)

t.test('Retry-After is waited for', async t => {
  const clock = virtualClock()
  const budget = createCallBudget({ callsPerSecond: 8, slots: memorySlots(clock), clock })
  const told = clock.now()
  budget.throttled(told, 5000)
  const pending = callTimes(budget, clock, 1)
  await clock.run()
  t.ok(((await pending)[0] ?? 0) >= told + 5000)
})

t.test('over HTTP the limiter never trips, and the latency is known', async t => {
  // Leeway: a busy machine delays calls by more than the spacing leaves. That the rate is used is shown above.
  await using simulator = await startSimulator({ callsPerSecond: 32, latencyMs: 40, sims: 1 })
  await using sft = openSimulated(simulator, { callsPerSecond: 25 })
  await Promise.all(Array.from({ length: 100 }, () => sft.read.customerProfile()))
  t.notOk(simulator.calls.some(({ outcome }) => outcome === 'throttled'))
  t.ok(sft.budget.latencySeconds() >= 0.03)
})

t.test('clients one after another and at once share the budget of a file', async t => {
  const budgetFile = join(t.testdir({ deeper: {} }), 'deeper', 'budget.json')
  const callsPerSecond = 10
  await using simulator = await startSimulator({ callsPerSecond: 12, sims: 1 })
  for (let run = 0; run < 4; run++) {
    await using sft = openSimulated(simulator, { callsPerSecond, budgetFile })
    await using other = openSimulated(simulator, { callsPerSecond, budgetFile })
    await Promise.all([
      sft.read.customerProfile(),
      sft.read.customerProfile(),
      other.read.customerProfile(),
    ])
  }
  t.equal(simulator.calls.length, 20)
  t.notOk(simulator.calls.some(({ outcome }) => outcome === 'throttled'))
  t.equal(statSync(budgetFile).mode & 0o777, 0o600)
  t.match(readFileSync(budgetFile, 'utf8'), /^\{"version":2,"times":\[[\d.,]+\].*\} *\n$/)
})

t.test('a damaged budget file, and the lock of a process that died, hold nobody up', async t => {
  const folder = t.testdir({ 'budget.json': '{"ne', 'budget.json.lock': '' })
  const budgetFile = join(folder, 'budget.json')
  await using simulator = await startSimulator({ callsPerSecond: 10, sims: 1 })
  await using sft = openSimulated(simulator, { callsPerSecond: 10, budgetFile })
  await sft.read.customerProfile()
  writeFileSync(budgetFile, JSON.stringify({ next: Date.now() + 86_400_000 }))
  await sft.read.customerProfile()
  t.equal(simulator.calls.length, 3)
})

t.test('two processes on one file keep the rate together', async t => {
  const place = join(t.testdir(), 'state.json')
  const callsPerSecond = 12
  // Each alone would keep within this, both without the file would not.
  await using simulator = await startSimulator({ callsPerSecond: 15, sims: 1 })
  const script = scriptBeside(import.meta, 'call-many')
  const args = [...script, simulator.url, place, String(callsPerSecond), '20']
  const ends = await Promise.all(
    [0, 1].map(async () => {
      const child = spawnNode(args)
      child.stderr.pipe(process.stderr)
      const [code] = await once(child, 'exit')
      return code
    }),
  )
  t.same(ends, [0, 0])
  t.equal(simulator.calls.length, 42)
  t.notOk(simulator.calls.some(({ outcome }) => outcome === 'throttled'))
})

t.test(
  'the time of a write whose announcement grew old goes to others while it is made anew',
  async t => {
    await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
    await using sft = openSimulated(simulator, { callsPerSecond: 4 })
    const networks = (await sft.read.networks()).items.slice(0, 1)
    let isOld = true
    let announced = 0
    const before = simulator.calls.length
    const write = sft.write.createRateZone(
      { name: 'Zone', destGroupId: SIMULATED_ACCOUNT.destGroupId, networks },
      {
        announcement: {
          isOld: () => isOld,
          async beforeSending() {
            announced += 1
            // Longer than a call may be late, and shorter than it is to the next one.
            if (isOld) await new Promise(resolve => setTimeout(resolve, 100))
            isOld = false
          },
        },
      },
    )
    const reads = [sft.read.customerProfile(), sft.read.customerProfile()]
    await Promise.all([write, ...reads])
    const sent = simulator.calls.slice(before)
    t.equal(sent[0]?.operation, 'GetCustomerProfile')
    t.equal(sent.length, 3)
    t.equal(announced, 2, 'once anew, and once before it was sent')
  },
)
