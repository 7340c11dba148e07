/**
 * A process that calls: base URL, place of the budget, calls a second, seconds, and `stands` where it stands still right
 * before it writes: then it goes on when all others do that stand, every fourth second.
 */
import { subscribe } from 'node:diagnostics_channel'
import { openSft } from '../../src/sft/client.ts'
import { sharedSlots } from '../../src/stores/budgets.ts'

const PERIOD_MS = 4000
const STILL_MS = 2000
const [baseUrl = '', place = '', rate = '', seconds = '', how = ''] = process.argv.slice(2)
await using sft = openSft({
  baseUrl,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number(rate),
  slots: sharedSlots(place, { account: 'late' }),
})
await sft.read.customerProfile()
if (how === 'stands')
  subscribe('undici:request:create', () => {
    const left = PERIOD_MS - (Date.now() % PERIOD_MS)
    if (left < STILL_MS) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left)
  })
const end = performance.now() + Number(seconds) * 1000
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() < end) await sft.read.customerProfile()
  }),
)
