import t from 'tap'
import { openState, readState } from '../../src/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { testLedger } from '../provision/ledger-contract.ts'
import { testStateStore } from '../state/contract.ts'
import { noPostgres, startPostgres } from './server.ts'

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  let schemas = 0
  const place = (): string => {
    schemas += 1
    return `${server.url}?schema=shop_${schemas}`
  }

  testStateStore('PostgreSQL state', { place, open: openState, read: readState })

  testLedger(t, 'PostgreSQL ledger', async t => {
    const address = place()
    const open = async () => {
      const ledger = await openLedger(address)
      t.teardown(() => ledger[Symbol.asyncDispose]())
      return ledger
    }
    return { ledger: await open(), reopen: open }
  })
}
