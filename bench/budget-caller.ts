/**
 * A process that calls: base URL, place of the budget, calls a second, lane, seconds, milliseconds between two calls (0:
 * as many as it may), and how many at once, ten by default. Prints how long each call waited for its turn, as JSON.
 */
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane } from '../src/sft/api.ts'
import { openSft } from '../src/sft/client.ts'
import { sharedSlots } from '../src/stores/budgets.ts'

// Whoever started it goes first.
setPriority(0)
const [baseUrl = '', place = '', rate = '', lane = '', seconds = '', every = '', atOnce = '10'] =
  process.argv.slice(2)
await using sft = openSft({
  baseUrl,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number(rate),
  slots: sharedSlots(place, { account: 'bench' }),
})
const options = { lane: lane as Lane }
await sft.read.customerProfile(options)
const end = performance.now() + Number(seconds) * 1000
const waits: number[] = []
const call = async (): Promise<void> => {
  const began = performance.now()
  await sft.read.customerProfile(options)
  waits.push(Math.round(performance.now() - began))
}
const work = async (): Promise<void> => {
  while (performance.now() < end) {
    await call()
    if (Number(every) > 0) await sleep(Number(every) * (0.5 + Math.random()))
  }
}
await Promise.all(Array.from({ length: Number(every) > 0 ? 1 : Number(atOnce) }, work))
console.log(JSON.stringify(waits))
