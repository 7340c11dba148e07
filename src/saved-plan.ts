import type { MadePlan, PlanOptions } from './make-plan.ts'
import type { JsonObject } from './model.ts'
import { planHash } from './plan/operations.ts'
import { planToJson } from './render/plan-json.ts'
import type { Subject } from './render/subject.ts'
import type { State } from './state/state.ts'

/** Options that shape a plan and are kept with it. */
export type SavedOptions = Pick<PlanOptions, 'inventory' | 'prune' | 'targets' | 'canary' | 'force'>

/** 1 is that of release 0.1.0, which did not say whether it was made for a first run. */
const FORMAT = 2

/** A plan on disk: what it was made from, how, and what it says. */
export interface SavedPlan {
  readonly format: typeof FORMAT
  readonly madeAt: string
  readonly options: SavedOptions
  readonly catalogHash: string
  /** Whether it may be applied where there is no state: said by whoever made it. */
  readonly init: boolean
  /** Absent where there was no state yet. */
  readonly state?: { readonly lineage: string; readonly serial: number }
  readonly accountHash: string
  readonly planHash: string
  /** The plan for people and programs; what is applied is made anew and must have the same hash. */
  readonly plan: JsonObject
}

/** A file that is not a saved plan of this version. */
export class SavedPlanError extends Error {
  override readonly name = 'SavedPlanError'
}

const stateMark = (state: State): Pick<SavedPlan, 'state'> =>
  state.serial === 0 ? {} : { state: { lineage: state.lineage, serial: state.serial } }

/** What is written to disk for `apply FILE`; `init`: it is meant for a first run. */
export function savePlan(
  made: MadePlan,
  catalogHash: string,
  state: State,
  options: SavedOptions & { readonly init?: boolean },
  now: Date,
  subject?: Subject,
): SavedPlan {
  const { init = false, ...kept } = options
  return {
    format: FORMAT,
    madeAt: now.toISOString(),
    options: kept,
    init,
    catalogHash,
    ...stateMark(state),
    accountHash: made.accountHash,
    planHash: planHash(made.plan),
    plan: planToJson(made.plan, subject),
  }
}

/** Reads a saved plan. Throws a `SavedPlanError` for anything else. */
export function parseSavedPlan(text: string, file: string): SavedPlan {
  const wrong = (why: string, cause?: unknown) =>
    new SavedPlanError(
      `${file} is not a saved plan (${why}): make one with "sft-catalog plan --out ${file}"`,
      { cause },
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw wrong('no JSON', error)
  }
  if (typeof value !== 'object' || value === null || !('format' in value)) throw wrong('no format')
  if (value.format === 1)
    throw new SavedPlanError(
      `${file} is a saved plan of format 1, which release 0.1.0 wrote; this sft-catalog reads format ${FORMAT}: make it anew with "sft-catalog plan --out ${file}"`,
    )
  if (value.format !== FORMAT) throw wrong(`format ${String(value.format)}`)
  const saved = value as SavedPlan
  if (
    typeof saved.catalogHash !== 'string' ||
    typeof saved.planHash !== 'string' ||
    typeof saved.accountHash !== 'string' ||
    typeof saved.options !== 'object' ||
    typeof saved.init !== 'boolean'
  )
    throw wrong('fields are missing')
  return saved
}

/** What moved between saving a plan and now, in words; empty: the plan still holds. */
export function whatMoved(
  saved: SavedPlan,
  made: MadePlan,
  catalogHash: string,
  state: State,
): readonly string[] {
  const moved: string[] = []
  if (saved.catalogHash !== catalogHash) moved.push('the catalog has changed')
  const before = saved.state
  const now = stateMark(state).state
  if (before?.lineage !== now?.lineage) moved.push('the state is another one')
  else if (before?.serial !== now?.serial)
    moved.push(`the state went from serial ${before?.serial ?? 0} to ${now?.serial ?? 0}`)
  if (saved.accountHash !== made.accountHash) moved.push('the account has changed')
  if (moved.length === 0 && saved.planHash !== planHash(made.plan))
    moved.push('what orders hold has changed, or the version of sft-catalog has')
  return moved
}
