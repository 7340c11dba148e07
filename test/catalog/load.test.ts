import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { loadCatalog } from '../../src/catalog/index.ts'
import { unsubstituted } from '../../src/catalog/substitute.ts'
import type { Json } from '../../src/model.ts'
import { renderIssue } from '../../src/render/issues.ts'

const load = (t: Test, files: Parameters<Test['testdir']>[0]) => loadCatalog(t.testdir(files))

const account = `
account:
  addonServiceProfile: SP_1335
  currencyId: 0044
  basePlan: DEFAULTPRE41274807
  apnGroup: PDP_1785
  roamingProfiles: [3017, "3018"]
`

t.test('a catalog over several files is brought into its normal form', async t => {
  const directory = t.testdir({
    'account.yml': `version: 1${account}`,
    zones: {
      'europe.yaml': `version: 1
rateZones:
  - key: europe
    name: Europe
    countries: [BE, bel, France, NO]
    networks: [gbrvf, { operatorId: 12, sponsorId: "3" }]
    exclude: [FRAF2]
    portal: { destination: europe, rank: 3 }
`,
    },
    'plans.yaml': `version: 1
addonPlans:
  - key: europe-10gb-30d
    name: Europe 10 GB 30 days
    rateZone: europe
    data: 10 GB
    validity: 30 days
    renewal: { on: exhaustion, times: 3 }
    charge: 4.50
    lifecycle: { preventRetire: true }
    sft: { benefit: [{ benefitId: "9", value: "100" }], notification: [] }
  - { key: other, name: Other, rateZone: { id: 1201 }, data: 500 MB, validity: 1 day }
`,
    deep: {
      er: {
        'batch.yaml': `version: 1
endpointBatches:
  - key: b
    iccids: [8932042000010000012]
    iccidFile: ../../lists/b.csv
moved: [{ from: rateZone/eu, to: rateZone/europe }]
limits: { endpoints: 10% }
`,
      },
    },
    lists: {
      'b.csv': '\uFEFFbox;"ICCID"\r\n1;"8932042 0000 1000 0020F"\r\n\r\n2;8932042000010000038',
    },
    '.hidden.yaml': 'not yaml: [',
    'notes.txt': 'nor this',
  })
  const { catalog, issues, files } = await loadCatalog(directory)
  t.same(issues, [])
  t.equal(files.length, 4)
  t.match(catalog, {
    account: {
      currencyId: '0044',
      planType: 'prepaid',
      roamingProfiles: ['3017', '3018'],
      onNetworkRemoval: 'block',
    },
    rateZones: [
      {
        key: 'europe',
        countries: ['BE', 'FR', 'NO'],
        networks: [{ tadig: 'GBRVF' }, { operatorId: '12', sponsorId: '3' }],
        exclude: [{ tadig: 'FRAF2' }],
        portal: { destination: 'europe', rank: 3 },
        lifecycle: { preventRetire: false },
      },
    ],
    addonPlans: [
      {
        rateZone: { key: 'europe' },
        dataMB: 10_240,
        validityDays: 30,
        activation: 'first-use',
        renewal: { on: 'exhaustion', times: 3 },
        charge: '4.5',
        priority: 1,
        lifecycle: { preventRetire: true },
        sft: { benefit: [{ benefitId: '9', value: '100' }], notification: [] },
      },
      { rateZone: { id: '1201' }, dataMB: 500, validityDays: 1, charge: '0' },
    ],
    endpointBatches: [
      {
        name: '{iccid}',
        tags: [],
        iccids: ['8932042000010000012', '8932042000010000020', '8932042000010000038'],
      },
    ],
    moved: [{ from: 'rateZone/eu', to: 'rateZone/europe' }],
    limits: { rateZone: 0.3, addonPlan: 0.3, endpoint: 0.1 },
  })
  const zone = catalog?.rateZones[0]
  const file = path.join(directory, 'zones/europe.yaml')
  t.same(zone?.position, { file, line: 3, column: 5 })
  t.same(zone?.positions['countries.2'], { file, line: 5, column: 26 })
  t.same(zone?.positions['networks.1'], { file, line: 6, column: 23 })
  const before = catalog?.hash
  writeFileSync(path.join(directory, 'lists/b.csv'), 'iccid\n8932042000010000020\n')
  t.not((await loadCatalog(directory)).catalog?.hash, before, 'ICCID files count for the hash')
})

