/**
 * Reads files with GitHub's own parser: `read-workflows.ts FILE…` prints what is wrong, a line each. A process of its own,
 * since that package imports JSON as bundlers do.
 */
import { readFileSync } from 'node:fs'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { parseAction } from '@actions/workflow-parser/actions/action-parser'

for (const name of process.argv.slice(2)) {
  const read = name.endsWith('action.yml') ? parseAction : parseWorkflow
  const file = { name, content: readFileSync(name, 'utf8') }
  const { context } = read(file, new NoOperationTraceWriter())
  for (const error of context.errors.getErrors()) console.log(`${name}: ${String(error)}`)
}
