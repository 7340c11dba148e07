import t from 'tap'
import { migrateStore, openState, readState, type StateEntry } from '../../src/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { watchState } from '../../src/stores/states.ts'
import { testLedger } from '../provision/ledger-contract.ts'
import { testStateStore } from '../state/contract.ts'
import { intent, putEndpoint, putZone } from '../state/records.ts'
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

  t.test(
    'who watches a state sees what came since, whatever it is, as who reads it whole',
    async t => {
      const address = place()
      const watch = await watchState(address)
      t.same((await watch()).endpoints, {}, 'nothing was ever written')
      await using store = await openState(address)
      const steps: readonly StateEntry[] = [
        putEndpoint('893200', '1'),
        putZone('europe', '7'),
        { type: 'intent', intent: intent('i-1') },
        putEndpoint('893201', '2'),
        { type: 'conclude', id: 'i-1', outcome: 'done' },
        { type: 'learn', learnt: { bulk: 'works' } },
        { type: 'account', account: { host: 'sft.example' } },
        putEndpoint('893200', '3'),
        { type: 'remove', kind: 'endpoint', key: '893201' },
        putEndpoint('893202', '4'),
      ]
      let before = await watch()
      for (const [n, step] of steps.entries()) {
        await store.append(step)
        const now = await watch()
        t.same(now, await readState(address), `step ${n}: ${step.type}`)
        if (step.type === 'intent')
          t.equal(
            now.endpoints,
            before.endpoints,
            'records that did not change are the same object',
          )
        before = now
      }
      await store.append(putEndpoint('893203', '5'), {
        type: 'remove',
        kind: 'rateZone',
        key: 'europe',
      })
      await store.append(putEndpoint('893204', '6'))
      t.same(await watch(), await readState(address), 'several at once')
    },
  )

  t.test('who watches a state that went and came back sees it as it came', async t => {
    const [address, other] = [place(), place()]
    const move = (from: string, to: string) =>
      migrateStore({ from, to, part: 'state', confirm: () => true })
    const write = async (at: string, ...entries: readonly StateEntry[]) => {
      await using store = await openState(at)
      await store.append(...entries)
    }
    await write(address, putEndpoint('893200', '1'), putEndpoint('893201', '2'))
    const watch = await watchState(address)
    await watch()
    await move(address, other)
    await write(
      other,
      { type: 'remove', kind: 'endpoint', key: '893200' },
      putEndpoint('893201', '9'),
    )
    await move(other, address)
    t.same(await watch(), await readState(address))
    t.same(Object.keys((await watch()).endpoints), ['893201'])
  })

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
