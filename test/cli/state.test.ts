import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openDesk, smallCatalog } from './desk.ts'

t.test('the state can be looked at and looked after', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const [iccid, second] = desk.iccids
  const { addonPlans, rateZones, endpoints } = await desk.state()
  const planId = addonPlans['alps-1gb']?.planId
  const zoneId = rateZones['alps']?.id

  const listed = await desk.run('state list')
  t.equal(
    listed.stdout,
    `rateZone/alps\t${zoneId}\tAlps
addonPlan/alps-1gb\t${planId}\tAlps 1 GB 7 days
endpoint/${iccid}\t${endpoints[iccid!]?.endpointId}\tfirst-${iccid}
endpoint/${second}\t${endpoints[second!]?.endpointId}\tfirst-${second}
`.replaceAll('first-', (endpoints[iccid!]?.name ?? '').replace(iccid!, '')),
  )
  t.match(JSON.parse((await desk.run('state list --json')).stdout), {
    format: 2,
    records: [{ address: 'rateZone/alps', id: zoneId, name: 'Alps' }],
  })
  t.match(JSON.parse((await desk.run('state show addonPlan/alps-1gb')).stdout), {
    planId,
    portal: { sku: 'ALPS-1GB-7D' },
    spec: { dataMB: 1024, charge: '4.5' },
  })

  const moved = await desk.run('state mv addonPlan/alps-1gb addonPlan/alpine')
  t.equal(
    moved.stdout,
    'addonPlan/alps-1gb is addonPlan/alpine now; give the entry the same key in the catalog\n',
  )
  desk.write(
    'catalog/catalog.yaml',
    desk.read('catalog/catalog.yaml').replace('key: alps-1gb', 'key: alpine'),
  )
  t.match((await desk.run('plan')).stdout, 'Nothing to do: 4 unchanged')

  const before = desk.simulator.calls.length
  const removed = await desk.run('state rm addonPlan/alpine')
  t.equal(removed.stdout, 'addonPlan/alpine is forgotten; the object stays on the platform\n')
  t.equal(desk.simulator.calls.length, before)
  t.match((await desk.run('plan')).stdout, `= addonPlan/alpine  "Alps 1 GB 7 days" (${planId})`)
  const imported = await desk.run(`state import addonPlan/alpine ${planId}`)
  t.equal(
    imported.stdout,
    `addonPlan/alpine is ${planId} now; "sft-catalog plan" shows where the two differ\n`,
  )
  t.match((await desk.run('plan')).stdout, 'Nothing to do: 4 unchanged')
  t.same(desk.writes(before), [])

  const backup = await desk.run('state backup kept.json')
  t.match(backup.stdout, /^serial \d+ is in .*kept\.json\n$/)
  t.equal(statSync(join(desk.folder, 'kept.json')).mode & 0o777, 0o600)
  await desk.run('state rm addonPlan/alpine')
  const restored = await desk.run('state restore kept.json')
  t.equal(restored.code, 0)
  t.match(restored.stdout, /^.*kept\.json is the state now, at serial \d+/)
  t.match((await desk.run('plan')).stdout, 'Nothing to do: 4 unchanged')
  t.equal((await desk.run('state unlock')).stdout, 'the state is not locked\n')
  t.ok(readdirSync(join(desk.folder, 'state.json.backups')).length > 0)
})

t.test('state commands say what cannot be done', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const serial = (await desk.state()).serial
  const refused = async (command: string, code: number, text: RegExp) => {
    const ended = await desk.run(command)
    t.equal(ended.code, code, command)
    t.match(ended.stderr, text)
    t.equal(ended.stdout, '')
  }
  await refused(
    'state',
    64,
    /^sft-catalog state: an argument is missing \(list \| show ADDRESS \| .*\)\. See sft-catalog state --help\n$/,
  )
  await refused('state lits', 64, /no state command "lits"/)
  await refused('state show', 64, /state show takes 1 argument\./)
  await refused('state show alps', 64, /alps is not an address; write rateZone\/KEY/)
  await refused('state show rateZone/alp', 1, /^error .*rateZone\/alp/)
  await refused('state rm addonPlan/none', 1, /^error .*addonPlan\/none/)
  await refused('state mv rateZone/alps addonPlan/alps', 1, /^error .*rateZone.*addonPlan/)
  await refused('state mv addonPlan/alps-1gb addonPlan/alps-1gb', 1, /^error .*addonPlan\/alps-1gb/)
  await refused(
    'state import rateZone/none 1',
    64,
    /rateZone\/none is not in the catalog: write the entry first, or use sft-catalog adopt/,
  )
  await refused('state import rateZone/alps 99', 64, /the account has no rate zone with ID 99/)
  await refused('state restore nowhere.json', 1, /^error .*nowhere\.json/)
  t.equal((await desk.state()).serial, serial, 'nothing was changed')
})

