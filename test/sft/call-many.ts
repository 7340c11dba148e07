/** Makes calls in a process of its own: base URL, budget file, calls a second, number of calls. */
import { openSft } from '../../src/sft/client.ts'

const [baseUrl = '', budgetFile = '', rate = '', count = ''] = process.argv.slice(2)
await using sft = openSft({
  baseUrl,
  budgetFile,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number(rate),
})
await Promise.all(Array.from({ length: Number(count) }, () => sft.read.customerProfile()))
