/** A step of a pipeline as a page that people look at. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inPlainWords } from '../plain-error.ts'
import { driftFacts } from '../render/drift-json.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { planToJson } from '../render/plan-json.ts'
import { loadPages, type Pages } from './pages.ts'
import { checkReplaceable, PAGE } from './replaceable.ts'
import type { Seen } from './watched.ts'

/** Where the page of a step goes, and what makes it. */
export interface StepPage {
  readonly file: string
  readonly pages: Pages
}

/**
 * What makes the page of a step, in a folder that is made where there is none; the error where it is not installed or
 * the file cannot be written, which the step tells like any other.
 */
export async function openStepPage(
  file: string | undefined,
): Promise<{ readonly page?: StepPage; readonly error?: unknown }> {
  if (file === undefined) return {}
  try {
    await checkReplaceable(file, PAGE)
    await inPlainWords(file, async () => {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, '')
    })
    return { page: { file, pages: await loadPages() } }
  } catch (error) {
    return { error }
  }
}

/** The page of the plan or of the comparison; where the step has none, one that says how it ended. */
export function stepPageText(
  { pages }: StepPage,
  answer: JsonAnswer<'ci'>,
  seen: Seen,
  told: { readonly headline: string; readonly version: string },
): string {
  const { subject, plan, landscape, drift, issues } = seen
  const frame = { version: told.version, at: new Date().toISOString() }
  if (drift !== undefined)
    return pages.driftPage({ ...driftFacts(drift, issues, subject), ...frame })
  if (plan === undefined) return pages.stepPage({ step: answer, headline: told.headline, ...frame })
  return pages.planPage({
    plan: planToJson(plan, subject),
    ...(landscape && { landscape: landscape() }),
    ...frame,
  })
}
