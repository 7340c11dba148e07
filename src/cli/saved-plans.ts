import { exists, isMissing, readTextOf } from '../durable/files.ts'
import { isJsonObject } from '../json.ts'
import { inPlainWords, PlainError, plainly } from '../plain-error.ts'
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

/**
 * Refuses to write a plan over what is none: a slip must not cost a catalog or a state. An empty file, and a saved plan of any
 * release, may be replaced. Throws a `PlainError`.
 */
export async function checkPlanTarget(file: string): Promise<void> {
  if (!(await exists(file))) return
  const text = await inPlainWords(file, () => readTextOf(file))
  if (text.trim() === '' || isPlanText(text)) return
  throw new PlainError(
    `${file}: it exists already and is not a saved plan; name another file, or move it away`,
  )
}

function isPlanText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) && 'planHash' in value
  } catch {
    return false
  }
}