t.test('every problem is reported at once, with its place, a caret and what to do', async t => {
  const { catalog, issues } = await load(t, {
    'a.yaml': `version: 1
rateZones:
  - key: europe
    name: Europe (r2)
    countires: [BE]
    countries: [Belgum, Congo]
  - { key: europe, name: Rest, networks: [GBRVFX] }
addonPlans:
  - key: a
    name: A
    rateZone: europa
    data: 10GiB
    validity: 1 week
    charge: 1e3
    sft: { basicInfo: { planName: x } }
  - {
    key: b, name: A, rateZone: europe, data: 0.3 GB, validity: 7 days, portal: { tax: 1.10 } }
`,
  })
  t.equal(catalog, undefined)
  const text = issues
    .flatMap(issue => renderIssue(issue))
    .join('\n')
    .replaceAll(`${t.testdirName}/`, '')
  t.equal(
    text,
    `a.yaml:4:11: error RESERVED_NAME: names that end like "Europe (r2)" are kept for revisions
  4 |     name: Europe (r2)
    |           ^^^^^^^^^^^
  hint: leave the ending out: a replacement adds it
a.yaml:5:5: error UNKNOWN_KEY: this rate zone has no field "countires"
  5 |     countires: [BE]
    |     ^^^^^^^^^
  hint: did you mean countries?
a.yaml:6:17: error COUNTRY_UNKNOWN: no country is called "Belgum"
  6 |     countries: [Belgum, Congo]
    |                 ^^^^^^
  hint: did you mean BE (Belgium)?
a.yaml:6:25: error COUNTRY_UNKNOWN: no country is called "Congo"
  6 |     countries: [Belgum, Congo]
    |                         ^^^^^
  hint: did you mean CD (Democratic Republic of the Congo) or CG (Republic of the Congo)?
a.yaml:7:12: error DUPLICATE_KEY: there are two rate zones with the key "europe"; the first is at a.yaml:3
  7 |   - { key: europe, name: Rest, networks: [GBRVFX] }
    |            ^^^^^^
  hint: change one of the two
a.yaml:7:43: error SCHEMA: networks must be a TADIG code of five letters and digits, such as GBRVF, not "GBRVFX"
  7 |   - { key: europe, name: Rest, networks: [GBRVFX] }
    |                                           ^^^^^^
  hint: correct the value: TADIG code: this operator through every sponsor
a.yaml:9:5: error SETTING_MISSING: the add-on plan a and 1 more have no serviceProfile, and account: gives none
  9 |   - key: a
    |     ^
  hint: add addonServiceProfile to account:, or serviceProfile to the entry
a.yaml:9:5: error SETTING_MISSING: the add-on plan a and 1 more have no currencyId, and account: gives none
  9 |   - key: a
    |     ^
  hint: add currencyId to account:, or currencyId to the entry
a.yaml:9:5: error SETTING_MISSING: the add-on plan a and 1 more have no destinationGroup, and account: gives none
  9 |   - key: a
    |     ^
  hint: add destinationGroup or roamingProfiles to account:, or destinationGroup to the entry
a.yaml:11:15: error REFERENCE_UNKNOWN: no rate zone of this catalog has the key "europa"
  11 |     rateZone: europa
     |               ^^^^^^
  hint: did you mean europe?
a.yaml:12:11: error UNIT_INVALID: data must be a number and MB, GB or TB, such as 10 GB, 500 MB or 1 GB a day, or unlimited, not "10GiB"
  12 |     data: 10GiB
     |           ^^^^^
  hint: correct the value: data: MB, GB or TB in all or a day, or unlimited; 1 GB = 1024 MB, 1 TB = 1024 GB, and it comes to whole MB. Required, here or in benefits, without like. By the day and unlimited need account.wire
a.yaml:13:15: error UNIT_INVALID: validity must be a whole number of days, months or years, such as 30 days or 1 month, or unlimited, not "1 week"
  13 |     validity: 1 week
     |               ^^^^^^
  hint: correct the value: how long it lasts from its start: 1 to 99,999. Required without like. Months and years go by the calendar; they and unlimited need account.wire
a.yaml:14:13: error NOT_TEXT: text is meant here, and 1e3 is a number
  14 |     charge: 1e3
     |             ^^^
  hint: write "1e3" in quotes if these characters are meant
a.yaml:15:25: error SFT_OVERRIDES: basicInfo.planName is set from the fields of this entry
  15 |     sft: { basicInfo: { planName: x } }
     |                         ^^^^^^^^
  hint: remove it from sft:, which is for what the language does not have
a.yaml:17:19: error DUPLICATE_NAME: there are two add-on plans with the name "A"; the first is at a.yaml:9
  17 |     key: b, name: A, rateZone: europe, data: 0.3 GB, validity: 7 days, portal: { tax: 1.10 } }
     |                   ^
  hint: change one of the two
a.yaml:17:46: error UNIT_INVALID: 0.3 GB is not a whole number of MB above 0
  17 |     key: b, name: A, rateZone: europe, data: 0.3 GB, validity: 7 days, portal: { tax: 1.10 } }
     |                                              ^^^^^^
  hint: 1 GB is 1024 MB; the platform counts data in whole MB
a.yaml:17:87: error NOT_TEXT: 1.10 would be read as 1.1
  17 |     key: b, name: A, rateZone: europe, data: 0.3 GB, validity: 7 days, portal: { tax: 1.10 } }
     |                                                                                       ^^^^
  hint: write "1.10" in quotes if these characters are meant`,
  )
})

