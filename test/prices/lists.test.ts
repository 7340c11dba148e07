import t, { type Test } from 'tap'
import type { Desk } from '../cli/desk.ts'
import { imported, shop } from './desk.ts'
import {
  countriesWithNetworks,
  dailyOrUnlimited,
  manyCountries,
  type Promised,
  withMessages,
} from './lists.ts'
import { kindOf, sellAll } from './sell-all.ts'

/** Rows of two lists: as many as sellers have, or fewer every day. */
const [PACKAGES, DAILY] = process.env['PRICE_LISTS'] === 'full' ? [526, 835] : [130, 151]

/** Applies what was imported; the next plan must be empty, and every imported SKU sellable. */
async function applied(t: Test, desk: Desk, skus: readonly string[]): Promise<void> {
  const { code, stderr } = await desk.run('apply --auto-approve')
  t.equal(code, 0, stderr.slice(-500))
  const { summary } = JSON.parse((await desk.run('plan --json')).stdout)
  t.match(summary, { create: 0, update: 0, replace: 0, blocked: 0, outcome: 'ok' })
  const { addonPlans } = await desk.state()
  const sellable = new Set(
    Object.values(addonPlans).flatMap(({ portal, retired }) =>
      retired === true ? [] : [String(portal?.['sku'])],
    ),
  )
  t.strictSame(
    skus.filter(sku => !sellable.has(sku)),
    [],
    'every imported row can be sold',
  )
}

/** Sells every row that was imported, and uses one of each kind: each buyer has what the list promises. */
async function allSold(
  t: Test,
  desk: Desk,
  promised: ReadonlyMap<string, Promised>,
  { imported: rows }: { readonly imported: readonly { readonly sku: string }[] },
): Promise<void> {
  const sold = new Map(
    rows.flatMap(({ sku }) => {
      const promise = promised.get(sku)
      return promise === undefined ? [] : [[sku, promise] as const]
    }),
  )
  t.equal(sold.size, rows.length)
  const { wrong, used } = await sellAll(desk, sold)
  t.strictSame(wrong, [], 'every row was sold, and grants what it promises')
  t.strictSame(used, new Set([...sold.values()].map(kindOf)), 'each kind of product was used')
}

t.test(
  `${PACKAGES} packages in 126 countries: every row is sellable, or refused with its reason`,
  async t => {
    const desk = await shop(t, false, PACKAGES)
    const countries = countriesWithNetworks(desk.simulator, 126)
    t.equal(countries.length, 126)
    const list = manyCountries(countries, PACKAGES)
    desk.write('prices.csv', list.csv)
    const map =
      '--map sku=Package --map destination=Country --map volume=Data --map price=Price_EUR'
    const result = await imported(desk, `prices.csv ${map} --set currency=EUR`)
    t.strictSame(result.refused, [])
    t.equal(result.imported.length, PACKAGES)
    t.equal(result.code, 0)
    t.equal(desk.read('catalog/imported/rate-zones.yaml').match(/- key:/g)?.length, 126)
    await applied(
      t,
      desk,
      result.imported.map((row: { sku: string }) => row.sku),
    )
    const again = await imported(desk, `prices.csv ${map} --set currency=EUR`)
    t.match(again, { code: 0, imported: [], refused: [], files: [] })
    t.equal(again.known.length, PACKAGES)
    await allSold(t, desk, list.promised, result)
  },
)

t.test('18 packages, some with SMS and minutes', async t => {
  const desk = await shop(t, true, 16)
  const list = withMessages(countriesWithNetworks(desk.simulator, 6))
  desk.write('prices.csv', list.csv)
  const result = await imported(desk, 'prices.csv --set currency=GBP')
  t.equal(result.code, 5)
  t.match(result.refused, [
    { line: 5, sku: 'M-3', reason: /voice minutes, and the platform has no voice service/ },
    { line: 11, sku: 'M-9' },
  ])
  t.equal(result.imported.length, 16)
  const yaml = desk.read('catalog/imported/addon-plans.yaml')
  t.match(
    yaml,
    /benefits: \{ data: 1\.5 GB, sms: 50 \}\n {4}validity: 1 month\n {4}portal: \{ sku: M-0, prices: \{ GBP: "5\.90" \} \}/,
  )
  await applied(
    t,
    desk,
    result.imported.map((row: { sku: string }) => row.sku),
  )
  await allSold(t, desk, list.promised, result)
})

t.test(`${DAILY} packages by the day or unlimited`, async t => {
  const desk = await shop(t, true, DAILY - 1)
  const list = dailyOrUnlimited(countriesWithNetworks(desk.simulator, 120), DAILY)
  desk.write('prices.csv', list.csv)
  const result = await imported(desk, 'prices.csv')
  t.match(result.refused, [
    {
      line: DAILY + 1,
      sku: `D-${DAILY - 1}`,
      reason: 'it is unlimited, and has a volume of 500 MB too',
    },
  ])
  t.equal(result.imported.length, DAILY - 1)
  t.strictSame(result.unused, ['Note'])
  const yaml = desk.read('catalog/imported/addon-plans.yaml')
  t.match(yaml, /data: 500 MB a day\n {4}throttle: 512 kbps\n {4}validity: 1 day\n/)
  t.match(yaml, /data: unlimited\n {4}throttle: 128 kbps\n/)
  await applied(
    t,
    desk,
    result.imported.map((row: { sku: string }) => row.sku),
  )
  await allSold(t, desk, list.promised, result)
})

t.test('with no wire value set, what needs one is refused, and nothing is sold wrong', async t => {
  const desk = await shop(t, false)
  const countries = countriesWithNetworks(desk.simulator, 120)
  desk.write('daily.csv', dailyOrUnlimited(countries, DAILY).csv)
  const daily = await imported(desk, 'daily.csv')
  t.same([daily.imported.length, daily.refused.length, daily.files], [0, DAILY, []])
  for (const { line, reason } of daily.refused.slice(0, DAILY - 1))
    t.match(
      reason,
      /what this account has for that is not known: add (daily|unlimited)-data/,
      `${line}`,
    )
  desk.write('sms.csv', withMessages(countries).csv)
  const sms = await imported(desk, 'sms.csv --set currency=GBP')
  // Neither SMS nor months.
  t.strictSame(
    sms.imported.map((row: { line: number }) => row.line),
    [3, 7, 9, 13, 15, 19],
  )
  for (const { sku, reason } of sms.refused)
    t.match(reason, /voice minutes|says SMS|says a validity in months/, sku)
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const { addonPlans } = await desk.state()
  t.equal(Object.keys(addonPlans).length, 6, 'only what is known is made')
})
