import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { Host, Output } from '../../src/cli/host.ts'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { nodeWords, PROGRAM } from '../program.ts'

/** How a process ended, and what it wrote. */
export interface Ended {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: string
  readonly stderr: string
}

/** A command line that runs. */
export interface Running {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  /** Keys pressed, where it has a terminal. */
  readonly type: (keys: string) => void
  /** Resolves once what it wrote so far, on either stream, matches; rejects when it ends before. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly ended: Promise<Ended>
}

export interface RunOptions {
  readonly cwd: string
  /** The whole environment but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** Written to stdin, which is closed after it. */
  readonly input?: string
  /** A pseudo-terminal on all three streams; stdout and stderr come mixed. */
  readonly terminal?: boolean
  /** Runs as this user and group; only root can do that. */
  readonly as?: number
  /** A process of its own, for what shows only in one: starting and ending it, what it leaves to others. */
  readonly ownProcess?: boolean
  /** A desk adds nothing to the words. */
  readonly asTyped?: boolean
  /** Keeps the lines that say what is waited for: they depend on how busy the machine is. */
  readonly keepWaits?: boolean
  /** Activation codes were asked for. */
  readonly mayShowActivationCode?: boolean
}

/** Passwords that a test hands out: none may ever be written. */
export const PASSWORD = 'a-password-nobody-may-see'

/** Whether this machine can give a process a terminal (script(1) of util-linux). */
export const hasTerminal: boolean =
  spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

/** Starts `sft-catalog` as a process of its own, in an environment that holds nothing of this one. */
export function startCli(args: readonly string[], options: RunOptions): Running {
  const words = nodeWords([...PROGRAM, ...args])
  const [file = '', ...rest] = options.terminal
    ? ['script', '-qec', `stty cols 100 rows 30; ${words.map(quoted).join(' ')}`, '/dev/null']
    : words
  const child: ChildProcess = spawn(file, rest, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.as !== undefined && { uid: options.as, gid: options.as }),
  })
  const written = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text
      for (const look of waiting) look()
    })
  // A process may end without reading what it is told.
  child.stdin?.on('error', () => undefined)
  if (options.input !== undefined) child.stdin?.write(options.input)
  if (options.terminal !== true) child.stdin?.end()
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed)
    child.on('close', (code, signal) => {
      for (const look of waiting) look()
      done({ code: code ?? undefined, signal: signal ?? undefined, ...written })
    })
  }).then(ended => withoutSecrets(args, options, ended))
  return {
    pid: child.pid ?? 0,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    kill: signal => void child.kill(signal),
    type: keys => void child.stdin?.write(keys),
    until: pattern =>
      new Promise<void>((found, missed) => {
        const look = () => {
          if (pattern.test(written.stdout) || pattern.test(written.stderr)) {
            waiting.delete(look)
            found()
          } else if (child.exitCode !== null || child.signalCode !== null) {
            waiting.delete(look)
            missed(new Error(`ended without ${pattern}:\n${written.stdout}${written.stderr}`))
          }
        }
        waiting.add(look)
        look()
      }),
    ended,
  }
}

let isBusy = false

/**
 * Runs `sft-catalog` to its end: inside this process, which costs no start of Node, unless it needs one of
 * its own. A run beside another one has its own always: locks tell processes apart, and there is one
 * working folder a process.
 */
export async function runCli(args: readonly string[], options: RunOptions): Promise<Ended> {
  const { terminal, as, ownProcess, input } = options
  if (isBusy || terminal || as !== undefined || ownProcess || input !== undefined)
    return await startCli(args, options).ended
  isBusy = true
  const here = process.cwd()
  try {
    process.chdir(options.cwd)
    return withoutSecrets(args, options, await runInside(args, options))
  } finally {
    process.chdir(here)
    isBusy = false
  }
}

/** Thrown to leave a command line that ends its process. */
class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

/** A program, this process, which is neither at a terminal nor sent a signal. */
async function runInside(
  args: readonly string[],
  { cwd, env }: Pick<RunOptions, 'cwd' | 'env'>,
): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  const into = (stream: 'stdout' | 'stderr'): Output => ({
    write: text => {
      written[stream] += text
    },
  })
  const host: Host = {
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdin: {},
    stdout: into('stdout'),
    stderr: into('stderr'),
    question: () => Promise.reject(new Error('there is nobody to ask')),
    onSignal: () => undefined,
    exit: code => {
      throw new Exit(code)
    },
  }
  try {
    return { code: await runCommandLine(args, host), signal: undefined, ...written }
  } catch (error) {
    if (error instanceof Exit) return { code: error.code, signal: undefined, ...written }
    throw error
  }
}

/** What is said of waiting, after two seconds of silence. */
const WAITS =
  /^ {2}(reading the account|waiting for |looking for |\S+: \S+, announced).* \((under a second|\d+ (second|minute)s?|[\d.]+ hours)\)\n/gm

function withoutSecrets(args: readonly string[], options: RunOptions, ended: Ended): Ended {
  const leak = findSecret(`${ended.stdout}${ended.stderr}`, options.mayShowActivationCode)
  if (leak !== undefined) throw new Error(`${args.join(' ')} wrote ${leak}`)
  return options.keepWaits ? ended : { ...ended, stderr: ended.stderr.replace(WAITS, '') }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** Names the first secret in a text. */
export function findSecret(text: string, mayShowActivationCode = false): string | undefined {
  if (text.includes(PASSWORD)) return 'the password'
  if (/eyJ[\w-]{8,}\./.test(text)) return 'a token'
  if (!mayShowActivationCode && text.includes('LPA:1$')) return 'an activation code'
  return undefined
}
