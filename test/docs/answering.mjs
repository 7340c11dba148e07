// Runs a program at a terminal, as a person does who answers "yes" to every question that only takes that.
import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

const quoted = word => `'${word.replaceAll("'", "'\\''")}'`
const line = process.argv.slice(2).map(quoted).join(' ')
const child = spawn('script', ['-qec', `stty cols 100 rows 30; ${line}`, '/dev/null'], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
child.stdin.on('error', () => undefined)
let tail = ''
child.stdout.setEncoding('utf8').on('data', text => {
  process.stdout.write(text)
  tail = stripVTControlCharacters(tail + text).slice(-500)
  if (!/"yes"[^\n]*: *$/.test(tail)) return
  tail = ''
  child.stdin.write('yes\n')
})
child.on('close', code => {
  process.exitCode = code ?? 1
})
