/** Whether the wire values that entries take have been set (docs/wire.md). */
import { isJsonObject, objectOf } from '../json.ts'
import type { Catalog, Entry, JsonObject } from '../model.ts'
import { type CatalogPart, entriesOf, type WireNeed } from '../resources/catalog-part.ts'
import { kinds } from '../resources/kinds.ts'
import { checkWireSettings, mergeWire, type WireOverrides } from '../sft/wire-settings.ts'
import { parseSpeed } from '../units.ts'
import { checkSft } from './check-entry.ts'
import { type Draft, type Drafts, reportAt } from './drafts.ts'
import type { IssueLog } from './issue-log.ts'

/** Logs what is wrong with `account.wire` itself; `given` are settings from elsewhere, which win. */
export function checkWire(drafts: Drafts, given: WireOverrides, log: IssueLog): void {
  for (const account of drafts.accounts) {
    const wire = account.raw['wire']
    if (!isJsonObject(wire)) continue
    try {
      checkWireSettings(mergeWire(given, checkWireSettings(wire)))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      reportAt(log, account, ['wire'], {
        code: 'WIRE_INVALID',
        message: `account.wire cannot be used: ${error.message.split('; docs/')[0]}`,
        hint: 'docs/wire.md has the form of each setting',
      })
    }
  }
}

/** Logs what entries have under `sft:` that wire settings make a field of theirs. */
export function checkWireOwned(
  drafts: Drafts,
  catalog: Catalog,
  given: WireOverrides,
  log: IssueLog,
): void {
  const settings = mergeWire(given, catalog.account.wire ?? {})
  for (const kind of kinds())
    for (const [index, entry] of entriesOf(catalog, kind).entries()) {
      const owned = kind.catalog.wireOwned?.(entry, settings)
      const draft = drafts.entries.get(kind.kind)?.[index]
      if (owned !== undefined && draft !== undefined) checkSft(draft, owned, log)
    }
}

/** Logs each setting that entries need and nobody has given, where the first of them needs it. */
export function checkWireNeeds(
  drafts: Drafts,
  catalog: Catalog,
  given: WireOverrides,
  log: IssueLog,
): void {
  const settings = mergeWire(given, catalog.account.wire ?? {})
  for (const kind of kinds()) {
    const lacking = new Map<string, { need: WireNeed; draft: Draft | undefined; count: number }>()
    const entries = entriesOf(catalog, kind)
    for (const [index, entry] of entries.entries())
      for (const need of kind.catalog.wireNeeds?.(entry) ?? []) {
        if (isSet(settings, need)) continue
        const name = need.setting.join(' ')
        const first = lacking.get(name)
        const draft = drafts.entries.get(kind.kind)?.[index]
        if (first === undefined) lacking.set(name, { need, draft, count: 1 })
        else first.count += 1
      }
    for (const { need, draft, count } of lacking.values())
      if (draft !== undefined) reportNeed(kind.catalog.title, need, draft, count, log)
  }
}

/** The first setting that an entry needs and nobody has given. */
export const lackingNeed = <Entry_ extends Entry>(
  part: Pick<CatalogPart<Entry_>, 'wireNeeds'>,
  entry: Entry_,
  settings: WireOverrides,
): WireNeed | undefined => part.wireNeeds?.(entry).find(need => !isSet(settings, need))

/** Whether a setting has been given. */
function isSet(settings: WireOverrides, { setting: [key, value] }: WireNeed): boolean {
  const given = settings[key]
  if (value === undefined) return given !== undefined
  const values: JsonObject = isJsonObject(given) ? given : {}
  return key === 'throttle'
    ? Object.keys(values).some(speed => parseSpeed(speed) === parseSpeed(value))
    : objectOf(values)[value] !== undefined
}

function reportNeed(
  title: string,
  { field, what, example }: WireNeed,
  draft: Draft,
  count: number,
  log: IssueLog,
): void {
  const others = count === 1 ? '' : ` and of ${count - 1} more`
  reportAt(log, draft, field.split('.'), {
    code: 'WIRE_VALUE_UNKNOWN',
    message: `${field} of the ${title} ${draft.key ?? ''}${others} says ${what}, and what this account has for that is not known`,
    hint: `add ${example} to account.wire with what "sft-catalog account show" tells of a plan that was made in the portal, or name such a plan under like:`,
  })
}
