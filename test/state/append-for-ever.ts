// Run as a process of its own by the crash tests: appends until it is killed, telling each acknowledged
// serial. `PATH WIDTH FOLD_EVERY`
import { writeSync } from 'node:fs'
import { openFileState } from '../../src/state/file-store.ts'
import { putEndpoint } from './records.ts'

const [path = '', width = '1', foldEvery = '0'] = process.argv.slice(2)
const store = await openFileState(path, { purpose: 'append for ever' })
writeSync(1, `open ${store.state.serial}\n`)
let next = store.state.serial

async function appendAll(): Promise<never> {
  for (;;) {
    const key = `key-${next++}`
    await store.append(putEndpoint(key, `E-${key}`))
    writeSync(1, `${key}\n`)
    if (Number(foldEvery) > 0 && next % Number(foldEvery) === 0) await store.fold()
  }
}
await Promise.all(Array.from({ length: Number(width) }, appendAll))
