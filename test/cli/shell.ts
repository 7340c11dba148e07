import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeWords, PROGRAM } from '../program.ts'
import type { Desk } from './desk.ts'

/** Puts `sft-catalog` into the PATH of a desk's shells; where it is, and what they run with. */
export function putProgram(desk: Desk) {
  const bin = join(desk.folder, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'sft-catalog')
  const quoted = nodeWords([...PROGRAM]).map(word => `'${word}'`)
  writeFileSync(program, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`)
  chmodSync(program, 0o755)
  const env = { ...desk.env, HOME: desk.folder, PATH: `${bin}:${process.env['PATH']}` }
  return { program, env }
}

/** Runs bash to its end; fails where the output has the token. */
export const shellOf =
  (token: string) =>
  (
    words: readonly string[],
    desk: Desk,
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly output: string }> =>
    new Promise((ended, failed) => {
      const child = spawn('bash', words, { cwd: desk.folder, env })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
      child.on('error', failed)
      child.on('close', code => {
        if (output.includes(token)) failed(new Error(`it wrote the token: ${output}`))
        ended({ code: code ?? -1, output })
      })
    })
