import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import { catalogJsonSchema, loadCatalog } from '../../src/catalog/index.ts'
import { catalogFileOf } from '../../src/catalog/schema.ts'
import { readNetworkCountry } from '../../src/countries.ts'
import type { Json } from '../../src/model.ts'
import type { AddonPlanEntry } from '../../src/resources/addon-plan-entry.ts'
import { kinds } from '../../src/resources/kinds.ts'
import { worldNetworks } from '../../src/simulator/networks.ts'
import { randomOf } from '../random.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const yamlFiles = readdirSync('catalog', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.yaml'))
  .map(name => `catalog/${name}`)

t.test('the shipped catalog is that of a seller who could exist', async t => {
  const { catalog, issues } = await loadCatalog('catalog')
  t.same(issues, [])
  if (catalog === undefined) throw new Error('the shipped catalog has errors')
  const { rateZones, addonPlans, endpointBatches } = catalog
  t.ok(rateZones.length >= 40, `${rateZones.length} destinations`)
  t.ok(addonPlans.length >= 120, `${addonPlans.length} plans`)
  t.same(
    endpointBatches.map(({ iccids }) => iccids.length),
    [500, 500],
  )
  const covering = (country: string) =>
    rateZones.filter(({ countries }) => countries.includes(country)).length
  t.ok(covering('DE') >= 4, 'regions overlap')
  t.ok(rateZones.some(({ countries, networks }) => countries.length === 0 && networks.length > 1))
  t.ok(rateZones.some(({ exclude }) => exclude.length > 0))
  t.same(
    new Set(addonPlans.map(({ activation }) => activation)),
    new Set(['first-use', 'immediate']),
  )
  const renewals = new Set(addonPlans.map(({ renewal }) => renewal?.on))
  t.same(renewals, new Set([undefined, 'expiry', 'exhaustion']))
  const entries = [...rateZones, ...addonPlans, ...endpointBatches]
  t.ok(entries.some(({ sft }) => sft !== undefined))
  t.ok(addonPlans.every(({ portal }) => typeof portal?.['sku'] === 'string'))
})

t.test('its larger packages cost more, and a GB in them less', async t => {
  const { catalog } = await loadCatalog('catalog')
  const oneTime = catalog?.addonPlans.filter(plan => {
    return plan.renewal === undefined && plan.activation === 'first-use'
  })
  const zones = new Map<string, AddonPlanEntry[]>()
  for (const plan of oneTime ?? []) {
    const zone = JSON.stringify(plan.rateZone)
    zones.set(zone, [...(zones.get(zone) ?? []), plan])
  }
  t.equal(zones.size, catalog?.rateZones.length, 'every destination has some')
  for (const [zone, plans] of zones) {
    const sorted = plans.toSorted((a, b) => Number(a.dataMB) - Number(b.dataMB))
    for (const [index, plan] of sorted.entries()) {
      const smaller = sorted[index - 1]
      if (smaller === undefined) continue
      const [more, less] = [Number(plan.charge), Number(smaller.charge)]
      t.ok(
        more > less && more / Number(plan.dataMB) < less / Number(smaller.dataMB),
        `${zone} ${plan.name}`,
      )
    }
  }
})

t.test('the simulated world has its networks, and two or more in each zone', async t => {
  const { catalog } = await loadCatalog('catalog')
  const networks = worldNetworks().map(({ tadig, countryName }) => ({
    tadig,
    country: readNetworkCountry(countryName, tadig).code ?? '',
  }))
  for (const zone of catalog?.rateZones ?? []) {
    const named = (tadig: string) => (network: { readonly tadig: string }) =>
      network.tadig === tadig
    for (const country of zone.countries) {
      t.ok(
        networks.some(network => network.country === country),
        `${zone.key} ${country}`,
      )
    }
    const excluded = new Set<string>()
    for (const selector of [...zone.networks, ...zone.exclude]) {
      const tadig = 'tadig' in selector ? selector.tadig : ''
      t.ok(networks.some(named(tadig)), `${zone.key} ${tadig}`)
      if (zone.exclude.includes(selector)) {
        excluded.add(tadig)
        const country = networks.find(named(tadig))?.country ?? ''
        t.ok(zone.countries.includes(country), `${zone.key} would have ${tadig} otherwise`)
      }
    }
    const picked = new Set(
      networks
        .filter(({ tadig, country }) => {
          const isNamed = zone.networks.some(one => 'tadig' in one && one.tadig === tadig)
          return (isNamed || zone.countries.includes(country)) && !excluded.has(tadig)
        })
        .map(({ tadig }) => tadig),
    )
    t.ok(picked.size >= 2, `${zone.key} has ${picked.size} networks`)
  }
})

