import type { Issue } from '../issues.ts'
import type { ChangeShareLimits, KindName } from '../model.ts'
import { KIND_NAMES, KINDS } from '../resources/kinds.ts'
import { SECTION, type State } from '../state/state.ts'
import type { Change, Plan } from './plan.ts'

/** Below so many existing objects of a kind, shares say little and are not judged. */
export const SHARE_FROM = 10

const touches = (change: Change): boolean => {
  switch (change.action) {
    case 'replace':
    case 'retire':
      return true
    case 'update':
      return change.fields.some(field => field.mutability !== 'local')
    default:
      return false
  }
}

/** Refusals of a plan that changes or retires more of what exists than the limits allow. */
export function checkPlan(plan: Plan, state: State, limits: ChangeShareLimits): readonly Issue[] {
  const touched = new Map<KindName, Set<string>>()
  for (const change of plan.changes) {
    if (!touches(change)) continue
    const set = touched.get(change.kind) ?? new Set()
    set.add(change.key)
    touched.set(change.kind, set)
  }
  return KIND_NAMES.flatMap((kind): Issue[] => {
    const existing = Object.keys(state[SECTION[kind]]).length
    const count = touched.get(kind)?.size ?? 0
    const share = existing === 0 ? 0 : count / existing
    if (existing < SHARE_FROM || share <= limits[kind]) return []
    const percent = (value: number) => `${Math.round(value * 100)} %`
    return [
      {
        code: 'CHANGE_SHARE',
        severity: 'error',
        message: `the plan changes or retires ${count} of ${existing} ${KINDS[kind].plural} (${percent(share)}); the limit is ${percent(limits[kind])}`,
        hint: 'read the plan; "--force" goes ahead, limits: in the catalog sets another share',
      },
    ]
  })
}
