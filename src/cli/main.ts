#!/usr/bin/env node
import { EXIT } from './context.ts'
import { THIS_PROCESS } from './host.ts'
import { runCommandLine } from './run-command-line.ts'

// A closed pipe (`| head`) ends the output, not with an error.
process.stdout.on('error', error => {
  if ('code' in error && error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2), THIS_PROCESS)
