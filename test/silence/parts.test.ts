// What is done in several writes, or told by several reads, is settled by each.
import t from 'tap'
import { checkWorld, lostIds } from '../apply/check-world.ts'
import { mortal } from '../apply/crash.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  endedWell,
  OTHER_BASE_PLAN,
  simulate,
  withAccount,
} from '../apply/helpers.ts'
import { checkAccount } from '../provision/check-account.ts'
import { openMarket, openShop } from '../provision/support.ts'

t.test(
  'base plan and name of an endpoint are edited where success comes under an outer "1"',
  async t => {
    await using simulator = await simulate({ wire: { doneOuterCode: '1' } })
    const [iccid] = simulator.world.sims.keys()
    const batch = (more: string) =>
      catalogWith(`endpointBatches: [{key: b, iccids: ["${iccid}"]${more}}]`)
    await withAccount(simulator, async (sft, store) => {
      await applyUntilDone(await batch(''), sft, store)
      const edited = await batch(`, name: "new-{n}", basePlan: ${OTHER_BASE_PLAN}`)
      const since = simulator.calls.length
      const { report } = await applyOnce(edited, sft, store)
      t.ok(endedWell(report), JSON.stringify(report.results))
      t.strictSame(checkWorld(edited, simulator.world, store.state), [])
      const writes = simulator.calls.slice(since).filter(({ method }) => method !== 'GET')
      t.strictSame(
        writes.map(({ operation }) => operation),
        ['ChangePlan', 'ModifyEndPoint'],
        'each is sent once',
      )
    })
  },
)

t.test('a lost sale is found by the details where the profile names no plans', async t => {
  const market = await openMarket(t, {
    endpoints: 2,
    simulator: { wire: { profileForm: 'benefits-only' } },
  })
  const { shop, ledger } = await openShop(market)
  await using _closing = shop
  market.simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
  await shop.purchase({ orderId: 'A-1', sku: 'EU-1GB' })
  t.same(await checkAccount(ledger, market.simulator), [])
})

t.test(
  'an endpoint that was de-linked and not deleted is not gone by one wrong "no data"',
  async t => {
    await using simulator = await simulate()
    const [iccid] = simulator.world.sims.keys()
    await withAccount(simulator, async (sft, store) => {
      await applyUntilDone(
        await catalogWith(`endpointBatches: [{key: b, iccids: ["${iccid}"]}]`),
        sft,
        store,
      )
      const empty = await catalogWith('')
      const doomed = mortal(sft, store, { on: 'DeleteEndPoint', when: 'before' })
      void applyOnce(empty, doomed.sft, doomed.store, { prune: true })
      await doomed.death
      t.equal(simulator.world.endpoints.size, 1)
      simulator.fault({ operation: 'GetEndPointProfile', kind: 'no-data' })
      await applyUntilDone(empty, sft, store, { prune: true })
      t.equal(simulator.world.endpoints.size, 0, 'it is deleted')
      t.strictSame(lostIds(simulator.world, store.state), [])
    })
  },
)
