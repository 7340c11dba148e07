import type { Test } from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from '../cli/desk.ts'

/** Names that would be markup, a label or an attribute, if they were taken for more than names. */
export const EVIL = {
  zone: `</script><img src=x onerror=alert(1)>`,
  plan: `"] --> n1; click n1 "javascript:alert(2)"`,
  note: `'"><svg onload=alert(3)>`,
} as const

/** A tag that tells nothing to a browser either. */
export const TAG = '<b>spring</b>'

interface PlanText {
  readonly key: string
  readonly name?: string
  readonly zone: string
  readonly gb: number
  readonly charge: string
}

/** A plan as YAML. */
const planText = ({ key, name = key, zone, gb, charge }: PlanText): string =>
  `  - key: ${key}
    name: ${JSON.stringify(name)}
    description: ${JSON.stringify(EVIL.note)}
    rateZone: ${zone}
    data: ${gb} GB
    validity: 7 days
    activation: first-use
    charge: "${charge}"
    portal: { sku: "SKU-${key}" }
`

/** A zone as YAML. */
const zoneText = (key: string, name: string, countries: readonly string[]): string =>
  `  - key: ${key}
    name: ${JSON.stringify(name)}
    countries: [${countries.join(', ')}]
`

/** A catalog before and after changes of all sorts: won and lost countries, prices, revisions, what is gone. */
const BEFORE = {
  zones: [
    zoneText('alps', 'Alps', ['CH', 'AT']),
    zoneText('asia', 'Asia & Pacific', ['JP', 'SG']),
    zoneText('evil', EVIL.zone, ['DE']),
  ],
  plans: [
    planText({ key: 'alps-1', zone: 'alps', gb: 1, charge: '4.50' }),
    planText({ key: 'alps-5', zone: 'alps', gb: 5, charge: '9.00' }),
    planText({ key: 'asia-1', zone: 'asia', gb: 1, charge: '6.00' }),
    planText({ key: 'evil-1', name: EVIL.plan, zone: 'evil', gb: 1, charge: '3.00' }),
  ],
}
const AFTER = {
  zones: [
    zoneText('alps', 'Alps', ['CH', 'AT', 'IT']),
    zoneText('asia', 'Asia & Pacific', ['JP', 'SG', 'KR', 'HK']),
    zoneText('evil', EVIL.zone, ['DE', 'FR']),
  ],
  plans: [
    planText({ key: 'alps-1', zone: 'alps', gb: 1, charge: '5.20' }),
    planText({ key: 'alps-5', zone: 'alps', gb: 6, charge: '9.00' }),
    planText({ key: 'evil-1', name: EVIL.plan, zone: 'evil', gb: 1, charge: '3.50' }),
    planText({ key: 'evil-2', name: `${EVIL.plan} 2`, zone: 'evil', gb: 2, charge: '5.00' }),
  ],
}

const catalogText = ({ zones, plans }: typeof BEFORE, more = ''): string =>
  `${ACCOUNT}
rateZones:
${zones.join('')}addonPlans:
${plans.join('')}${more}`

/** A desk whose catalog was applied and then changed. */
export async function openChangedDesk(t: Test): Promise<Desk> {
  const desk = await openDesk(t, iccids => ({
    'catalog/catalog.yaml': catalogText(BEFORE, batch('first', iccids.slice(0, 5))),
  }))
  const applied = await desk.run('apply --auto-approve')
  if (applied.code !== 0) throw new Error(applied.stderr)
  desk.write('catalog/catalog.yaml', catalogText(AFTER, batch('first', desk.iccids.slice(0, 8))))
  return desk
}

/** A desk of which the account moved since: names, prices, networks of a zone, a plan that is gone; some eSIMs are sold. */
export async function openMovedDesk(t: Test): Promise<Desk> {
  const desk = await openDesk(t, iccids => ({
    'catalog/catalog.yaml': catalogText(
      BEFORE,
      batch('first', iccids.slice(0, 8), `    tags: [${JSON.stringify(TAG)}, shop]\n`),
    ),
  }))
  const run = async (line: string) => {
    const ended = await desk.run(line)
    if (ended.code !== 0) throw new Error(`${line}: ${ended.stderr}`)
  }
  await run('apply --auto-approve')
  for (const at of [1, 2, 3]) await run(`provision --order A-${at} --sku SKU-alps-1`)
  const { addonPlans, rateZones } = await desk.state()
  const ids = (key: string) => addonPlans[key]?.planId
  await desk.control('portal', { plan: ids('alps-5'), set: { planName: EVIL.zone } })
  await desk.control('portal', { plan: ids('asia-1'), delete: true })
  const zone = rateZones['asia']
  await desk.control('portal', { zone: zone?.id, set: { networks: zone?.networks.slice(2) } })
  for (const tadig of new Set(rateZones['evil']?.networks.map(one => one.tadig)))
    await desk.control('networks/leave', { tadig })
  return desk
}
