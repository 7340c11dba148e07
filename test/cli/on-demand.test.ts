import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from './desk.ts'

/** A plan, a batch that apply makes, and one that a shop makes on demand. */
const shop = (iccids: readonly string[]): Readonly<Record<string, string>> => ({
  'catalog/catalog.yaml': `${ACCOUNT}
rateZones: [{ key: alps, name: Alps, countries: [CH, AT] }]
addonPlans:
  - key: alps-1gb
    name: Alps 1 GB 7 days
    rateZone: alps
    data: 1 GB
    validity: 7 days
    activation: first-use
    portal: { sku: ALPS-1GB-7D }
${batch('stock', iccids.slice(0, 1))}${batch(
  'reserve',
  iccids.slice(1, 5),
  '    create: on-demand\n',
).replace('endpointBatches:\n', '')}`,
})

const sell = (desk: Desk, order: string, more = '--create-on-demand reserve') =>
  desk.run(`provision --order ${order} --sku ALPS-1GB-7D --json ${more}`)

t.test(
  'apply makes none of a batch that is made on demand, and takes over what a shop made',
  async t => {
    const desk = await openDesk(t, shop)
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    t.equal(desk.simulator.world.endpoints.size, 1)
    t.match((await desk.run('plan')).stdout, /Nothing to do/)
    t.equal((await sell(desk, 'A-1', '')).code, 0)
    const none = await sell(desk, 'A-2', '')
    t.equal(none.code, 1, 'off by default')
    const made = await sell(desk, 'A-2')
    t.equal(made.code, 0, made.stderr)
    const sale = JSON.parse(made.stdout)
    t.match(sale, { iccid: desk.iccids[1], creation: { calls: 3 } })
    t.match(made.stderr, /A-2: stock is empty, endpoint \d+ was made for SIM/)
    t.equal((await desk.state()).endpoints[sale.iccid], undefined, 'the state is the apply’s alone')

    const plan = await desk.run('plan')
    t.match(plan.stdout, /= 1 endpoint of endpointBatch\/reserve/)
    const before = desk.simulator.calls.length
    const applied = await desk.run('apply --auto-approve')
    t.equal(applied.code, 0, applied.stdout + applied.stderr)
    t.same(desk.writes(before), [], 'nothing is written to the account for it')
    t.match((await desk.state()).endpoints[sale.iccid], {
      endpointId: sale.endpointId,
      batch: 'reserve',
    })
    t.match((await desk.run('plan')).stdout, /Nothing to do/)
    t.match(JSON.parse((await desk.run('stock --json')).stdout), { sold: 2, sellable: 0 })
    const text = await desk.run(
      'provision --order A-3 --sku ALPS-1GB-7D --create-on-demand reserve',
    )
    t.match(text.stdout, /on demand +stock was empty: 3 more calls, [0-9.]+ s more/)
  },
)

t.test('what was made and not sold is adopted as well, and sold once', async t => {
  const desk = await openDesk(t, shop)
  await desk.run('apply --auto-approve')
  await sell(desk, 'A-1')
  // The activation is refused: the endpoint is made, and goes back to stock.
  desk.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'rejected', count: 9 })
  desk.simulator.fault({ operation: 'EndPointActivation', kind: 'rejected', count: 9 })
  t.equal((await sell(desk, 'A-2')).code, 1)
  desk.simulator.clearFaults()
  const made = desk.simulator.world.endpoints.size
  t.ok(made >= 2)
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  t.equal(Object.keys((await desk.state()).endpoints).length, made)
  const sale = JSON.parse((await sell(desk, 'A-2')).stdout)
  t.equal(sale.creation?.calls === undefined || sale.creation.calls > 0, true)
  t.equal(desk.simulator.world.endpoints.size, made, 'no other one is made')
})

t.test('the environment names the batch as well, for whoever reserves an eSIM', async t => {
  const desk = await openDesk(t, shop)
  const env = { ...desk.env, SFT_CREATE_ON_DEMAND: 'reserve' }
  const sellHere = (order: string, more = '') =>
    desk.run(`provision --order ${order} --sku ALPS-1GB-7D --json ${more}`, { env })
  await desk.run('apply --auto-approve')
  t.equal((await sellHere('A-1')).code, 0)
  t.match(JSON.parse((await sellHere('A-2')).stdout), { creation: { calls: 3 } })
  const folder = join(desk.folder, 'catalog')
  t.equal((await sellHere('A-3', `--catalog ${folder}`)).code, 0, 'it goes with --catalog')
  desk.write('.env', 'SFT_CREATE_ON_DEMAND=reserve\n')
  t.match(JSON.parse((await sell(desk, 'A-4', '')).stdout), { creation: { calls: 3 } })
  renameSync(folder, `${folder}-away`)
  for (const line of ['stock', 'orders', 'usage --order A-2', 'endpoints list', 'ledger check'])
    t.equal((await desk.run(line, { env })).code, 0, `${line} needs no catalog`)
  const lost = await sellHere('A-5')
  t.equal(lost.code, 1)
  t.match(lost.stderr, /SFT_CREATE_ON_DEMAND needs the catalog/)
})

t.test('an order that another process left gets its eSIM on demand too', async t => {
  const desk = await openDesk(t, shop)
  await desk.run('apply --auto-approve')
  t.equal((await sell(desk, 'A-1', '')).code, 0)
  t.equal((await sell(desk, 'A-2', '')).code, 1, 'nothing is left')
  t.match((await desk.run('resume')).stdout, /0 delivered/)
  const resumed = await desk.run('resume --create-on-demand reserve')
  t.match(resumed.stdout, /[01] delivered, 0 stopped/, resumed.stderr)
})

t.test('wire values of the environment hold for its catalog too', async t => {
  const desk = await openDesk(t, shop, {
    wire: { planTerms: { 'validity-type': { months: '2' } } },
  })
  const env = {
    ...desk.env,
    SFT_CREATE_ON_DEMAND: 'reserve',
    SFT_WIRE: '{"validity-type":{"months":"2"}}',
  }
  const yaml = desk.read('catalog/catalog.yaml').replace('validity: 7 days', 'validity: 1 month')
  desk.write('catalog/catalog.yaml', yaml)
  t.equal((await desk.run('apply --auto-approve', { env })).code, 0)
  for (const order of ['A-1', 'A-2'])
    t.equal((await desk.run(`provision --order ${order} --sku ALPS-1GB-7D`, { env })).code, 0)
})

t.test('what does not go with it is refused', async t => {
  const desk = await openDesk(t, shop)
  await desk.run('apply --auto-approve')
  t.equal((await sell(desk, 'A-1', '--catalog catalog')).code, 64)
  const other = await sell(desk, 'A-1', '--create-on-demand reserv')
  t.equal(other.code, 1)
  t.match(other.stderr, /names no batch of catalog: it has stock, reserve/)
})
