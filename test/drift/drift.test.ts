import t, { type Test } from 'tap'
import { handMadeEndpoint, openAdoptDesk } from '../adopt/desk.ts'
import { ACCOUNT } from '../cli/desk.ts'

const CATALOG = `${ACCOUNT}
# Zones of the shop.
rateZones:
  - key: alps
    name: Alps   # as it stands in the portal
    countries: [CH, AT]   # all of them

  - { key: low, name: 'Low Countries', countries: [NL], networks: [BELPR] }

addonPlans:
  # The smallest one.
  - key: alps-1gb
    name: "Alps 1 GB"
    rateZone: alps
    data: 1GB          # tight
    validity: 7 days
    charge: '4.50'     # gross
    portal: { sku: A1 }

  - { key: low-5gb, name: Low 5 GB, rateZone: low, data: 5 GB, validity: 30 days, charge: 12.50 }
`

const open = async (parent: Test, iccids = 0) => {
  const desk = await openAdoptDesk(parent, all => ({
    'catalog/catalog.yaml': CATALOG,
    ...(iccids > 0 && {
      'catalog/batch.yaml': `version: 1\nendpointBatches:\n  - key: first\n    iccids: [${all
        .slice(0, iccids)
        .map(iccid => `"${iccid}"`)
        .join(', ')}]\n`,
    }),
  }))
  const applied = await desk.run('apply --auto-approve')
  if (applied.code !== 0) throw new Error(applied.stdout + applied.stderr)
  const state = await desk.state()
  const id = (key: string) => state.addonPlans[key]?.planId ?? state.rateZones[key]?.id ?? ''
  return { ...desk, id }
}

t.test('an account that nobody touched has no drift, and reading it changes nothing', async t => {
  const desk = await open(t)
  const before = desk.writes().length
  const drift = await desk.run('drift')
  t.match(drift.stdout, /^Account: .*\nNo drift: 2 rate zones, 2 add-on plans compared\n$/)
  t.equal(drift.code, 0)
  t.equal(desk.writes().length, before)
})

t.test('each difference has a direction, and only what moved on the account is drift', async t => {
  const desk = await open(t)
  desk.write('catalog/catalog.yaml', CATALOG.replace("charge: '4.50'", "charge: '4.75'"))
  const here = await desk.run('drift')
  t.equal(here.code, 0)
  t.match(here.stdout, /charge \(changed in the catalog, not applied yet\) {2}4\.5 → 4\.75/)
  t.match(here.stdout, /^No drift: .*; 1 changed in the catalog only$/m)

  await desk.control('portal', {
    plan: desk.id('alps-1gb'),
    set: {
      basicInfo: { planDescription: '', addOnPriority: '3' },
      charge: [{ chargeAmount: '5' }],
    },
  })
  const both = await desk.run('drift')
  t.equal(both.code, 2)
  t.equal(
    both.stdout.replace(/^Account: .*\n/, ''),
    `Add-on plans
  ~ addonPlan/alps-1gb  "Alps 1 GB" (${desk.id('alps-1gb')})
      priority (changed on the account)  1 → 3
      charge (changed on both sides)  4.5 → 5
        in the catalog 4.75

Drift: 2 rate zones, 2 add-on plans compared; 1 changed on the account, 1 changed on both sides
`,
  )
  const json = JSON.parse((await desk.run('drift --json')).stdout)
  t.match(json, {
    format: 2,
    command: 'drift',
    outcome: 'changes',
    exitCode: 2,
    drift: true,
    entries: [
      {
        address: 'addonPlan/alps-1gb',
        status: 'changed',
        fields: [
          { field: 'priority', direction: 'there', applied: 1, wanted: 1, account: 3 },
          { field: 'charge', direction: 'both', applied: '4.5', wanted: '4.75', account: '5' },
        ],
      },
    ],
  })
})

