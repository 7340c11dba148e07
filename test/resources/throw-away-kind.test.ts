import t, { type Test } from 'tap'
import { registerKind } from '../../src/resources/kinds.ts'
import { handMadeZone, networksOf } from '../adopt/desk.ts'
import { ACCOUNT, openDesk } from '../cli/desk.ts'
import { startVoucherServer, voucherKind } from './voucher.ts'

const catalog = (zone: string, cents: number) => ({
  'catalog/catalog.yaml': `${ACCOUNT}
rateZones:
  - { key: alps, name: Alps, countries: [CH, AT] }
vouchers:
  - key: summer
    name: Summer # for August
    rateZone: ${zone}
    cents: ${cents}
`,
})

/** A desk where vouchers are a kind, and their server. */
async function openVoucherDesk(t: Test, files: Readonly<Record<string, string>>) {
  const server = await startVoucherServer()
  t.teardown(() => server.close())
  const registration = registerKind(voucherKind(server.url))
  t.teardown(() => registration[Symbol.dispose]())
  return { ...(await openDesk(t, () => files)), vouchers: server.vouchers }
}

t.test('a kind that src knows by its registration only goes all the way', async t => {
  const desk = await openVoucherDesk(t, catalog('alpes', 500))
  const run = async (args: string, code: number) => {
    const ended = await desk.run(args)
    t.equal(ended.code, code, `${args}: ${ended.stderr}`)
    return ended
  }

  const wrong = await run('validate', 1)
  t.match(
    wrong.stderr,
    /no rate zone of this catalog has the key "alpes"[\s\S]*did you mean alps\?/,
  )
  desk.write('catalog/catalog.yaml', catalog('alps', 0)['catalog/catalog.yaml'])
  t.match((await run('validate', 1)).stderr, /cents must be at least 1/)
  desk.write('catalog/catalog.yaml', catalog('alps', 500)['catalog/catalog.yaml'])
  t.match((await run('validate', 0)).stdout, /is valid: 1 rate zone, .*, 1 voucher$/m)
  t.match((await run('schema', 0)).stdout, /"vouchers"/)

  const planned = await run('plan', 0)
  t.match(planned.stdout, /^Vouchers\n {2}\+ voucher\/summer {2}"Summer" {2}500 cents$/m)
  await run('apply --auto-approve', 0)
  const [voucher] = desk.vouchers.values()
  const zone = (await desk.state()).rateZones['alps']?.id ?? ''
  t.match(voucher, { id: '7001', name: 'Summer', zone, cents: 500 }, 'after its zone, with its ID')
  t.match(await desk.state(), {
    vouchers: { summer: { voucherId: '7001', rateZone: 'alps', spec: { rateZone: zone } } },
  })
  t.match((await run('plan', 0)).stdout, /^Nothing to do: 2 unchanged$/m)

  t.match((await run('state list', 0)).stdout, /^voucher\/summer\t7001\tSummer$/m)
  t.match((await run('state list --json', 0)).stdout, /"voucher\/summer"/)
  t.equal(
    (await run('export --format csv --table vouchers', 0)).stdout.trim(),
    'voucherId,voucherName,key,rateZone\r\n7001,Summer,summer,alps',
  )
  t.match((await run('drift', 0)).stdout, /^No drift: 1 rate zone, .*, 1 voucher compared$/m)

  Object.assign(voucher ?? {}, { cents: 700 })
  t.match(
    (await run('drift', 2)).stdout,
    /cents \(changed on the account\) {2}500 cents → 700 cents/,
  )
  t.match((await run('drift --accept voucher/summer', 0)).stdout, /accepted voucher\/summer: cents/)
  t.match(desk.read('catalog/catalog.yaml'), /name: Summer # for August[\s\S]*cents: 700/)

  desk.write('catalog/catalog.yaml', catalog('alps', 900)['catalog/catalog.yaml'])
  const edit = await run('plan', 0)
  t.match(edit.stdout, /~ voucher\/summer[\s\S]*700 cents → 900 cents[\s\S]*SKU VOUCHER-Summer/)
  await run('apply --auto-approve', 0)
  t.equal(voucher?.cents, 900)

  await run('state mv rateZone/alps rateZone/mountains', 0)
  t.match(await desk.state(), { vouchers: { summer: { rateZone: 'mountains' } } })
  await run('state mv rateZone/mountains rateZone/alps', 0)

  desk.write(
    'catalog/catalog.yaml',
    catalog('alps', 900)['catalog/catalog.yaml'].split('vouchers:')[0] ?? '',
  )
  t.match((await run('plan --prune --force', 0)).stdout, /- voucher\/summer/)
  await run('apply --prune --force --auto-approve', 0)
  t.equal(voucher?.retired, true)
  t.notMatch((await run('state list', 0)).stdout, /voucher/)
})

t.test('objects of such a kind are adopted, and name the zone by its key', async t => {
  const desk = await openVoucherDesk(t, {})
  const { world } = desk.simulator
  const zone = handMadeZone(world, 'Alps', networksOf(world, 'Switzerland'))
  desk.vouchers.set('41', { id: '41', name: 'Winter', zone, cents: 300 })
  const adopted = await desk.run('adopt')
  t.equal(adopted.code, 0, adopted.stderr)
  t.match(adopted.stderr, /takes 5 calls or more for profile, networks, .* and vouchers/)
  t.match(adopted.stdout, /^Adopted: 1 rate zone, .*, 1 voucher; 0 left out$/m)
  t.match(
    desk.read('catalog/adopted/vouchers.yaml'),
    /vouchers:\n {2}- key: winter\n {4}name: Winter\n {4}rateZone: alps\n {4}cents: 300/,
  )
  t.match(await desk.state(), { vouchers: { winter: { voucherId: '41', rateZone: 'alps' } } })
  const plan = await desk.run('plan --detailed-exitcode')
  t.equal(plan.code, 0, plan.stdout)
})
