import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fileLedger, memoryLedger } from '../../src/provision/index.ts'
import { anOrder, testLedger } from './ledger-contract.ts'

testLedger(t, 'memory ledger', async () => ({ ledger: memoryLedger() }))

testLedger(t, 'file ledger', async t => {
  const path = join(t.testdir(), 'orders.json')
  const ledger = await fileLedger(path)
  t.teardown(() => ledger[Symbol.asyncDispose]())
  return {
    ledger,
    async reopen() {
      const other = await fileLedger(path)
      t.teardown(() => other[Symbol.asyncDispose]())
      return other
    },
  }
})

const put = (orderId: string) => ({
  entries: [{ table: 'orders', row: anOrder(orderId) } as const],
  result: undefined,
})

t.test('the files of a ledger are readable by their owner only, at every moment', async t => {
  const folder = t.testdir()
  const path = join(folder, 'orders.json')
  const ledger = await fileLedger(path)
  await ledger.transact({ orderIds: ['A'] }, () => put('A'))
  for (const name of readdirSync(folder))
    t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  t.same(readdirSync(folder).sort(), [
    'orders.json',
    'orders.json-shm',
    'orders.json-wal',
    'orders.json.serial',
  ])
  await ledger[Symbol.asyncDispose]()
  t.same(readdirSync(folder).sort(), ['orders.json', 'orders.json.serial'])
})