t.test('a zone that no plan uses is a warning, and the catalog can be used', async t => {
  const { catalog, issues } = await load(t, {
    'a.yaml': 'version: 1\nrateZones: [{ key: a, name: A, countries: [BE] }]\n',
  })
  t.equal(catalog?.rateZones.length, 1)
  t.match(issues, [{ code: 'ZONE_UNUSED', severity: 'warning' }])
})

t.test('what may stand in a file that cannot be read is not called missing', async t => {
  const { issues } = await load(t, {
    'a.yaml': 'version: 1\nrateZones: [',
    'b.yaml': `version: 1
addonPlans: [{ key: a, name: A, rateZone: zone, data: 1 GB, validity: 1 day }]
moved: [{ from: rateZone/old, to: rateZone/zone }]
`,
  })
  t.same(
    issues.map(issue => issue.code),
    ['YAML_SYNTAX'],
  )
})

t.test('aliases within a file stand for what they name', async t => {
  const { catalog } = await load(t, {
    'a.yaml': `version: 1
rateZones:
  - { key: a, name: A, countries: &some [BE, NL] }
  - { key: b, name: B, countries: *some }
`,
  })
  t.same(catalog?.rateZones[1]?.countries, ['BE', 'NL'])
})

t.test('a wrong check digit is an error on 19 digits that configuration can lower', async t => {
  const directory = t.testdir({
    'a.yaml': `version: 1${account}
endpointBatches: [{ key: b, iccids: ["8932042000010000013", "89320420000100000125"] }]
`,
  })
  const severities = async (checkDigit?: 'error' | 'warning' | 'off') => {
    const { issues } = await loadCatalog(directory, checkDigit === undefined ? {} : { checkDigit })
    return issues.map(issue => `${issue.code} ${issue.severity}`)
  }
  const [error, warning] = ['ICCID_CHECK_DIGIT error', 'ICCID_CHECK_DIGIT warning']
  t.same(await severities(), [error, warning])
  t.same(await severities('warning'), [warning, warning])
  t.same(await severities('off'), [])
})

t.test(
  '100,000 ICCIDs of a CSV are all there, and a bad column is not reported 100,000 times',
  async t => {
    const rows = Array.from({ length: 100_000 }, (_, index) => {
      const body = `8932042${String(index).padStart(11, '0')}`
      return body + luhnDigit(body)
    })
    const directory = t.testdir({
      'a.yaml': `version: 1${account}\nendpointBatches: [{ key: b, iccidFile: b.csv }]\n`,
      'b.csv': `iccid,box\n${rows.map(row => `${row},1`).join('\n')}\n`,
    })
    t.same((await loadCatalog(directory)).catalog?.endpointBatches[0]?.iccids, rows)
    writeFileSync(path.join(directory, 'b.csv'), `iccid\n${'8.93204E+18\n'.repeat(100_000)}`)
    const { issues } = await loadCatalog(directory)
    t.equal(issues.length, 201)
    t.match(issues[0], { code: 'ICCID_INVALID', position: { line: 2, column: 1 } })
    t.match(issues.at(-1), { code: 'ISSUES_LEFT_OUT', message: /99800 more problems/ })
  },
)

