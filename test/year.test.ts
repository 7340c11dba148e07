import t, { type Test } from 'tap'
import type { SimulatedPlan } from '../src/simulator/index.ts'
import { ACCOUNT, batch, type Desk, openDesk } from './cli/desk.ts'

/** What the seller's folder holds on the first of January; every month edits these texts. */
const ZONES = `version: 1
rateZones:
  - key: turkey
    name: Turkey
    countries: [TR]
  - key: emirates
    name: Emirates
    countries: [AE]
  - key: gulf
    name: Gulf
    countries: [AE, QA, OM]
  - key: new-zealand
    name: New Zealand
    countries: [NZ]
  - key: malta
    name: Malta
    networks: [MLTEP, MLTGO]   # the two that travellers ask for
`

const PLANS = `version: 1
addonPlans:
  - key: turkey-1gb
    name: Turkey 1 GB 7 days
    rateZone: turkey
    data: 1 GB
    validity: 7 days
    activation: first-use
    charge: "4.50"
    portal: { sku: TR-1GB-7D }
  - key: turkey-10gb
    name: Turkey 10 GB 30 days
    rateZone: turkey
    data: 10 GB
    validity: 30 days
    activation: first-use
    charge: "19"
    portal: { sku: TR-10GB-30D }
  - key: emirates-3gb
    name: Emirates 3 GB 15 days
    rateZone: emirates
    data: 3 GB
    validity: 15 days
    activation: first-use
    charge: "14"
    portal: { sku: AE-3GB-15D }
  - key: gulf-5gb
    name: Gulf 5 GB 30 days
    rateZone: gulf
    data: 5 GB
    validity: 30 days
    activation: immediate
    charge: "29"
    portal: { sku: GULF-5GB-30D }
  - key: gulf-20gb
    name: Gulf 20 GB 30 days
    rateZone: gulf
    data: 20 GB
    validity: 30 days
    activation: first-use
    renewal: { on: expiry, times: 3 }
    charge: "79"
    portal: { sku: GULF-20GB-30D }
  - key: new-zealand-5gb
    name: New Zealand 5 GB 30 days
    description: For campers
    rateZone: new-zealand
    data: 5 GB
    validity: 30 days
    activation: first-use
    charge: "22"   # as the competition
    portal: { sku: NZ-5GB-30D }
  - key: malta-1gb
    name: Malta 1 GB 7 days
    rateZone: malta
    data: 1 GB
    validity: 7 days
    activation: first-use
    charge: "3"
    portal: { sku: MT-1GB-7D }
  - key: malta-3gb
    name: Malta 3 GB 15 days
    rateZone: malta
    data: 3 GB
    validity: 15 days
    activation: first-use
    charge: "8"
    portal: { sku: MT-3GB-15D }
`

/** The seller at a desk, with the few things that a year needs. */
interface Seller extends Desk {
  /** Edits one file of the catalog; the text must be there. */
  readonly edit: (file: string, from: string, to: string) => void
  /** What `sft-catalog plan` prints, IDs and times made equal, eSIMs by their number. */
  readonly plan: (flags?: string) => Promise<string>
  /** Applies, which must end well; answers its last line without calls and time. */
  readonly apply: (flags?: string) => Promise<string>
  readonly sell: (order: string, sku: string) => Promise<string>
  /** The account's plan, as the platform has it. */
  readonly planOf: (key: string) => Promise<SimulatedPlan>
}

async function openShop(t: Test): Promise<Seller> {
  const desk = await openDesk(t, iccids => ({
    'catalog/account.yaml': ACCOUNT,
    'catalog/zones.yaml': ZONES,
    'catalog/plans.yaml': PLANS,
    'catalog/first.yaml': `version: 1\n${batch('first', iccids.slice(0, 12))}`,
  }))
  const told = (text: string): string =>
    desk.iccids
      .reduce((line, iccid, at) => line.replaceAll(iccid, `SIM${at + 1}`), text)
      .replaceAll(/ \(\d{4,}\)/g, ' (ID)')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
      .replace(/^Account: .*\n+/, '')
      .trim()
  const must = async (args: string): Promise<string> => {
    const { code, stdout, stderr } = await desk.run(args)
    if (code !== 0) throw new Error(`${args}: exit ${code}\n${stdout}${stderr}`)
    return stdout
  }
  return {
    ...desk,
    edit: (file, from, to) => {
      const text = desk.read(`catalog/${file}`)
      if (!text.includes(from)) throw new Error(`${file} does not say ${from}`)
      desk.write(`catalog/${file}`, text.replaceAll(from, to))
    },
    plan: async (flags = '') => told((await desk.run(`plan ${flags}`)).stdout),
    apply: async (flags = '') => {
      const lines = (await must(`apply --auto-approve ${flags}`)).trim().split('\n')
      return (lines.at(-1) ?? '').replace(/; \d+ calls? in .*/, '')
    },
    sell: async (order, sku) => told(await must(`provision --order ${order} --sku ${sku}`)),
    planOf: async key => {
      const id = (await desk.state()).addonPlans[key]?.planId ?? ''
      const plan = desk.simulator.world.plans.get(id)
      if (plan === undefined) throw new Error(`no plan ${key}`)
      return plan
    },
  }
}