t.test('editors judge it by the schema that validate uses', async t => {
  const validate = new Ajv2020({ strict: true, allErrors: true })
    .addVocabulary(['x-code', 'patternErrorMessage'])
    .compile(catalogJsonSchema())
  for (const file of yamlFiles) {
    t.ok(validate(parse(read(file))), `${file} ${JSON.stringify(validate.errors)}`)
    const [first = ''] = read(file).split('\n')
    const up = '../'.repeat(file.split('/').length - 2)
    t.equal(first, `# yaml-language-server: $schema=${up || './'}sft-catalog.schema.json`)
  }
  const shipped = JSON.parse(read('catalog/sft-catalog.schema.json'))
  t.same(shipped, catalogJsonSchema(), 'sft-catalog schema > catalog/sft-catalog.schema.json')
})

t.test('what the declarations take, the schema allows, and what they refuse, it refuses', t => {
  const allows = new Ajv2020({ strict: true })
    .addVocabulary(['x-code', 'patternErrorMessage'])
    .compile(catalogJsonSchema())
  const declared = catalogFileOf(kinds())
  const seed = Number(process.env['SCHEMA_SEED'] ?? Date.now() % 2 ** 31)
  t.comment(`seed ${seed}`)
  const random = randomOf(seed)
  const documents = yamlFiles.map((file): Json => parse(read(file)))
  const counts = { taken: 0, refused: 0 }
  for (let round = 0; round < 1000; round += 1) {
    const document = structuredClone(documents[round % documents.length] ?? null)
    const wrong = spoil(document, random)
    const isTaken = declared.safeParse(document).success
    counts[isTaken ? 'taken' : 'refused'] += 1
    if (isTaken !== allows(document)) t.fail(`${wrong}: ${JSON.stringify(allows.errors)}`)
  }
  t.ok(counts.taken > 10 && counts.refused > 100, JSON.stringify(counts))
  t.end()
})

/** What may stand anywhere, now and then where it is right. */
const VALUES: readonly Json[] = [
  ...[null, true, '', ' ', 'x', 'DE', '1 GB', '30 days', 'a\nb', 'x'.repeat(256), 'x'.repeat(101)],
  ...[0, 1, -1, 1.5, 2 ** 53, '0', '007', 'first-use', 'unlimited', '\u200b', '😀'.repeat(130)],
  ...[[], ['DE'], [null], {}, { key: 'x' }, { tadig: 'DEUD1' }, { times: 2, on: 'expiry' }],
]

/** Changes a value somewhere, takes a field away or adds one; says what. */
function spoil(root: Json, random: () => number): string {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)]
  const places: {
    readonly of: Record<string, Json>
    readonly field: string
    readonly at: string
  }[] = []
  const walk = (value: Json, at: string): void => {
    if (typeof value !== 'object' || value === null) return
    const of = value as Record<string, Json>
    for (const field of Object.keys(of)) {
      places.push({ of, field, at: `${at}/${field}` })
      walk(of[field] ?? null, `${at}/${field}`)
    }
  }
  walk(root, '')
  const place = pick(places)
  const value = pick(VALUES) ?? null
  if (place === undefined) return 'nothing'
  const { of, field, at } = place
  const how = random()
  if (how < 0.2 && !Array.isArray(of)) delete of[field]
  else if (how < 0.3 && !Array.isArray(of)) of['more'] = value
  else of[field] = value
  return `${at} ${how < 0.3 ? 'without, or one more' : JSON.stringify(value)}`
}

t.test(
  'the page of the language has every field that sft: may not have, and its example can be used',
  async t => {
    const reference = read('docs/catalog.md')
    const owned = kinds().flatMap(
      ({
        catalog: {
          owned: { into, paths },
        },
      }) => [into, ...paths.map(path => path.split('.').at(-1) ?? path)],
    )
    for (const field of owned) t.match(reference, new RegExp(`\\b${field}\\b`), field)
    const example = /## A first file\n[\s\S]*?```yaml\n([^`]+)```/.exec(reference)?.[1] ?? ''
    const directory = t.testdir({
      'catalog.yaml': example,
      inventory: { 'first-hundred.csv': '8932042000010000012\n' },
    })
    t.same((await loadCatalog(directory)).issues, [])
  },
)
