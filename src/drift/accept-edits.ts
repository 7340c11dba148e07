import { writtenDays } from '../adopt/propose-plans.ts'
import { selectNetworks, writtenSelector } from '../adopt/propose-zones.ts'
import type { EntryEdit } from '../catalog/edit-yaml.ts'
import { isJsonObject } from '../json.ts'
import type { Catalog, Json, NetworkSelector, RateZoneEntry } from '../model.ts'
import { indexNetworks, type NetworkIndex, networkWord } from '../networks.ts'
import type { RateZoneRecord } from '../resources/rate-zone.ts'
import { isRevisionName } from '../resources/revision.ts'
import type { Network } from '../sft/api.ts'
import type { State } from '../state/state.ts'
import { formatAmount, formatMB, parseAmount, parseDataVolume } from '../units.ts'
import type { FieldDrift } from './compare-drift.ts'

/** What one drifted field comes to in YAML. */
export type FieldEdits =
  | { readonly edits: readonly EntryEdit[]; readonly revision?: number }
  /** The catalog cannot say it; in words, and what to do. */
  | { readonly impossible: string }

/** What edits may look at. */
export interface EditContext {
  readonly catalog: Catalog
  readonly state: State
  /** How a scalar field of the entry is written now. */
  readonly written: (field: string) => string | undefined
}

const set = (field: string, value: Json): FieldEdits => ({ edits: [{ edit: 'set', field, value }] })

/** The name of an object as the catalog has it, with the revision that its ending tells. */
export function nameEdits(name: string): FieldEdits {
  const match = / \(r([1-9]\d*)\)$/.exec(name)
  const base = match === null ? name : name.slice(0, match.index)
  const revision = match === null ? 1 : Number(match[1])
  if (isRevisionName(base) || base === '' || (match !== null && revision < 2))
    return {
      impossible: `the name "${name}" has the form kept for revisions: rename it in the portal`,
    }
  return { edits: [{ edit: 'set', field: 'name', value: base }], revision }
}

/** One drifted field of an add-on plan as edits of its entry, in the writer's own style. */
export function planEdits(drift: FieldDrift, context: EditContext): FieldEdits {
  const { field, account } = drift
  const text = String(account)
  switch (field) {
    case 'name':
      return nameEdits(text)
    case 'description':
      return set('description', text)
    case 'status':
      return {
        impossible: `an inactive plan has no form in the catalog: "sft-catalog apply" makes it active again; to retire it, take the entry out of the catalog and run "sft-catalog apply --prune"`,
      }
    case 'rateZone': {
      const zone = context.catalog.rateZones.find(
        ({ key }) =>
          Object.hasOwn(context.state.rateZones, key) && context.state.rateZones[key]?.id === text,
      )
      return set('rateZone', zone === undefined ? { id: text } : zone.key)
    }
    case 'dataMB':
      return set('data', styledData(context.written('data'), Number(account)))
    case 'validityDays': {
      const days = writtenDays(Number(account))
      const tight = /^\d+days?$/.test(context.written('validity') ?? '')
      return set('validity', tight ? days.replace(' ', '') : days)
    }
    case 'renewal':
      return isJsonObject(account)
        ? set('renewal', { on: account['on'] ?? null, times: account['times'] ?? null })
        : { edits: [{ edit: 'remove', field: 'renewal' }] }
    case 'charge':
      return parseAmount(text) === undefined
        ? { impossible: `the charge ${text} is no amount of the catalog language` }
        : set('charge', formatAmount(text, placesOf(context.written('charge'))))
    case 'priority':
      return Number.isInteger(account) && Number(account) >= 1
        ? set('priority', Number(account))
        : { impossible: `the priority ${text} is none of the catalog language, which begins at 1` }
    case 'planType':
      return {
        impossible: `planType stands under account: for all plans: this one became ${text}, which needs a catalog of its own`,
      }
    case 'activation':
    case 'serviceProfile':
    case 'currencyId':
    case 'destinationGroup':
      return set(field, text)
    default:
      return { impossible: `${field} has no form in the catalog` }
  }
}

