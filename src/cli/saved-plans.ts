import { isMissing, readTextOf } from '../durable/files.ts'
import { plainly } from '../plain-error.ts'
import { parseSavedPlan, type SavedPlan, SavedPlanError } from '../saved-plan.ts'

/** A saved plan. Throws a `SavedPlanError` or a `FileError`. */
export async function readSavedPlan(file: string): Promise<SavedPlan> {
  try {
    return parseSavedPlan(await readTextOf(file), file)
  } catch (error) {
    if (isMissing(error))
      throw new SavedPlanError(
        `${file}: there is no such file; make one with "sft-catalog plan --out ${file}"`,
      )
    throw plainly(error, file)
  }
}
