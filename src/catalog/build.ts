import { createHash } from 'node:crypto'
import { parseCountry } from '../countries.ts'
import { isJsonObject, textOf } from '../json.ts'
import type {
  AccountDefaults,
  AddonPlanEntry,
  Address,
  Catalog,
  ChangeShareLimits,
  EndpointBatchEntry,
  Entry,
  Moved,
  NetworkSelector,
  RateZoneEntry,
} from '../model.ts'
import { normaliseName } from '../names.ts'
import { parseAmount, parseDataVolume, parseShare, parseValidity } from '../units.ts'
import { type Draft, type Drafts, type ParsedFile, positionAt } from './drafts.ts'
import type { Inventory } from './inventory.ts'
import { accountDefaults, addonPlan, endpointBatch, limits, rateZone } from './schema.ts'
import { positionsBelow } from './values.ts'

/**
 * Makes the catalog of drafts in which no fault was found: defaults filled in, units and countries in
 * their normal form.
 */
export function buildCatalog(
  drafts: Drafts,
  inventory: Inventory,
  files: readonly ParsedFile[],
): Catalog {
  return {
    account: buildAccount(drafts.accounts[0]),
    rateZones: drafts.rateZones.map(buildRateZone),
    addonPlans: drafts.addonPlans.map(buildAddonPlan),
    endpointBatches: drafts.endpointBatches.map(draft =>
      buildBatch(draft, inventory.iccids.get(draft) ?? []),
    ),
    moved: drafts.moved.map(buildMoved),
    limits: buildLimits(drafts.limits[0]),
    hash: hashFiles(files, inventory),
  }
}

function buildAccount(draft: Draft | undefined): AccountDefaults {
  const account = accountDefaults.parse(draft?.raw ?? {})
  return { ...defined(account), positions: draft === undefined ? {} : positionsOf(draft) }
}

function buildRateZone(draft: Draft): RateZoneEntry {
  const zone = rateZone.parse(draft.raw)
  const codes = zone.countries.map(country => {
    const parsed = parseCountry(country)
    return parsed.code ?? cannotBe(`country ${country}`)
  })
  return {
    ...entryOf(draft, zone),
    name: normaliseName(zone.name),
    countries: [...new Set(codes)],
    networks: zone.networks.map(buildNetwork),
    exclude: zone.exclude.map(buildNetwork),
    ...defined({ onNetworkRemoval: zone.onNetworkRemoval }),
  }
}

function buildNetwork(
  network: string | { operatorId: string; sponsorId: string },
): NetworkSelector {
  return typeof network === 'string' ? { tadig: network.toUpperCase() } : network
}

function buildAddonPlan(draft: Draft): AddonPlanEntry {
  const plan = addonPlan.parse(draft.raw)
  const zone = plan.rateZone
  return {
    ...entryOf(draft, plan),
    name: normaliseName(plan.name),
    rateZone: typeof zone === 'string' ? { key: zone } : zone,
    dataMB: parseDataVolume(plan.data) ?? cannotBe(`data ${plan.data}`),
    validityDays: parseValidity(plan.validity) ?? cannotBe(`validity ${plan.validity}`),
    activation: plan.activation,
    charge: parseAmount(plan.charge) ?? cannotBe(`charge ${plan.charge}`),
    priority: plan.priority,
    ...defined({
      description: plan.description,
      renewal: plan.renewal,
      serviceProfile: plan.serviceProfile,
      currencyId: plan.currencyId,
      destinationGroup: plan.destinationGroup,
    }),
  }
}

function buildBatch(draft: Draft, iccids: readonly string[]): EndpointBatchEntry {
  const batch = endpointBatch.parse(draft.raw)
  return {
    ...entryOf(draft, batch),
    tags: batch.tags,
    name: batch.name,
    iccids,
    ...defined({
      basePlan: batch.basePlan,
      apnGroup: batch.apnGroup,
      roamingProfiles: batch.roamingProfiles,
    }),
  }
}

function buildMoved(draft: Draft): Moved {
  return {
    from: addressOf(draft.raw['from']),
    to: addressOf(draft.raw['to']),
    position: positionAt(draft),
  }
}

function addressOf(value: Draft['raw'][string] | undefined): Address {
  const [kind, key] = textOf(value)?.split('/') ?? []
  if (kind !== 'rateZone' && kind !== 'addonPlan') return cannotBe(`address ${String(value)}`)
  return `${kind}/${key}`
}

function buildLimits(draft: Draft | undefined): ChangeShareLimits {
  const given = limits.parse(draft?.raw ?? {})
  const share = (text: string) => parseShare(text) ?? cannotBe(`share ${text}`)
  return {
    rateZone: share(given.rateZones),
    addonPlan: share(given.addonPlans),
    endpoint: share(given.endpoints),
  }
}

function entryOf(
  draft: Draft,
  parsed: { key: string; lifecycle?: { preventRetire: boolean } | undefined },
): Entry {
  const { portal, sft } = draft.raw
  return {
    key: parsed.key,
    position: positionAt(draft),
    positions: positionsOf(draft),
    lifecycle: { preventRetire: parsed.lifecycle?.preventRetire ?? false },
    ...(isJsonObject(portal) ? { portal } : {}),
    ...(isJsonObject(sft) ? { sft } : {}),
  }
}

function positionsOf(draft: Draft) {
  const { values, source } = draft.file
  return positionsBelow(values, source, draft.path, ['iccids'])
}

function hashFiles(files: readonly ParsedFile[], inventory: Inventory): string {
  const hash = createHash('sha256')
  for (const { relative, source } of files) hash.update(`${relative}\0${source.text}\0`)
  for (const digest of inventory.digests.values()) hash.update(`${digest}\0`)
  return hash.digest('hex')
}

type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

/** Leaves out what is not given, so that "absent" has one form. */
function defined<T extends object>(fields: T): Defined<T>
function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function cannotBe(what: string): never {
  throw new TypeError(`${what} passed validation and cannot be read: please report this`)
}
