import { USUAL_SHARE } from '../change-share.ts'
import { grouped } from '../counts.ts'
import type { Issue } from '../issues.ts'
import type { ChangeShareLimits } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { eachRecord, type Records, recordsOf } from '../state/records.ts'
import type { State } from '../state/state.ts'
import { type Change, type Plan, writes } from './plan.ts'

/** Below so many existing objects of a kind, the share of those that change says little and is not judged. */
const SHARE_FROM = 10

/** Of what is lost, so much is too much, from two objects on; everything is too much at any number. */
const LOST_SHARE = 1 / 3

/** Whether a change writes to something that exists. */
const touches = (change: Change): boolean => {
  switch (change.action) {
    case 'replace':
    case 'retire':
      return true
    case 'update':
    case 'adopt':
      return writes(change.fields)
    case 'create':
      return isMadeAnew(change)
    default:
      return false
  }
}

/** Whether something that was there is lost by a change, or was lost before it. */
const loses = (change: Change): boolean =>
  isMadeAnew(change) || (change.action === 'retire' && change.superseded === undefined)

/** Gone from the account, and made once more. */
const isMadeAnew = (change: Change): boolean =>
  change.action === 'create' && change.record !== undefined

/**
 * Refusals of a plan that changes, retires or makes anew more of what exists than the limits allow. A kind that
 * `limits` does not name has the usual share.
 */
export function checkPlan(plan: Plan, state: State, limits: ChangeShareLimits): readonly Issue[] {
  // What is kept is neither touched nor lost, and is most of a plan.
  const moving = plan.changes.filter(({ action }) => action !== 'keep')
  return kinds().flatMap((kind): Issue[] => {
    const changes = moving.filter(change => change.kind === kind.kind)
    if (changes.length === 0) return []
    const adopted = changes.filter(change => change.action === 'adopt').length
    const existing = countInUse(recordsOf(state, kind)) + adopted
    const lost = keysOf(changes.filter(loses))
    if (existing > 0 && (lost >= existing || (lost >= 2 && lost / existing >= LOST_SHARE)))
      return [
        refusal(kind, lost, existing, 'are gone from the account, or would be retired', LOST_SHARE),
      ]
    return refuseShare(kind, changes, existing, limits[kind.kind] ?? USUAL_SHARE)
  })
}

function refuseShare(
  kind: Kind,
  changes: readonly Change[],
  existing: number,
  limit: number,
): Issue[] {
  const touched = keysOf(changes.filter(touches))
  return existing >= SHARE_FROM && touched / existing > limit
    ? [refusal(kind, touched, existing, undefined, limit)]
    : []
}

function countInUse(records: Records): number {
  let count = 0
  for (const [, record] of eachRecord(records)) if (record.retired !== true) count += 1
  return count
}

const keysOf = (changes: readonly Change[]): number => new Set(changes.map(({ key }) => key)).size

function refusal(
  kind: Kind,
  count: number,
  existing: number,
  lost: string | undefined,
  limit: number,
): Issue {
  const percent = (value: number) => `${Math.round(value * 100)} %`
  const of = `${grouped(count)} of ${grouped(existing)} ${kind.plural} (${percent(count / existing)})`
  return {
    code: 'CHANGE_SHARE',
    severity: 'error',
    message:
      lost === undefined
        ? `the plan changes or retires ${of}; the limit is ${percent(limit)}`
        : `${of} ${lost}; everything, or ${percent(limit)} and at least two, is refused`,
    hint: 'read the plan; "--force" goes ahead, limits: in the catalog sets another share',
  }
}
