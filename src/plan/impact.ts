import type { Impact, Sales, Touched } from '../resources/impact.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import { idOf, recordAt, recordsOf } from '../state/records.ts'
import { type State, splitAddress } from '../state/state.ts'
import type { Change } from './plan.ts'

/** Changes with what each means for people: SKUs, and sold and unsold endpoints where sales are known. */
export function withImpact(
  changes: readonly Change[],
  state: State,
  sales: Sales | undefined,
): readonly Change[] {
  return changes.map(change => {
    if (change.action === 'keep' || change.action === 'create' || change.action === 'adopt')
      return change
    const impact = impactOf(change, state, sales)
    return impact === undefined ? change : { ...change, impact }
  })
}

/** What a change means by itself, or through what refers to it: plans are sold, not their zones. */
function impactOf(change: Change, state: State, sales: Sales | undefined): Impact | undefined {
  const kind = kindOf(change.kind)
  const moved = 'movedFrom' in change ? change.movedFrom : undefined
  const [, key] = splitAddress(moved ?? change.address)
  if (kind.impact === undefined) return sumOf(referrers(kind, key, state), sales)
  const record = recordAt(state, kind.kind, key)
  if (record === undefined) return undefined
  // An old revision has buyers of its own.
  const old = change.action === 'retire' ? change.superseded : undefined
  return kind.impact({ key, record, ids: [old?.id ?? idOf(kind, record)] }, sales)
}

interface Referrer {
  readonly kind: Kind
  readonly touched: Touched
}

/** Records that refer to a key; undefined where no kind does. */
function referrers(to: Kind, key: string, state: State): readonly Referrer[] | undefined {
  const kindsOf = kinds().filter(kind => kind.references.some(one => one.to === to.kind))
  if (kindsOf.length === 0) return undefined
  return kindsOf.flatMap(kind =>
    Object.entries(recordsOf(state, kind)).flatMap(([own, record]) =>
      kind.references.some(
        ({ to: other, keyField }) => other === to.kind && Reflect.get(record, keyField) === key,
      )
        ? [{ kind, touched: { key: own, record, ids: [idOf(kind, record)] } }]
        : [],
    ),
  )
}

function sumOf(
  touched: readonly Referrer[] | undefined,
  sales: Sales | undefined,
): Impact | undefined {
  if (touched === undefined) return undefined
  const known = touched.flatMap(one => one.kind.impact?.(one.touched, sales) ?? [])
  const skus = known.flatMap(impact => impact.skus)
  if (sales === undefined) return skus.length === 0 ? undefined : { skus }
  return { skus, soldEndpoints: known.reduce((sum, one) => sum + (one.soldEndpoints ?? 0), 0) }
}
