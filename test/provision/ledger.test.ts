import { readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
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

testLedger(t, 'file ledger that folds all the time', async t => {
  const path = join(t.testdir(), 'orders.json')
  const ledger = await fileLedger(path, { foldBytes: 1 })
  t.teardown(() => ledger[Symbol.asyncDispose]())
  return {
    ledger,
    async reopen() {
      const other = await fileLedger(path, { foldBytes: 1 })
      t.teardown(() => other[Symbol.asyncDispose]())
      return other
    },
  }
})

const put = (orderId: string) => ({
  entries: [{ table: 'orders', row: anOrder(orderId) } as const],
  result: undefined,
})

t.test('the files of a ledger are readable by their owner only', async t => {
  const path = join(t.testdir(), 'orders.json')
  await using ledger = await fileLedger(path, { foldBytes: 1 })
  await ledger.transact({ orderIds: ['A'] }, () => put('A'))
  for (const file of [path, `${path}.journal`]) t.equal(statSync(file).mode & 0o777, 0o600, file)
})

t.test('a journal line that was cut short is not there, and the ledger goes on', async t => {
  const path = join(t.testdir(), 'orders.json')
  {
    await using ledger = await fileLedger(path)
    await ledger.transact({ orderIds: ['A'] }, () => put('A'))
    await ledger.transact({ orderIds: ['B'] }, () => put('B'))
  }
  const journal = `${path}.journal`
  truncateSync(journal, readFileSync(journal).length - 10)
  await using ledger = await fileLedger(path)
  t.same(
    (await ledger.orders()).map(order => order.orderId),
    ['A'],
  )
  await ledger.transact({ orderIds: ['C'] }, () => put('C'))
  t.equal((await ledger.orders()).length, 2)
})

t.test('a ledger whose snapshot is missing beside its journal is refused, never empty', async t => {
  const path = join(t.testdir(), 'orders.json')
  {
    await using ledger = await fileLedger(path)
    await ledger.transact({ orderIds: ['A'] }, () => put('A'))
  }
  rmSync(path)
  await t.rejects(fileLedger(path), /missing beside its journal .*restore it/)
})
