import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { mostInASecond } from '../most-in-a-second.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { openSimulated } from './support.ts'

/** Stands still as a process does that is stopped. */
const standStill = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Once, between the moment a call is given to the HTTP client and the one it is written. */
function stopBeforeWriting(work: () => void): void {
  const channel = 'undici:request:create'
  const stop = (): void => {
    unsubscribe(channel, stop)
    work()
  }
  subscribe(channel, stop)
}

t.test('a call whose process stood still before it was written leaves at a new time', async t => {
  const outcomes: string[] = []
  await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
  await using sft = openSimulated(simulator, {
    callsPerSecond: 2,
    onCall: ({ operation, outcome }) => outcomes.push(`${operation} ${outcome}`),
  })
  await sft.read.customerProfile()
  outcomes.length = 0
  const before = simulator.calls.length
  stopBeforeWriting(() => standStill(1200))
  const began = Date.now()
  await sft.read.customerProfile()
  t.same(outcomes, ['GetCustomerProfile answered'])
  t.equal(simulator.calls.length, before + 1)
  t.equal(sft.budget.calls(), simulator.calls.length, 'a time that was given back is not counted')
  t.ok((simulator.calls.at(-1)?.at ?? 0) - began >= 1200)
})

t.test('what is given up while it is held back is not sent', async t => {
  await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
  await using sft = openSimulated(simulator, { callsPerSecond: 1 })
  await sft.read.customerProfile()
  const before = simulator.calls.length
  const stop = new AbortController()
  stopBeforeWriting(() => {
    standStill(300)
    stop.abort()
  })
  await t.rejects(sft.read.customerProfile({ signal: stop.signal }), { name: 'SftAbortedError' })
  await sft.read.customerProfile()
  t.equal(simulator.calls.length, before + 1)
})

t.test(
  'a call that the HTTP client would send again, of itself, is sent once, and that is said',
  async t => {
    await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
    await using sft = openSimulated(simulator, {
      callsPerSecond: 100,
      retryDelaysSeconds: [],
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        return url.includes('GetCustomerProfile') ? await fetch(url, init) : answer
      },
    })
    await t.rejects(sft.read.customerProfile(), { message: /not sent a second time/ })
    t.equal(simulator.calls.filter(call => call.operation === 'GetCustomerProfile').length, 1)
  },
)

t.test('processes that stand still before they write keep the rate together', async t => {
  const RATE = 5
  const place = join(t.testdir(), 'state.json')
  await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
  const ends = await Promise.all(
    ['stands', 'stands', 'stands', 'goes'].map(async how => {
      const words = [simulator.url, place, String(RATE), '7', how]
      const child = spawnNode([...scriptBeside(import.meta, 'late-caller'), ...words])
      child.stderr.pipe(process.stderr)
      const [code] = await once(child, 'exit')
      return code
    }),
  )
  t.same(ends, [0, 0, 0, 0])
  // A machine at work sees calls up to a tenth of a second late; what stood still is late by more than a second.
  const most = mostInASecond(simulator.calls.map(({ at }) => at / 0.9))
  t.ok(most <= RATE, `${most} of ${simulator.calls.length} calls in a second`)
})
