/** A worker that sweeps for as long as it may: `sweep-alone.ts ADDRESS`. It says when it begins, and when it lost it. */
import { once } from 'node:events'
import { aloneIn } from '../../src/postgres/alone.ts'

await aloneIn(process.argv[2] ?? '', 'usage', async lost => {
  console.log('begun')
  await once(lost, 'abort')
  console.log('lost')
})
