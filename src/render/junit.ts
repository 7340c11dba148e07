/** Issues as JUnit XML, which most CI servers show as test results. */
import type { Issue } from '../issues.ts'
import { oneLine } from './gate.ts'
import { type FileNames, wholeMessage } from './issue-place.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text as XML has it, in elements and attributes alike; what no XML may have becomes U+FFFD. */
const xml = (text: string): string =>
  oneLine(text)
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"']/g, sign => ENTITIES[sign] ?? sign)

/** What is checked. */
export interface JunitSuite {
  readonly name: string
  /** Where an issue without a place is shown. */
  readonly place: string
  readonly names: FileNames
}

/**
 * Issues as a JUnit suite: an error is a failed test, a warning one that passed and says something. Where there
 * is none, one test has passed: servers take a suite without tests for one that did not run.
 */
export function junitOf(issues: readonly Issue[], suite: JunitSuite): string {
  const cases =
    issues.length === 0
      ? [`    <testcase name="${xml(suite.name)}" classname="${xml(suite.place)}" time="0"/>`]
      : issues.flatMap(issue => caseLines(issue, suite))
  const failures = issues.filter(({ severity }) => severity === 'error').length
  const counts = `tests="${Math.max(1, issues.length)}" failures="${failures}" errors="0" time="0"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sft-catalog" ${counts}>`,
    `  <testsuite name="${xml(suite.name)}" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

function caseLines(issue: Issue, { place, names }: JunitSuite): readonly string[] {
  const { code, position, severity } = issue
  const file = names(position?.file ?? place)
  const where = position === undefined ? '' : `:${position.line}:${position.column}`
  const line = position === undefined ? '' : ` line="${position.line}"`
  const text = `${file}${where}: ${severity} ${code}: ${wholeMessage(issue)}`
  const told =
    severity === 'error'
      ? `<failure type="${code}" message="${xml(issue.message)}">${xml(text)}</failure>`
      : `<system-out>${xml(text)}</system-out>`
  return [
    `    <testcase name="${xml(`${code} ${file}${where}`)}" classname="${xml(file)}" file="${xml(file)}"${line} time="0">`,
    `      ${told}`,
    '    </testcase>',
  ]
}
