import t from 'tap'
import { ACCOUNT, openDesk, smallCatalog } from './desk.ts'

const WIRE_PLAN = {
  'validity-type': { months: '2' },
  throttle: { '512 kbps': { 'basicInfo.pcrfRule': 'Throttle_512' } },
} as const

t.test('account show tells each ID with where it was seen, and what to write', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 3)))
  await desk.run('apply --auto-approve')
  const before = desk.simulator.calls.length
  const { code, stdout } = await desk.run('account show')
  t.equal(code, 0)
  t.match(
    stdout,
    /addonServiceProfile\n {4}SP_1335 \(as the catalog says\)|SP_1335: seen in 1 add-on plan \(Alps 1 GB 7 days\) \(as the catalog says\)/,
  )
  t.match(
    stdout,
    /basePlan\n {4}DEFAULTPRE41274807 "DEFAULTPRE": seen in 3 endpoints \(.*\), 1 base plan \(DEFAULTPRE\)/,
  )
  t.match(stdout, /apnGroup\n {4}PDP_1785: seen in 3 endpoints/)
  t.match(stdout, /roamingProfiles\n {4}3017 "DEFAULT": seen in 3 endpoints/)
  t.match(stdout, /currencyId\n {4}44: seen in 1 add-on plan \(Alps 1 GB 7 days\), 1 base plan/)
  t.match(stdout, /destGroupId\n {4}2515: seen in the customer profile/)
  t.match(stdout, /validity\.validityType\n {4}1 = days: seen in 1 add-on plan/)
  const calls = desk.simulator.calls.slice(before)
  t.ok(calls.length <= 14, `${calls.length} calls`)
  t.same(desk.writes(before), [])
})

t.test('what a plan made by hand has is shown with the setting that may be meant', async t => {
  const desk = await openDesk(
    t,
    () => ({
      'catalog/catalog.yaml': `${ACCOUNT}  wire:
    validity-type: { months: "2" }
    throttle: { 512 kbps: { basicInfo.pcrfRule: Throttle_512 } }
rateZones: [{ key: alps, name: Alps, countries: [CH] }]
addonPlans:
  - { key: a, name: Alps monthly, rateZone: alps, data: 1 GB, throttle: 512 kbps, validity: 1 month }
`,
    }),
    { wire: { planTerms: WIRE_PLAN } },
  )
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const known = await desk.run('account show')
  t.match(known.stdout, /validityType\n {4}2 = months: seen/)
  t.match(known.stdout, /basicInfo\.pcrfRule\n {4}Throttle_512 = 512 kbps after the data: seen/)
  const { stdout } = await desk.run('account show --catalog nowhere --json')
  const { fields } = JSON.parse(stdout) as {
    readonly fields: readonly { readonly field: string; readonly values: readonly object[] }[]
  }
  const of = (name: string) => fields.find(({ field }) => field === name)?.values
  t.match(of('validity.validityType'), [
    { value: '2', write: 'wire: { validity-type: { months, years or unlimited: "2" } }' },
  ])
  t.match(of('basicInfo.pcrfRule'), [
    { value: 'Throttle_512', seen: [{ count: 1, examples: ['Alps monthly'] }] },
  ])
})

t.test('what an empty account cannot tell is not known, with the reason', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const { code, stdout } = await desk.run('account show')
  t.equal(code, 0)
  t.match(
    stdout,
    /addonServiceProfile\n {4}the catalog says SP_1335: not known whether the account has it\n {4}not known: the account has no add-on plan yet/,
  )
  t.match(
    stdout,
    /apnGroup\n.*\n {4}not known: no SIM on the first page of fetchSIM has an endpoint/,
  )
})

t.test('a value of the catalog that nothing has is said, and proves nothing', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  await desk.run('apply --auto-approve')
  desk.write('catalog/catalog.yaml', desk.read('catalog/catalog.yaml').replace('PDP_1785', 'PDP_9'))
  const { stdout } = await desk.run('account show --endpoints 2')
  t.match(stdout, /the catalog says PDP_9: nothing that was read has it/)
})

t.test('a read that the account refuses leaves the rest', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  await desk.run('apply --auto-approve')
  await desk.control('faults', { operation: 'GetRoamingProfiles', kind: 'rejected', count: 9 })
  const { code, stdout } = await desk.run('account show --endpoints 0')
  t.equal(code, 0)
  t.match(stdout, /addonServiceProfile\n {4}SP_1335: seen/)
  t.match(stdout, /roamingProfiles\n {4}the catalog says 3017: not known/)
  t.match(
    stdout,
    /apnGroup\n.*\n {4}not known: no SIM on the first page of fetchSIM has an endpoint, or none was to be read/,
  )
})
