import type { Issue } from '../issues.ts'
import { oneLine } from './gate.ts'
import { ruleText } from './issue-place.ts'

/** What a part of a rendered issue is, for whoever colours it. */
export type IssueStyle = 'error' | 'warning' | 'place' | 'code' | 'caret' | 'hint'

const WIDTH = 100

/**
 * An issue as lines: `file:line:column: error CODE: message`, the source line, a caret under the place and
 * what to do. Plain text unless `colour` is given.
 */
export function renderIssue(
  issue: Issue,
  options: { readonly colour?: (style: IssueStyle, text: string) => string } = {},
): string[] {
  const { colour = (_style: IssueStyle, text: string) => text } = options
  const { position, severity } = issue
  const place =
    position === undefined
      ? ''
      : `${colour('place', `${oneLine(position.file)}:${position.line}:${position.column}:`)} `
  const head = `${place}${colour(severity, severity)} ${colour('code', issue.code)}: `
  const lines = [`${head}${oneLine(issue.message)}`]
  if (issue.source !== undefined && position !== undefined && issue.source.text.trim() !== '') {
    const { text, length, start = 1 } = issue.source
    const shown = excerpt(text, position.column - start, length)
    const number = `${position.line}`
    lines.push(`  ${number} | ${shown.text}`)
    lines.push(`  ${' '.repeat(number.length)} | ${shown.indent}${colour('caret', shown.marks)}`)
  }
  if (issue.rule !== undefined)
    lines.push(`  ${colour('hint', `rule: ${oneLine(ruleText(issue.rule))}`)}`)
  if (issue.hint !== undefined) lines.push(`  ${colour('hint', `hint: ${oneLine(issue.hint)}`)}`)
  return lines
}

/** As much of a line as fits, with its marked part in it. */
function excerpt(text: string, column: number, length: number) {
  const start = text.length > WIDTH && column > WIDTH - 20 ? column - 20 : 0
  const before = text.slice(start, column)
  const shown = oneLine(text.slice(start, start + WIDTH))
  const cut = start > 0 ? '…' : ''
  const indent = cut.replace('…', ' ') + [...before].map(c => (c === '\t' ? c : ' ')).join('')
  const marked = [...text.slice(column, Math.min(column + length, start + WIDTH))].length
  const more = start + WIDTH < text.length ? '…' : ''
  return { text: `${cut}${shown}${more}`, indent, marks: '^'.repeat(Math.max(1, marked)) }
}
