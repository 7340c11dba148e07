import pg from 'pg'
import t from 'tap'
import { openState, readState, withKeys } from '../../src/index.ts'
import { openLedger } from '../../src/provision/index.ts'
import { testLedger } from '../provision/ledger-contract.ts'
import { KEYS, keysOf, testEncrypted } from '../secrets/encrypted.ts'
import { testStateStore } from '../state/contract.ts'
import { noPostgres, startPostgres } from './server.ts'

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  let schemas = 0
  const place = (): string => {
    schemas += 1
    return `${server.url}?schema=secret_${schemas}`
  }

  /** Every row of every table, as a dump has them. */
  const atRest = async (address: string): Promise<string> => {
    const schema = new URL(address).searchParams.get('schema') ?? ''
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const { rows: tables } = await client.query<{ readonly name: string }>(
      'select table_name as name from information_schema.tables where table_schema = $1 order by 1',
      [schema],
    )
    const lines: string[] = []
    for (const { name } of tables) {
      // Locks and marks of transactions come and go.
      if (name === 'state_lock' || name === 'commits') continue
      const { rows } = await client.query<{ readonly line: string }>(
        `select row_to_json(one)::text as line from ${schema}.${name} as one order by 1`,
      )
      lines.push(...rows.map(({ line }) => `${name} ${line}`))
    }
    await client.end()
    return lines.join('\n')
  }

  testEncrypted(t, { name: 'PostgreSQL', place, atRest })

  // What a state and a ledger promise holds without keys too: stores.test.ts.
  const skip = process.env['STORE_CONTRACTS'] === undefined && 'npm run test:all has it'
  if (skip === false) testContracts()
  else t.test('an encrypted state and an encrypted ledger as others', { skip }, async () => {})

  function testContracts(): void {
    const key = keysOf(t, KEYS.one)
    testStateStore('encrypted PostgreSQL state', {
      place,
      open: address => withKeys(key, () => openState(address)),
      read: address => withKeys(key, () => readState(address)),
    })

    testLedger(t, 'encrypted PostgreSQL ledger', async t => {
      const address = place()
      const open = async () => {
        const ledger = await withKeys(key, () => openLedger(address))
        t.teardown(() => ledger[Symbol.asyncDispose]())
        return ledger
      }
      return { ledger: await open(), reopen: open }
    })
  }
}
