/** What the schema cannot say: rules across the fields of an entry and across files. */
import { parseCountry } from '../countries.ts'
import { isJsonObject, listOf, objectOf, textOf } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import { nearestOf } from '../nearest.ts'
import { REVISION_SUFFIX } from '../resources/revision.ts'
import { DATA_VOLUME_PATTERN, parseDataVolume } from '../units.ts'
import { type Draft, type Drafts, reportAt, whereIs } from './drafts.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import { findOwnedFields, OWNED_FIELDS, type OwnedFields } from './owned-fields.ts'

/**
 * Logs everything that breaks a rule, but for ICCIDs. Where a file could not be read (`complete` false),
 * nothing is said to be missing: it may be in that file.
 */
export function checkRules(drafts: Drafts, complete: boolean, log: IssueLog): void {
  const { rateZones, addonPlans, endpointBatches } = drafts
  checkOnce(drafts.accounts, 'account', log)
  checkOnce(drafts.limits, 'limits', log)
  for (const [what, entries] of [
    ['rate zone', rateZones],
    ['add-on plan', addonPlans],
    ['endpoint batch', endpointBatches],
  ] as const) {
    checkUnique(entries, ['key'], 'DUPLICATE_KEY', `${what}s with the key`, log)
  }
  checkUnique(rateZones, ['name'], 'DUPLICATE_NAME', 'rate zones with the name', log)
  checkUnique(addonPlans, ['name'], 'DUPLICATE_NAME', 'add-on plans with the name', log)
  checkUnique(addonPlans, ['portal', 'sku'], 'DUPLICATE_SKU', 'add-on plans with the SKU', log)
  for (const zone of rateZones) checkRateZone(zone, log)
  const zoneKeys = new Set(rateZones.flatMap(({ key }) => key ?? []))
  for (const plan of addonPlans) checkAddonPlan(plan, log)
  for (const batch of endpointBatches) checkBatch(batch, log)
  checkMoved(drafts, complete, log)
  if (!complete) return
  for (const plan of addonPlans) checkReference(plan, zoneKeys, log)
  checkUsed(rateZones, addonPlans, log)
  checkSettings(drafts, log)
}

function checkOnce(drafts: readonly Draft[], what: string, log: IssueLog): void {
  const [first, ...others] = drafts
  for (const other of others) {
    const problem: Problem = {
      code: 'ACCOUNT_TWICE',
      message: `${what} stands once in a catalog, and ${where(first)} has it already`,
      hint: 'move all of it into one file',
    }
    reportAt(log, other, [], problem, 'key')
  }
}

function where(draft: Draft | undefined): string {
  return draft === undefined ? 'another file' : whereIs(draft)
}

function checkUnique(
  drafts: readonly Draft[],
  path: readonly string[],
  code: Problem['code'],
  what: string,
  log: IssueLog,
): void {
  const first = new Map<string, Draft>()
  const isKey = code === 'DUPLICATE_KEY'
  for (const draft of drafts) {
    const text = scalarAt(draft.raw, path)
    if (text === undefined) continue
    const value = isKey ? text : normaliseName(text)
    const other = first.get(value)
    if (other === undefined) {
      first.set(value, draft)
      continue
    }
    reportAt(log, draft, path, {
      code,
      message: `there are two ${what} ${JSON.stringify(value)}; the first is at ${whereIs(other)}`,
      hint: 'change one of the two',
    })
  }
}

function scalarAt(raw: JsonObject, path: readonly string[]): string | undefined {
  const [step = '', ...rest] = path
  const value = raw[step]
  if (rest.length > 0) return scalarAt(objectOf(value), rest)
  return typeof value === 'number' ? String(value) : textOf(value)
}

