/** A plan of 200 zones and 1,000 plans, of which everything changes. */
import { countryCodes } from '../../src/countries.ts'
import type { Json } from '../../src/model.ts'
import { planPage } from '../../src/page/index.ts'
import type { Landscape } from '../../src/plan/landscape.ts'
import type { PlanJson } from '../../src/render/plan-json.ts'

const ZONES = 200
const PLANS = 1000
const CODES = countryCodes()

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)

/** Countries of a zone: from 1 to 60. */
const countriesOf = (zone: number): readonly string[] =>
  numbers(1 + (zone % 60)).map(at => CODES[(zone * 7 + at * 4) % CODES.length] ?? 'DE')

const offerOf = (plan: number, charge: string) => ({
  inWords: `${1 + (plan % 20)} GB, 30 days, first-use, charge ${charge}`,
  dataMB: (1 + (plan % 20)) * 1024,
  days: 30,
  charge,
  currencyId: '44',
})

const landscape: Landscape = {
  labels: {},
  nodes: [
    ...numbers(ZONES).map(zone => ({
      address: `rateZone/zone-${zone}`,
      kind: 'rateZone',
      name: `Zone number ${zone} of a large catalog`,
      action: 'update' as const,
      needs: [],
      covers: {
        before: { countries: countriesOf(zone).slice(1), networks: 90 },
        after: { countries: countriesOf(zone), networks: 100 },
      },
    })),
    ...numbers(PLANS).map(plan => ({
      address: `addonPlan/plan-${plan}`,
      kind: 'addonPlan',
      name: `Zone ${plan % ZONES} ${1 + (plan % 20)} GB 30 days`,
      action: 'update' as const,
      needs: [`rateZone/zone-${plan % ZONES}`],
      offers: {
        before: offerOf(plan, `${5 + (plan % 40)}.5`),
        after: offerOf(plan, `${6 + (plan % 40)}.5`),
      },
    })),
  ],
}

const words = (many: number): readonly string[] => numbers(many).map(n => `${n}/101`)

const changed = (field: string, applied: Json, wanted: Json) => ({
  field,
  mutability: 'in-place',
  origin: 'ours' as const,
  applied,
  wanted,
})

const plan: PlanJson = {
  format: 1,
  account: { host: 'sft.example', user: 'seller', targetAccountId: null, state: 'state.json' },
  summary: {
    create: 0,
    adopt: 0,
    update: ZONES + PLANS,
    replace: 0,
    retire: 0,
    forget: 0,
    keep: 0,
    orphan: 0,
    blocked: 0,
    blockedInPart: 0,
    outcome: 'changes',
    exitCode: 2,
  },
  cost: { calls: 2400, seconds: 1200, callsPerSecond: 2, activations: 0 },
  issues: [],
  changes: landscape.nodes.map(({ address, kind, name, offers }, at) => ({
    action: 'update' as const,
    address,
    kind,
    key: address.slice(address.indexOf('/') + 1),
    name,
    id: String(100_000 + at),
    fields: [
      offers === undefined
        ? changed('networks', words(90), words(100))
        : changed('charge', `${at}.5`, `${at + 1}.5`),
    ],
    impact: { skus: [`SKU-${at}`], soldEndpoints: 12, inWords: ['12 sold instances'] },
  })),
}

/** Its page. */
export const largePage = (): string =>
  planPage({ plan, landscape, version: '0.0.0', at: '2026-01-01T00:00:00.000Z' })
