import fc from 'fast-check'
import type { JsonObject } from '../../src/model.ts'
import type { SimulatorOptions, World } from '../../src/simulator/index.ts'
import { handMadePlan, handMadeZone, networksOf } from '../adopt/desk.ts'
import { WIRE } from '../products/shop.ts'
import { ACCOUNT, OTHER_APN_GROUP, OTHER_BASE_PLAN, OTHER_ROAMING_PROFILE } from './helpers.ts'

/** A catalog as plain data; JSON is YAML. */
export interface CatalogDraft {
  readonly planType: 'prepaid' | 'postpaid'
  /** What the account has for products beyond data for some days; absent: the catalog has none. */
  readonly wire?: JsonObject
  readonly rateZones: readonly Entry[]
  readonly addonPlans: readonly Entry[]
  readonly endpointBatches: readonly Entry[]
}

interface Entry {
  readonly key: string
  readonly [field: string]: unknown
}

/** One step in a catalog's life: what it says from now on, and how it is applied. */
export interface Step {
  readonly catalog: CatalogDraft
  /** Write `moved:` for keys that went and keys that came. */
  readonly moves: boolean
  readonly prune: boolean
}

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })

/** One printable line without spaces at its ends, often with what YAML, JSON and HTTP care about. */
const line = (maximum: number) =>
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom(...'aZ09 -_."\'{}[]:#&*!|>%@`\\/,?<='),
        fc.constantFrom('é', 'ß', '中', '🌍', '’'),
      ),
      minLength: 1,
      maxLength: maximum,
    })
    .map(text => text.trim())
    .filter(text => text !== '' && text !== '-')

const portal = maybe(
  fc.record({ sku: fc.constantFrom('A', 'B'), note: line(6), list: fc.array(fc.nat(3)) }),
)
const lifecycle = maybe(fc.constant({ preventRetire: true }))

/** Two networks at least, whatever one is excluded. */
const COUNTRIES = ['BE', 'NL', 'FR', 'DE'] as const

const zone = (slot: number, networks: readonly string[]) =>
  fc.record({
    key: fc.constant(`z${slot}`),
    name: fc.constantFrom(`Zone ${slot}`, `Zone "${slot}": é`),
    countries: fc.subarray([...COUNTRIES], { minLength: 1, maxLength: 2 }),
    networks: maybe(fc.subarray([...networks], { maxLength: 2 })),
    exclude: maybe(fc.subarray([...networks], { maxLength: 1 })),
    portal: portal.map(value => value && { ...value, sku: undefined }),
    sft: maybe(fc.constantFrom({ remark: 'one' }, { remark: 'two' })),
    onNetworkRemoval: maybe(fc.constantFrom('block', 'replace')),
    lifecycle,
  })

/** Made by hand in the portal: an endless, throttled month. */
const TEMPLATE = 'Made by hand'

/** The plan that entries are like, which belongs to nobody's catalog; its ID. */
export function makeTemplate(world: World): ReadonlySet<string> {
  const zone = handMadeZone(world, 'By hand', networksOf(world, 'Belgium'))
  const plan = handMadePlan(world, TEMPLATE, zone, {
    value: '-1',
    info: { pcrfRule: 'Throttle_512' },
    validity: { validityType: '2', validityFactor: '1' },
    known: WIRE,
  })
  return new Set([zone, plan])
}

/** What price lists have beyond data for some days, and a plan made by hand has in its place. */
const beyond = fc.oneof(
  fc.record({ data: fc.constantFrom('unlimited', '1 GB a day') }),
  fc.record({
    data: fc.constant(undefined),
    benefits: fc.record({
      data: fc.constantFrom('500 MB', '1 GB', 'unlimited'),
      sms: fc.constantFrom(1, 20),
    }),
  }),
  fc.record({ throttle: fc.constantFrom('128 kbps', '512 kbps') }),
  fc.record({ validity: fc.constantFrom('1 month', '2 months', '1 year', 'unlimited') }),
  fc.record({ renewal: fc.constant({ on: 'expiry', times: 'unlimited' }) }),
  fc.record({ recurringCharge: fc.constantFrom('1.50', '2') }),
  fc.record({
    data: fc.constantFrom('unlimited', '2 GB a day'),
    throttle: fc.constantFrom('128 kbps', '512 kbps'),
    validity: fc.constantFrom('1 month', '7 days'),
    recurringCharge: maybe(fc.constant('1.50')),
  }),
  fc.record({
    data: maybe(fc.constant('1 GB')),
    validity: maybe(fc.constantFrom('7 days', '1 month')),
    like: fc.record({ name: fc.constant(TEMPLATE), copy: maybe(fc.constantFrom(1, 2)) }),
  }),
)

