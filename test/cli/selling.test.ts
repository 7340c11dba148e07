import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Desk, openDesk, smallCatalog } from './desk.ts'
import { findSecret } from './run-cli.ts'

/** A desk whose catalog is applied: two plans, and as many eSIMs as asked for. */
async function openShop(t: Parameters<typeof openDesk>[0], esims: number): Promise<Desk> {
  const desk = await openDesk(t, iccids => ({
    ...smallCatalog(iccids.slice(0, esims)),
    'catalog/more.yaml': `version: 1
addonPlans:
  - key: alps-5gb
    name: Alps 5 GB 30 days
    rateZone: alps
    data: 5 GB
    validity: 30 days
    activation: first-use
    charge: "12"
    portal: { sku: ALPS-5GB-30D }
`,
  }))
  const { code, stderr } = await desk.run('apply --auto-approve')
  if (code !== 0) throw new Error(stderr)
  return desk
}

const SALE = 'provision --order A-1 --sku ALPS-1GB-7D'

t.test('an order is sold once, however often it is placed', async t => {
  const desk = await openShop(t, 2)
  const [iccid = ''] = desk.iccids
  const first = await desk.run(SALE)
  t.equal(first.code, 0)
  const { endpoints, addonPlans } = await desk.state()
  const endpointId = endpoints[iccid]?.endpointId
  t.match(
    first.stdout,
    new RegExp(
      `^A-1: delivered\n {2}eSIM {8}${iccid}, MSISDN \\d+, endpoint ${endpointId}\n {2}add-on {6}Alps 1 GB 7 days \\(plan ${addonPlans['alps-1gb']?.planId}, instance \\d+\\)\n$`,
    ),
  )
  t.notMatch(first.stderr, /A-1/, 'what goes well stands in the answer')
  const calls = desk.simulator.calls.length
  const second = await desk.run(SALE)
  t.equal(second.code, 0)
  t.equal(second.stdout, first.stdout)
  t.same(desk.writes(calls), [])
  t.equal(statSync(join(desk.folder, 'orders.json')).mode & 0o777, 0o600)

  const data = JSON.parse((await desk.run(`${SALE} --json`)).stdout)
  t.match(data, {
    orderId: 'A-1',
    status: 'delivered',
    sku: 'ALPS-1GB-7D',
    endpointId,
    iccid,
    addon: { uniqueId: /^\d+$/, planId: addonPlans['alps-1gb']?.planId },
  })
  t.notOk('activationCode' in data)

  const other = await desk.run('provision --order A-1 --sku ALPS-5GB-30D')
  t.equal(other.code, 1)
  t.match(other.stderr, /^error order A-1: .*; use a new order ID\n$/)
})

