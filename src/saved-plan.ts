import { z } from 'zod'
import { isJsonObject } from './json.ts'
import type { MadePlan, PlanOptions } from './make-plan.ts'
import type { JsonObject } from './model.ts'
import { LANDSCAPE, landscapeOf } from './plan/landscape.ts'
import { planHash } from './plan/operations.ts'
import { readPlanJson } from './render/outputs.ts'
import { type PlanJson, planToJson } from './render/plan-json.ts'
import type { Subject } from './render/subject.ts'
import type { State } from './state/state.ts'

/** Options that shape a plan and are kept with it. */
export type SavedOptions = Pick<PlanOptions, 'inventory' | 'prune' | 'targets' | 'canary' | 'force'>

/** 1 is that of release 0.1.0, which did not say whether it was made for a first run. */
const FORMAT = 2

const hash = z.string({ error: 'is no hash' })
const yesOrNo = z.boolean({ error: 'is neither true nor false' })

/** A plan on disk: what it was made from, how, and what it says. Nothing proves it: anybody may have edited it. */
const SAVED_PLAN = z.object({
  format: z.literal(FORMAT),
  madeAt: z.string({ error: 'is no time' }),
  options: z.strictObject(
    {
      inventory: yesOrNo.exactOptional(),
      prune: yesOrNo.exactOptional(),
      targets: z.array(z.string(), { error: 'is no list of addresses' }).readonly().exactOptional(),
      canary: z
        .int({ error: 'is no whole number' })
        .min(1, { error: 'is below 1' })
        .exactOptional(),
      force: yesOrNo.exactOptional(),
    } satisfies Readonly<Record<keyof SavedOptions, z.ZodType>>,
    {
      error: ({ code }) =>
        code === 'unrecognized_keys' ? 'has one that is not known' : 'is missing',
    },
  ),
  catalogHash: hash,
  /** Whether it may be applied where there is no state: said by whoever made it. */
  init: yesOrNo,
  /** Absent where there was no state yet. */
  state: z
    .object({ lineage: z.string(), serial: z.int() }, { error: 'is no place of a state' })
    .exactOptional(),
  accountHash: hash,
  planHash: hash,
  /** The plan for people and programs; what is applied is made anew and must have the same hash. */
  plan: z.custom<JsonObject>(isJsonObject, { error: 'is no plan' }),
  /** What it moves in, for pictures. Absent where an older release saved it. */
  landscape: LANDSCAPE.exactOptional(),
})

export type SavedPlan = Readonly<z.infer<typeof SAVED_PLAN>>

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
    landscape: landscapeOf({ ...made, state }),
  }
}

/** Reads a saved plan. Throws a `SavedPlanError` for anything else. */
export function parseSavedPlan(text: string, file: string): SavedPlan {
  const wrong = (why: string, cause?: unknown) =>
    new SavedPlanError(
      `${file} is not a saved plan (${why}): make one with "sft-catalog plan --out plan.json"`,
      { cause },
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw wrong('no JSON', error)
  }
  if (!isJsonObject(value) || value['format'] === undefined) throw wrong('no format')
  if (value['format'] === 1)
    throw new SavedPlanError(
      `${file} is a saved plan of format 1, which release 0.1.0 wrote; this sft-catalog reads format ${FORMAT}: make it anew with "sft-catalog plan --out ${file}"`,
    )
  if (value['format'] !== FORMAT) throw wrong(`format ${String(value['format'])}`)
  const { data, error } = SAVED_PLAN.safeParse(value)
  if (data !== undefined) return data
  const [issue] = error.issues
  throw wrong(`${issue?.path.join('.')}: ${issue?.message}`)
}

/** What a saved plan says it does. Throws a `SavedPlanError` where it says nothing that can be shown. */
export function planOfSaved(saved: SavedPlan, file: string): PlanJson {
  const read = readPlanJson(saved.plan)
  if (read.plan !== undefined) return read.plan
  throw new SavedPlanError(
    `${file} is not a saved plan that can be shown (plan.${read.why}): make one with "sft-catalog plan --out plan.json"`,
  )
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