t.test('any catalog that is printed as YAML is read as it was meant', async t => {
  const directory = t.testdir({})
  const file = path.join(directory, 'catalog.yaml')
  const text = fc
    .stringMatching(/^[!-~]([ -~]{0,18}[!-~])?$/)
    .filter(name => !/\(r\d+\)$|^-$| {2}/.test(name))
  const id = fc.stringMatching(/^[!-{}~]{1,12}$/)
  const json = fc
    .jsonValue({ maxDepth: 2 })
    // JSON has no negative zero.
    .map((value): unknown => JSON.parse(JSON.stringify(value)))
    .filter(value => !/__proto__|<</.test(JSON.stringify(value)))
  const extra = {
    portal: fc.record({ free: json }),
    lifecycle: fc.record({ preventRetire: fc.boolean() }),
  }
  const countries = fc.uniqueArray(fc.constantFrom('BE', 'NO', 'FR', 'GB', 'XK', 'US'), {
    minLength: 1,
  })
  const zone = fc.record(
    {
      name: text,
      countries,
      networks: fc.array(fc.record({ operatorId: id, sponsorId: id })),
      ...extra,
    },
    { requiredKeys: ['name', 'countries'] },
  )
  const plan = fc.record(
    {
      name: text,
      description: text,
      megabytes: fc.integer({ min: 1, max: 9_999_999 }),
      days: fc.integer({ min: 1, max: 999 }),
      zone: fc.nat(),
      cents: fc.nat({ max: 99_999 }),
      renewal: fc.record({
        on: fc.constantFrom('expiry', 'exhaustion'),
        times: fc.integer({ min: 2, max: 99_999 }),
      }),
      activation: fc.constantFrom('first-use', 'immediate'),
      priority: fc.integer({ min: 1, max: 9999 }),
      currencyId: id,
      ...extra,
    },
    { requiredKeys: ['name', 'megabytes', 'days', 'zone', 'cents'] },
  )
  const byName = { selector: (entry: { name: string }) => entry.name }
  const quoted = fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(zone, { ...byName, minLength: 1, maxLength: 4 }),
      fc.uniqueArray(plan, { ...byName, maxLength: 5 }),
      quoted,
      async (zones, plans, defaultStringType) => {
        const rateZones = zones.map((entry, index) => ({ key: `zone-${index}`, ...entry }))
        const addonPlans = plans.map(({ megabytes, days, cents, zone, ...rest }, index) => ({
          key: `plan.${index}`,
          ...rest,
          rateZone: `zone-${zone % zones.length}`,
          data: `${megabytes} MB`,
          validity: `${days} days`,
          charge: (cents / 100).toFixed(2),
        }))
        const accountFields = {
          addonServiceProfile: 'SP_1',
          currencyId: '0044',
          roamingProfiles: ['1'],
        }
        const printed = { version: 1, account: accountFields, rateZones, addonPlans }
        const plain: Json = JSON.parse(JSON.stringify(printed))
        writeFileSync(file, stringify(unsubstituted(plain), { defaultStringType }))
        const { catalog, issues } = await loadCatalog(directory)
        const read = {
          errors: issues.filter(({ severity }) => severity === 'error'),
          rateZones: catalog?.rateZones.map(({ position, positions, exclude, ...rest }) => rest),
          addonPlans: catalog?.addonPlans.map(({ position, positions, charge, ...rest }) => ({
            ...rest,
            charge: Number(charge),
          })),
        }
        const lifecycle = { preventRetire: false }
        const meant = {
          errors: [],
          rateZones: rateZones.map(entry => ({ lifecycle, networks: [], ...entry })),
          addonPlans: plans.map(({ megabytes, days, cents, zone, ...rest }, index) => ({
            key: `plan.${index}`,
            lifecycle,
            activation: 'first-use',
            priority: 1,
            ...rest,
            rateZone: { key: `zone-${zone % zones.length}` },
            dataMB: megabytes,
            validityDays: days,
            charge: cents / 100,
          })),
        }
        // fast-check makes objects without a prototype.
        assert.deepEqual(read, JSON.parse(JSON.stringify(meant)))
      },
    ),
    { numRuns: 60 },
  )
})

function luhnDigit(body: string): number {
  const sum = [...body].reverse().reduce((total, digit, index) => {
    const weighted = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return total + (weighted > 9 ? weighted - 9 : weighted)
  }, 0)
  return (10 - (sum % 10)) % 10
}