t.test(
  'accepting writes the values in the writer’s own style and touches nothing else',
  async t => {
    const desk = await open(t)
    await desk.control('portal', {
      plan: desk.id('alps-1gb'),
      set: {
        basicInfo: {
          planName: 'Alps day pass',
          planDescription: 'For: hikers',
          addOnPriority: '2',
        },
        benefit: [{ benefitId: '1', value: '2048', rateZone: desk.id('alps') }],
        validity: { validityFactor: '1' },
        charge: [{ chargeAmount: '5' }],
      },
    })
    await desk.control('portal', {
      plan: desk.id('low-5gb'),
      set: {
        charge: [{ chargeAmount: '9.9' }],
        subscription: { activatedBy: '0', occurrences: '3' },
      },
    })
    const accepted = await desk.run('drift --accept addonPlan/alps-1gb --accept addonPlan/low-5gb')
    t.equal(accepted.code, 0, accepted.stderr)
    t.match(
      accepted.stdout,
      /accepted addonPlan\/alps-1gb: name, .*charge.* in catalog\/catalog\.yaml/,
    )
    t.equal(
      desk.read('catalog/catalog.yaml'),
      CATALOG.replace('name: "Alps 1 GB"', 'name: "Alps day pass"')
        .replace('data: 1GB ', 'data: 2GB ')
        .replace('validity: 7 days', 'validity: 1 day')
        .replace("charge: '4.50'     # gross\n", "charge: '5.00'     # gross\n    priority: 2\n")
        .replace(
          'charge: 12.50',
          'activation: immediate, renewal: { on: exhaustion, times: 3 }, charge: 9.90',
        ),
    )
    const plan = await desk.run('plan --detailed-exitcode')
    t.equal(plan.code, 0, plan.stdout)
    t.match(plan.stdout, /^Nothing to do: 4 unchanged$/m)
    t.equal((await desk.run('drift')).code, 0)
  },
)

t.test(
  'networks that left a zone become exclusions, those that joined become networks',
  async t => {
    const desk = await open(t)
    const inZone = [...desk.world.networks.values()].filter(
      ({ countryName }) => countryName === 'Switzerland' || countryName === 'Austria',
    )
    const gone = inZone[0]?.tadig ?? ''
    const left = inZone.filter(({ tadig }) => tadig !== gone)
    const picks = left.map(({ operatorId, sponsorId }) => ({ operatorId, sponsorId }))
    await desk.control('portal', {
      zone: desk.id('alps'),
      set: { networks: [...picks, firstTadig(desk.world, 'ITA')] },
    })
    await desk.control('portal', {
      zone: desk.id('low'),
      set: {
        name: 'Benelux',
        networks: [...new Set(tadigsOf(desk.world, 'NLD'))],
      },
    })
    const drift = await desk.run('drift')
    t.equal(drift.code, 2)
    t.match(drift.stdout, new RegExp(`on the account - ${gone}, `))
    const accepted = await desk.run('drift --accept rateZone/alps --accept rateZone/low')
    t.equal(accepted.code, 0, accepted.stderr)
    t.equal(
      desk.read('catalog/catalog.yaml'),
      CATALOG.replace(
        'countries: [CH, AT]   # all of them\n',
        `countries: [CH, AT]   # all of them\n    networks: [${firstTadig(desk.world, 'ITA')}]\n    exclude: [${gone}]\n`,
      )
        .replace("name: 'Low Countries'", "name: 'Benelux'")
        .replace(', networks: [BELPR]', ''),
    )
    t.equal((await desk.run('plan --detailed-exitcode')).code, 0)
  },
)

