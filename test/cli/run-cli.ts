import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { Host, Output, StopSignal } from '../../src/cli/host.ts'
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
  /** Said to Node itself, where it has a process of its own. */
  readonly node?: readonly string[]
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
  const words = nodeWords([...(options.node ?? []), ...PROGRAM, ...args])
  const [file = '', ...rest] = options.terminal
    ? ['script', '-qec', `stty cols 200 rows 30; ${words.map(quoted).join(' ')}`, '/dev/null']
    : words
  const child: ChildProcess = spawn(file, rest, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.as !== undefined && { uid: options.as, gid: options.as }),
  })
  const written = new Written()
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.setEncoding('utf8').on('data', (text: string) => written.add(stream, text))
  // A process may end without reading what it is told.
  child.stdin?.on('error', () => undefined)
  if (options.input !== undefined) child.stdin?.write(options.input)
  if (options.terminal !== true) child.stdin?.end()
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed)
    child.on('close', (code, signal) => {
      written.end()
      done({ code: code ?? undefined, signal: signal ?? undefined, ...written.text })
    })
  }).then(ended => withoutSecrets(args, options, ended))
  return {
    pid: child.pid ?? 0,
    ...written.shown,
    kill: signal => void child.kill(signal),
    type: keys => void child.stdin?.write(keys),
    ended,
  }
}

/** What a command line wrote so far. */
class Written {
  readonly text = { stdout: '', stderr: '' }
  readonly shown: Pick<Running, 'stdout' | 'stderr' | 'until'> = {
    stdout: () => this.text.stdout,
    stderr: () => this.text.stderr,
    until: pattern => this.#until(pattern),
  }
  #isOver = false
  readonly #waiting = new Set<() => void>()

  add(stream: 'stdout' | 'stderr', text: string): void {
    this.text[stream] += text
    this.#look()
  }

  end(): void {
    this.#isOver = true
    this.#look()
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  #until(pattern: RegExp): Promise<void> {
    return new Promise((found, missed) => {
      const look = () => {
        const { stdout, stderr } = this.text
        const isThere = pattern.test(stdout) || pattern.test(stderr)
        if (!isThere && !this.#isOver) return
        this.#waiting.delete(look)
        if (isThere) found()
        else missed(new Error(`ended without ${pattern}:\n${stdout}${stderr}`))
      }
      this.#waiting.add(look)
      look()
    })
  }
}

/** Command lines inside this process: the working folder that they have, and whether one of them runs to its end. */
const inside = { count: 0, folder: '', home: '', isBusy: false }

async function within<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  if (inside.count === 0) Object.assign(inside, { folder, home: process.cwd() })
  inside.count += 1
  process.chdir(folder)
  try {
    return await work()
  } finally {
    inside.count -= 1
    if (inside.count === 0) process.chdir(inside.home)
  }
}

const isElsewhere = (folder: string): boolean => inside.count > 0 && inside.folder !== folder

/**
 * Runs `sft-catalog` to its end: inside this process, which costs no start of Node, unless it needs one of
 * its own. A run beside another one has its own always: locks tell processes apart, and there is one
 * working folder a process.
 */
export async function runCli(args: readonly string[], options: RunOptions): Promise<Ended> {
  const { terminal, as, ownProcess, input, cwd } = options
  const isAlone = !inside.isBusy && !isElsewhere(cwd)
  if (!isAlone || terminal || as !== undefined || ownProcess || input !== undefined)
    return await startCli(args, options).ended
  inside.isBusy = true
  try {
    return await runInside(args, options, new Written(), () => undefined)
  } finally {
    inside.isBusy = false
  }
}

/**
 * Starts what goes on until it is told to stop, inside this process, and beside what `runCli` runs in the same folder:
 * only for what keeps its data in a database, which tells connections apart and not processes. Nobody can kill it.
 */
export function startInside(args: readonly string[], options: RunOptions): Running {
  if (isElsewhere(options.cwd)) throw new Error('there is one working folder a process')
  const written = new Written()
  let tell = (_signal: StopSignal): void => undefined
  const ended = runInside(args, options, written, listener => {
    tell = listener
  }).finally(() => {
    tell = () => undefined
  })
  return {
    pid: process.pid,
    ...written.shown,
    kill: signal => {
      if (signal !== 'SIGTERM' && signal !== 'SIGINT')
        throw new Error(`${signal} would be for the whole process`)
      tell(signal)
    },
    type: () => undefined,
    ended,
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

/** A program, this process, which is not at a terminal. */
async function runInside(
  args: readonly string[],
  options: RunOptions,
  written: Written,
  onSignal: Host['onSignal'],
): Promise<Ended> {
  const into = (stream: 'stdout' | 'stderr'): Output => ({
    write: text => written.add(stream, text),
  })
  const host: Host = {
    env: { PATH: process.env['PATH'], HOME: options.cwd, ...options.env },
    stdin: {},
    stdout: into('stdout'),
    stderr: into('stderr'),
    question: () => Promise.reject(new Error('there is nobody to ask')),
    choose: () => Promise.reject(new Error('there is nobody to ask')),
    onSignal,
    exit: code => {
      throw new Exit(code)
    },
  }
  const code = await within(options.cwd, () => runCommandLine(args, host)).catch(
    (error: unknown) => {
      if (error instanceof Exit) return error.code
      throw error
    },
  )
  written.end()
  return withoutSecrets(args, options, { code, signal: undefined, ...written.text })
}

/** What is said of waiting, after two seconds of silence. */
const WAITS =
  /^ {2}(\S[^\n]*, tried again[^\n]*; )?(reading |waiting for |looking for |\S+: \S+, announced).* \((under a second|\d+ (second|minute)s?|[\d.]+ hours)\)\n/gm

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
