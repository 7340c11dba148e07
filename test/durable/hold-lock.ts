// Run as a process of its own by the lock tests: takes the lock and holds it until it is killed; or tells
// who has it. `LOCK WAIT_MS`
import { writeSync } from 'node:fs'
import { acquireLock } from '../../src/durable/lock.ts'

const [lock = '', waitMs = '0'] = process.argv.slice(2)
try {
  await acquireLock(lock, { waitMs: Number(waitMs), purpose: 'holding' })
  writeSync(1, 'held\n')
  setInterval(() => undefined, 1000)
} catch (error) {
  writeSync(1, `${String(error)}\n`)
}
