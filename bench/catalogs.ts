import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withCheckDigit } from './iccids.ts'

/** What the simulated account has. */
const ACCOUNT = {
  addonServiceProfile: 'SP_1335',
  currencyId: '44',
  planType: 'prepaid',
  basePlan: 'DEFAULTPRE41274807',
  apnGroup: 'PDP_1785',
  roamingProfiles: ['3017'],
} as const

/** Endpoints as a state has them. */
export const ENDPOINT_SPEC = {
  basePlan: ACCOUNT.basePlan,
  apnGroup: ACCOUNT.apnGroup,
  roamingProfiles: ACCOUNT.roamingProfiles,
} as const

export const iccidsFrom = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => withCheckDigit(`8932042${String(at).padStart(11, '0')}`))

/** An empty folder that goes with its scope. */
export async function temporaryFolder(): Promise<{
  readonly path: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}> {
  const path = await mkdtemp(join(tmpdir(), 'sft-catalog-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A batch whose ICCIDs stand in a CSV; with a file's name, beside an account that another file has. */
export async function writeBatch(
  folder: string,
  iccids: readonly string[],
  file?: string,
): Promise<void> {
  const account = file === undefined ? `account: ${JSON.stringify(ACCOUNT)}\n` : ''
  await writeFile(join(folder, 'inventory.csv'), `iccid\n${iccids.join('\n')}\n`)
  await writeFile(
    join(folder, file ?? 'catalog.yaml'),
    `version: 1\n${account}endpointBatches:\n  - { key: batch, name: 'travel-{iccid}', iccidFile: inventory.csv }\n`,
  )
}

const COUNTRIES = ['BE', 'FR', 'DE', 'NL', 'ES', 'IT', 'PT', 'AT', 'PL', 'SE', 'GR', 'IE'] as const
const VOLUMES_GB = [1, 3, 5, 10] as const

/** As many rate zones, ten a file, each of three countries and with four add-on plans. */
export async function writeZones(folder: string, zones: number): Promise<void> {
  await mkdir(join(folder, 'zones'), { recursive: true })
  await mkdir(join(folder, 'plans'), { recursive: true })
  await writeFile(join(folder, 'account.yaml'), `version: 1\naccount: ${JSON.stringify(ACCOUNT)}\n`)
  for (let from = 0; from < zones; from += 10) {
    const keys = Array.from({ length: Math.min(10, zones - from) }, (_, at) => from + at)
    await writeFile(
      join(folder, 'zones', `${from}.yaml`),
      `version: 1\nrateZones:\n${keys.map(zoneText).join('')}`,
    )
    await writeFile(
      join(folder, 'plans', `${from}.yaml`),
      `version: 1\naddonPlans:\n${keys.flatMap(n => VOLUMES_GB.map(gb => planText(n, gb))).join('')}`,
    )
  }
}

const zoneText = (n: number): string => {
  const countries = [0, 1, 2].map(step => COUNTRIES[(n + step) % COUNTRIES.length])
  return `  - key: zone-${n}\n    name: Zone ${n}\n    countries: [${countries.join(', ')}]\n`
}

const planText = (n: number, gb: number): string =>
  `  - key: zone-${n}-${gb}gb
    name: Zone ${n} ${gb} GB
    rateZone: zone-${n}
    data: ${gb} GB
    validity: 30 days
    charge: "${(gb * 2.5).toFixed(2)}"
    priority: 5
    portal: { sku: Z${n}-${gb}GB, name: Zone ${n} ${gb} GB }
`
