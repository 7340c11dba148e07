/** Issues in the forms that CI servers read. */
import type { Issue } from '../issues.ts'
import { jsonText } from '../render/gate.ts'
import { namesFrom } from '../render/issue-place.ts'
import { junitOf } from '../render/junit.ts'
import { sarifOf } from '../render/sarif.ts'
import { workflowCommands } from '../render/workflow-commands.ts'
import type { Context } from './context.ts'
import { UsageError } from './flags.ts'

const FORMATS = ['sarif', 'junit', 'github'] as const

/** A form of issues that a CI server reads. */
export type IssueFormat = (typeof FORMATS)[number]

/** A form by its name. Throws a `UsageError`. */
export function issueFormat(name: string): IssueFormat {
  const format = FORMATS.find(one => one === name)
  if (format !== undefined) return format
  throw new UsageError(`--format is "${name}": give one of ${FORMATS.join(', ')}`)
}

/** What the issues are about: the command, its version, and the folder where one without a place is shown. */
export interface Checked {
  readonly name: string
  readonly version: string
  readonly place: string
}

/**
 * Issues as a document. Files are named from the root of the checkout where CI tells it, else from the working
 * folder.
 */
export function issueDocument(
  format: IssueFormat,
  issues: readonly Issue[],
  { name, version, place }: Checked,
  { env }: Pick<Context, 'env'>,
): string {
  const here = process.cwd()
  const names = namesFrom(env['GITHUB_WORKSPACE'] ?? env['CI_PROJECT_DIR'] ?? here, here)
  switch (format) {
    case 'sarif':
      return jsonText(sarifOf(issues, { version, place, names }))
    case 'junit':
      return junitOf(issues, { name, place, names })
    case 'github':
      return workflowCommands(issues, names).join('\n')
  }
}
