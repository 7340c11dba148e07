/** A seller's list as catalog files: what can be said, and why the rest cannot. Nothing is written here. */
import { createKeyMaker } from '../adopt/make-key.ts'
import { lackingNeed } from '../catalog/check-wire.ts'
import { cannotBe } from '../catalog/entry.ts'
import type { PrintedEntry } from '../catalog/entry-edit.ts'
import type { LoadOptions } from '../catalog/index.ts'
import { printCatalogFile, printedKeyAt } from '../catalog/print-yaml.ts'
import { loadStaged, type PlannedFile } from '../catalog/stage-catalog.ts'
import type { Issue } from '../issues.ts'
import { textOf } from '../json.ts'
import type { Catalog, JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import { type AddonPlanEntry, addonPlanPart } from '../resources/addon-plan-entry.ts'
import type { LikeTemplate } from '../resources/addon-plan-like.ts'
import { mergeWire, type WireOverrides } from '../sft/wire-settings.ts'
import { type FoundZone, openZones } from './find-zones.ts'
import { type PriceMap, type RefusedRow, readPriceList } from './price-list.ts'
import {
  fieldsOf,
  nameOf,
  type Product,
  readProduct,
  Unsayable,
  type VolumeUnit,
} from './read-product.ts'

export interface ImportOptions {
  readonly map: PriceMap
  /** Unit of bare numbers of volumes. */
  readonly unit?: VolumeUnit
  /** What is there already; absent: nothing. */
  readonly catalog?: Catalog
  readonly folder: string
  /** Folder of the new files, below the catalog. */
  readonly into: string
  readonly load: LoadOptions
}

/** What a row says and leaves to the plan that it is like. */
interface LeftToLike {
  readonly line: number
  readonly sku: string
  /** In words: `SMS`, `a validity in months`. */
  readonly what: readonly string[]
}

/** What importing a list comes to. */
export interface PriceImport {
  readonly files: readonly PlannedFile[]
  /** Rows that become plans. */
  readonly imported: readonly {
    readonly line: number
    readonly sku: string
    readonly key: string
  }[]
  /** Rows that the catalog says already. */
  readonly known: readonly { readonly line: number; readonly sku: string }[]
  /** By line. */
  readonly refused: readonly RefusedRow[]
  /** What rows say and their plans do not, since nothing says how: it is left to the plan that each is like. */
  readonly leftToLike: readonly LeftToLike[]
  /** Columns that nothing was taken from. */
  readonly unused: readonly string[]
}

/** A product with its place in the catalog. */
interface Drafted {
  readonly product: Product
  readonly key: string
  readonly zone: FoundZone
  readonly fields: JsonObject
  readonly left: readonly string[]
}

/**
 * Reads a list into catalog files, which are proved in a copy before they are told: a row whose plan the catalog
 * would refuse is refused. What the catalog has is never changed. Throws a `PriceListError`.
 */
export async function importPrices(text: string, options: ImportOptions): Promise<PriceImport> {
  const list = readPriceList(text, options.map)
  const refused: RefusedRow[] = [...list.refused]
  const { drafts, known } = draft(list.rows, options, refused)
  const kept = await proved(drafts, options, refused)
  return {
    files: printed(kept, options.into),
    imported: kept.map(({ product: { line, sku }, key }) => ({ line, sku, key })),
    known,
    refused: refused.toSorted((one, other) => one.line - other.line),
    leftToLike: kept.flatMap(({ product: { line, sku }, left }) =>
      left.length === 0 ? [] : [{ line, sku, what: left }],
    ),
    unused: list.unused,
  }
}

function draft(
  rows: ReturnType<typeof readPriceList>['rows'],
  { catalog, unit, load }: ImportOptions,
  refused: RefusedRow[],
) {
  const plans = catalog?.addonPlans ?? []
  const bySku = new Map(plans.map(plan => [textOf(plan.portal?.['sku']), plan]))
  const names = new Set(plans.map(({ name }) => name))
  const zoneKeys = createKeyMaker((catalog?.rateZones ?? []).map(({ key }) => key))
  const planKeys = createKeyMaker(plans.map(({ key }) => key))
  const zones = openZones(catalog?.rateZones ?? [], zoneKeys)
  const settings = mergeWire(load.wire ?? {}, catalog?.account.wire ?? {})
  const lines = new Map<string, number>()
  const drafts: Drafted[] = []
  const known: { line: number; sku: string }[] = []
  const take = (product: Product): void => {
    const { line, sku } = product
    const before = lines.get(sku)
    if (before !== undefined) throw new Unsayable(`its SKU stands on line ${before} already`)
    lines.set(sku, line)
    const zone = zones.find(product.destination)
    const there = bySku.get(sku)
    const { said, left } = saidOf(product, settings)
    if (there !== undefined) {
      const differs = differenceOf(said, zone, there)
      if (differs !== undefined)
        throw new Unsayable(
          `the catalog has its SKU with another ${differs} (${there.position.file}:${there.position.line}), and nothing is overwritten: change it there`,
        )
      known.push({ line, sku })
      return
    }
    const made =
      product.name === undefined ? nameOf(product, zone.name) : normaliseName(product.name)
    const name = names.has(made) ? `${made} ${sku}` : made
    names.add(name)
    drafts.push({
      product,
      zone,
      key: planKeys(sku, 'plan'),
      fields: { name, rateZone: zone.key, ...fieldsOf(said) },
      left,
    })
  }
  for (const row of rows) {
    try {
      take(readProduct(row, unit))
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error
      const sku = row.cells.get('sku')
      refused.push({ line: row.line, ...(sku !== undefined && { sku }), reason: error.message })
    }
  }
  return { drafts, known }
}

/**
 * What of a row its entry says itself: what takes a wire value that nobody has set is left to the plan that it is like.
 * Throws an `Unsayable` where it is like none.
 */
function saidOf(
  product: Product,
  settings: WireOverrides,
): { readonly said: Product; readonly left: readonly string[] } {
  const left: string[] = []
  let said = product
  for (;;) {
    const need = lackingNeed(addonPlanPart, wordsOf(said), settings)
    if (need === undefined) return { said, left }
    if (said.like === undefined)
      throw new Unsayable(
        `it says ${need.what}, and what this account has for that is not known: add ${need.example} to account.wire, or build such a plan in the portal and name it with --map like=COLUMN ("sft-catalog account show")`,
      )
    left.push(need.what)
    said = without(said, need.field)
  }
}

/** Which part of a product a field of the catalog says. */
const PART_OF: Readonly<Record<string, 'data' | 'sms' | 'throttleKbps' | 'validity'>> = {
  data: 'data',
  'benefits.sms': 'sms',
  throttle: 'throttleKbps',
  validity: 'validity',
}

function without(product: Product, field: string): Product {
  const part = PART_OF[field] ?? cannotBe(`${field} of a price list`)
  const { [part]: _left, ...rest } = product
  return rest
}

/** What of an entry takes wire values; the rest says nothing here. */
function wordsOf({ data, sms, throttleKbps, validity, line }: Product): AddonPlanEntry {
  const position = { file: '', line, column: 1 }
  return {
    key: '',
    name: '',
    position,
    positions: {},
    lifecycle: { preventRetire: false },
    rateZone: { key: '' },
    ...(data !== undefined && { dataMB: data.megabytes }),
    ...(data?.per !== undefined && { dataPer: data.per }),
    ...(sms !== undefined && { smsCount: sms }),
    ...(throttleKbps !== undefined && { throttleKbps }),
    ...(validity !== undefined && { validityDays: validity }),
    activation: 'first-use',
    charge: '0',
    priority: 1,
  }
}

const nameOfLike = (like: Partial<LikeTemplate> = {}): string | undefined =>
  like.planId === undefined ? like.name : `ID ${like.planId}`

/** In what a row differs from the plan of its SKU; undefined: in nothing. */
function differenceOf(
  { data, sms, throttleKbps, validity, like, portal }: Product,
  zone: FoundZone,
  plan: AddonPlanEntry,
): string | undefined {
  const pairs = {
    destination: [zone.key, 'key' in plan.rateZone ? plan.rateZone.key : plan.rateZone.id],
    volume: [data?.megabytes, plan.dataMB],
    'volume a day': [data?.per, plan.dataPer],
    'number of SMS': [sms, plan.smsCount],
    speed: [throttleKbps, plan.throttleKbps],
    validity: [validity, plan.validityDays],
    like: [nameOfLike(like), nameOfLike(plan.like)],
    price: [JSON.stringify(portal['prices']), JSON.stringify(plan.portal?.['prices'])],
  }
  return Object.entries(pairs).find(([, [wanted, there]]) => wanted !== there)?.[0]
}

/** Rounds until the catalog takes all that is left: each leaves out the rows that it refuses. */
const ROUNDS = 10

async function proved(
  drafts: readonly Drafted[],
  { folder, into, load }: ImportOptions,
  refused: RefusedRow[],
): Promise<readonly Drafted[]> {
  let left = drafts
  for (let round = 0; round < ROUNDS && left.length > 0; round++) {
    const files = printed(left, into)
    const problems = await loadStaged(folder, files, load, ({ issues }, pathOf) =>
      issues.flatMap(issue => {
        if (issue.severity !== 'error') return []
        const path = issue.position === undefined ? '' : pathOf(issue.position.file)
        return [
          {
            issue,
            path,
            key: keyOf(
              issue,
              files.find(file => file.path === path),
            ),
          },
        ]
      }),
    )
    if (problems.length === 0) return left
    const reasons = new Map<string, string>()
    for (const { issue, path, key } of problems)
      if (key !== undefined && !reasons.has(`${path} ${key}`))
        reasons.set(`${path} ${key}`, reasonOf(issue))
    const elsewhere = problems.find(({ key }) => key === undefined)
    const reasonFor = ({ key, zone }: Drafted): string | undefined =>
      reasons.get(`${planFile(into)} ${key}`) ??
      (zone.makes && reasons.get(`${zoneFile(into)} ${zone.key}`)) ??
      (reasons.size === 0 && elsewhere !== undefined ? reasonOf(elsewhere.issue) : undefined)
    for (const one of left) {
      const reason = reasonFor(one)
      const { line, sku } = one.product
      if (reason !== undefined) refused.push({ line, sku, reason })
    }
    left = left.filter(one => reasonFor(one) === undefined)
  }
  return left
}

const keyOf = (issue: Issue, file: PlannedFile | undefined): string | undefined =>
  file === undefined || issue.position === undefined
    ? undefined
    : printedKeyAt(file.text, issue.position.line)

const reasonOf = ({ message, hint }: Issue): string =>
  hint === undefined ? message : `${message}: ${hint}`

const zoneFile = (into: string): string => `${into}/rate-zones.yaml`
const planFile = (into: string): string => `${into}/addon-plans.yaml`

const HEAD = [
  'Made of a price list by "sft-catalog import". These files are yours now: move entries where you like, rename keys',
  'with moved:.',
]

function printed(drafts: readonly Drafted[], into: string): readonly PlannedFile[] {
  const zones = new Map<string, PrintedEntry>()
  for (const { zone } of drafts)
    if (zone.makes !== undefined)
      zones.set(zone.key, {
        fields: { key: zone.key, name: zone.name, countries: zone.makes },
      })
  const plans = drafts.map(({ key, fields }): PrintedEntry => ({ fields: { key, ...fields } }))
  const file = (path: string, section: string, entries: readonly PrintedEntry[]) =>
    entries.length === 0 ? [] : [{ path, text: printCatalogFile({ head: HEAD, section, entries }) }]
  return [
    ...file(zoneFile(into), 'rateZones', [...zones.values()]),
    ...file(planFile(into), 'addonPlans', plans),
  ]
}
