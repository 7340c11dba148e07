import { createInterface } from 'node:readline/promises'
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

/** The process that a command line runs in, as far as it shows; its working folder is that of this process. */
export interface Host {
  readonly env: Environment
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** Asks at the terminal. Rejects when the signal aborts; end of input is an empty answer. */
  readonly question: (text: string, signal: AbortSignal) => Promise<string>
  readonly onSignal: (listener: (signal: StopSignal) => void) => void
  /** Ends it at once, whatever is under way. */
  readonly exit: (code: number) => never
}

/** This process. */
export const THIS_PROCESS: Host = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  question: askHere,
  onSignal: listener => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => listener(signal))
  },
  exit: code => process.exit(code),
}

async function askHere(text: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  // readline takes Ctrl-C as a key here, and Ctrl-D would leave the question open for ever.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const left = new Promise<string>(resolve => lines.once('close', () => resolve('')))
  try {
    return await Promise.race([lines.question(text, { signal }), left])
  } finally {
    lines.close()
  }
}
