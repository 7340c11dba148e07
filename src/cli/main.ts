#!/usr/bin/env node
import { errorCode } from '../durable/files.ts'
import { OUTCOMES } from '../outcome.ts'
import { systemReason } from '../plain-error.ts'
import { THIS_PROCESS } from './host.ts'
import { runCommandLine } from './run-command-line.ts'

// A closed pipe (`| head`) ends the output and not the work: its code is told all the same.
let lost: Error | undefined
process.stdout.on('error', error => {
  if (errorCode(error) !== 'EPIPE') lost ??= error
})
// What cannot be said there can be said nowhere.
process.stderr.on('error', () => undefined)

// Told of late, and whoever ends at once ends with it too.
process.on('exit', code => {
  if (lost === undefined || code === OUTCOMES.usage.code) return
  const reason = systemReason(errorCode(lost)) ?? 'the system refused it'
  process.stderr.write(`error stdout cannot be written: ${reason}; what was answered is lost\n`)
  process.exitCode = OUTCOMES.failed.code
})

process.exitCode = await runCommandLine(process.argv.slice(2), THIS_PROCESS)