/** The networks of a zone as edits of its entry. `keep` are changes of the catalog that are not applied yet. */
export function networkEdits(
  drift: FieldDrift,
  entry: RateZoneEntry,
  record: RateZoneRecord,
  networks: readonly Network[],
): FieldEdits {
  const index = indexNetworks(networks)
  const applied = words(drift.applied)
  const account = words(drift.account)
  const wanted = new Set(words(drift.wanted))
  const gained = account.filter(word => !applied.includes(word))
  const lost = new Set(applied.filter(word => !account.includes(word)))
  const unknown = gained.filter(word => !index.byWord.has(word))
  if (unknown.length > 0)
    return {
      impossible: `the account's network list lacks ${unknown.join(', ')}, which is in the zone: the catalog can name only what is listed`,
    }
  const desired = new Set([...[...wanted].filter(word => !lost.has(word)), ...gained])
  if (desired.size === 0)
    return { impossible: 'the zone has no network left, and a catalog zone needs one' }

  const dropped = (
    selectors: readonly NetworkSelector[],
    goes: (picks: readonly string[], selector: NetworkSelector) => boolean,
  ) => selectors.flatMap((selector, at) => (goes(pick(selector, index), selector) ? [at] : []))
  const leftCoverage = (selector: NetworkSelector) =>
    record.networks.some(network => lost.has(networkWord(network)) && selects(selector, network))
  const dropNetworks = dropped(entry.networks, (picks, selector) =>
    picks.length === 0 ? leftCoverage(selector) : !picks.some(word => desired.has(word)),
  )
  const dropExcludes = dropped(entry.exclude, picks => picks.some(word => desired.has(word)))
  const networksLeft = entry.networks.filter((_, at) => !dropNetworks.includes(at))
  const excludesLeft = entry.exclude.filter((_, at) => !dropExcludes.includes(at))
  const included = new Set([
    ...entry.countries.flatMap(code => (index.byCountry.get(code) ?? []).map(networkWord)),
    ...networksLeft.flatMap(selector => pick(selector, index)),
  ])
  const excluded = new Set(excludesLeft.flatMap(selector => pick(selector, index)))
  const add = new Set([...desired].filter(word => !included.has(word)))
  const leaveOut = new Set([...included].filter(word => !desired.has(word) && !excluded.has(word)))
  const items = (chosen: ReadonlySet<string>) => selectNetworks(chosen, index).map(writtenSelector)
  // First what joins, so that a list never runs empty between two edits; from the back, since places move.
  const edits: EntryEdit[] = [
    ...(add.size > 0 ? [{ edit: 'add', field: 'networks', items: items(add) } as const] : []),
    ...(leaveOut.size > 0
      ? [{ edit: 'add', field: 'exclude', items: items(leaveOut) } as const]
      : []),
    ...dropNetworks
      .toReversed()
      .map(at => ({ edit: 'drop', field: 'networks', index: at }) as const),
    ...dropExcludes
      .toReversed()
      .map(at => ({ edit: 'drop', field: 'exclude', index: at }) as const),
  ]
  return { edits }
}

const words = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

const pick = (selector: NetworkSelector, index: NetworkIndex): readonly string[] => {
  if ('tadig' in selector)
    return (index.byTadig.get(selector.tadig.toUpperCase()) ?? []).map(networkWord)
  const word = networkWord(selector)
  return index.byWord.has(word) ? [word] : []
}

const selects = (
  selector: NetworkSelector,
  network: RateZoneRecord['networks'][number],
): boolean =>
  'tadig' in selector
    ? network.tadig?.toUpperCase() === selector.tadig.toUpperCase()
    : networkWord(selector) === networkWord(network)

const UNIT_MB: Readonly<Record<string, number>> = { MB: 1, GB: 1024, TB: 1024 * 1024 }

/** A volume in the unit and spacing of the one before, where that says it exactly and shortly. */
function styledData(written: string | undefined, megabytes: number): string {
  const [, space = ' ', unit = ''] = /^[0-9.]+( ?)([MGT]B)$/.exec(written ?? '') ?? []
  const size = UNIT_MB[unit]
  const amount = size === undefined ? Number.NaN : megabytes / size
  const own = `${amount}${space}${unit}`
  return Number.isInteger(amount * 100) && parseDataVolume(own) === megabytes
    ? own
    : formatMB(megabytes).replace(' ', space)
}

/** Decimal places of an amount as it is written. */
const placesOf = (written: string | undefined): number =>
  /\.(\d+)$/.exec(written ?? '')?.[1]?.length ?? 0
