/** Issues as SARIF 2.1.0, for code scanning. */
import { ISSUE_CODES, type Issue } from '../issues.ts'
import type { Json, JsonObject } from '../model.ts'
import { oneLine } from './gate.ts'
import { type FileNames, markedColumns, wholeMessage } from './issue-place.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

/** What is checked and by which version. */
export interface SarifRun {
  readonly version: string
  /** Where an issue without a place is shown: code scanning shows none that has no file. */
  readonly place: string
  readonly names: FileNames
}

/**
 * Issues as a SARIF 2.1.0 log with one run. Columns count UTF-16 units, as positions do; a file is a URI
 * relative to `%SRCROOT%`, or a whole one where it lies elsewhere.
 */
export function sarifOf(issues: readonly Issue[], run: SarifRun): JsonObject {
  const codes = [...new Set(issues.map(({ code }) => code))].toSorted()
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'sft-catalog',
            semanticVersion: run.version,
            rules: codes.map(code => ({
              id: code,
              shortDescription: { text: ISSUE_CODES[code] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: issues.map(issue => resultOf(issue, codes.indexOf(issue.code), run)),
      },
    ],
  }
}

const resultOf = (issue: Issue, ruleIndex: number, { place, names }: SarifRun): JsonObject => ({
  ruleId: issue.code,
  ruleIndex,
  level: issue.severity,
  message: { text: oneLine(wholeMessage(issue)) },
  locations: [
    {
      physicalLocation: {
        artifactLocation: locationOf(names(issue.position?.file ?? place)),
        ...(issue.position !== undefined && { region: regionOf(issue, issue.position) }),
      },
    },
  ],
  ...(issue.rule && {
    relatedLocations: [
      {
        message: { text: `rule ${oneLine(issue.rule.key)}` },
        physicalLocation: {
          artifactLocation: locationOf(names(issue.rule.position.file)),
          region: {
            startLine: issue.rule.position.line,
            startColumn: issue.rule.position.column,
          },
        },
      },
    ],
  }),
})

function regionOf(issue: Issue, { line, column }: NonNullable<Issue['position']>): Json {
  return { startLine: line, startColumn: column, endColumn: column + markedColumns(issue) }
}

function locationOf(file: string): JsonObject {
  const uri = file.split('/').map(encodeURIComponent).join('/')
  return file.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: '%SRCROOT%' }
}
