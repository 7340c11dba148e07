import { blockedEntries, planErrors } from '../outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { ACTIONS } from '../plan/plan.ts'
import { kinds } from '../resources/kinds.ts'
import { fencedLine, markdownText } from './markdown.ts'
import { count } from './paint.ts'
import { costText, renderChanges } from './plan-text.ts'
import { type Subject, subjectLines } from './subject.ts'

/** A comment on a pull request holds 65,536 characters; a platform may count some twice. */
const LONGEST = 60_000

/** First line of the comment, by which a later run finds it to replace it. */
const COMMENT_MARK = '<!-- sft-catalog plan -->'

const isRefused = (plan: Plan): boolean => plan.issues.some(issue => issue.severity === 'error')

/** What a reviewer must know who reads one line: whether it can be applied, and what stays undone. */
function headline(plan: Plan): string {
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

/** A plan as a comment for a pull request: counts first, the changes of each kind folded, never too long. */
export function planMarkdown(plan: Plan, subject?: Subject): string {
  const counts = ACTIONS.filter(action => action !== 'keep' && plan.summary[action] > 0)
  const head = [
    COMMENT_MARK,
    `## sft-catalog plan: ${headline(plan)}`,
    '',
    ...subjectLines(subject)
      .map(markdownText)
      .flatMap(line => [line, '']),
    ...(counts.length === 0
      ? []
      : [
          `| ${counts.join(' | ')} | unchanged |`,
          `|${'---|'.repeat(counts.length + 1)}`,
          `| ${counts.map(action => plan.summary[action]).join(' | ')} | ${plan.summary.keep} |`,
          '',
        ]),
    ...(plan.operations.length === 0 ? [] : [costText(plan.cost), '']),
    ...plan.issues.map(
      issue =>
        `- ${issue.severity === 'error' ? '**refused**' : 'warning'} \`${issue.code}\` ${markdownText(issue.message)}${issue.hint === undefined ? '' : ` – ${markdownText(issue.hint)}`}`,
    ),
    ...(plan.issues.length > 0 ? [''] : []),
  ]
  const parts = [head.join('\n').slice(0, LONGEST / 2)]
  let left = LONGEST - parts.join('').length
  for (const kind of kinds()) {
    const lines = renderChanges(plan, kind)
    if (lines.length === 0) continue
    const open = `<details><summary>${kind.plural}</summary>\n\n\`\`\`diff\n`
    const close = '\n```\n\n</details>\n'
    const kept: string[] = []
    let room = left - open.length - close.length - 100
    for (const line of lines) {
      // A diff fence colours by the first character.
      const shown = fencedLine(line).replace(/^ {2}([+\-!~±=?])/, '$1')
      if (room < shown.length + 1) break
      room -= shown.length + 1
      kept.push(shown)
    }
    const rest = lines.length - kept.length
    const part = `${open}${kept.join('\n')}${rest > 0 ? `\n… and ${count(rest, 'more line')}: see "sft-catalog plan"` : ''}${close}`
    if (kept.length === 0) {
      parts.push(
        `${count(lines.length, 'line')} about ${kind.plural} left out: see "sft-catalog plan"\n`,
      )
      continue
    }
    parts.push(part)
    left -= part.length
  }
  return parts.join('\n')
}