function checkRateZone(zone: Draft, log: IssueLog): void {
  checkName(zone, log)
  checkSft(zone, OWNED_FIELDS.rateZones, log)
  for (const [index, item] of listOf(zone.raw['countries']).entries()) {
    const text = textOf(item)
    if (text === undefined) continue
    const country = parseCountry(text)
    if (country.code !== undefined) continue
    const meant = country.candidates.join(' or ')
    reportAt(log, zone, ['countries', index], {
      code: 'COUNTRY_UNKNOWN',
      message: `no country is called ${JSON.stringify(text)}`,
      hint:
        meant === ''
          ? 'write its ISO 3166-1 code, such as BE, or its English name'
          : `did you mean ${meant}?`,
    })
  }
  const isEmpty = (field: string) =>
    zone.raw[field] === undefined ||
    (Array.isArray(zone.raw[field]) && listOf(zone.raw[field]).length === 0)
  if (isEmpty('countries') && isEmpty('networks')) {
    reportAt(log, zone, [], {
      code: 'ZONE_EMPTY',
      message: 'this rate zone has neither countries nor networks',
      hint: 'add countries: [..] or networks: [..]; a zone without networks blocks its add-ons',
    })
  }
}

function checkAddonPlan(plan: Draft, log: IssueLog): void {
  checkName(plan, log)
  checkSft(plan, OWNED_FIELDS.addonPlans, log)
  checkSku(plan, log)
  const data = textOf(plan.raw['data'])
  if (data !== undefined && new RegExp(DATA_VOLUME_PATTERN).test(data)) {
    if (parseDataVolume(data) === undefined) {
      reportAt(log, plan, ['data'], {
        code: 'UNIT_INVALID',
        message: `${data} is not a whole number of MB above 0`,
        hint: '1 GB is 1024 MB; the platform counts data in whole MB',
      })
    }
  }
}

function checkReference(plan: Draft, zoneKeys: ReadonlySet<string>, log: IssueLog): void {
  const zone = textOf(plan.raw['rateZone'])
  if (zone === undefined || zoneKeys.has(zone)) return
  const near = nearestOf(zone, zoneKeys)
  reportAt(log, plan, ['rateZone'], {
    code: 'REFERENCE_UNKNOWN',
    message: `no rate zone of this catalog has the key ${JSON.stringify(zone)}`,
    hint:
      near === undefined
        ? 'add the zone, or write { id: "…" } for one that is kept elsewhere'
        : `did you mean ${near}?`,
  })
}

function checkBatch(batch: Draft, log: IssueLog): void {
  checkSft(batch, OWNED_FIELDS.endpointBatches, log)
  for (const [placeholder] of textOf(batch.raw['name'])?.matchAll(/\{[^}]*\}?|\}/g) ?? []) {
    if (['{iccid}', '{n}', '{batch}'].includes(placeholder)) continue
    reportAt(log, batch, ['name'], {
      code: 'NAME_TEMPLATE',
      message: `${placeholder} is no placeholder`,
      hint: 'there are {iccid}, {n} (the number in the batch) and {batch} (its key)',
    })
  }
  if (batch.raw['iccidFile'] !== undefined) return
  const iccids = batch.raw['iccids']
  if (iccids !== undefined && (!Array.isArray(iccids) || iccids.length > 0)) return
  reportAt(log, batch, [], {
    code: 'BATCH_EMPTY',
    message: 'this batch has no ICCID',
    hint: 'add iccids: [..] or iccidFile',
  })
}

function checkName(draft: Draft, log: IssueLog): void {
  const written = textOf(draft.raw['name'])
  const name = written === undefined ? undefined : normaliseName(written)
  if (name === '-')
    reportAt(log, draft, ['name'], {
      code: 'RESERVED_NAME',
      message: 'the platform writes "-" for no name at all',
      hint: 'give it a name that people know it by',
    })
  if (name === undefined || !REVISION_SUFFIX.test(name)) return
  reportAt(log, draft, ['name'], {
    code: 'RESERVED_NAME',
    message: `names that end like ${JSON.stringify(name.replace(REVISION_SUFFIX, ' (r2)'))} are kept for revisions`,
    hint: 'leave the ending out: a replacement adds it',
  })
}

/** `SKU:` would be kept for the portal like any other field, and nothing could be sold by it. */
function checkSku(plan: Draft, log: IssueLog): void {
  for (const field of Object.keys(objectOf(plan.raw['portal']))) {
    if (field === 'sku' || normaliseName(field).toLowerCase() !== 'sku') continue
    const problem: Problem = {
      code: 'UNKNOWN_KEY',
      message: `orders name a plan by portal.sku, and this is ${JSON.stringify(field)}`,
      hint: 'write sku in lower case',
    }
    reportAt(log, plan, ['portal', field], problem, 'key')
  }
}

