import t from 'tap'
import { handMadePlan, handMadeZone, networksOf } from '../adopt/desk.ts'
import { ACCOUNT, openDesk } from '../cli/desk.ts'
import { WIRE } from '../products/shop.ts'
import { imported, shop } from './desk.ts'

const ROWS: readonly {
  readonly name: string
  readonly row: string
  readonly says: RegExp | 'taken'
}[] = [
  { name: 'a plain row', row: 'A,Belgium,5 GB,30,9.50,EUR', says: 'taken' },
  { name: 'several countries', row: 'A,BE;NL;LU,5 GB,30,9.50,EUR', says: 'taken' },
  { name: 'a zone of the catalog by its name', row: 'A,Alps,5 GB,30,9.50,EUR', says: 'taken' },
  { name: 'no price', row: 'A,Belgium,5 GB,30,,', says: 'taken' },
  { name: 'a price with its currency', row: 'A,Belgium,5 GB,30,EUR 9.50,', says: 'taken' },
  {
    name: 'a region that is none',
    row: 'A,Atlantis,5 GB,30,9.50,EUR',
    says: /"Atlantis" is no country.* and no rate zone/,
  },
  {
    name: 'an ambiguous country',
    row: 'A,Korea,5 GB,30,9.50,EUR',
    says: /"Korea" is not one country \(did you mean/,
  },
  {
    name: 'a volume without unit',
    row: 'A,Belgium,5,30,9.50,EUR',
    says: /the volume "5" has no unit/,
  },
  {
    name: 'a volume that could be two',
    row: 'A,Belgium,"1,024 MB",30,9.50,EUR',
    says: /could be two numbers/,
  },
  {
    name: 'a fraction of an MB',
    row: 'A,Belgium,0.3 GB,30,9.50,EUR',
    says: /no whole number of MB/,
  },
  {
    name: 'a validity in words',
    row: 'A,Belgium,5 GB,a week,9.50,EUR',
    says: /the validity "a week" cannot be read/,
  },
  { name: 'a price without currency', row: 'A,Belgium,5 GB,30,9.50,', says: /has no currency/ },
  {
    name: 'two currencies',
    row: 'A,Belgium,5 GB,30,9.50 USD,EUR',
    says: /the price is in USD, and the currency is EUR/,
  },
  {
    name: 'a currency that does not exist',
    row: 'A,Belgium,5 GB,30,9.50,XYZ',
    says: /there is no currency "XYZ"/,
  },
  {
    name: 'cents of a currency that has none',
    row: 'A,Belgium,5 GB,30,9.50,JPY',
    says: /2 decimal places, and JPY has 0/,
  },
  { name: 'no SKU', row: ',Belgium,5 GB,30,9.50,EUR', says: /it has no SKU/ },
  {
    name: 'a SKU that stands twice',
    row: 'B,Belgium,5 GB,30,9.50,EUR',
    says: /its SKU stands on line 2 already/,
  },
  {
    name: 'a SKU of the catalog with another volume',
    row: 'OLD,Alps,5 GB,30,9.50,EUR',
    says: /with another volume \(catalog\/old\.yaml:4\), and nothing is overwritten/,
  },
  {
    name: 'a decimal comma, beside a separator that is one',
    row: 'A,Belgium,"1,5 GB",30,"9,50",EUR',
    says: 'taken',
  },
  {
    name: 'spaces of a spreadsheet that do not break',
    row: 'A,Belgium,5\u00A0GB,30\u202Fdays,9.50,EUR',
    says: 'taken',
  },
  { name: 'a cell of several lines', row: 'A,"Belgium;\nNL",5 GB,30,9.50,EUR', says: 'taken' },
  {
    name: 'a quote that closes before the end of its field',
    row: 'A,"Belgium"NL,5 GB,30,9.50,EUR',
    says: /a quote of this line is not closed, or closed before/,
  },
  {
    name: 'a sign of a currency',
    row: 'A,Belgium,5 GB,30,€9.50,EUR',
    says: /the price "€9\.50" cannot be read/,
  },
  {
    name: 'a formula as SKU, which is text like any other',
    row: '"=cmd|calc!A0",Belgium,5 GB,30,9.50,EUR',
    says: 'taken',
  },
  {
    name: 'too many columns',
    row: 'A,Belgium,5 GB,30,9.50,EUR,more',
    says: /it has 7 columns, and the first line names 6/,
  },
  {
    name: 'a quote that is not closed',
    row: 'A,"Belgium,5 GB,30,9.50,EUR',
    says: /a quote of this line is not closed/,
  },
]

t.test(
  'a row that cannot be said is named with its line and reason, and the others are taken',
  async t => {
    for (const { name, row, says } of ROWS)
      await t.test(name, async t => {
        const desk = await openDesk(
          t,
          () => ({
            'catalog/account.yaml': ACCOUNT,
            'catalog/old.yaml': `version: 1
rateZones: [{ key: alps, name: Alps, countries: [CH, AT] }]
addonPlans:
  - { key: old, name: Old, rateZone: alps, data: 1 GB, validity: 30 days, portal: { sku: OLD } }
`,
            'p.csv': `sku,destination,volume,days,price,currency\nB,France,1 GB,7,1,EUR\n${row}\n`,
          }),
          { sims: 1 },
        )
        const result = await imported(desk, 'p.csv')
        t.equal(result.code, says === 'taken' ? 0 : 5)
        t.equal(result.imported.length, says === 'taken' ? 2 : 1)
        if (says === 'taken') t.strictSame(result.refused, [])
        else t.match(result.refused, [{ line: 3, reason: says }])
        t.equal((await desk.run('validate')).code, 0)
        t.equal((await desk.run('fmt --check --catalog catalog/imported')).code, 0)
      })
  },
)

t.test('what is there is never overwritten, and more rows go into another folder', async t => {
  const desk = await openDesk(t, () => ({ 'catalog/account.yaml': ACCOUNT }), { sims: 1 })
  const head = 'sku,destination,volume,days\n'
  desk.write('p.csv', `${head}A,Belgium,5 GB,30\n`)
  await imported(desk, 'p.csv')
  const before = desk.read('catalog/imported/addon-plans.yaml')
  desk.write('p.csv', `${head}A,Belgium,5 GB,30\nB,France,5 GB,30\n`)
  const stopped = await desk.run('import p.csv')
  t.equal(stopped.code, 1)
  t.match(stopped.stderr, /rate-zones\.yaml exists, and nothing is overwritten.*--into/)
  t.equal(desk.read('catalog/imported/addon-plans.yaml'), before)
  t.equal((await desk.run('import p.csv --into more')).code, 0)
  t.match(desk.read('catalog/more/addon-plans.yaml'), /sku: B/)
  t.equal((await desk.run('validate')).code, 0)
  t.match(
    (await desk.run('import p.csv --map volume=Data')).stderr,
    /no column "Data" for volume; the first line names sku, destination/,
  )
  t.equal((await desk.run('import p.csv --map colour=X')).code, 64)
  t.equal((await desk.run('import none.csv')).code, 64)
})

const LIST_HEAD = 'sku,destination,volume,throttle,sms,days,like\n'

t.test('what the language cannot say is left to a plan that was made by hand', async t => {
  const desk = await shop(t, false)
  const { world } = desk.simulator
  const zone = handMadeZone(world, 'By hand', networksOf(world, 'Belgium'))
  const planId = handMadePlan(world, 'Template endless', zone, {
    value: '-1',
    info: { pcrfRule: 'Throttle_512' },
    known: WIRE,
  })
  desk.write(
    'p.csv',
    `${LIST_HEAD}A,Belgium,unlimited,512 kbps,,30,Template endless
B,France,unlimited,512 kbps,,7 days,Template endless
C,Belgium,5 GB,,20,30,
D,Belgium,unlimited,512 kbps,,,Template endless
E,Belgium,unlimited,512 kbps,,,Gone
`,
  )
  const result = await imported(desk, 'p.csv')
  t.equal(result.code, 5)
  t.match(result.refused, [
    { line: 4, sku: 'C', reason: /says SMS.* or build such a plan .* --map like=COLUMN/ },
  ])
  t.match(result.leftToLike, [
    { line: 2, sku: 'A', what: ['data without an end', '512 kbps after the data'] },
    { line: 3 },
    { line: 5 },
    { line: 6 },
  ])
  t.match(
    desk.read('catalog/imported/addon-plans.yaml'),
    /rateZone: france\n {4}validity: 7 days\n {4}like: \{ name: Template endless \}\n {4}portal: \{ sku: B \}/,
  )
  t.match(await imported(desk, 'p.csv'), { imported: [], files: [], refused: [{ line: 4 }] })
  const ended = await desk.run('apply --auto-approve')
  t.equal(ended.code, 5, 'one template is not there')
  t.match(ended.stdout, /like: the account has no plan "Gone"/)
  const { addonPlans } = await desk.state()
  t.same(Object.keys(addonPlans).sort(), ['a', 'b', 'd'])
  for (const { planId: id } of Object.values(addonPlans))
    t.match(world.plans.get(id)?.terms, { unlimited: true, throttle: '512 kbps' })
  const byId = await imported(desk, `p.csv --set like-id=${planId} --into more`)
  t.match(byId.refused[0]?.reason, /by its name, and by its ID/)
})

t.test('what account.wire knows is said by the entry, whatever it is like', async t => {
  const desk = await shop(t, true)
  desk.write('p.csv', `${LIST_HEAD}A,Belgium,unlimited,512 kbps,20,1 month,Template\n`)
  const result = await imported(desk, 'p.csv')
  t.same([result.refused, result.leftToLike], [[], []])
  t.match(
    desk.read('catalog/imported/addon-plans.yaml'),
    /benefits: \{ data: unlimited, sms: 20 \}\n {4}throttle: 512 kbps\n {4}validity: 1 month\n {4}like: \{ name: Template \}/,
  )
})

t.test('SMS without data are refused with the reason', async t => {
  const desk = await shop(t, true)
  desk.write('p.csv', `${LIST_HEAD}A,Belgium,,,20,30,\nB,Belgium,0,,20,30,\n`)
  const { refused } = await imported(desk, 'p.csv')
  for (const line of [2, 3])
    t.match(refused[line - 2], {
      line,
      reason: /it has SMS and no data: where a plan works .* are read from its data/,
    })
})

t.test('a list as spreadsheets write it: mark, sep=, semicolons, CRLF, commas', async t => {
  const desk = await shop(t, true)
  desk.write(
    'p.csv',
    '\uFEFFsep=;\r\nSKU;Land;Volumen;Tage;Preis;Notiz\r\nA;Deutschland;1,5 GB;30;9,50;"zwei\r\nZeilen; mit ""Zitat"""\r\nB;Germany;1,5 GB;30;9,50;\r\n;;;;;\r\n',
  )
  const line =
    'p.csv --map destination=Land --map volume=Volumen --map days=Tage --map price=Preis --map portal.note=Notiz --set currency=EUR'
  const result = await imported(desk, line)
  t.match(result.refused, [{ line: 3, sku: 'A', reason: /"Deutschland" is no country/ }])
  t.match(result.imported, [{ line: 5, sku: 'B' }])
})

t.test('a list that is too large, or that has a column twice, is refused as a whole', async t => {
  const desk = await shop(t, true)
  desk.write('twice.csv', 'sku,destination,volume,days,Price,price\nA,Belgium,1 GB,7,1,2\n')
  const twice = await desk.run('import twice.csv --set currency=EUR')
  t.equal(twice.code, 1)
  t.match(twice.stderr, /two columns are called "Price", and price is taken from one of them/)
  const row = `A,Belgium,1 GB,7,${'x'.repeat(1000)}\n`
  desk.write('large.csv', `sku,destination,volume,days,note\n${row.repeat(17_000)}`)
  const large = await desk.run('import large.csv')
  t.equal(large.code, 64)
  t.match(large.stderr, /large\.csv has more than 16 MB: split it/)
})
