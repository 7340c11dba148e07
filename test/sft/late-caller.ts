/**
 * A process that calls: base URL, place of the budget, calls a second, seconds, and for how long (ms) it stands still right
 * before it writes every third call.
 */
import { subscribe } from 'node:diagnostics_channel'
import { openSft } from '../../src/sft/client.ts'
import { sharedSlots } from '../../src/stores/budgets.ts'

const [baseUrl = '', place = '', rate = '', seconds = '', still = ''] = process.argv.slice(2)
await using sft = openSft({
  baseUrl,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number(rate),
  slots: sharedSlots(place, { account: 'late' }),
})
await sft.read.customerProfile()
let calls = 0
if (Number(still) > 0)
  subscribe('undici:request:create', () => {
    calls += 1
    if (calls % 3 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(still))
  })
const end = performance.now() + Number(seconds) * 1000
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() < end) await sft.read.customerProfile()
  }),
)