t.test(
  'a network that left the coverage is told apart, and accepting drops what named it',
  async t => {
    const desk = await open(t)
    await desk.control('networks/leave', { tadig: 'BELPR' })
    const drift = await desk.run('drift')
    t.equal(drift.code, 2)
    t.match(drift.stdout, /networks \(changed on the account\)/)
    t.match(drift.stdout, /left the account's coverage; the platform takes such out of zones/)
    t.equal((await desk.run('drift --accept rateZone/low')).code, 0)
    t.notMatch(desk.read('catalog/catalog.yaml'), /BELPR/)
    const plan = await desk.run('plan --detailed-exitcode')
    t.equal(plan.code, 0, plan.stdout + plan.stderr)
  },
)

t.test(
  'what the catalog cannot say is refused with what to do, and nothing is written',
  async t => {
    const desk = await open(t)
    await desk.control('portal', {
      plan: desk.id('alps-1gb'),
      set: { basicInfo: { planStatus: 'In-Active' } },
    })
    await desk.control('portal', { plan: desk.id('low-5gb'), delete: true })
    const drift = await desk.run('drift')
    t.match(drift.stdout, /status \(changed on the account\) {2}Active → In-Active/)
    t.match(drift.stdout, /- addonPlan\/low-5gb .* gone/)
    t.match(drift.stdout, /1 changed on the account, 1 gone$/m)
    const refused = await desk.run(
      'drift --accept addonPlan/alps-1gb --accept addonPlan/low-5gb --accept rateZone/alps',
    )
    t.equal(refused.code, 1)
    t.match(
      refused.stderr,
      /alps-1gb: status: an inactive plan has no form in the catalog: "sft-catalog apply" makes it active again/,
    )
    t.match(
      refused.stderr,
      /low-5gb is gone from the account .*take the entry out of catalog\/catalog\.yaml:\d+ .*makes it anew/,
    )
    t.match(refused.stderr, /rateZone\/alps has no drift to accept/)
    t.match(await desk.run('drift --accept addonPlan/alps-1gb --accept rateZone/none'), {
      code: 1,
      stderr: /^error rateZone\/none is not in the state/,
    })
    t.equal(desk.read('catalog/catalog.yaml'), CATALOG)
  },
)

t.test('endpoints are compared on demand: the cost first, then gone and relinked ones', async t => {
  const desk = await open(t, 6)
  const [first = '', second = '', third = ''] = desk.iccids
  const { endpoints } = await desk.state()
  await desk.control('portal', { endpoint: endpoints[first]?.endpointId, delete: true })
  await desk.control('portal', { endpoint: endpoints[second]?.endpointId, delete: true })
  await desk.control('portal', {
    endpoint: endpoints[third]?.endpointId,
    set: { status: 'Active' },
  })
  const other = handMadeEndpoint(desk.world, second, 'somebody else', false)
  t.equal((await desk.run('drift')).code, 0)

  const drift = await desk.run('drift --endpoints')
  t.equal(drift.code, 2)
  t.match(drift.stderr, /The SIM stock has 1 page: 1 call, about 1 s at 1,000 calls\/s\./)
  t.match(
    drift.stdout,
    new RegExp(`- endpoint/${first} .* gone\n.*its SIM has no endpoint; it is Ready To Activate`),
  )
  t.match(
    drift.stdout,
    new RegExp(
      `↔ endpoint/${second} .*\n.*endpointId \\(changed on the account\\) {2}\\d+ → ${other}`,
    ),
  )
  t.match(drift.stdout, /status of their SIM: .*1 Active/)
  t.match(drift.stdout, /6 endpoints compared; 1 gone, 1 linked to another endpoint/)

  t.equal((await desk.run(`drift --accept endpoint/${second}`)).code, 0)
  t.equal((await desk.state()).endpoints[second]?.endpointId, other)
})

function tadigsOf(world: Awaited<ReturnType<typeof open>>['world'], country: string): string[] {
  return [...world.networks.values()]
    .filter(({ tadig }) => tadig.startsWith(country))
    .map(({ tadig }) => tadig)
}

const firstTadig = (world: Awaited<ReturnType<typeof open>>['world'], country: string): string =>
  tadigsOf(world, country)[0] ?? ''