t.test('the QR code goes where it was asked for, and the code nowhere else', async t => {
  const desk = await openShop(t, 1)
  const png = await desk.run(`${SALE} --qr sale.png`)
  t.equal(png.code, 0)
  t.match(png.stderr, 'QR code written to sale.png, readable by its owner only')
  const file = join(desk.folder, 'sale.png')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.same([...readFileSync(file).subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  t.equal((await desk.run(`${SALE} --qr sale.svg`)).code, 0)
  t.match(desk.read('sale.svg'), /^<svg [\s\S]*<\/svg>/)
  t.equal(statSync(join(desk.folder, 'sale.svg')).mode & 0o777, 0o600)
  const terminal = await desk.run(`${SALE} --qr -`)
  t.match(terminal.stdout, /[█▀▄]{5}/)
  const asked = await desk.run(`${SALE} --qr - --json`, { mayShowActivationCode: true })
  const code = String(JSON.parse(asked.stdout).activationCode)
  t.match(code, /^LPA:1\$[^$]+\$[^$]+$/)
  t.equal(findSecret(asked.stderr), undefined)
  // Orders, errors and traces hold neither the code nor its matching ID.
  const matchingId = code.split('$')[2] ?? ''
  for (const command of [
    SALE,
    `${SALE} --json --trace`,
    'order A-1',
    'orders --json',
    'stock --json',
    'usage --order A-1 --json',
  ]) {
    const { stdout, stderr } = await desk.run(command)
    t.notOk(`${stdout}${stderr}`.includes(matchingId), command)
  }
})

t.test('a sold eSIM is topped up, suspended, reactivated and looked at', async t => {
  const desk = await openShop(t, 2)
  t.equal((await desk.run(SALE)).code, 0)
  const sold = JSON.parse((await desk.run(`${SALE} --json`)).stdout)
  const { endpointId } = sold
  const status = () => desk.simulator.world.endpoints.get(endpointId)?.status
  const topUp = `topup --order A-2 --endpoint ${endpointId} --sku ALPS-5GB-30D`
  const topped = await desk.run(topUp)
  t.equal(topped.code, 0)
  t.match(
    topped.stdout,
    new RegExp(
      `^A-2: delivered, Alps 5 GB 30 days \\(instance \\d+\\) on endpoint ${endpointId}\n$`,
    ),
  )
  t.equal((await desk.run(topUp)).stdout, topped.stdout)

  await desk.control('traffic', { endPointId: endpointId, megabytes: 512 })
  const usage = await desk.run('usage --order A-1')
  t.equal(usage.code, 0)
  const lines = usage.stdout.trim().split('\n')
  t.match(lines[0], new RegExp(`^endpoint ${endpointId}: 2 add-on instances, read \\S+Z$`))
  t.match(
    usage.stdout,
    new RegExp(
      `^ {2}Alps 1 GB 7 days +█{10}░{10} {2}512 MB of 1 GB +active\n {4}instance ${sold.addon.uniqueId}, order A-1, until \\S+Z$`,
      'm',
    ),
  )
  t.match(
    usage.stdout,
    /Alps 5 GB 30 days +░{20} {2}.* of 5 GB +waiting\n {4}instance \d+, order A-2, not started$/m,
  )
  t.match(JSON.parse((await desk.run(`usage --endpoint ${endpointId} --json`)).stdout), {
    endpointId,
    instances: [
      {
        uniqueId: sold.addon.uniqueId,
        status: 'active',
        grantedBytes: 2 ** 30,
        leftBytes: 2 ** 29,
      },
      { status: 'waiting' },
    ],
  })

  t.equal(
    (await desk.run(`suspend --endpoint ${endpointId}`)).stdout,
    `endpoint ${endpointId} is suspended\n`,
  )
  t.equal(status(), 'Suspended')
  t.equal(
    (await desk.run(`reactivate --endpoint ${endpointId}`)).stdout,
    `endpoint ${endpointId} is active\n`,
  )
  t.equal(status(), 'Active')

  const instance = JSON.parse((await desk.run(`${topUp} --json`)).stdout).addon.uniqueId
  const remove = `remove-addon --endpoint ${endpointId} --instance ${instance}`
  t.equal(
    (await desk.run(remove)).stdout,
    `instance ${instance} is taken off endpoint ${endpointId}\n`,
  )
  t.equal(
    (await desk.run(remove)).stdout,
    `instance ${instance} was gone already from endpoint ${endpointId}\n`,
  )

  const stock = await desk.run('stock')
  t.match(stock.stdout, /^batch first +1 +0 +1 +0 +0$/m)
  t.match(stock.stdout, /the stock lasts \d+ days?\n$/)
  t.equal((await desk.run('stock --below 2')).code, 2)
  t.equal((await desk.run('stock --below 1')).code, 0)

  const order = await desk.run('order A-1')
  t.match(
    order.stdout,
    new RegExp(
      `^A-1 {2}purchase of ALPS-1GB-7D: delivered, endpoint ${endpointId}, ICCID \\d{19}, instance ${sold.addon.uniqueId}\n`,
    ),
  )
  t.match(order.stdout, /^ {2}\S+Z +subscribe +done +endpoint \d+: uniqueId \d+$/m)
  t.match(
    (await desk.run('orders')).stdout,
    /A-1 +purchase +ALPS-1GB-7D[\s\S]*A-2 +topUp[\s\S]*\n2 orders\n$/,
  )
  t.equal((await desk.run('orders --unfinished')).stdout, '0 orders\n')

  const cancelled = await desk.run('cancel A-1')
  t.match(cancelled.stdout, /^A-1: /)
  t.match(cancelled.stdout, /^ {2}(not )?undone: /m)
})

t.test('what cannot be sold is refused with the reason and what to do', async t => {
  const desk = await openShop(t, 1)
  const refused = async (command: string, text: string | RegExp) => {
    const { code, stdout, stderr } = await desk.run(command)
    t.equal(code, 1, command)
    t.equal(stdout, '')
    t.match(stderr, text)
  }
  await refused(
    'provision --order B-1 --sku ALPS-1GB-7',
    'error order B-1: no add-on plan has the SKU ALPS-1GB-7; did you mean ALPS-1GB-7D? If not, apply a catalog with this SKU',
  )
  t.equal((await desk.run(SALE)).code, 0)
  await refused(
    'provision --order B-2 --sku ALPS-1GB-7D',
    /^error order B-2: no eSIM is available \(.*\); apply a new batch of endpoints, then place the same order again$/m,
  )
  await refused(
    'order B-9',
    'error order B-9: the ledger has no such order; check the order ID and which ledger is open',
  )
  await refused('usage --endpoint 1', /^error .*; check the ID and which ledger is open$/m)
  await refused('suspend --endpoint 1', /^error .*; check the ID and which ledger is open$/m)
  await refused(
    'topup --order B-3 --endpoint 1 --sku ALPS-1GB-7D',
    /^error order B-3: .*; check the ID and which ledger is open$/m,
  )
  desk.write(
    'catalog/more-esims.yaml',
    `version: 1\nendpointBatches:\n  - { key: next, iccids: ["${desk.iccids[1]}"] }\n`,
  )
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const later = await desk.run('provision --order B-2 --sku ALPS-1GB-7D')
  t.equal(later.code, 0, 'the same order, after a batch has come')
  t.match(later.stdout, desk.iccids[1] ?? '')
})

t.test('an order whose add-on fails is held, told as unfinished, and resumed', async t => {
  const desk = await openShop(t, 1)
  await desk.control('faults', { operation: 'SubscribeAddon', kind: 'rejected', count: 20 })
  await desk
    .control('faults', { operation: 'ModifyEndpoint', kind: 'rejected', count: 20 })
    .catch(() => undefined)
  const failed = await desk.run(SALE)
  t.equal(failed.code, 1)
  t.match(
    failed.stderr,
    /error order A-1: the add-on could not be subscribed on endpoint \d+: .*; the endpoint is held for this order: place the same order again or resume\(\) to go on, cancel\(\) to give up/,
  )
  const unfinished = await desk.run('orders --unfinished')
  t.match(unfinished.stdout, /A-1 +purchase +ALPS-1GB-7D[\s\S]*1 order\n$/)
  await fetch(`${desk.simulator.url}/_simulator/faults`, { method: 'DELETE' })
  const resumed = await desk.run('resume')
  t.equal(resumed.code, 0, resumed.stderr)
  t.match(resumed.stdout, '1 delivered, 0 stopped, 0 in work elsewhere')
  t.equal([...desk.simulator.world.endpoints.values()].flatMap(one => one.instances).length, 1)
})

t.test('without a state there is nothing to sell, and none is made', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const { code, stderr } = await desk.run(SALE)
  t.equal(code, 1)
  t.match(stderr, /^error /)
  t.notOk(existsSync(join(desk.folder, 'state.json')))
})

t.test('a sale is shown again, and a doubt is ended by hand, by the command line', async t => {
  const desk = await openShop(t, 2)
  t.equal((await desk.run(SALE)).code, 0)
  const calls = desk.simulator.calls.length
  const shown = await desk.run('order A-1 --qr again.svg')
  t.match(shown, { code: 0, stdout: /A-1 {2}purchase of ALPS-1GB-7D: delivered/ })
  t.match(desk.read('again.svg'), /^<svg/)
  t.equal(desk.simulator.calls.length, calls)

  for (const operation of ['GetEndpointAddonDetails', 'GetEndPointProfile'])
    await desk.control('faults', { operation, kind: 'rejected', count: 50 })
  await desk.control('faults', { operation: 'SubscribeAddon', kind: '5xx-before' })
  t.equal((await desk.run('provision --order A-2 --sku ALPS-1GB-7D')).code, 1)
  await fetch(`${desk.simulator.url}/_simulator/faults`, { method: 'DELETE' })
  t.match((await desk.run('order A-2')).stdout, 'outcome of "subscribe" not known yet')
  t.equal((await desk.run('order A-2 --qr again.svg')).code, 1)
  for (const args of [
    'order settle A-2',
    'order settle A-2 --not-sold --instance 5',
    'order A-2 --not-sold',
  ])
    t.equal((await desk.run(args)).code, 64, args)
  const settled = await desk.run('order settle A-2 --not-sold --by ana')
  t.match(settled, { code: 0, stdout: /settle +absent +endpoint \d+: not sold: by ana/ })
  t.match((await desk.run('resume')).stdout, '1 delivered')
  const done = await desk.run('order settle A-2 --instance 999')
  t.match(done, { code: 1, stderr: /error order A-2: is delivered: there is no doubt about it/ })

  t.equal((await desk.run('cancel B-1')).code, 1)
  const late = await desk.run('provision --order B-1 --sku ALPS-1GB-7D')
  t.match(late, { code: 1, stderr: /order B-1: was cancelled/ })
  t.match(await desk.run(`provision --order ${'x'.repeat(201)} --sku ALPS-1GB-7D`), {
    code: 1,
    stderr: /orderId is longer than 200 characters/,
  })
})
