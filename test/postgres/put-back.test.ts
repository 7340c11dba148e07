import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openState, readState } from '../../src/index.ts'
import { openLedger, reconcile } from '../../src/provision/index.ts'
import { checkAccount } from '../provision/check-account.ts'
import { allEsims } from '../provision/rows.ts'
import { type Market, openMarket, openShop } from '../provision/support.ts'
import { intent } from '../state/records.ts'
import { noPostgres, type PostgresServer, startPostgres } from './server.ts'

/** A cold copy of a server's data, and what puts it in their place. */
async function copyOf(
  server: PostgresServer,
): Promise<(as: 'it is' | 'another timeline') => Promise<void>> {
  const copy = `${server.data}.copy`
  await server.stop('fast')
  execFileSync('cp', ['-a', server.data, copy])
  await server.start()
  return async as => {
    await server.stop('fast')
    rmSync(server.data, { recursive: true })
    execFileSync('cp', ['-a', copy, server.data])
    if (as === 'another timeline') {
      appendFileSync(join(server.data, 'postgresql.auto.conf'), "restore_command = 'false'\n")
      writeFileSync(join(server.data, 'recovery.signal'), '')
    }
    await server.start()
    await untilPrimary(server)
  }
}

/** A server that was recovered takes no writes before it has its new timeline. */
async function untilPrimary({ url }: PostgresServer): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query('select pg_is_in_recovery() as recovers')
    await client.end()
    if (rows[0]?.recovers === false) return
    await sleep(50)
  }
}

const writesSince = (market: Market, since: number): readonly string[] =>
  market.simulator.calls
    .slice(since)
    .map(({ operation }) => operation)
    .filter(operation => /Activation|LifeCycle|Subscribe|Create|Modify/.test(operation))

async function putBack(
  t: Test,
  server: PostgresServer,
  as: 'it is' | 'another timeline',
): Promise<void> {
  const place = `${server.url}?schema=${as === 'it is' ? 'cold' : 'promoted'}`
  const places = { state: place, ledger: place }
  const market = await openMarket(t, { endpoints: 12 })
  await market.save(place)
  {
    await using store = await openState(place)
    await store.append({ type: 'intent', intent: intent('i1') })
  }
  const ledger = await openLedger(place)
  t.teardown(() => ledger[Symbol.asyncDispose]())
  const { shop } = await openShop(market, { ledger })
  t.teardown(() => shop[Symbol.asyncDispose]())
  const sell = async (orderId: string) =>
    (await shop.purchase({ orderId, sku: 'EU-1GB' })).endpointId
  for (const orderId of ['A', 'B']) await sell(orderId)
  const restore = await copyOf(server)
  const lost = [await sell('C'), await sell('D')]
  const [late = ''] = await market.addBatch('late', 1)
  await market.sft.write.activateEndpoint(late)
  if (as === 'another timeline') await ledger[Symbol.asyncDispose]()
  await restore(as)

  const since = market.simulator.calls.length
  // A process that saw more tells the others; of another timeline each sees by itself.
  if (as === 'it is')
    await t.rejects(shop.purchase({ orderId: 'E', sku: 'EU-1GB' }), {
      name: 'StorageError',
      message: /is older than it was.*sft-catalog reconcile/,
    })
  for (const open of [
    async (): Promise<unknown> => openLedger(place),
    async (): Promise<unknown> => openState(place),
  ])
    await t.rejects(open, { message: /nothing is sold from it and nothing applied; .*reconcile/ })
  t.same(writesSince(market, since), [])

  t.match(await reconcile(places, market.sft, () => false), { released: false })
  await t.rejects(openLedger(place), /reconcile/, 'nobody said yes')

  const report = await reconcile(places, market.sft, () => true)
  t.same(report?.setAside.map(({ endpointId }) => endpointId).toSorted(), lost.toSorted())
  t.match(report, {
    released: true,
    read: 13,
    unknown: [{ endpointId: late, reason: /Active/ }],
    objects: [{ kind: 'rateZone', name: 'Europe' }],
    pending: 1,
    unfinished: 0,
  })
  t.same((await readState(place)).pending, {}, 'what was announced is settled')
  t.same(writesSince(market, since), [])

  const now = await openLedger(place)
  t.teardown(() => now[Symbol.asyncDispose]())
  const known = new Map((await allEsims(now)).map(row => [row.endpointId, row]))
  for (const { endPointId, status } of market.simulator.world.endpoints.values())
    if (status === 'Active')
      t.ok(
        (known.get(endPointId)?.orderId ?? known.get(endPointId)?.status === 'set aside')
          ? true
          : endPointId === late,
        `${endPointId} is accounted for`,
      )
  const again = await openShop(market, { ledger: now })
  t.teardown(() => again.shop[Symbol.asyncDispose]())
  const sold = await again.shop.purchase({ orderId: 'F', sku: 'EU-1GB' })
  t.notOk([...lost, late].includes(sold.endpointId))
  t.notOk((await checkAccount(now, market.simulator)).some(problem => /was sold to/.test(problem)))
  await (await openState(place, { purpose: 'apply' }))[Symbol.asyncDispose]()
  t.equal(await reconcile(places, market.sft, () => true), undefined)
}

if (noPostgres !== false) t.plan(0, noPostgres)
else
  for (const as of ['it is', 'another timeline'] as const)
    t.test(
      `a copy that lacks the last second, put back as ${as}: nothing is sold or applied before reconcile, which accounts for every active eSIM`,
      async t => putBack(t, await startPostgres(t), as),
    )