const prices = maybe(fc.constantFrom({ EUR: 9.5, JPY: 1500 }, { USD: '10.00' }))

const product = (slot: number) =>
  fc
    .record({ entry: plainPlan(slot), more: maybe(beyond), prices })
    .map(({ entry, more, prices: own }) => ({
      ...entry,
      ...more,
      ...(entry.portal && { portal: { ...entry.portal, prices: own } }),
      // What account.wire has words for is not for sft:.
      sft: entry.sft?.basicInfo === undefined ? entry.sft : undefined,
    }))

const plainPlan = (slot: number) =>
  fc.record({
    key: fc.constant(`p${slot}`),
    name: fc.constantFrom(`Plan ${slot}`, `Plan ${slot} # é`),
    description: maybe(line(12)),
    /** Index into the zones of the catalog, until it is one of them. */
    rateZone: fc.nat(3),
    data: fc.constantFrom('500 MB', '1 GB', '1.5 GB', '1 TB'),
    validity: fc.constantFrom('1 day', '7 days', '30 days'),
    activation: maybe(fc.constantFrom('first-use', 'immediate')),
    renewal: maybe(
      fc.record({ on: fc.constantFrom('expiry', 'exhaustion'), times: fc.constantFrom(2, 12) }),
    ),
    charge: maybe(fc.constantFrom('0', '0.00', '4.5', '4.50', '12')),
    priority: maybe(fc.constantFrom(1, 2)),
    currencyId: maybe(fc.constantFrom('44', '45')),
    portal: portal.map(value => value && { ...value, sku: `${value.sku}-${slot}` }),
    sft: maybe(
      fc.constantFrom<{ basicInfo?: JsonObject; notification?: readonly JsonObject[] }>(
        { basicInfo: { pcrfRule: 'Throttle_128' } },
        { notification: [{ threshold: '80' }] },
      ),
    ),
    lifecycle,
  })

const batch = (slot: number) =>
  fc.record({
    key: fc.constant(`b${slot}`),
    name: fc.constantFrom('{iccid}', 'esim-{n}', '{batch} {n} é'),
    tags: maybe(fc.subarray(['x', 'y'])),
    basePlan: maybe(fc.constant(OTHER_BASE_PLAN)),
    apnGroup: maybe(fc.constant(OTHER_APN_GROUP)),
    roamingProfiles: maybe(
      fc.subarray([...ACCOUNT.roamingProfiles, OTHER_ROAMING_PROFILE], { minLength: 1 }),
    ),
    sft: maybe(fc.constant({ monthlyLimit: '1000' })),
  })

/** A plan whose zone is still a number. */
type PlanDraft = Entry & { readonly rateZone: number }

const someOf = <Value>(arbitraries: readonly fc.Arbitrary<Value>[]) =>
  fc
    .tuple(...arbitraries.map(arbitrary => maybe(arbitrary)))
    .map(values => values.filter(value => value !== undefined) as Value[])

