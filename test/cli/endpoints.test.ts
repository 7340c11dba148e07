import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from './desk.ts'

/** A catalog with a plan and two tagged batches. */
const stocked = (iccids: readonly string[]): Readonly<Record<string, string>> => ({
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
${batch('spring', iccids.slice(0, 12), '    tags: [shop, spring]\n')}${batch(
  'autumn',
  iccids.slice(12, 20),
  '    tags: [shop]\n',
).replace('endpointBatches:\n', '')}`,
})

async function openStock(t: Parameters<typeof openDesk>[0]): Promise<Desk> {
  const desk = await openDesk(t, stocked)
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  return desk
}

const statuses = (desk: Desk) =>
  [...desk.simulator.world.endpoints.values()].map(({ status }) => status)
const count = (desk: Desk, status: string) => statuses(desk).filter(one => one === status).length
const json = async (desk: Desk, line: string, code = 0) => {
  const ended = await desk.run(`${line} --json`)
  if (ended.code !== code) throw new Error(`${line}: ${ended.code} ${ended.stdout}${ended.stderr}`)
  return JSON.parse(ended.stdout)
}

t.test(
  'endpoints of a tag are activated once, told to the ledger, and never sold as new',
  async t => {
    const desk = await openStock(t)
    const refused = await desk.run('endpoints activate --tag spring --auto-approve')
    t.equal(refused.code, 3, 'more than the share')
    t.match(refused.stderr, /CHANGE_SHARE.*12 of 20 endpoints/)
    const before = desk.simulator.calls.length
    const ended = await desk.run('endpoints activate --tag spring --auto-approve --force')
    t.equal(ended.code, 0, ended.stderr)
    t.match(ended.stdout, /12 endpoints of endpointBatch\/spring/)
    t.match(ended.stdout, /It activates 12 SIMs, which may be charged/)
    t.match(ended.stdout, /Done: 12 done, 0 failed/)
    t.equal(count(desk, 'Active'), 12)
    t.same(new Set(desk.writes(before)), new Set(['EndPointLifeCycleChange']))
    t.equal(desk.writes(before).length, 12, 'one call each')
    const again = await desk.run('endpoints activate --tag spring --auto-approve')
    t.equal(again.code, 0)
    t.match(again.stdout, /Nothing to do: 12 unchanged/)
    for (let n = 0; n < 8; n++)
      t.equal((await desk.run(`provision --order A-${n} --sku ALPS-1GB-7D`)).code, 0)
    const none = await desk.run('provision --order A-9 --sku ALPS-1GB-7D')
    t.equal(none.code, 1, 'the twelve are not for sale')
    t.match(none.stderr, /sold, reserved or set aside/)
    const { report } = await json(desk, 'endpoints report')
    t.match(report, { sellable: 0, sold: 8, inService: 12, lifecycles: { Active: 20 } })
    const check = await desk.run('ledger check')
    t.equal(check.code, 0, check.stderr)
  },
)

t.test('what the time limit leaves is done by the next run, each once', async t => {
  const desk = await openStock(t)
  // Twelve calls take longer than the longest limit here; on a busy machine the shortest ends before the first one.
  const env = { SFT_CALLS_PER_SECOND: '2' }
  const words = 'endpoints activate --tag spring --auto-approve --force'
  const runFor = async (minutes: number) => {
    const late = await desk.run(`${words} --max-minutes ${minutes}`, { env, ownProcess: true })
    t.equal(late.code, 4, late.stderr)
    return { late, first: count(desk, 'Active') }
  }
  let { late, first } = await runFor(0.04)
  for (let minutes = 0.05; first === 0 && minutes < 0.09; minutes += 0.01)
    ({ late, first } = await runFor(minutes))
  t.ok(first > 0 && first < 12, `${first} were activated`)
  t.match(late.stdout, `Ended: ${first} done, 0 failed, 0 skipped, ${12 - first} deferred`)
  t.match(late.stderr, ` ${first} of 12 calls`, 'what was left is not called done')
  const next = await desk.run(words)
  t.equal(next.code, 0, next.stderr)
  t.match(next.stdout, `Done: ${12 - first} done, 0 failed`)
  const sent = desk.simulator.calls.filter(call => call.operation === 'EndPointLifeCycleChange')
  t.equal(sent.length, 12, 'one call each')
})

t.test('a choice is by tag, batch, status, file and limit, together', async t => {
  const desk = await openStock(t)
  const listed = async (flags: string) =>
    (await json(desk, `endpoints list ${flags}`)).endpoints.map(
      (one: { readonly iccid: string }) => one.iccid,
    )
  const [spring, autumn] = [desk.iccids.slice(0, 12), desk.iccids.slice(12, 20)]
  t.same(new Set(await listed('--tag shop')), new Set([...spring, ...autumn]))
  t.same(new Set(await listed('--batch autumn --tag shop')), new Set(autumn))
  t.equal((await listed('--tag shop --limit 3')).length, 3)
  desk.write('some.csv', `iccid\n${autumn[0]}\n${spring[1]}\n`)
  t.same(new Set(await listed('--iccid-file some.csv')), new Set([autumn[0], spring[1]]))
  t.same(await listed('--iccid-file some.csv --batch spring'), [spring[1]])
  const ended = await desk.run('endpoints activate --batch spring --limit 3 --auto-approve')
  t.equal(ended.code, 0, ended.stderr)
  t.equal((await listed('--status active')).length, 3)
  t.equal((await listed('--status Active --status unused')).length, 20)
  t.same((await listed('--status in-service')).length, 3)
  // Without the account nothing is known of its words.
  const calls = desk.simulator.calls.length
  t.equal((await listed('--status unused --no-inventory')).length, 17)
  t.equal(desk.simulator.calls.length, calls)
  const more = await desk.run('endpoints activate --batch spring --limit 3 --auto-approve')
  t.match(more.stdout, /3 endpoints/, 'the limit counts what changes')
  t.equal((await listed('--status in-service')).length, 6)
  t.match((await desk.run('endpoints list --no-inventory --limit 1')).stdout, /1 in all\n/)
})

t.test('what cannot be meant is refused before anything is done', async t => {
  const desk = await openStock(t)
  for (const [line, code, told] of [
    ['endpoints', 64, /argument is missing/],
    ['endpoints remove', 64, /knows list, report/],
    ['endpoints activate --auto-approve', 64, /needs --tag or --batch/],
    ['endpoints activate --tag shop', 64, /nobody to ask/],
    ['endpoints activate --tag shop --json', 64, /--json needs --auto-approve/],
    ['endpoints list --auto-approve', 64, /changes nothing/],
    ['endpoints activate --tag shop --no-inventory --auto-approve', 64, /what the account says/],
    ['endpoints list --status actve', 64, /give one of unused/],
    [
      'endpoints activate --tag shp --auto-approve',
      1,
      /TARGET_UNKNOWN.*"shp"[\s\S]*did you mean shop/,
    ],
    ['endpoints activate --batch sprig --auto-approve', 1, /did you mean spring/],
    ['endpoints list --iccid-file none.txt', 1, /FILE_UNREADABLE/],
  ] as const) {
    const ended = await desk.run(line)
    t.equal(ended.code, code, line)
    t.match(ended.stderr, told, line)
  }
  desk.write('others.txt', `${desk.iccids[0]}\n${desk.iccids[30]}\n`)
  const other = await desk.run('endpoints activate --iccid-file others.txt --auto-approve')
  t.equal(other.code, 1)
  t.match(other.stderr, new RegExp(`no endpoint of ${desk.iccids[30]}`))
  t.equal(count(desk, 'Active'), 0)
})

t.test(
  'suspend and reactivate change what is in service; a sold endpoint is left alone',
  async t => {
    const desk = await openStock(t)
    const sale = JSON.parse(
      (await desk.run('provision --order A-1 --sku ALPS-1GB-7D --json')).stdout,
    )
    t.equal((await desk.run('endpoints activate --tag spring --limit 5 --auto-approve')).code, 0)
    const suspended = await desk.run('endpoints suspend --tag spring --auto-approve')
    t.equal(suspended.code, 5, 'the sold one stays as it is')
    t.match(suspended.stdout, /it is sold to order A-1: "sft-catalog suspend --endpoint/)
    t.match(suspended.stdout, /5 done/)
    t.equal(count(desk, 'Suspended'), 5)
    const { status } = desk.simulator.world.endpoints.get(sale.endpointId) ?? {}
    t.equal(status, 'Active')
    const again = await desk.run('endpoints suspend --tag spring --auto-approve --allow-blocked')
    t.equal(again.code, 0)
    t.match(again.stdout, /0 unchanged|[0-9]+ unchanged/)
    const one = await desk.run('endpoints activate --status suspended --auto-approve')
    t.equal(one.code, 5)
    t.match(one.stdout, /it is Suspended: "sft-catalog endpoints reactivate" is for that/)
    const back = await json(desk, 'endpoints reactivate --status in-service --auto-approve')
    t.match(back.report.counts, { done: 5, failed: 0 })
    t.equal(count(desk, 'Suspended'), 0)
    const { endpoints } = await json(desk, 'endpoints list --status in-service')
    t.ok(endpoints.every((view: { readonly suspended?: boolean }) => view.suspended === false))
  },
)

t.test('the share that may change is that of the catalog, as it is for apply', async t => {
  const desk = await openStock(t)
  const catalog = desk.read('catalog/catalog.yaml')
  const limited = (share: string) =>
    desk.write('catalog/catalog.yaml', `${catalog}limits: { endpoints: ${share} }\n`)
  const activate = (more: string) =>
    desk.run(`endpoints activate --tag shop --auto-approve ${more}`)
  limited('10%')
  const refused = await activate('--limit 3')
  t.equal(refused.code, 3)
  t.match(refused.stderr, /CHANGE_SHARE.*3 of 20 endpoints \(15 %\); the limit is 10 %/)
  t.equal((await activate('--limit 2')).code, 0)
  limited('60%')
  t.equal((await activate('--limit 10')).code, 0)
  desk.write('catalog/catalog.yaml', `${catalog}limits: { endpoints: many }\n`)
  const broken = await activate('--limit 1')
  t.equal(broken.code, 1)
  t.match(broken.stderr, /UNIT_INVALID[\s\S]*mend it, or go ahead with --force/)
  t.equal((await activate('--limit 1 --force')).code, 0, 'force asks for no limit')
  t.equal((await activate('--limit 1 --catalog none')).code, 1, 'one that is named must be there')
  t.equal(count(desk, 'Active'), 13)
})

t.test('without a catalog the share is the usual one', async t => {
  const desk = await openStock(t)
  rmSync(join(desk.folder, 'catalog'), { recursive: true })
  const line = 'endpoints activate --tag shop --auto-approve'
  t.match((await desk.run(`${line} --limit 7`)).stderr, /the limit is 30 %/)
  t.equal((await desk.run(`${line} --limit 6`)).code, 0)
  t.equal((await desk.run('endpoints list --catalog none')).code, 64, 'looking needs none')
})

t.test('what is Active already and not sold is told to the ledger without a write', async t => {
  const desk = await openStock(t)
  for (const endpoint of [...desk.simulator.world.endpoints.keys()].slice(0, 2))
    await desk.control('portal', { endpoint, set: { status: 'Active' } })
  const before = desk.simulator.calls.length
  const ended = await desk.run('endpoints activate --status active --auto-approve')
  t.equal(ended.code, 0, ended.stderr + ended.stdout)
  t.match(ended.stdout, /it is Active already; the ledger is told, so that it is not sold/)
  t.same(desk.writes(before), [], 'nothing is sent for what is so already')
  const { report } = await json(desk, 'endpoints report --no-inventory')
  t.match(report, { sellable: 18, inService: 2 })
})

t.test('a report counts by batch, tag, status and age, with the days left', async t => {
  const desk = await openStock(t)
  for (const n of [1, 2]) await desk.run(`provision --order A-${n} --sku ALPS-1GB-7D`)
  const { report } = await json(desk, 'endpoints report --tag shop')
  t.match(report, {
    endpoints: 20,
    sellable: 18,
    sold: 2,
    lifecycles: { 'Pre-Active': 18, Active: 2 },
    ages: [{ fromDays: 0, toDays: 30, count: 18 }],
    soldPerDay: 2,
    daysLeft: 9,
  })
  t.same(
    report.batches.map((one: { readonly batch: string }) => one.batch),
    ['spring', 'autumn'],
  )
  t.match(report.batches, [{ soldPerDay: 2, daysLeft: 5 }, { soldPerDay: 0 }])
  t.notOk('daysLeft' in report.batches[1], 'nothing of it was sold')
  t.match(report.tags, [
    { tag: 'shop', soldPerDay: 2, daysLeft: 9 },
    { tag: 'spring', daysLeft: 5 },
  ])
  const unused = await json(desk, 'endpoints report --batch spring --status unused --limit 4')
  t.match(unused.report.batches, [{ sellable: 4, sold: 0, soldPerDay: 2, daysLeft: 2 }])
  const text = await desk.run('endpoints report')
  t.match(text.stdout, /unused, in the state: 18 for 0 to 30 days/)
  t.match(text.stdout, /batch spring +10 +0 +2 +0 +0 +2\.0 +5\n/)
  t.match(text.stdout, /batch autumn +8 +0 +0 +0 +0 +0\.0 +-\n/)
  t.match(text.stdout, /2\.0 sold a day; at that pace the 18 unused ones last 9 days/)
})
