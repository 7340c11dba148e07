import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testProcesses } from './selling-processes.ts'

testProcesses(t, 'embedded ledger', t => {
  const folder = t.testdir()
  return {
    state: join(folder, 'state.json'),
    ledger: join(folder, 'orders.json'),
    left: () => readdirSync(folder).filter(name => name.endsWith('.tmp')),
  }
})
