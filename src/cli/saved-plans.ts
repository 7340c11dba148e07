import { readTextOf } from '../durable/files.ts'
import { inPlainWords } from '../plain-error.ts'
import { parseSavedPlan, type SavedPlan } from '../saved-plan.ts'

/** A saved plan. Throws a `SavedPlanError` or a `FileError`. */
export const readSavedPlan = async (file: string): Promise<SavedPlan> =>
  parseSavedPlan(await inPlainWords(file, () => readTextOf(file)), file)