/** Catalogs of up to three zones, four plans and two batches of the SIMs given. */
function arbitraryCatalog(
  iccids: readonly string[],
  networks: readonly string[],
  products: boolean,
): fc.Arbitrary<CatalogDraft> {
  return fc
    .record({
      planType: fc.constantFrom('prepaid', 'prepaid', 'prepaid', 'postpaid') as fc.Arbitrary<
        CatalogDraft['planType']
      >,
      zones: someOf([1, 2, 3].map(slot => zone(slot, networks))),
      plans: someOf<PlanDraft>([1, 2, 3, 4].map(products ? product : plainPlan)),
      batches: someOf([1, 2].map(slot => batch(slot))),
      owners: fc.tuple(...iccids.map(() => fc.nat(2))),
    })
    .map(({ planType, zones, plans, batches, owners }) => ({
      planType,
      ...(products && { wire: WIRE }),
      rateZones: zones,
      addonPlans: plans.flatMap(entry => {
        const used = zones[entry.rateZone % Math.max(1, zones.length)]
        return used === undefined ? [] : [{ ...entry, rateZone: used.key }]
      }),
      endpointBatches: batches.flatMap((entry, at) => {
        const own = iccids.filter((_, nth) => owners[nth] === at)
        return own.length === 0 ? [] : [{ ...entry, iccids: own }]
      }),
    }))
}

/** A life of a catalog: a few steps; with `products`, of an account whose values for them are known. */
export const arbitrarySteps = (
  iccids: readonly string[],
  networks: readonly string[],
  most: number,
  least = 1,
  products = false,
): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      catalog: arbitraryCatalog(iccids, networks, products),
      moves: fc.boolean(),
      prune: fc.boolean(),
    }),
    { minLength: least, maxLength: most },
  )

/** How an account answers, in every way that the contract leaves open. */
export const arbitraryAccount = (): fc.Arbitrary<
  Pick<SimulatorOptions, 'wire' | 'bulk' | 'modifyRateZone'>
> =>
  fc.record({
    bulk: fc.constantFrom('works', 'works', 'unknown', 'wrong'),
    modifyRateZone: fc.constantFrom('adds', 'replaces'),
    wire: fc
      .record({
        numericIds: fc.boolean(),
        createdIds: fc.constantFrom('response', 'responseParam', 'rows', 'resultParam'),
        planQuery: fc.constantFrom('full', 'full', 'basicInfo'),
        zoneNetworks: fc.constantFrom(true, true, false),
        singleAsObject: fc.boolean(),
        emptyAs: fc.constantFrom('failure', 'empty-rows'),
        maxPerPage: fc.constantFrom(1, 2, 250),
        networkList: fc.constantFrom('works', 'works', 'unknown'),
        editsBeyondBasicInfo: fc.constantFrom('taken', 'taken', 'dropped'),
        planTerms: fc.constant(WIRE),
      })
      .map(wire =>
        // What is dropped without a word and never reported, nobody can know.
        wire.planQuery === 'basicInfo' ? { ...wire, editsBeyondBasicInfo: 'taken' as const } : wire,
      ),
  })

/** The YAML of a step; `before` is what the catalog said last. */
export function catalogText(step: Step, before: CatalogDraft | undefined): string {
  const { planType, wire, rateZones, addonPlans, endpointBatches } = step.catalog
  const moved = step.moves
    ? [
        ...moves('rateZone', before?.rateZones ?? [], rateZones),
        ...moves('addonPlan', before?.addonPlans ?? [], addonPlans),
      ]
    : []
  return JSON.stringify({
    version: 1,
    account: { ...ACCOUNT, planType, wire },
    rateZones,
    addonPlans,
    endpointBatches,
    moved,
  })
}

function moves(kind: string, before: readonly Entry[], after: readonly Entry[]) {
  const keys = (entries: readonly Entry[]) => entries.map(entry => entry.key)
  const went = keys(before).filter(key => !keys(after).includes(key))
  const came = keys(after).filter(key => !keys(before).includes(key))
  return came.flatMap((key, at) =>
    went[at] === undefined ? [] : [{ from: `${kind}/${went[at]}`, to: `${kind}/${key}` }],
  )
}

/** Seed and path of a failure, to play it again: `FC_SEED=… FC_PATH=… npx tap …`; runs by `FC_RUNS`. */
export function replayable(runs: number) {
  const { FC_SEED: seed, FC_PATH: path, FC_RUNS: given } = process.env
  return {
    numRuns: given === undefined ? runs : Number(given),
    seed: seed === undefined ? Date.now() % 2 ** 31 : Number(seed),
    ...(path !== undefined && { path }),
  }
}
