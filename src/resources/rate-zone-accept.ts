/** What changed in a rate zone of the account, as edits of its entry. */
import type { EntryEdit } from '../catalog/entry-edit.ts'
import type { NetworkSelector } from '../model.ts'
import { indexNetworks, networksOf, networkWord, picks, wordsOf } from '../networks.ts'
import type { AnyRecord } from '../state/state.ts'
import {
  type AcceptContext,
  type DriftedField,
  type FieldEdits,
  nameEdits,
  noForm,
} from './accept.ts'
import type { RateZoneEntry } from './rate-zone-entry.ts'
import type { RecordedNetwork } from './zone-networks.ts'
import { selectNetworks, writtenSelector } from './zone-selectors.ts'

type Context = AcceptContext<
  AnyRecord & { readonly networks: readonly RecordedNetwork[] },
  RateZoneEntry
>

/** One drifted field of a rate zone as edits of its entry. */
export function zoneEdits(drift: DriftedField, context: Context): FieldEdits {
  switch (drift.field) {
    case 'name':
      return nameEdits(String(drift.account))
    case 'networks':
      return networkEdits(drift, context)
    default:
      return noForm(drift.field)
  }
}

/** The networks of a zone as edits of its entry. `keep` are changes of the catalog that are not applied yet. */
function networkEdits(drift: DriftedField, { entry, record, observation }: Context): FieldEdits {
  const index = indexNetworks(observation.networks.items)
  const applied = wordsOf(drift.applied)
  const account = wordsOf(drift.account)
  const wanted = new Set(wordsOf(drift.wanted))
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
  ) =>
    selectors.flatMap((selector, at) =>
      goes(networksOf(selector, index).map(networkWord), selector) ? [at] : [],
    )
  const leftCoverage = (selector: NetworkSelector) =>
    record.networks.some(network => lost.has(networkWord(network)) && picks(selector, network))
  const dropNetworks = dropped(entry.networks, (picks, selector) =>
    picks.length === 0 ? leftCoverage(selector) : !picks.some(word => desired.has(word)),
  )
  const dropExcludes = dropped(entry.exclude, picks => picks.some(word => desired.has(word)))
  const networksLeft = entry.networks.filter((_, at) => !dropNetworks.includes(at))
  const excludesLeft = entry.exclude.filter((_, at) => !dropExcludes.includes(at))
  const included = new Set([
    ...entry.countries.flatMap(code => (index.byCountry.get(code) ?? []).map(networkWord)),
    ...networksLeft.flatMap(selector => networksOf(selector, index).map(networkWord)),
  ])
  const excluded = new Set(
    excludesLeft.flatMap(selector => networksOf(selector, index).map(networkWord)),
  )
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
