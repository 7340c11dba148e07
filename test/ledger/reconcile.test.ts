import { join } from 'node:path'
import t from 'tap'
import { notKnown } from '../../src/finding.ts'
import {
  backupLedger,
  fileLedger,
  openProvisioner,
  reconcile,
  restoreLedger,
} from '../../src/provision/index.ts'
import { openMarket } from '../provision/support.ts'

t.test(
  'a ledger that was put back sells nothing twice: what was sold since is set aside',
  async t => {
    const market = await openMarket(t, { endpoints: 6 })
    const folder = t.testdir({})
    const path = join(folder, 'orders.json')
    const places = { state: join(folder, 'state.json'), ledger: path }
    await market.save(places.state)
    const open = () =>
      openProvisioner({
        state: async () => market.state(),
        sft: market.sft,
        env: {},
        ledger: path,
        resumeAtOpen: false,
      })
    const sell = async (orderId: string) => {
      await using shop = await open()
      return (await shop.purchase({ orderId, sku: 'EU-1GB' })).endpointId
    }
    await sell('A')
    await backupLedger(path)
    const since = await sell('B')
    await restoreLedger(path)
    await t.rejects(open(), { name: 'StorageError', message: /nothing is sold from it/ })

    const seen: string[] = []
    const told = await reconcile(places, market.sft, report => {
      seen.push(...report.setAside.map(({ endpointId }) => endpointId))
      return false
    })
    t.match(told, { released: false, read: 6, unknown: [], unfinished: 0, pending: 0 })
    t.same(seen, [since])
    await t.rejects(open(), { name: 'StorageError' })

    const released = await reconcile(places, market.sft, () => true)
    t.match(released, { released: true, setAside: [{ endpointId: since, reason: /Active/ }] })
    t.equal(await reconcile(places, market.sft, () => true), undefined)
    t.not(await sell('C'), since)
    await using ledger = await fileLedger(path)
    t.match(await ledger.stock(), [
      { status: 'delivered', count: 2 },
      { status: 'set aside', count: 1 },
    ])
  },
)

t.test(
  'a ledger that was put back stays closed where the account does not tell everything',
  async t => {
    const market = await openMarket(t, { endpoints: 3 })
    const folder = t.testdir({})
    const path = join(folder, 'orders.json')
    const places = { state: join(folder, 'state.json'), ledger: path }
    await market.save(places.state)
    await (await fileLedger(path))[Symbol.asyncDispose]()
    await backupLedger(path)
    await restoreLedger(path)
    const silent = {
      ...market.sft.read,
      sims: async () => ({ sims: [], totalPages: 1 }),
      sim: async () => notKnown('the account did not answer'),
    }
    await t.rejects(
      reconcile(places, { ...market.sft, read: silent }, () => true),
      { name: 'AccountUnreachableError', message: /the account did not answer/ },
    )
    await t.rejects(fileLedger(path), /nothing is sold from it/)
  },
)
