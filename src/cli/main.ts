#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { errorCode } from '../durable/files.ts'
import { OUTCOMES } from '../outcome.ts'
import { systemReason } from '../plain-error.ts'
import { THIS_PROCESS } from './host.ts'
import { runCommandLine } from './run-command-line.ts'

// Most commands are over before the code that V8 optimises pays for its making, which took a third of `validate`: V8 11,
// that of Node 20, begins it for what was used fifteen times as much as by default. Later ones know better.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000')

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
