import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { openSimulated } from './support.ts'

/** Stands still as a process does that is stopped. */
const standStill = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Once, between the moment a call is given to the HTTP client and the one it is written. */
function stopBeforeWriting(ms: number): void {
  const channel = 'undici:request:create'
  const stop = (): void => {
    unsubscribe(channel, stop)
    standStill(ms)
  }
  subscribe(channel, stop)
}

t.test('a call whose process stood still before it was written is not sent, but again', async t => {
  const outcomes: string[] = []
  await using simulator = await startSimulator({ callsPerSecond: 1e9, sims: 1 })
  await using sft = openSimulated(simulator, {
    onCall: ({ operation, outcome }) => outcomes.push(`${operation} ${outcome}`),
  })
  await sft.read.customerProfile()
  outcomes.length = 0
  const before = simulator.calls.length
  stopBeforeWriting(3200)
  await sft.read.customerProfile()
  t.same(outcomes, ['GetCustomerProfile unconnected', 'GetCustomerProfile answered'])
  t.equal(simulator.calls.length, before + 1)
  outcomes.length = 0
  stopBeforeWriting(300)
  await sft.read.customerProfile()
  t.same(outcomes, ['GetCustomerProfile answered'], 'a short while is no reason')
})