t.test('the lock of another machine is shown, and ends by hand only', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const lock = join(desk.folder, 'state.json.lock')
  const owner = {
    host: `not-${hostname()}`,
    pid: 4711,
    started: '1',
    boot: 'another',
    purpose: 'apply',
    since: '2026-11-01T08:00:00.000Z',
    token: 'elsewhere',
  }
  writeFileSync(lock, JSON.stringify(owner))
  const locked = await desk.run('apply --auto-approve')
  t.equal(locked.code, 75)
  t.match(
    locked.stderr,
    /state\.json\.lock: locked by .* since 2026-11-01T08:00:00\.000Z\. Whether it still runs cannot be seen from here\./,
  )
  t.match(locked.stderr, 'run `sft-catalog state unlock --state ')
  const unsure = await desk.run('state unlock')
  t.equal(unsure.code, 64)
  t.match(unsure.stderr, 'there is nobody to ask: give --yes once you know that it has ended')
  const ended = await desk.run('state unlock --yes')
  t.equal(ended.code, 0)
  t.match(ended.stdout, /^locked by .*\nthe lock is removed\n$/)
  t.equal((await desk.run('apply --auto-approve')).code, 0)
})

t.test('export prints the three mapping tables', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const tables = JSON.parse((await desk.run('export')).stdout)
  t.same(Object.keys(tables).sort(), ['addonPlans', 'endpoints', 'rateZones'])
  t.match(tables.addonPlans, [{ key: 'alps-1gb', portal: { sku: 'ALPS-1GB-7D' } }])
  const csv = await desk.run('export --format csv --table endpoints')
  const [head = '', ...rows] = csv.stdout.trim().split('\n')
  t.match(head, 'iccid')
  t.equal(rows.length, 2)
  t.ok(rows.every((row, at) => row.includes(desk.iccids[at] ?? '')))
  t.same(JSON.parse((await desk.run('export --table endpoints')).stdout), tables.endpoints)
  for (const [flags, text] of [
    ['--format csv', '--format csv needs --table: csv holds one table'],
    ['--format xml', '--format is json or csv'],
    ['--table plans', '--table is one of endpoints, rateZones, addonPlans'],
  ]) {
    const { code, stderr } = await desk.run(`export ${flags}`)
    t.equal(code, 64)
    t.match(stderr, text)
  }
})

t.test('coverage as text, data and Markdown', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('coverage --detailed-exitcode')).code, 0, 'nothing is created yet')
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const { networks } = JSON.parse((await desk.run('coverage --networks --json')).stdout)
  const swiss = networks.find((one: { countryName: string }) => one.countryName === 'Switzerland')
  await desk.control('networks/leave', { operatorId: swiss.operatorId })
  await desk.control('networks/join', {
    tadig: 'CHENW',
    countryName: 'Switzerland',
    operatorName: 'Newcomer',
  })
  const text = await desk.run('coverage --detailed-exitcode')
  t.equal(text.code, 2)
  t.match(text.stdout, `  lost: ${swiss.tadig} ${swiss.operatorId}/${swiss.sponsorId}`)
  t.match(text.stdout, '  available, "apply" adds them: CHENW, Newcomer, Switzerland (90001/101)')
  t.match(JSON.parse((await desk.run('coverage --json')).stdout), {
    format: 2,
    zones: [
      {
        address: 'rateZone/alps',
        available: ['CHENW, Newcomer, Switzerland (90001/101)'],
        nearEmpty: false,
      },
    ],
    unsold: Array,
  })
  const markdown = (await desk.run('coverage --markdown')).stdout
  t.match(
    markdown,
    /^## Coverage\n\n(Account: .*\n\n)?Coverage: 1 zone, 1 lost networks, 1 may gain some/,
  )
  t.match(markdown, /\| `rateZone\/alps` \| \d+ \| .* \| CHENW, Newcomer/)
  const rows = (await desk.run('coverage --networks')).stdout.split('\n')
  t.equal(rows[0], 'country\ttadig\toperatorId\tsponsorId\toperator\tcountry name')
  t.ok(rows.includes('CH\tCHENW\t90001\t101\tNewcomer\tSwitzerland'))
  t.same(desk.writes().slice(2), [], 'it only reads')
})
