import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
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
  /** A desk adds nothing to the words. */
  readonly asTyped?: boolean
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
      const leak = findSecret(`${written.stdout}${written.stderr}`, options.mayShowActivationCode)
      if (leak !== undefined) failed(new Error(`${args.join(' ')} wrote ${leak}`))
      else done({ code: code ?? undefined, signal: signal ?? undefined, ...written })
    })
  })
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

/** Runs `sft-catalog` to its end. */
export const runCli = (args: readonly string[], options: RunOptions): Promise<Ended> =>
  startCli(args, options).ended

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** Names the first secret in a text. */
export function findSecret(text: string, mayShowActivationCode = false): string | undefined {
  if (text.includes(PASSWORD)) return 'the password'
  if (/eyJ[\w-]{8,}\./.test(text)) return 'a token'
  if (!mayShowActivationCode && text.includes('LPA:1$')) return 'an activation code'
  return undefined
}
