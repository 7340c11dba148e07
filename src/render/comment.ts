/** What a step of a pipeline came to, as a comment that a forge takes whole: never longer than it allows. */

import type { ApplyReport } from '../apply/report.ts'
import { count, grouped } from '../counts.ts'
import { type DriftReport, driftOutcome, hasDrift } from '../drift/drift-report.ts'
import type { Issue } from '../issues.ts'
import { blockedEntries, isRefusal, OUTCOMES, type Outcome, planErrors } from '../outcome.ts'
import { ACTIONS, type Plan } from '../plan/plan.ts'
import { kinds } from '../resources/kinds.ts'
import { costText } from './change-words.ts'
import { renderDrift } from './drift-text.ts'
import { errorsFirst, ruleText } from './issue-place.ts'
import { fencedLine, markdownText } from './markdown.ts'
import { renderChanges } from './plan-text.ts'
import { renderReport } from './report-text.ts'
import { rowsOf } from './rows.ts'
import { type Subject, subjectLines } from './subject.ts'

/** A comment of GitHub holds 65,536 characters; a platform may count some twice. */
const LONGEST = 60_000
/** What issues and messages may take of it, so that changes are seen beside them. */
const OF_ISSUES = 24_000
const OF_MESSAGES = 8_000
/** A line of a name, a message or a path; what is longer is cut. */
const LONGEST_LINE = 2_000
/** Messages of a run that ended without an answer: the last ones say why. */
const LAST_MESSAGES = 30

/** A step of a pipeline. */
export type Step = 'plan' | 'apply' | 'drift'

/** What a step came upon, as far as it came. */
export interface StepStory {
  readonly step: Step
  /** What it came to; undefined while it runs. */
  readonly outcome: Outcome | undefined
  readonly subject?: Subject
  /** That was named, whether it came to an account or not. */
  readonly environment?: string
  /** Of the catalog, and of the plan or the account. */
  readonly issues: readonly Issue[]
  readonly plan?: Plan
  readonly report?: ApplyReport
  readonly drift?: DriftReport
  /** What it said on stderr. */
  readonly messages: readonly string[]
}

/** First line of a comment, by which a later run finds it to replace it; one a step and environment. */
export const commentMark = (step: Step, environment?: string): string =>
  `<!-- sft-catalog ${step}${environment === undefined ? '' : ` ${environment}`} -->`

/** The comment of a step, whatever became of it. */
export function stepMarkdown(story: StepStory): string {
  const head = [
    commentMark(story.step, story.environment ?? story.subject?.environment),
    `## sft-catalog ${story.step}${story.environment === undefined ? '' : ` (${story.environment})`}: ${headlineOf(story)}`,
    '',
    ...subjectLines(story.subject)
      .map(markdownText)
      .flatMap(line => [line, '']),
    ...planTable(story.plan),
  ]
  return withinLimit(head.map(cut), [
    issueBlock(story.issues),
    messageBlock(story),
    ...reportBlocks(story.report),
    ...driftBlocks(story.drift),
    ...planBlocks(story.plan),
  ])
}

/** What a reviewer must know who reads one line. */
export function headlineOf({ outcome, plan, report, drift, issues, step }: StepStory): string {
  if (outcome === undefined) return 'has not ended yet, or was killed'
  if (report !== undefined) return reportHeadline(report, outcome)
  const answered = outcome === 'ok' || outcome === 'changes' || outcome === 'blocked'
  if (drift !== undefined && answered) return driftHeadline(drift)
  const isPlanned = answered || outcome === 'refused' || outcome === 'failed'
  if (plan !== undefined && step === 'plan' && isPlanned) return planHeadline(plan)
  const errors = issues.filter(({ severity }) => severity === 'error').length
  if (outcome === 'failed' && errors > 0)
    return `failed, ${count(errors, 'error')}; ${NOTHING[step]}`
  return outcome === 'failed'
    ? `failed; ${NOTHING[step]}`
    : outcome === 'refused'
      ? 'refused, nothing was changed'
      : OUTCOMES[outcome].meaning
}

const NOTHING: Readonly<Record<Step, string>> = {
  plan: 'what it would do is not known',
  apply: 'what was done before is in the state',
  drift: 'whether there is any is not known',
}

const isRefused = (plan: Plan): boolean => plan.issues.some(({ severity }) => severity === 'error')

/** Whether a plan can be applied, and what stays undone. */
function planHeadline(plan: Plan): string {
  if (planErrors(plan).length > 0) return 'failed, it cannot be applied'
  const blocked = blockedEntries(plan).length
  return [
    ...(isRefused(plan) ? ['refused'] : []),
    ...(blocked > 0 ? [`${count(blocked, 'entry', 'entries')} blocked`] : []),
    plan.operations.length > 0
      ? count(plan.operations.length, 'operation')
      : blocked > 0
        ? 'nothing else to do'
        : 'nothing to do',
  ].join(', ')
}

function reportHeadline({ counts, blocked }: ApplyReport, outcome: Outcome): string {
  const parts = [
    `${grouped(counts.done)} done`,
    ...(counts.failed > 0 ? [`${grouped(counts.failed)} failed`] : []),
    ...(counts.skipped > 0 ? [`${grouped(counts.skipped)} skipped`] : []),
    ...(counts.deferred > 0 ? [`${grouped(counts.deferred)} deferred`] : []),
    ...(blocked.length > 0 ? [`${grouped(blocked.length)} blocked`] : []),
  ]
  const goesOn = outcome === 'outOfTime' ? '; time limit reached, the next run goes on' : ''
  return `${parts.join(', ')}${goesOn}`
}