const NOTHING = 'Nothing to do: 25 unchanged'

t.test('a year in a seller’s life', async t => {
  const seller = await openShop(t)
  const { world } = seller.simulator
  const zoneNamed = (name: string) => [...world.zones.values()].find(zone => zone.name === name)
  const planNamed = (name: string) =>
    [...world.plans.values()].find(plan => plan.basicInfo.planName === name)
  const tadigs = (name: string) =>
    zoneNamed(name)
      ?.networks.map(one => world.networks.get(`${one.operatorId}/${one.sponsorId}`)?.tadig)
      .sort()

  await t.test('January: the launch', async t => {
    t.equal(
      await seller.plan('--full'),
      `Rate zones
  + rateZone/turkey  "Turkey"  4 networks
  + rateZone/emirates  "Emirates"  3 networks
  + rateZone/gulf  "Gulf"  11 networks
  + rateZone/new-zealand  "New Zealand"  3 networks
  + rateZone/malta  "Malta"  3 networks

Add-on plans
  + addonPlan/turkey-1gb  "Turkey 1 GB 7 days"  1 GB, 7 days, first-use, charge 4.5
  + addonPlan/turkey-10gb  "Turkey 10 GB 30 days"  10 GB, 30 days, first-use, charge 19
  + addonPlan/emirates-3gb  "Emirates 3 GB 15 days"  3 GB, 15 days, first-use, charge 14
  + addonPlan/gulf-5gb  "Gulf 5 GB 30 days"  5 GB, 30 days, immediate, charge 29
  + addonPlan/gulf-20gb  "Gulf 20 GB 30 days"  20 GB, 30 days, first-use, on expiry, 3 times, charge 79
  + addonPlan/new-zealand-5gb  "New Zealand 5 GB 30 days"  5 GB, 30 days, first-use, charge 22
  + addonPlan/malta-1gb  "Malta 1 GB 7 days"  1 GB, 7 days, first-use, charge 3
  + addonPlan/malta-3gb  "Malta 3 GB 15 days"  3 GB, 15 days, first-use, charge 8

Endpoints
  + 12 endpoints of endpointBatch/first  SIM1 … SIM12

Applying takes 16 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 25 to create, 0 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 25 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), NOTHING)
    t.equal(world.zones.size, 5)
    t.equal(world.plans.size, 9, 'eight and the account’s base plan')
    t.equal(world.endpoints.size, 12)
    t.ok([...world.endpoints.values()].every(endpoint => endpoint.status === 'Pre-Active'))
    for (const order of ['A-1', 'A-2'])
      t.match(
        await seller.sell(order, 'TR-10GB-30D'),
        /delivered.*Turkey 10 GB 30 days \(plan/s,
        'and the first travellers come',
      )
  })

  await t.test('February: a charge is changed, in place', async t => {
    seller.edit('plans.yaml', '"4.50"', '"3.90"')
    t.equal(
      await seller.plan(),
      `Add-on plans
  ~ addonPlan/turkey-1gb  "Turkey 1 GB 7 days" (ID)
      charge (changed in the catalog)  4.5 → 3.9
      SKU TR-1GB-7D; no sold instance

Applying takes 2 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 1 to update, 24 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 1 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), NOTHING)
    t.same((await seller.planOf('turkey-1gb')).charge, [{ chargeAmount: '3.9' }])
  })

  await t.test('March: more data in a plan is a new revision under the same SKU', async t => {
    const old = await seller.planOf('turkey-10gb')
    seller.edit('plans.yaml', 'data: 10 GB', 'data: 12 GB')
    t.equal(
      await seller.plan(),
      `Add-on plans
  ± addonPlan/turkey-10gb  "Turkey 10 GB 30 days (r2)" (ID)
      dataMB (changed in the catalog, needs a new one)  10 GB → 12 GB
      SKU TR-10GB-30D; 2 sold instances keep their 10 GB until they end

Applying takes 1 call, under a second at 1,000 calls/s. It activates no SIM.
Plan: 1 to replace, 24 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 1 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), NOTHING)
    const fresh = await seller.planOf('turkey-10gb')
    t.equal(fresh.basicInfo.planName, 'Turkey 10 GB 30 days (r2)')
    t.equal(fresh.benefit[0]?.value, '12288')
    t.equal(old.benefit[0]?.value, '10240')
    t.equal(old.basicInfo.planStatus, 'Active', 'the old one stays for those who have it')
    const record = (await seller.state()).addonPlans['turkey-10gb']
    t.same(
      record?.superseded?.map(({ id }) => id),
      [old.planId],
    )
    t.match(await seller.sell('A-3', 'TR-10GB-30D'), /Turkey 10 GB 30 days \(r2\) \(plan/)
    const plans = [...world.endpoints.values()].flatMap(({ instances }) =>
      instances.map(({ planId }) => planId),
    )
    t.same(plans.sort(), [old.planId, old.planId, fresh.planId].sort())
  })

  await t.test('April: networks are lost and won', async t => {
    await seller.control('networks/leave', { tadig: 'TURVO' })
    await seller.control('networks/leave', { tadig: 'MLTGO' })
    await seller.control('networks/join', {
      tadig: 'TUR5G',
      countryName: 'Turkey',
      operatorName: 'Bosphorus Mobile',
    })
    t.same(tadigs('Turkey'), ['TURT1', 'TURTU', 'TURTU'], 'the platform dropped it by itself')
    const { stdout } = await seller.run('coverage')
    t.equal(
      stdout
        .replace(/^Account: .*\n+/, '')
        .replaceAll(/^Covered and in no zone.*\n/gm, '')
        .trim(),
      `rateZone/turkey  "Turkey"  3 networks
  lost: TURVO 3632/102
  available, "apply" adds them: TUR5G, Bosphorus Mobile, Turkey (90001/101)
rateZone/malta  "Malta"  2 networks, close to empty
  lost: MLTGO 2554/102
Coverage: 5 zones, 2 lost networks, 1 may gain some, 1 close to empty; 221 countries in no zone`,
    )
    t.match(
      (await seller.run('plan')).stderr,
      /zones\.yaml:\d+:\d+: warning TADIG_UNKNOWN: rate zone "malta": TADIG code MLTGO has left the account's coverage\n.*remove it from the zone when it is not expected back/,
    )
    seller.edit('zones.yaml', '[MLTEP, MLTGO]', '[MLTEP, MLTME]')
    t.equal(
      await seller.plan(),
      `Rate zones
  ~ rateZone/turkey  "Turkey" (ID)
      networks (changed on both sides)
        + TUR5G, Bosphorus Mobile, Turkey (90001/101)
      SKU TR-10GB-30D, TR-1GB-7D; 1 sold instance valid in it
  ~ rateZone/malta  "Malta" (ID)
      networks (changed on both sides)
        + MLTME, Melita, Malta (2561/101)
      SKU MT-1GB-7D, MT-3GB-15D; no sold instance

Applying takes 4 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 2 to update, 23 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 2 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), NOTHING)
    t.same(tadigs('Turkey'), ['TUR5G', 'TURT1', 'TURTU', 'TURTU'])
    t.same(tadigs('Malta'), ['MLTEP', 'MLTEP', 'MLTME'])
  })

  await t.test('May: a zone gets another key, and stays what it is', async t => {
    const gulf = zoneNamed('Gulf')
    seller.edit('zones.yaml', 'key: gulf\n', 'key: arabia\n')
    seller.edit('plans.yaml', 'rateZone: gulf', 'rateZone: arabia')
    t.equal(
      await seller.plan(),
      `Rate zones
  ! rateZone/arabia  "Gulf"
      "Gulf" (ID) is rateZone/gulf of the state already: use moved: to rename an entry, or another name
      no sold instance
  ? rateZone/gulf  "Gulf" (ID)
      no public call deletes a rate zone: delete it in the portal, then run "sft-catalog state rm"
      SKU GULF-20GB-30D, GULF-5GB-30D; no sold instance

Add-on plans
  ! addonPlan/gulf-5gb  "Gulf 5 GB 30 days" (ID)
      it needs rateZone/arabia, which is blocked
      SKU GULF-5GB-30D; no sold instance
  ! addonPlan/gulf-20gb  "Gulf 20 GB 30 days" (ID)
      it needs rateZone/arabia, which is blocked
      SKU GULF-20GB-30D; no sold instance

Blocked: 22 unchanged, 1 not in the catalog, 3 blocked`,
      'without a word it would be a second zone of the name',
    )
    seller.write(
      'catalog/moved.yaml',
      'version: 1\nmoved:\n  - { from: rateZone/gulf, to: rateZone/arabia }\n',
    )
    t.equal(
      await seller.plan(),
      `Rate zones
  ~ rateZone/arabia  "Gulf" (ID)
      renamed from rateZone/gulf
      SKU GULF-20GB-30D, GULF-5GB-30D; no sold instance

Add-on plans
  ~ addonPlan/gulf-5gb  "Gulf 5 GB 30 days" (ID)
      rateZone (kept in the state only)  gulf → arabia
      SKU GULF-5GB-30D; no sold instance
  ~ addonPlan/gulf-20gb  "Gulf 20 GB 30 days" (ID)
      rateZone (kept in the state only)  gulf → arabia
      SKU GULF-20GB-30D; no sold instance

Applying makes no call.
Plan: 3 to update, 22 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 3 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), NOTHING)
    t.equal(world.zones.size, 5)
    const { rateZones } = await seller.state()
    t.same([rateZones['gulf'], rateZones['arabia']?.id], [undefined, gulf?.id])
    seller.edit('zones.yaml', 'name: Gulf', 'name: Arabia')
    t.match(
      await seller.plan(),
      /! rateZone\/arabia +"Arabia" \(ID\)\n +name: .*moved:/,
      'a name is for life, and the ways out are told',
    )
    seller.edit('zones.yaml', 'name: Arabia', 'name: Gulf')
    t.equal(await seller.plan(), NOTHING)
  })

  await t.test('June: a plan is retired, and an old revision with it', async t => {
    seller.edit('plans.yaml', PLANS.slice(PLANS.indexOf('  - key: malta-3gb')), '')
    t.equal(
      await seller.plan(),
      `Add-on plans
  ? addonPlan/malta-3gb  "Malta 3 GB 15 days" (ID)
      left the catalog; "apply --prune" retires it
      SKU MT-3GB-15D; no sold instance

Nothing to do: 24 unchanged, 1 not in the catalog`,
    )
    t.equal(
      await seller.plan('--prune'),
      `Add-on plans
  - addonPlan/malta-3gb  "Malta 3 GB 15 days" (ID)
      SKU MT-3GB-15D; no sold instance
  - addonPlan/turkey-10gb  "Turkey 10 GB 30 days" (ID)
      old revision, replaced DATE
      SKU TR-10GB-30D; 2 sold instances keep what they hold until they end

Applying takes 2 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 2 to retire, 24 unchanged`,
    )
    t.equal(await seller.apply('--prune'), 'Done: 2 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), 'Nothing to do: 24 unchanged')
    const status = (name: string) => planNamed(name)?.basicInfo.planStatus
    t.equal(status('Malta 3 GB 15 days'), 'In-Active')
    t.equal(status('Turkey 10 GB 30 days'), 'In-Active')
    t.equal(status('Turkey 10 GB 30 days (r2)'), 'Active')
    const [first] = [...world.endpoints.values()].flatMap(({ instances }) => instances)
    t.equal(first?.ended, undefined, 'what a traveller holds lives on')
    const refused = await seller.run('provision --order A-4 --sku MT-3GB-15D')
    t.equal(refused.code, 1)
    t.equal(
      refused.stderr.trim(),
      'error order A-4: the plan Malta 3 GB 15 days of SKU MT-3GB-15D is retired; take the product out of the portal or give its SKU to another plan',
    )
  })

  await t.test('July: a colleague’s edits are drift, one accepted, one restored', async t => {
    const plan = async (key: string) => (await seller.planOf(key)).planId
    await seller.control('portal', { plan: await plan('emirates-3gb'), set: { charge: '12' } })
    await seller.control('portal', {
      plan: await plan('new-zealand-5gb'),
      set: { planDescription: 'For campers and hikers', charge: '25' },
    })
    t.equal(
      await seller.plan(),
      `Add-on plans
  ~ addonPlan/emirates-3gb  "Emirates 3 GB 15 days" (ID)
      charge (changed on the account)  12 → 14
      SKU AE-3GB-15D; no sold instance
  ~ addonPlan/new-zealand-5gb  "New Zealand 5 GB 30 days" (ID)
      description (changed on the account)  For campers and hikers → For campers
      charge (changed on the account)  25 → 22
      SKU NZ-5GB-30D; no sold instance

Applying takes 4 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 2 to update, 22 unchanged`,
    )
    const drift = await seller.run('drift')
    t.equal(drift.code, 2)
    t.equal(
      drift.stdout
        .replace(/^Account: .*\n+/, '')
        .replaceAll(/ \(\d+\)/g, ' (ID)')
        .replace(/^not managed: .*\n/m, '')
        .trim(),
      `Add-on plans
  ~ addonPlan/emirates-3gb  "Emirates 3 GB 15 days" (ID)
      charge (changed on the account)  14 → 12
  ~ addonPlan/new-zealand-5gb  "New Zealand 5 GB 30 days" (ID)
      description (changed on the account)  For campers → For campers and hikers
      charge (changed on the account)  22 → 25

Drift: 5 rate zones, 7 add-on plans compared; 2 changed on the account`,
    )
    const before = seller.simulator.calls.length
    const accepted = await seller.run('drift --accept addonPlan/new-zealand-5gb')
    t.equal(accepted.code, 0, accepted.stderr)
    t.same(seller.writes(before), [], 'the account is not touched')
    const text = seller.read('catalog/plans.yaml')
    t.match(text, '    description: For campers and hikers\n', 'the YAML says so now')
    t.match(text, '    charge: "25"   # as the competition\n', 'its comments are kept')
    t.equal(
      await seller.plan(),
      `Add-on plans
  ~ addonPlan/emirates-3gb  "Emirates 3 GB 15 days" (ID)
      charge (changed on the account)  12 → 14
      SKU AE-3GB-15D; no sold instance

Applying takes 2 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 1 to update, 23 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 1 done, 0 failed, 0 skipped, 0 deferred')
    t.same((await seller.planOf('emirates-3gb')).charge, [{ chargeAmount: '14' }])
    t.same((await seller.planOf('new-zealand-5gb')).charge, [{ chargeAmount: '25' }])
    t.equal((await seller.run('drift')).code, 0)
  })

  await t.test('September: a batch is added', async t => {
    seller.write(
      'catalog/second.yaml',
      `version: 1\n${batch('second', seller.iccids.slice(12, 20))}`,
    )
    t.equal(
      await seller.plan(),
      `Endpoints
  + 8 endpoints of endpointBatch/second  SIM13 … SIM20

Applying takes 1 call, under a second at 1,000 calls/s. It activates no SIM.
Plan: 8 to create, 24 unchanged`,
    )
    t.equal(await seller.apply(), 'Done: 8 done, 0 failed, 0 skipped, 0 deferred')
    t.equal(await seller.plan(), 'Nothing to do: 32 unchanged')
    t.equal(world.endpoints.size, 20)
  })

  await t.test('November: a batch is retired half sold', async t => {
    for (const order of ['A-5', 'A-6', 'A-7']) await seller.sell(order, 'TR-1GB-7D')
    seller.edit('first.yaml', batch('first', seller.iccids.slice(0, 12)), '')
    const pruning = `Endpoints
  ? 6 endpoints  SIM1 … SIM6
      kept: sold, or reserved for an order
      6 sold endpoints
  - 6 endpoints  SIM7 … SIM12
      6 unsold endpoints

Applying takes 18 calls, under a second at 1,000 calls/s. It activates no SIM.
Plan: 6 to retire, 20 unchanged, 6 not in the catalog`
    t.equal(await seller.plan('--prune'), pruning)
    t.equal(await seller.apply('--prune'), 'Done: 6 done, 0 failed, 0 skipped, 0 deferred')
    const left = seller.iccids.slice(0, 12).map(iccid => {
      const endpoint = world.endpoints.get(world.sims.get(iccid)?.endPointId ?? '')
      return endpoint?.status ?? world.sims.get(iccid)?.status
    })
    t.same(left, [
      ...Array.from({ length: 6 }, () => 'Active'),
      ...Array.from({ length: 6 }, () => 'Ready To Activate'),
    ])
    t.equal(world.endpoints.size, 14)
    const { endpoints } = await seller.state()
    t.same(
      Object.keys(endpoints).sort(),
      [...seller.iccids.slice(0, 6), ...seller.iccids.slice(12, 20)].sort(),
    )
  })

  await t.test('December: the year ends with nothing to do', async t => {
    t.equal(
      await seller.plan('--prune'),
      `Endpoints
  ? 6 endpoints  SIM1 … SIM6
      kept: sold, or reserved for an order
      6 sold endpoints

Nothing to do: 20 unchanged, 6 not in the catalog`,
    )
    const before = seller.simulator.calls.length
    t.match(await seller.apply('--prune'), /^Nothing to do/)
    t.same(seller.writes(before), [])
  })
})
