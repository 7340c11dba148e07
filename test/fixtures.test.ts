import { join } from 'node:path'
import t from 'tap'
import { fileLedger } from '../src/provision/index.ts'
import { readState } from '../src/stores/states.ts'
import { allUsages } from './provision/rows.ts'
import { openRelease } from './release.ts'

/** What every state of the release holds once its pending writes are settled. */
const RECORDS = [
  'rateZone/alps\t1202\tAlps',
  'rateZone/benelux\t1201\tBenelux',
  'addonPlan/alps-1gb\t885544\tAlps 1 GB 7 days',
  'addonPlan/alps-5gb\t885546\tAlps 5 GB 30 days (r2)',
  'addonPlan/benelux-1gb\t885543\tBenelux 1 GB 30 days',
  ...[12, 20, 38, 46, 53, 61].map(
    (end, index) => `endpoint/89320420010000000${end}\t410000${index + 1}\t89320420010000000${end}`,
  ),
]

const lines = (text: string) => text.trimEnd().split('\n')

for (const state of ['folded', 'journal'] as const)
  t.test(`a ${state} state of release 0.1.0 is read, planned with, and written on`, async t => {
    const desk = await openRelease(t, { state, ledger: 'folded' })
    t.same(lines((await desk.run('state list')).stdout), RECORDS)
    const plan = await desk.run('plan --detailed-exitcode')
    t.match(plan, { code: 0, stdout: /Nothing to do: 11 unchanged/ })
    t.equal((await desk.run('state mv rateZone/alps rateZone/mountains')).code, 0)
    t.match((await desk.run('state list')).stdout, /^rateZone\/mountains\t1202\tAlps$/m)
    t.equal(
      (await readState(join(desk.folder, 'state.json'))).addonPlans['alps-1gb']?.rateZone,
      'mountains',
    )
    t.equal((await desk.run('state restore')).code, 0)
  })

t.test('a state of release 0.1.0 with pending writes is settled by the next apply', async t => {
  const desk = await openRelease(t, { state: 'pending', ledger: 'folded' })
  t.match((await desk.run('plan')).stderr, '2 writes of an earlier run')
  const applied = await desk.run('apply --auto-approve')
  t.match(applied, { code: 0, stderr: /^ {2}found: .*addonPlan\/alps-5gb/m })
  t.same(
    desk.simulator.calls.filter(call => /Create|Modify/.test(call.operation)),
    [],
  )
  t.same(lines((await desk.run('state list')).stdout), RECORDS)
  t.match((await desk.run('plan')).stdout, 'Nothing to do: 11 unchanged')
})

t.test('a saved plan of release 0.1.0 is refused by name', async t => {
  const desk = await openRelease(t, { state: 'folded', ledger: 'folded' })
  const refused = await desk.run('apply saved-plan.json')
  t.match(refused, { code: 1, stderr: /saved plan of format 1, which release 0\.1\.0 wrote/ })
  t.notMatch(refused.stderr, /^\s+at /m)
})

t.test('a backup of release 0.1.0 is put in the place of a state', async t => {
  const desk = await openRelease(t, { state: 'folded', ledger: 'folded' })
  t.equal((await desk.run('state restore state.json.backups/serial-16.json')).code, 0)
  t.match(
    (await desk.run('state list')).stdout,
    /^addonPlan\/alps-5gb\t885545\tAlps 5 GB 30 days$/m,
  )
})

const STATUS = {
  'A-1001': 'delivered',
  'A-1002': 'delivered',
  'A-1003': 'failed',
  'A-1004': 'cancelled',
  'A-1005': 'activated',
  'A-1006': 'reserved',
  'A-1007': 'activated',
  'A-1008': 'new',
}

for (const ledger of ['folded', 'journal'] as const)
  t.test(`a ${ledger} ledger of release 0.1.0 is read, and its orders are finished`, async t => {
    const desk = await openRelease(t, { state: 'folded', ledger })
    const statuses = async () => {
      const { stdout } = await desk.run('orders --json')
      const { orders }: { orders: readonly { orderId: string; status: string }[] } =
        JSON.parse(stdout)
      return Object.fromEntries(orders.map(order => [order.orderId, order.status]))
    }
    t.same(await statuses(), STATUS)
    t.match(JSON.parse((await desk.run('stock --json')).stdout), { sold: 1, reserved: 2 })
    {
      await using file = await fileLedger(join(desk.folder, 'orders.json'))
      const [usage] = await allUsages(file)
      t.match(usage, { endpointId: '4100001', balances: { 50001: { usedBytes: 314_572_800 } } })
    }
    const resumed = await desk.run('resume')
    t.equal(resumed.code, 0, resumed.stderr)
    t.same(await statuses(), {
      ...STATUS,
      'A-1005': 'delivered',
      'A-1006': 'delivered',
      'A-1007': 'delivered',
      'A-1008': 'delivered',
    })
    const live = [...desk.simulator.world.endpoints.values()].flatMap(endpoint =>
      endpoint.instances.filter(instance => instance.ended === undefined),
    )
    t.equal(live.length, 6, 'an instance an order: nothing is sold twice')
  })
