/** Makes calls in a process of its own: base URL, place of the budget, calls a second, number of calls. */
import { openSft } from '../../src/sft/client.ts'
import { sharedSlots } from '../../src/stores/budgets.ts'

const [baseUrl = '', place = '', rate = '', count = ''] = process.argv.slice(2)
await using sft = openSft({
  baseUrl,
  slots: sharedSlots(place, { account: 'simulator' }),
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number(rate),
})
await Promise.all(Array.from({ length: Number(count) }, () => sft.read.customerProfile()))
