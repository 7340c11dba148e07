import type { Environment } from '../settings.ts'

/** A signal that tells a process to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM'

/** Where text goes. */
export interface Output {
  readonly write: (text: string) => unknown
  /** Of a stream: it keeps in memory what nobody reads yet, and says when that is gone. */
  readonly writableNeedDrain?: boolean
  readonly once?: (event: 'drain' | 'error' | 'close', listener: () => void) => unknown
  readonly isTTY?: boolean
  /** Characters in a row, of a terminal that knows it. */
  readonly columns?: number
}

/** One of several answers, and what it means. */
export interface Choice {
  readonly value: string
  readonly hint?: string
}

/** The process that a command line runs in, as far as it shows; its working folder is that of this process. */
export interface Host {
  readonly env: Environment
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** Asks at the terminal. Rejects when the signal aborts; end of input is an empty answer. */
  readonly question: (text: string, signal: AbortSignal) => Promise<string>
  /** Lets somebody choose at the terminal, the first unless they move. Rejects when the signal aborts. */
  readonly choose: (
    text: string,
    choices: readonly Choice[],
    signal: AbortSignal,
  ) => Promise<string>
  readonly onSignal: (listener: (signal: StopSignal) => void) => void
  /** Ends it at once, whatever is under way. */
  readonly exit: (code: number) => never
}

/** This process. Each of its streams is opened by the first look at it. */
export const THIS_PROCESS: Host = {
  env: process.env,
  get stdin() {
    return process.stdin
  },
  get stdout() {
    return process.stdout
  },
  get stderr() {
    return process.stderr
  },
  question: askHere,
  choose: chooseHere,
  onSignal: listener => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => listener(signal))
  },
  exit: code => process.exit(code),
}

async function askHere(text: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  let answered = false
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  // readline takes Ctrl-C as a key here, and Ctrl-D would leave the question open for ever.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const left = new Promise<string>(resolve =>
    lines.once('close', () => {
      // Whoever leaves by Ctrl-D leaves the question's line unended.
      if (!signal.aborted && !answered) process.stdout.write('\n')
      resolve('')
    }),
  )
  try {
    // It is not told of the signal: where it gives up by itself, it leaves an empty line behind.
    const answer = lines.question(text).then(line => {
      answered = true
      return line
    })
    return await unlessAborted(Promise.race([answer, left]), signal)
  } finally {
    lines.close()
  }
}

/** Rejects once the signal aborts, whatever becomes of the work. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  return await new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}

/** By when a signal to this process has come. */
const SIGNAL_MS = 5_000

/** Loaded only where somebody chooses. */
async function chooseHere(
  message: string,
  choices: readonly Choice[],
  signal: AbortSignal,
): Promise<string> {
  const { isCancel, select } = await import('@clack/prompts')
  const accessible = process.env['TERM'] === 'dumb'
  const chosen = await select({ message, options: [...choices], signal, accessible })
  if (!isCancel(chosen)) return chosen
  // It takes Ctrl-C as a key. A signal comes a moment later, and nothing else may hold the process until then.
  if (!signal.aborted) process.kill(process.pid, 'SIGINT')
  const { setTimeout } = await import('node:timers/promises')
  await setTimeout(SIGNAL_MS, undefined, { signal })
  throw new DOMException('nothing was chosen', 'AbortError')
}
