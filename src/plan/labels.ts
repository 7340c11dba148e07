import type { Observation } from '../account/observation.ts'
import type { KindName } from '../model.ts'
import { kinds } from '../resources/kinds.ts'

/** Names for people of what stands in specs as a word, where these kinds have something to show. */
export function labelsOf(
  observation: Observation,
  shown: Iterable<KindName>,
): Readonly<Record<string, string>> {
  const names = new Set(shown)
  return Object.fromEntries(
    kinds().flatMap(({ kind, labels }) =>
      names.has(kind) ? Object.entries(labels?.(observation) ?? {}) : [],
    ),
  )
}
