import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { prepareAdoption } from '../../src/adopt/adopt-account.ts'
import { kebabCase } from '../../src/adopt/make-key.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import { openSimulated, startUnlimited } from '../sft/support.ts'
import { handMadeEndpoint, handMadePlan, handMadeZone, networksOf, openAdoptDesk } from './desk.ts'

const ADOPTED = 'catalog/adopted'

t.test('an account built by hand becomes YAML and state, and the next plan is empty', async t => {
  const desk = await openAdoptDesk(t)
  const { world, iccids } = desk
  const alps = handMadeZone(world, 'Die Alpen (groß)', networksOf(world, 'Switzerland', 'Austria'))
  const [italian = { operatorId: '', sponsorId: '' }] = networksOf(world, 'Italy')
  handMadeZone(world, 'Some Italy', [...networksOf(world, 'Malta'), italian])
  handMadePlan(world, 'Alps 10 GB', alps, { value: '10240', charge: '12.5' })
  handMadePlan(world, 'Alps day pass', alps, {
    info: { planDescription: `Starts: \${now} $\${x}`, addOnPriority: '4' },
    value: '500',
    charge: '0',
    subscription: { activatedBy: '0', occurrences: '5', reSubscriptionRule: '1' },
    validity: { validityFactor: '1' },
  })
  for (const [at, iccid] of iccids.slice(0, 10).entries())
    handMadeEndpoint(world, iccid, 'travel sim', at < 3)
  const callsBefore = desk.writes().length

  const dry = await desk.run('adopt --dry-run')
  t.equal(dry.code, 0, dry.stderr)
  t.match(dry.stderr, /takes 4 calls or more .* one for each page of the SIM stock/)
  t.match(dry.stderr, /The SIM stock has 1 page: 1 call, about 1 s at 1,000 calls\/s/)
  t.match(dry.stdout, /=== adopted\/rate-zones\.yaml/)
  t.match(dry.stdout, /To adopt: 2 rate zones, 2 add-on plans, 10 endpoints; 0 left out/)
  t.notOk(readdirSync(desk.folder).includes('catalog'), 'a dry run writes nothing')

  const adopted = await desk.run('adopt')
  t.equal(adopted.code, 0, adopted.stderr)
  t.match(adopted.stdout, /^Adopted: 2 rate zones, 2 add-on plans, 10 endpoints; 0 left out$/m)
  t.match(adopted.stdout, /7 of the endpoints are Pre-Active and will count as unsold stock/)
  t.match(
    desk.read(`${ADOPTED}/rate-zones.yaml`),
    /- key: die-alpen-gross\n {4}name: Die Alpen \(groß\)\n {4}countries: \[AT, CH\]\n/,
  )
  t.match(
    desk.read(`${ADOPTED}/rate-zones.yaml`),
    /countries: \[MT\]\n {4}networks:( \[ITA..\]|\n {6}- \{ operatorId)/,
  )
  t.match(
    desk.read(`${ADOPTED}/addon-plans.yaml`),
    `  - key: alps-10-gb
    name: Alps 10 GB
    rateZone: die-alpen-gross
    data: 10 GB
    validity: 7 days
    charge: "12.50"
  - key: alps-day-pass
    name: Alps day pass
    description: "Starts: $\${now} $$\${x}"
    rateZone: die-alpen-gross
    data: 500 MB
    validity: 1 day
    activation: immediate
    renewal: { on: expiry, times: 5 }
    priority: 4
`,
  )
  t.match(desk.read(`${ADOPTED}/account.yaml`), /basePlan: DEFAULTPRE41274807/)
  t.equal(
    desk.read(`${ADOPTED}/inventory/adopted-1.csv`),
    `iccid\n${iccids.slice(0, 10).join('\n')}\n`,
  )
  const plan = await desk.run('plan --detailed-exitcode')
  t.equal(plan.code, 0, plan.stdout + plan.stderr)
  t.match(plan.stdout, /^Nothing to do: 14 unchanged$/m)
  t.equal(desk.writes().length, callsBefore, 'the account was only read')

  const again = await desk.run('adopt')
  t.match(again.stdout, /^Nothing to adopt$/m)
  t.equal(again.code, 0)

  handMadePlan(world, 'Later', alps)
  const refused = await desk.run('adopt')
  t.equal(refused.code, 1)
  t.match(refused.stderr, /adopted\/addon-plans\.yaml exists, and nothing is overwritten: .*--into/)
  const second = await desk.run('adopt --into more --only addonPlans')
  t.match(second.stdout, /^Adopted: 0 rate zones, 1 add-on plan, 0 endpoints; 0 left out$/m)
  t.equal((await desk.run('plan --detailed-exitcode')).code, 0)
})

t.test('a state that was lost is made again from the catalog, sold endpoints included', async t => {
  const desk = await openAdoptDesk(t)
  const { world, iccids } = desk
  handMadePlan(world, 'One', handMadeZone(world, 'Alps', networksOf(world, 'Austria')))
  for (const [at, iccid] of iccids.slice(0, 4).entries())
    handMadeEndpoint(world, iccid, iccid, at === 0)
  t.equal((await desk.run('adopt')).code, 0)
  const before = await desk.state()
  const again = await desk.run('adopt --state other.json')
  t.equal(again.code, 0, again.stderr + again.stdout)
  t.match(
    again.stdout,
    /Already in the catalog, new to the state\n {2}rateZone\/alps\n {2}addonPlan\/one/,
  )
  desk.write('state.json', desk.read('other.json'))
  const after = await desk.state()
  const undated = ({ lineage: _l, serial: _s, endpoints, ...rest }: typeof before) => ({
    ...rest,
    endpoints: Object.values(endpoints).map(({ since: _since, ...record }) => record),
  })
  t.same(undated(after), undated(before))
  const ages = Object.values(after.endpoints).map(({ since }) => Date.parse(since ?? ''))
  t.ok(
    ages.every(at => at > Date.now() - 3_600_000),
    'they are in stock here from now on',
  )
})

t.test(
  'revisions, twins, inactive and unspeakable plans are left out or recorded, each with its reason',
  async t => {
    const desk = await openAdoptDesk(t)
    const { world } = desk
    const zone = handMadeZone(world, 'Alps', networksOf(world, 'Austria'))
    handMadePlan(world, 'Twin', zone)
    handMadePlan(world, 'Twin', zone)
    handMadePlan(world, 'Case', zone)
    handMadePlan(world, 'CASE', zone)
    handMadePlan(world, 'Revised', zone)
    const revised = handMadePlan(world, 'Revised (r3)', zone, { value: '2048' })
    const alone = handMadePlan(world, 'Alone (r2)', zone)
    handMadePlan(world, 'Odd (r1)', zone)
    const inactive = handMadePlan(world, 'Old', zone, { info: { planStatus: 'In-Active' } })
    handMadePlan(world, 'Months', zone, {
      validity: { validityType: '2', validityFactor: '3' },
      known: { 'validity-type': { months: '2' } },
    })
    handMadePlan(world, 'Slow', zone, { info: { pcrfRule: 'Throttle_128' } })
    handMadePlan(world, 'Two benefits', zone, { benefits: 2 })
    handMadePlan(world, 'Post', zone, { info: { planType: '1' } })
    handMadePlan(world, '日本', zone)
    const empty = handMadeZone(world, 'Empty', networksOf(world, 'Malta'))
    await desk.control('portal', { zone: empty, set: { networks: [] } })

    const adopted = await desk.run('adopt --inactive')
    t.equal(adopted.code, 0, adopted.stderr)
    t.match(adopted.stdout, /rate zone "Empty" \(\d+\): it has no network/)
    t.equal(
      adopted.stdout.match(/"Twin" \(\d+\): the account has 2 add-on plans of this name/g)?.length,
      2,
    )
    t.match(adopted.stdout, /"Revised" \(\d+\): it counts as an older revision of "Revised \(r3\)"/)
    t.match(adopted.stdout, /"Odd \(r1\)" \(\d+\): its name has the form kept for revisions/)
    t.match(adopted.stdout, /"Two benefits" \(\d+\): it has 2 data benefits/)
    t.match(adopted.stdout, /"Post" \(\d+\): it is postpaid, and the catalog's plans are prepaid/)
    t.match(adopted.stdout, /differ by capital letters only are different plans: "CASE", "Case"/)
    const yaml = desk.read(`${ADOPTED}/addon-plans.yaml`)
    t.match(
      yaml,
      /# "Alone \(r2\)" on the account: revision 2\n {2}- key: alone\n {4}name: Alone\n/,
    )
    t.match(
      yaml,
      /name: Months\n {4}rateZone: alps\n {4}data: 1 GB\n {4}activation: first-use\n {4}charge: "4\.50"\n {4}priority: 1\n {4}like: \{ planId: "\d+" \}\n/,
      'what the catalog cannot say stays as it is',
    )
    const slow = yaml.slice(yaml.indexOf('name: Slow'))
    t.match(slow, /validity: 7 days\n[\s\S]*? {4}like: \{ planId: "\d+" \}\n/)
    t.match(yaml, /# Left out:\n# - add-on plan/)
    t.match(yaml, /- key: case\n[^-]*- key: case-2\n/)
    const { addonPlans } = await desk.state()
    t.match(addonPlans['revised'], { planId: revised, revision: 3, name: 'Revised (r3)' })
    t.match(addonPlans['alone'], { planId: alone, revision: 2 })
    t.match(addonPlans['old'], { planId: inactive, retired: true })
    const plan = await desk.run('plan --detailed-exitcode --prune')
    t.equal(plan.code, 0, plan.stdout)
    t.match(plan.stdout, /^Nothing to do/m)
  },
)

t.test(
  'it fits into a catalog that exists: its settings hold, what it manages is left alone',
  async t => {
    const desk = await openAdoptDesk(t, iccids => ({
      'catalog/mine.yaml': `version: 1
account: { addonServiceProfile: SP_1335, currencyId: "99", basePlan: DEFAULTPRE41274807, apnGroup: PDP_1785, roamingProfiles: ["3017"] }
rateZones:
  - { key: alps, name: Alps, countries: [AT] }
addonPlans:
  - { key: mine, name: Mine, rateZone: alps, data: 1 GB, validity: 7 days, currencyId: "44" }
endpointBatches:
  - { key: adopted-1, iccids: ["${iccids[0]}"] }
`,
    }))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const zone = [...desk.world.zones.keys()][0] ?? ''
    handMadePlan(desk.world, 'Hers', zone)
    handMadeEndpoint(desk.world, desk.iccids[1] ?? '', 'hers', true)
    const adopted = await desk.run('adopt --endpoint-profiles --json')
    t.equal(adopted.code, 0, adopted.stderr)
    t.match(adopted.stderr, /The profiles of 1 endpoint: 1 call/)
    const json = JSON.parse(adopted.stdout)
    t.match(json, {
      format: 1,
      written: true,
      adopted: ['addonPlan/hers', `endpoint/${desk.iccids[1]}`],
      left: [],
    })
    t.match(desk.read(`${ADOPTED}/addon-plans.yaml`), /rateZone: alps\n[^#]*currencyId: "44"\n/)
    t.match(
      desk.read(`${ADOPTED}/endpoints.yaml`),
      /key: adopted-1-2\n {4}tags: \[adopted\]\n {4}name: hers\n/,
    )
    t.notOk(readdirSync(join(desk.folder, ADOPTED)).includes('account.yaml'))
    t.equal((await desk.run('plan --detailed-exitcode')).code, 0)
  },
)

t.test('what the account does not report is asked for, or left out with a reason', async t => {
  await using simulator = await startUnlimited({
    wire: { planQuery: 'basicInfo', zoneNetworks: false },
  })
  const { world } = simulator
  const zone = handMadeZone(world, 'Alps', networksOf(world, 'Austria'))
  handMadeZone(world, 'Nobody knows', networksOf(world, 'Italy'))
  handMadePlan(world, 'Alps 1 GB', zone)
  handMadePlan(world, 'Forgotten', zone)
  const folder = join(t.testdir({}), 'catalog')
  const questions: string[] = []
  const prepare = async (answers?: Readonly<Record<string, string>>) => {
    await using sft = openSimulated(simulator)
    return await prepareAdoption(sft, emptyState(), {
      catalog: undefined,
      folder,
      into: 'adopted',
      kinds: new Set(['rateZone', 'addonPlan']),
      inactive: false,
      endpointProfiles: false,
      pageSize: 250,
      load: {},
      say: () => undefined,
      ...(answers && {
        ask: async (question: string) => {
          questions.push(question)
          return Object.entries(answers).find(([part]) => question.includes(part))?.[1] ?? ''
        },
      }),
    })
  }
  const alone = await prepare()
  t.equal(alone.entries.length, 0)
  t.match(
    alone.left.map(({ why }) => why).join('\n'),
    /does not report its networks(.|\n)*does not report its rate zone, data, validity/,
  )
  const told = await prepare({ '"Alps"': 'AT', '"Alps 1 GB"': `1 GB, 7 days, ${zone}` })
  t.equal(questions.length, 4)
  t.same(
    told.entries.map(({ kind, key }) => `${kind}/${key}`),
    ['rateZone/alps', 'addonPlan/alps-1-gb'],
  )
  t.same(
    told.left.map(({ what }) => what.replace(/\d+/, 'N')),
    ['rate zone "Nobody knows" (N)', 'add-on plan "Forgotten" (N)'],
  )
  const yaml = told.files.find(({ path }) => path.endsWith('addon-plans.yaml'))?.text
  t.match(
    yaml,
    /# not reported by the account: rateZone as told; data as told; .*charge: taken as 0/,
  )
})

t.test('it refuses another account’s state, wrong words, and a catalog with errors', async t => {
  const desk = await openAdoptDesk(t)
  handMadeZone(desk.world, 'Alps', networksOf(desk.world, 'Austria'))
  t.equal((await desk.run('adopt --only rates')).code, 64)
  t.equal((await desk.run('adopt --into ../out')).code, 64)
  t.equal((await desk.run('adopt --only rateZones')).code, 0)
  desk.write(
    'state.json',
    desk.read('state.json').replace(/"host": ?"[^"]+"/, '"host":"elsewhere"'),
  )
  t.equal((await desk.run('state accept-edit --yes')).code, 0)
  const foreign = await desk.run('adopt')
  t.equal(foreign.code, 1)
  t.match(foreign.stderr, /the state belongs to another account/)
  mkdirSync(join(desk.folder, 'catalog'), { recursive: true })
  writeFileSync(join(desk.folder, 'catalog/bad.yaml'), 'version: 7\n')
  const bad = await desk.run('adopt')
  t.equal(bad.code, 1)
  t.match(bad.stderr, /bad\.yaml:1:10: error VERSION_UNKNOWN/)
})

t.test(
  '200 zones, 800 plans and 20,000 endpoints: adopted, an empty plan, then one edit is one change',
  async t => {
    const desk = await openAdoptDesk(t, undefined, { sims: 20_010 })
    const { world, iccids } = desk
    const all = [...world.networks.values()]
    const countries = [...new Set(all.map(({ countryName }) => countryName))]
    for (let n = 0; n < 200; n += 1)
      handMadeZone(
        world,
        `Zone ${n}`,
        n % 2 === 0
          ? all
              .slice(n * 3, n * 3 + 4)
              .map(({ operatorId, sponsorId }) => ({ operatorId, sponsorId }))
          : networksOf(world, countries[n] ?? '', countries[n + 1] ?? ''),
      )
    const zones = [...world.zones.keys()]
    for (let n = 0; n < 800; n += 1)
      handMadePlan(world, `Plan ${n}`, zones[n % 200] ?? '', {
        value: String(512 * (1 + (n % 40))),
        charge: `${n % 30}.50`,
        validity: { validityFactor: String(1 + (n % 30)) },
      })
    for (const [at, iccid] of iccids.slice(0, 20_000).entries())
      handMadeEndpoint(world, iccid, `sim-${iccid}`, at % 3 === 0)
    const adopted = await desk.run('adopt')
    t.match(
      adopted.stdout,
      /^Adopted: 200 rate zones, 800 add-on plans, 20,000 endpoints; 0 left out$/m,
    )
    const empty = await desk.run('plan --detailed-exitcode')
    t.equal(empty.code, 0, empty.stderr)
    t.match(empty.stdout, /^Nothing to do: 21,000 unchanged$/m)
    const file = `${ADOPTED}/addon-plans.yaml`
    desk.write(
      file,
      desk.read(file).replace(/(name: Plan 123\n(.*\n)*?.*charge: )"3\.50"/, '$1"3.75"'),
    )
    const one = await desk.run('plan --detailed-exitcode')
    t.equal(one.code, 2)
    t.match(
      one.stdout,
      /~ addonPlan\/plan-123 .*\n {6}charge \(changed in the catalog\) {2}3\.5 → 3\.75/,
    )
    t.match(one.stdout, /^Plan: 1 to update, 20,999 unchanged$/m)
  },
)

t.test('keys are kebab-case without accents', async t => {
  t.equal(kebabCase('Côte d’Ivoire 10 GB (30 days)', 'x'), 'cote-divoire-10-gb-30-days')
  t.equal(kebabCase('constructor', 'addon-plan-1'), 'addon-plan-1')
  t.equal(kebabCase('日本', 'addon-plan-1'), 'addon-plan-1')
  t.equal(kebabCase('a'.repeat(300), 'x').length, 92)
})