function checkSft(draft: Draft, owned: OwnedFields, log: IssueLog): void {
  const sft = draft.raw['sft']
  if (!isJsonObject(sft)) return
  for (const { path, reason } of findOwnedFields(sft, owned)) {
    const problem: Problem = {
      code: 'SFT_OVERRIDES',
      message: reason,
      hint: 'remove it from sft:, which is for what the language does not have',
    }
    reportAt(log, draft, ['sft', ...path], problem, 'key')
  }
}

function checkUsed(zones: readonly Draft[], plans: readonly Draft[], log: IssueLog): void {
  const used = new Set(plans.map(plan => textOf(plan.raw['rateZone'])))
  for (const zone of zones) {
    if (zone.key === undefined || used.has(zone.key)) continue
    reportAt(log, zone, ['key'], {
      code: 'ZONE_UNUSED',
      severity: 'warning',
      message: `no add-on plan uses the rate zone ${zone.key}`,
      hint: 'add a plan with it, or remove the zone',
    })
  }
}

/** A setting that is missing is one problem, however many entries need it. */
function checkSettings({ accounts, addonPlans, endpointBatches }: Drafts, log: IssueLog): void {
  const account = accounts[0]?.raw ?? {}
  const check = (entries: readonly Draft[], what: string, field: string, ...sources: string[]) => {
    if (sources.some(source => account[source] !== undefined)) return
    const lacking = entries.filter(({ raw }) => raw[field] === undefined)
    const [first] = lacking
    if (first === undefined) return
    const who =
      lacking.length === 1
        ? `the ${what} ${first.key ?? ''} has`
        : `the ${what} ${first.key ?? ''} and ${lacking.length - 1} more have`
    reportAt(log, first, [], {
      code: 'SETTING_MISSING',
      message: `${who} no ${field}, and account: gives none`,
      hint: `add ${sources.join(' or ')} to account:, or ${field} to the entry`,
    })
  }
  check(addonPlans, 'add-on plan', 'serviceProfile', 'addonServiceProfile')
  check(addonPlans, 'add-on plan', 'currencyId', 'currencyId')
  check(addonPlans, 'add-on plan', 'destinationGroup', 'destinationGroup', 'roamingProfiles')
  check(endpointBatches, 'endpoint batch', 'basePlan', 'basePlan')
  check(endpointBatches, 'endpoint batch', 'apnGroup', 'apnGroup')
  check(endpointBatches, 'endpoint batch', 'roamingProfiles', 'roamingProfiles')
}

function checkMoved(drafts: Drafts, complete: boolean, log: IssueLog): void {
  const { moved, rateZones, addonPlans } = drafts
  const addresses = new Set([
    ...rateZones.map(({ key }) => `rateZone/${key}`),
    ...addonPlans.map(({ key }) => `addonPlan/${key}`),
  ])
  const before = { from: new Set<string>(), to: new Set<string>() }
  for (const move of moved) {
    const from = textOf(move.raw['from'])
    const to = textOf(move.raw['to'])
    const invalid = (side: 'from' | 'to', message: string, hint: string) =>
      reportAt(log, move, [side], { code: 'MOVED_INVALID', message, hint })
    const isAddress = (text: string | undefined) => /^(rateZone|addonPlan)\//.test(text ?? '')
    if (from === undefined || to === undefined || !isAddress(from) || !isAddress(to)) continue
    if (from.split('/')[0] !== to.split('/')[0]) {
      invalid('to', `${from} cannot become ${to}`, 'a move stays within one kind')
    }
    if (addresses.has(from)) {
      invalid('from', `${from} is still in the catalog`, 'rename the entry, or remove this move')
    }
    if (complete && !addresses.has(to)) {
      const near = nearestOf(to, addresses)
      invalid(
        'to',
        `${to} is not in the catalog`,
        near ? `did you mean ${near}?` : 'name the new key',
      )
    }
    if (before.from.has(from)) invalid('from', `${from} is moved twice`, 'keep one of the two')
    if (before.to.has(to)) invalid('to', `two moves lead to ${to}`, 'keep one of the two')
    before.from.add(from)
    before.to.add(to)
  }
}
