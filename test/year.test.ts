import t from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from './cli/desk.ts'
import type { Ended } from './cli/run-cli.ts'

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

/** Edits one file of the catalog; the text must be there. */
function edit(desk: Desk, file: string, from: string, to: string): void {
  const text = desk.read(`catalog/${file}`)
  if (!text.includes(from)) throw new Error(`${file} does not say ${from}`)
  desk.write(`catalog/${file}`, text.replace(from, to))
}

t.test('a year in a seller’s life', async t => {
  const desk = await openDesk(t, iccids => ({
    'catalog/account.yaml': ACCOUNT,
    'catalog/zones.yaml': ZONES,
    'catalog/plans.yaml': PLANS,
    'catalog/first.yaml': `version: 1\n${batch('first', iccids.slice(0, 12))}`,
  }))
  const show = async (title: string, args: string) => {
    const e: Ended = await desk.run(args)
    console.error(`#### ${title}: ${args} -> ${e.code}\n${e.stdout}-- stderr\n${e.stderr}`)
    return e
  }
  await show('jan', 'plan')
  await show('jan', 'apply --auto-approve')
  await show('jan', 'plan --detailed-exitcode')
  await show('jan', 'provision --order A-1 --sku TR-10GB-30D')
  edit(desk, 'plans.yaml', 'charge: "4.50"', 'charge: "3.90"')
  await show('feb', 'plan --detailed-exitcode')
  await show('feb', 'apply --auto-approve')
  edit(desk, 'plans.yaml', 'data: 10 GB', 'data: 12 GB')
  await show('mar', 'plan')
  await show('mar', 'apply --auto-approve')
  await show('mar', 'plan')
  await show('mar', 'provision --order A-2 --sku TR-10GB-30D')
  await desk.control('networks/leave', { tadig: 'TURVO' })
  await desk.control('networks/leave', { tadig: 'MLTGO' })
  await desk.control('networks/join', {
    tadig: 'TUR5G',
    countryName: 'Turkey',
    operatorName: 'Bosphorus Mobile',
  })
  await show('apr', 'coverage')
  await show('apr', 'plan')
  edit(desk, 'zones.yaml', '[MLTEP, MLTGO]', '[MLTEP, MLTME]')
  await show('apr', 'plan')
  await show('apr', 'apply --auto-approve')
  await show('apr', 'plan')
  edit(desk, 'zones.yaml', 'key: gulf\n    name: Gulf', 'key: arabia\n    name: Arabia')
  desk.write(
    'catalog/plans.yaml',
    desk.read('catalog/plans.yaml').replaceAll('rateZone: gulf', 'rateZone: arabia'),
  )
  await show('may', 'plan')
  desk.write(
    'catalog/moved.yaml',
    'version: 1\nmoved:\n  - { from: rateZone/gulf, to: rateZone/arabia }\n',
  )
  await show('may', 'plan')
  await show('may', 'apply --auto-approve')
  await show('may', 'plan')
  const maltaPlan = PLANS.slice(PLANS.indexOf('  - key: malta-3gb'))
  edit(desk, 'plans.yaml', maltaPlan, '')
  await show('jun', 'plan')
  await show('jun', 'apply --auto-approve --prune')
  await show('jun', 'plan')
  await show('jun', 'provision --order A-3 --sku MT-3GB-15D')
  const { addonPlans } = await desk.state()
  await desk.control('portal', { plan: addonPlans['emirates-3gb']!.planId, set: { charge: '12' } })
  await desk.control('portal', {
    plan: addonPlans['new-zealand-5gb']!.planId,
    set: { description: 'For campers and hikers', charge: '25' },
  })
  await show('jul', 'plan')
  await show('jul', 'drift')
  await show('jul', 'drift --accept addonPlan/new-zealand-5gb')
  await show('jul', 'plan')
  await show('jul', 'apply --auto-approve')
  desk.write('catalog/second.yaml', `version: 1\n${batch('second', desk.iccids.slice(12, 20))}`)
  await show('sep', 'plan')
  await show('sep', 'apply --auto-approve')
  await show('sep', 'stock')
  for (const n of [4, 5]) await show('oct', `provision --order A-${n} --sku TR-1GB-7D`)
  edit(desk, 'first.yaml', batch('first', desk.iccids.slice(0, 12)), '')
  await show('nov', 'plan')
  await show('nov', 'plan --prune')
  await show('nov', 'apply --prune --auto-approve')
  await show('nov', 'apply --prune --force --auto-approve')
  await show('dec', 'plan')
})
