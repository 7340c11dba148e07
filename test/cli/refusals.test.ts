import t from 'tap'
import { rateZone } from '../../src/resources/rate-zone.ts'
import type { Sft } from '../../src/sft/api.ts'
import { openSft } from '../../src/sft/client.ts'
import { ACCOUNT, batch, openDesk, smallCatalog } from './desk.ts'
import { PASSWORD } from './run-cli.ts'

const CATALOG = 'catalog/catalog.yaml'

t.test(
  'networks that leave a zone are blocked, or make a new zone where that is allowed',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    const change = (from: string, to: string) =>
      desk.write(CATALOG, desk.read(CATALOG).replace(from, to))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const before = desk.simulator.calls.length
    const old = (await desk.state()).rateZones['alps']
    change('[CH, AT]', '[CH]')
    const blocked = await desk.run('plan --detailed-exitcode')
    t.equal(blocked.code, 5, 'the catalog wants what apply cannot do')
    t.match(
      blocked.stdout,
      new RegExp(
        `  ! rateZone/alps  "Alps" \\(${old?.id}\\)\n      networks: networks can be added to a rate zone, and no public call takes one out: take out AUTA1, A1.net, Austria \\(\\d+/.* in the portal, put it back into the catalog, or set onNetworkRemoval: replace\n`,
      ),
    )
    t.match(blocked.stdout, 'Blocked: 1 unchanged, 1 blocked')
    t.match((await desk.run('apply --auto-approve')).stdout, 'Blocked: 1 unchanged, 1 blocked')
    t.same(desk.writes(before), [])

    change('countries: [CH]', 'countries: [CH]\n    onNetworkRemoval: replace')
    const replacing = await desk.run('plan')
    t.match(replacing.stdout, `± rateZone/alps  "Alps (r2)" (${old?.id})`)
    t.match(replacing.stdout, '± addonPlan/alps-1gb  "Alps 1 GB 7 days (r2)"')
    const done = await desk.run('apply --auto-approve')
    t.equal(done.code, 0, done.stderr)
    t.match((await desk.run('plan')).stdout, 'Nothing to do: 2 unchanged')
    change('name: Alps\n', 'name: Alpine\n')
    t.match(
      (await desk.run('plan')).stdout,
      `keeps ${old?.id} from before, until it is deleted in the portal`,
      'the old zone cannot be deleted by a call',
    )
  },
)

t.test('what is gone from the account is made anew, or forgotten with its entry', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const { addonPlans } = await desk.state()
  const planId = addonPlans['alps-1gb']?.planId
  await desk.control('portal', { plan: planId, delete: true })
  t.match(
    (await desk.run('plan')).stdout,
    new RegExp(
      `\\+ addonPlan/alps-1gb .*\n      add-on plan ${planId} is gone from the account: .*\n`,
    ),
  )
  const text = desk.read(CATALOG)
  desk.write(CATALOG, text.slice(0, text.indexOf('addonPlans:')))
  const before = desk.simulator.calls.length
  const { code, stdout } = await desk.run('apply --auto-approve')
  t.equal(code, 0)
  t.match(stdout, /- addonPlan\/alps-1gb .*\n {6}gone from the account and from the catalog: .*\n/)
  t.match(stdout, 'Done: 1 done')
  t.same(desk.writes(before), [])
  t.same((await desk.state()).addonPlans, {})
})

t.test('a protected entry is kept though it left the catalog', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const text = desk.read(CATALOG)
  desk.write(
    CATALOG,
    text.replace('portal: {', 'lifecycle: { preventRetire: true }\n    portal: {'),
  )
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write(CATALOG, text.slice(0, text.indexOf('addonPlans:')))
  const { code, stdout } = await desk.run('apply --auto-approve --prune --force')
  t.equal(code, 0)
  t.match(stdout, /\? addonPlan\/alps-1gb .*\n {6}protected by lifecycle\.preventRetire\n/)
  t.ok(
    [...desk.simulator.world.plans.values()].every(plan => plan.basicInfo.planStatus === 'Active'),
  )
})

