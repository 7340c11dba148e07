import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const USAGE = fileURLToPath(new URL('usage.cjs', import.meta.url))
/** The program, built. */
export const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** What a whole process took. */
export interface Spent {
  readonly seconds: number
  /** Peak resident memory, of Node. */
  readonly megabytes: number
  readonly stdout: string
}

export interface Command {
  /** Node where absent. */
  readonly program?: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Codes that it may end with; 0 where absent. */
  readonly codes?: readonly number[]
}

/** Runs a process to its end. Throws where it ends otherwise than it should. */
export async function run({ program, args, env = {}, cwd, codes = [0] }: Command): Promise<Spent> {
  const began = performance.now()
  const words = program === undefined ? ['-r', USAGE, ...args] : args
  const child = spawn(program ?? process.execPath, words, {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [, out, err, usage] = child.stdio
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code => {
      seconds = (performance.now() - began) / 1000
      resolve(code ?? -1)
    })
  })
  let seconds = 0
  const [code, stdout, stderr, kilobytes] = await Promise.all([
    ended,
    textOf(out),
    textOf(err),
    textOf(usage),
  ])
  if (!codes.includes(code)) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return { seconds, megabytes: Number(kilobytes) / 1024, stdout }
}

const textOf = (stream: unknown): Promise<string> =>
  stream !== null && typeof stream === 'object' && Symbol.asyncIterator in stream
    ? text(stream as AsyncIterable<Uint8Array>)
    : Promise.resolve('')
