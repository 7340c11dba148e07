// Run as a process of its own by the lock tests: `LOCK FILE TIMES`. Under the lock, reads the last number
// in the file and adds the next one; numbers that repeat show two owners at once.
import { appendFileSync, readFileSync, writeSync } from 'node:fs'
import { withShortLock } from '../../src/durable/lock.ts'

const [lock = '', file = '', times = '0'] = process.argv.slice(2)
writeSync(1, 'ready\n')
for (let n = 0; n < Number(times); n++)
  await withShortLock(lock, () => {
    const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)
    appendFileSync(file, `${Number(last) + 1}\n`)
  })
