import { IssuesError } from '../issues.ts'
import { isJsonObject } from '../json.ts'
import type { Catalog } from '../model.ts'
import { nearestOf } from '../nearest.ts'
import { kinds } from '../resources/kinds.ts'
import { recordsOf } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** What every entry of a catalog has, of whatever kind. */
interface AnyEntry {
  readonly key: string
  readonly portal?: unknown
  readonly iccids?: readonly string[]
}

const entriesOf = (catalog: Catalog, section: string): readonly AnyEntry[] => {
  const entries: unknown = Reflect.get(catalog, section)
  return Array.isArray(entries) ? entries : []
}

/** Every address that a catalog or a state has; entries that stand for many under their own names too. */
export const addressesOf = (catalog: Catalog, state: State): readonly string[] =>
  kinds().flatMap(kind => {
    const entries = entriesOf(catalog, kind.catalog.section)
    const prefix = kind.grouping?.prefix ?? kind.kind
    return [
      ...entries.map(({ key }) => `${prefix}/${key}`),
      ...entries.flatMap(({ iccids = [] }) => iccids.map(iccid => `${kind.kind}/${iccid}`)),
      ...Object.keys(recordsOf(state, kind)).map(key => `${kind.kind}/${key}`),
    ]
  })

/** Text by which orders name what is sold. */
export const skusOf = (catalog: Catalog): readonly string[] =>
  kinds().flatMap(kind =>
    entriesOf(catalog, kind.catalog.section).flatMap(({ portal }) =>
      isJsonObject(portal) && typeof portal['sku'] === 'string' ? [portal['sku']] : [],
    ),
  )

/** Refuses addresses that are nowhere before an account is asked. Throws an `IssuesError`. */
export function checkTargets(targets: readonly string[], catalog: Catalog, state: State): void {
  if (targets.length === 0) return
  const known = new Set(addressesOf(catalog, state))
  const unknown = targets.filter(target => !known.has(target))
  if (unknown.length === 0) return
  throw new IssuesError(
    unknown.map(target => {
      const meant = nearestOf(target, known)
      return {
        code: 'TARGET_UNKNOWN',
        severity: 'error',
        message: `--target ${target} names nothing in the catalog or the state`,
        hint:
          meant === undefined
            ? `addresses look like ${kinds()
                .map(({ kind, exampleKey }) => `${kind}/${exampleKey}`)
                .join(', ')}`
            : `did you mean ${meant}?`,
      }
    }),
  )
}
