/** Issues as workflow commands of GitHub Actions, which stand as annotations in the changed files. */
import type { Issue } from '../issues.ts'
import { oneLine } from './gate.ts'
import { errorsFirst, type FileNames, markedColumns, wholeMessage } from './issue-place.ts'

const data = (text: string): string =>
  oneLine(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** One annotation without a place. */
export const annotation = (severity: Issue['severity'], title: string, text: string): string =>
  `::${severity} title=${property(title)}::${data(text)}`

/**
 * Issues as lines for the log of a step, errors first: GitHub shows ten of each severity a step. Names and
 * messages cannot end a command or begin another one.
 */
export const workflowCommands = (issues: readonly Issue[], names: FileNames): readonly string[] =>
  errorsFirst(issues).map(issue => {
    const { position } = issue
    if (position === undefined) return annotation(issue.severity, issue.code, wholeMessage(issue))
    const place = [
      `file=${property(names(position.file))}`,
      `line=${position.line}`,
      `col=${position.column}`,
      `endColumn=${position.column + markedColumns(issue)}`,
      `title=${property(issue.code)}`,
    ]
    return `::${issue.severity} ${place.join(',')}::${data(wholeMessage(issue))}`
  })
