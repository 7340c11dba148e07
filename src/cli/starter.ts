/** What `init` writes: a small catalog with comments, and the files that stand around one. */
import { formatText } from '../catalog/format-file.ts'
import type { SettingValues } from '../examine/account-values.ts'

const seenOnce = (value: string): SettingValues['values'] => [{ value, seen: [] }]

/** What the simulated account has. */
export const SIMULATED_ACCOUNT: readonly SettingValues[] = [
  { setting: 'addonServiceProfile', values: seenOnce('SP_1335') },
  { setting: 'currencyId', values: seenOnce('44') },
  { setting: 'basePlan', values: seenOnce('DEFAULTPRE41274807') },
  { setting: 'apnGroup', values: seenOnce('PDP_1785') },
  { setting: 'roamingProfiles', values: seenOnce('3017') },
]

/** Fields that every catalog with plans and endpoints needs, in the order in which they are written. */
const NEEDED = [
  'addonServiceProfile',
  'currencyId',
  'basePlan',
  'apnGroup',
  'roamingProfiles',
] as const

/** ICCIDs that the simulator puts into stock for whoever has none yet. */
const SIMULATED_ICCIDS = [
  '8932042000010000004',
  '8932042000010000012',
  '8932042000010000020',
  '8932042000010000038',
  '8932042000010000046',
]

/** A catalog file: the account's IDs with where each was seen, a zone, two plans and a batch. */
export function catalogText(settings: readonly SettingValues[], isSimulated: boolean): string {
  const text = newCatalog(settings, isSimulated)
  const formatted = formatText('catalog/catalog.yaml', text)
  return 'text' in formatted ? formatted.text : text
}

function newCatalog(settings: readonly SettingValues[], isSimulated: boolean): string {
  return `# yaml-language-server: $schema=./sft-catalog.schema.json
# Begun by "sft-catalog init". "sft-catalog validate" checks it without an account, "sft-catalog explain addonPlans" tells
# what an entry may say.
version: 1

# IDs of the platform. ${isSimulated ? 'These are those of the simulated account.' : 'Where each was seen stands beside it; "sft-catalog account show" has all of them.'}
account:
${NEEDED.map(name => accountLine(name, settings)).join('\n')}

# Where a plan is valid: a country stands for every network that the account has there.
rateZones:
  - key: benelux
    name: Benelux
    countries: [BE, NL, LU]

# What is sold. The key is yours; the name is what the platform shows; orders name the SKU.
addonPlans:
  - key: benelux-1gb-7d
    name: Benelux 1 GB 7 days
    rateZone: benelux
    data: 1 GB
    validity: 7 days
    activation: first-use  # or immediate
    charge: "2.50"         # in the account's currency
    portal: { sku: BNL-1GB-7D }
  - key: benelux-5gb-30d
    name: Benelux 5 GB 30 days
    rateZone: benelux
    data: 5 GB
    validity: 30 days
    activation: first-use
    charge: "9.50"
    portal: { sku: BNL-5GB-30D }

${batchText(isSimulated)}`
}

function accountLine(name: (typeof NEEDED)[number], settings: readonly SettingValues[]): string {
  const found = settings.find(({ setting }) => setting === name)
  const [best] = found?.values ?? []
  const inYaml = (value: string) => (name === 'roamingProfiles' ? `[${value}]` : value)
  if (best === undefined)
    return `  # ${name}: ${inYaml('"…"')}  # not known: ${found?.notKnown ?? 'nothing that was read has one'}`
  const where = best.seen.map(({ where, count, examples }) =>
    examples.length === 0 ? where : `${count} ${where} (${examples.join(', ')})`,
  )
  const others = (found?.values ?? []).slice(1).map(({ value }) => value)
  const comment = [
    ...(best.name === undefined ? [] : [`"${best.name}"`]),
    ...(where.length === 0 ? [] : [`seen in ${where.join(', ')}`]),
    ...(others.length === 0 ? [] : [`there are also ${others.join(', ')}`]),
  ].join('; ')
  return `  ${name}: ${inYaml(JSON.stringify(best.value))}${comment === '' ? '' : `  # ${oneLine(comment)}`}`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

const batchText = (isSimulated: boolean): string =>
  isSimulated
    ? `# eSIMs of a delivery: each becomes an endpoint that can be sold.
endpointBatches:
  - key: first
    name: travel-{iccid}
    iccids:
${SIMULATED_ICCIDS.map(iccid => `      - "${iccid}"`).join('\n')}
`
    : `# eSIMs of a delivery: each becomes an endpoint that can be sold. Take the # away and write your own ICCIDs, or name
# a file with them: iccidFile: inventory/first.csv
# endpointBatches:
#   - key: first
#     name: travel-{iccid}
#     iccids:
#       - "8932042000010000004"
`

/** Files that stand around a catalog. */
export const START_FILES: readonly { readonly path: string; readonly text: string }[] = [
  {
    path: '.gitignore',
    text: `# Secrets, and what belongs to one machine. Keep state.json as carefully as the catalog (docs/state.md), not here
# unless your pipeline puts it here.
.env
node_modules/
state.json*
orders.json*
sft-catalog-ci/
*.png
*.svg
`,
  },
  {
    path: '.env.example',
    text: `# Copy to .env, which is read in the working folder and must never be committed.
SFT_USERNAME=
# One of them; a file is safer.
# SFT_PASSWORD=
# SFT_PASSWORD_FILE=
# The simulator, or your own host; default https://sft.bics.com
# SFT_BASE_URL=http://127.0.0.1:8099
# A reseller's child account
# SFT_TARGET_ACCOUNT_ID=
`,
  },
]
