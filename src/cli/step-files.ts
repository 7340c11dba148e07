/** The files that a step of a pipeline leaves, whatever becomes of it. */
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OUTCOMES, outcomeOfExit } from '../outcome.ts'
import { inPlainWords } from '../plain-error.ts'
import { headlineOf, type Step, stepMarkdown } from '../render/comment.ts'
import { driftToJson } from '../render/drift-json.ts'
import { JSON_FORMATS } from '../render/formats.ts'
import { jsonText, manyLines } from '../render/gate.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { issueToJson, planToJson } from '../render/plan-json.ts'
import { reportToJson } from '../render/report-text.ts'
import { subjectToJson } from '../render/subject.ts'
import { annotation } from '../render/workflow-commands.ts'
import type { Context } from './context.ts'
import { type Checked, issueDocument } from './issue-documents.ts'
import { type StepPage, stepPageText } from './step-page.ts'
import type { Seen } from './watched.ts'

/** Where they are. */
export interface StepFiles {
  readonly folder: string
  readonly comment: string
  readonly report: string
  readonly annotations: string
  readonly sarif: string
  readonly junit: string
  /** What a plan is saved to. */
  readonly plan: string
}

/** The files of a folder. */
export const stepFiles = (folder: string): StepFiles => ({
  folder,
  comment: join(folder, 'comment.md'),
  report: join(folder, 'report.json'),
  annotations: join(folder, 'annotations.txt'),
  sarif: join(folder, 'results.sarif'),
  junit: join(folder, 'junit.xml'),
  plan: join(folder, 'plan.json'),
})

/** The same, in a folder that is made where there is none. */
export async function openStepFiles(folder: string): Promise<StepFiles> {
  await inPlainWords(folder, async () => {
    mkdirSync(folder, { recursive: true })
  })
  return stepFiles(folder)
}

/** What is shown elsewhere too. */
export interface StepTexts {
  readonly comment: string
  readonly annotations: string
}

/** Which step this is, and by which version. */
export interface StepRun {
  readonly step: Step
  readonly version: string
  /** The catalog's folder. */
  readonly place: string
  /** Where a page is asked for. */
  readonly page?: StepPage
}

/** What the step answers as data. */
export function stepAnswer(
  { step, page }: StepRun,
  seen: Seen,
  files: StepFiles,
): JsonAnswer<'ci'> {
  const { subject, plan, report, drift } = seen
  return {
    step,
    ...(seen.environment !== undefined && { environment: seen.environment }),
    ...subjectToJson(subject),
    issues: seen.issues.map(issueToJson),
    plan: plan === undefined ? null : planToJson(plan, subject),
    report: report === undefined ? null : reportToJson(report),
    drift: drift === undefined ? null : driftToJson(drift, subject),
    savedPlan: existsSync(files.plan) ? files.plan : null,
    ...(page && { page: page.file }),
    log: seen.messages,
  }
}

/**
 * Writes all files, in one go: a signal may end the process right after. `code` is undefined while the step runs:
 * what stands there then is what a killed one leaves.
 */
export function writeStepFiles(
  files: StepFiles,
  run: StepRun,
  seen: Seen,
  code: number | undefined,
  context: Pick<Context, 'env'>,
): StepTexts {
  const outcome = code === undefined ? undefined : outcomeOfExit(code)
  const story = { step: run.step, outcome, ...seen }
  const comment = stepMarkdown(story)
  const answer = stepAnswer(run, seen, files)
  const checked: Checked = { name: run.step, version: run.version, place: run.place }
  const write = (path: string, text: string) => writeFileSync(path, `${text}\n`)
  write(files.comment, comment)
  write(
    files.report,
    jsonText({
      format: JSON_FORMATS.ci,
      command: 'ci',
      outcome: outcome ?? 'failed',
      exitCode: code ?? OUTCOMES.failed.code,
      ...answer,
    }),
  )
  if (run.page !== undefined) {
    const told = { headline: headlineOf(story), version: run.version }
    write(run.page.file, manyLines(stepPageText(run.page, answer, seen, told)))
  }
  write(files.sarif, issueDocument('sarif', seen.issues, checked, context))
  write(files.junit, issueDocument('junit', seen.issues, checked, context))
  const annotations = annotationsOf(run, seen, code, checked, context).join('\n')
  write(files.annotations, annotations)
  return { comment, annotations }
}

/** Removes what would be taken for this run's. */
export const forgetSavedPlan = (files: StepFiles): void => rmSync(files.plan, { force: true })

/** Annotations of issues, and one for a run that failed without any. */
function annotationsOf(
  { step }: StepRun,
  { issues, messages }: Seen,
  code: number | undefined,
  checked: Checked,
  context: Pick<Context, 'env'>,
): readonly string[] {
  const lines = issues.length === 0 ? [] : [issueDocument('github', issues, checked, context)]
  const isTold = issues.some(({ severity }) => severity === 'error')
  const failed = code !== undefined && code !== 0 && code !== OUTCOMES.changes.code
  if (!failed || isTold) return lines
  const last = messages.findLast(line => line.startsWith('error ')) ?? messages.at(-1)
  const told = last ?? OUTCOMES[outcomeOfExit(code)].meaning
  return [...lines, annotation('error', `sft-catalog ${step}`, told)]
}

/** Tells GitHub Actions what came of a step: in its log, on the page of the run, and as outputs of the step. */
export function tellActions(
  { comment, annotations }: StepTexts,
  { savedPlan, page }: Pick<JsonAnswer<'ci'>, 'savedPlan' | 'page'>,
  seen: Seen,
  code: number,
  context: Pick<Context, 'env' | 'document'>,
): void {
  const { env } = context
  if (env['GITHUB_ACTIONS'] === 'true' && annotations !== '') context.document(annotations)
  const summary = env['GITHUB_STEP_SUMMARY']
  if (summary) appendFileSync(summary, `${comment}\n`)
  const outputs = env['GITHUB_OUTPUT']
  if (!outputs) return
  const told = {
    outcome: outcomeOfExit(code),
    'exit-code': code,
    // Without a plan nobody knows.
    changes: seen.plan === undefined ? '' : seen.plan.operations.length > 0,
    'saved-plan': savedPlan ?? '',
    page: page ?? '',
  }
  const lines = Object.entries(told).map(([name, value]) => `${name}=${value}\n`)
  appendFileSync(outputs, lines.join(''))
}