t.test(
  'a field that the platform does not take is blocked from then on, with its message',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]), {
      wire: { editsBeyondBasicInfo: 'dropped' },
    })
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    desk.write(CATALOG, desk.read(CATALOG).replace('"4.50"', '"4.40"'))
    const told =
      'ModifyPlan answered success, but the plan still has charge "4.5": change it in the portal'
    const applied = await desk.run('apply --auto-approve')
    t.equal(applied.code, 1)
    t.match(applied.stdout, `addonPlan/alps-1gb: `)
    t.match(applied.stdout, told)
    const plan = await desk.run('plan --detailed-exitcode')
    t.equal(plan.code, 5)
    t.match(plan.stdout, `charge: ${told}`)
    t.match(plan.stdout, 'Blocked: 1 unchanged, 1 blocked')
  },
)

t.test('sft: of an endpoint is fixed once it is created', async t => {
  const desk = await openDesk(t, iccids => ({
    [CATALOG]: ACCOUNT,
    'catalog/batch.yaml': `version: 1\n${batch('first', iccids.slice(0, 1), '    sft: { monthlyLimit: "1000" }\n')}`,
  }))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write('catalog/batch.yaml', desk.read('catalog/batch.yaml').replace('1000', '2000'))
  t.match(
    (await desk.run('plan')).stdout,
    'sft: sent as it stands when the endpoint is created; what a later call would do with it is not known',
  )
})

t.test('what the account lacks for a zone is told with its place', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[AQ]\n    networks: [CHEXX]'))
  const { code, stdout, stderr } = await desk.run('plan')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(
    stderr,
    /catalog\.yaml:\d+:\d+: warning COUNTRY_WITHOUT_NETWORK: rate zone "alps": the account has no network in AQ\n/,
  )
  t.match(
    stderr,
    /error TADIG_UNKNOWN: rate zone "alps": the account has no network with TADIG code CHEXX\n {2}hint: run "sft-catalog coverage --networks" for the ones it has\n/,
  )
  t.match(stderr, /error ZONE_EMPTY: rate zone "alps" has no network on this account\n/)
})

t.test('what the catalog leaves out and a call needs is told before anything is read', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 1)))
  const text = desk.read(CATALOG)
  for (const [line, told] of [
    ['currencyId: "44"', 'add currencyId to account:, or currencyId to the entry'],
    [
      'addonServiceProfile: SP_1335',
      'add addonServiceProfile to account:, or serviceProfile to the entry',
    ],
    ['apnGroup: PDP_1785', 'add apnGroup to account:'],
  ] as const) {
    desk.write(CATALOG, text.replace(`  ${line}\n`, ''))
    const { code, stderr } = await desk.run('apply --auto-approve')
    t.equal(code, 1)
    t.match(stderr, /catalog\.yaml:\d+:\d+: error SETTING_MISSING: /)
    t.match(stderr, told)
  }
  t.same(desk.simulator.calls, [])
})

t.test('two objects of one name are never picked from', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const zones = desk.simulator.world.zones
  for (const id of ['71', '72'])
    zones.set(id, { id, name: 'Alps', status: '1', destGroupId: '2515', networks: [], extra: {} })
  const { stdout } = await desk.run('plan')
  t.match(
    stdout,
    'the account has 2 rate zones named "Alps" (71, 72): rename all but one in the portal',
  )
  t.match(stdout, 'it needs rateZone/alps, which is blocked')
  t.match(stdout, 'Blocked: 0 unchanged, 2 blocked')
})

t.test('an edit of a zone that the platform did not take says what it did not take', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  await using sft: Sft = openSft({
    baseUrl: desk.simulator.url,
    username: 'seller',
    password: PASSWORD,
    callsPerSecond: 1000,
  })
  const [first, second] = (await sft.read.networks()).items
  const word = (network = first) => `${network?.operatorId}/${network?.sponsorId}`
  const { id = '' } = await sft.write.createRateZone({
    name: 'Alps',
    destGroupId: '2515',
    networks: first === undefined ? [] : [first],
  })
  // A platform that answers success and does nothing.
  const deaf: Sft = { ...sft, write: { ...sft.write, modifyRateZone: async () => undefined } }
  const { refused } = await rateZone.edit(deaf, {
    id,
    resource: {
      kind: 'rateZone',
      address: 'rateZone/alps',
      key: 'alps',
      naturalKey: 'Alps',
      spec: {},
      local: {},
      needs: [],
    },
    fields: ['networks'],
    spec: { name: 'Alpine', networks: [word(first), word(second)] },
    current: { name: 'Alps', networks: [word(first)] },
    unreported: [],
    learnt: {},
  })
  t.same(refused, {
    networks: `ModifyRateZone answered success, but 1 networks did not join: ${word(second)}`,
  })
})