function driftHeadline(drift: DriftReport): string {
  const notKnown = driftOutcome(drift) === 'blocked' ? ', something is not known' : ''
  return `${hasDrift(drift) ? 'the account is not as it was left' : 'none'}${notKnown}`
}

function planTable(plan: Plan | undefined): readonly string[] {
  if (plan === undefined) return []
  const counts = ACTIONS.filter(action => action !== 'keep' && plan.summary[action] > 0)
  const table =
    counts.length === 0
      ? []
      : [
          `| ${counts.join(' | ')} | unchanged |`,
          `|${'---|'.repeat(counts.length + 1)}`,
          `| ${counts.map(action => grouped(plan.summary[action])).join(' | ')} | ${grouped(plan.summary.keep)} |`,
          '',
        ]
  return [...table, ...(plan.operations.length === 0 ? [] : [costText(plan.cost), ''])]
}

/** Lines that stay together, of which as many are shown as there is room for. */
interface Block {
  readonly open: readonly string[]
  readonly lines: readonly string[]
  readonly close: readonly string[]
  /** Of the whole comment. */
  readonly most?: number
  /** Said instead of lines that do not fit. */
  readonly rest: (left: number) => string
}

const issueBlock = (issues: readonly Issue[]): Block => ({
  open: [],
  lines: errorsFirst(issues).map(issueLine),
  close: [''],
  most: OF_ISSUES,
  rest: left => `- … and ${count(left, 'more issue')}: see the log`,
})

function issueLine(issue: Issue): string {
  const { code, severity, message, hint, position, rule } = issue
  const weight = severity === 'warning' ? 'warning' : isRefusal(issue) ? '**refused**' : '**error**'
  const place =
    position === undefined
      ? ''
      : ` ${markdownText(`${position.file}:${position.line}:${position.column}`)}`
  const next = hint === undefined ? '' : ` – ${markdownText(hint)}`
  const by = rule === undefined ? '' : ` (rule ${markdownText(ruleText(rule))})`
  return `- ${weight} \`${code}\`${place} ${markdownText(message)}${next}${by}`
}

/** Where a run ended without an answer, its messages are the answer. */
function messageBlock({ step, messages, outcome, plan, report, drift }: StepStory): Block {
  const ended = outcome === 'ok' || outcome === 'changes' || outcome === 'blocked'
  const answer = step === 'plan' ? plan : (report ?? drift)
  const isAnswered = ended || answer !== undefined
  const shown = isAnswered && outcome !== 'refused' ? [] : messages.slice(-LAST_MESSAGES)
  return fenced('', shown, 'line', OF_MESSAGES)
}

const reportBlocks = (report: ApplyReport | undefined): readonly Block[] =>
  report === undefined ? [] : [fenced('', renderReport(report), 'line')]

const driftBlocks = (drift: DriftReport | undefined): readonly Block[] =>
  drift === undefined ? [] : [fenced('', renderDrift(drift), 'line')]

/** The changes of each kind, folded. */
const planBlocks = (plan: Plan | undefined): readonly Block[] =>
  plan === undefined
    ? []
    : kinds().map(kind => {
        // A diff fence colours by the first character.
        const lines = renderChanges(plan, kind).flatMap(line =>
          fencedRows(line).map(row => row.replace(/^ {2}([+\-!~±=?])/, '$1')),
        )
        return {
          open: [`<details><summary>${kind.plural}</summary>`, '', '```diff'],
          lines,
          close: ['```', '', '</details>', ''],
          rest: left =>
            left === lines.length
              ? `${count(left, 'line')} about ${kind.plural} left out: see "sft-catalog plan"`
              : `… and ${count(left, 'more line')}: see "sft-catalog plan"`,
        }
      })

const fenced = (kind: string, lines: readonly string[], what: string, most?: number): Block => ({
  open: [`\`\`\`${kind}`],
  lines: lines.flatMap(fencedRows),
  close: ['```', ''],
  ...(most !== undefined && { most }),
  rest: left => `… and ${count(left, `more ${what}`)}: see the log`,
})

/** What stands in a fence is not wrapped by whoever shows it. */
const FENCE_COLUMNS = 100

const fencedRows = (line: string): readonly string[] => rowsOf(cut(fencedLine(line)), FENCE_COLUMNS)

/** A line that would fill the comment by itself; no escape of Markdown is cut in two. */
const cut = (line: string): string =>
  line.length <= LONGEST_LINE
    ? line
    : `${line
        .slice(0, LONGEST_LINE)
        .replace(/[\uD800-\uDBFF]$/, '')
        .replace(/[\\&<][^\s]{0,10}$/, '')}…`

/** Puts blocks below each other as long as there is room, and says what was left out. */
function withinLimit(head: readonly string[], blocks: readonly Block[]): string {
  const lengthOf = (lines: readonly string[]) =>
    lines.reduce((sum, line) => sum + line.length + 1, 0)
  const shown = [...head]
  let left = LONGEST - lengthOf(head)
  for (const block of blocks) {
    if (block.lines.length === 0) continue
    const frame = lengthOf([...block.open, ...block.close, block.rest(block.lines.length)])
    let room = Math.min(left, block.most ?? left) - frame
    const kept: string[] = []
    for (const line of block.lines.map(cut)) {
      room -= line.length + 1
      if (room < 0) break
      kept.push(line)
    }
    const missing = block.lines.length - kept.length
    const rest = missing > 0 ? [block.rest(missing)] : []
    const part = kept.length === 0 ? rest : [...block.open, ...kept, ...rest, ...block.close]
    if (lengthOf(part) > left) continue
    shown.push(...part)
    left -= lengthOf(part)
  }
  return shown.join('\n')
}
