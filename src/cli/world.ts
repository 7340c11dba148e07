import { createInterface } from 'node:readline/promises'
import { styleText } from 'node:util'
import type { Issue } from '../issues.ts'
import { OUTCOMES, type Outcome } from '../outcome.ts'
import { jsonText, manyLines, marked, throughGate, withoutUrlSecrets } from '../render/gate.ts'
import { type IssueStyle, renderIssue } from '../render/issues.ts'
import { type Paint, plain, type Tone } from '../render/paint.ts'
import type { Environment } from '../settings.ts'
import { readEnvFile } from './env-file.ts'

/** Exit codes, the same for every command. */
export const EXIT: Readonly<Record<Outcome, number>> = {
  usage: OUTCOMES.usage.code,
  failed: OUTCOMES.failed.code,
  refused: OUTCOMES.refused.code,
  interrupted: OUTCOMES.interrupted.code,
  terminated: OUTCOMES.terminated.code,
  outOfTime: OUTCOMES.outOfTime.code,
  locked: OUTCOMES.locked.code,
  blocked: OUTCOMES.blocked.code,
  changes: OUTCOMES.changes.code,
  ok: OUTCOMES.ok.code,
}

/** The world that a command acts in: everything that it may touch besides files and the account. */
export interface World {
  /** The process's environment over that of a `.env` file. */
  readonly env: Environment
  /** A line on stdout: the answer. What would move a cursor or begin another line is taken out. */
  readonly out: (line: string) => void
  /** Data on stdout, as JSON. */
  readonly json: (value: unknown) => void
  /** Lines on stdout whose format was made by a renderer of Markdown, CSV or YAML. */
  readonly document: (text: string) => void
  /** A line on stderr: progress, warnings, errors. */
  readonly err: (line: string) => void
  readonly paint: Paint
  readonly paintErr: Paint
  /** True where a person can be asked: stdin and stdout are terminals. */
  readonly canAsk: boolean
  /** True where progress may redraw itself: stdout is a terminal that knows its width. */
  readonly canRedraw: boolean
  readonly ask: (question: string) => Promise<string>
  /** Told to stop: first by SIGINT or SIGTERM, or by a time limit. */
  readonly stop: AbortController
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM', times: number) => void) => void
}

const STYLES = {
  add: 'green',
  remove: 'red',
  change: 'yellow',
  warn: 'yellow',
  error: 'red',
  dim: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>

const coloured: Paint = (tone, text) => styleText(STYLES[tone], text)

function paintFor(stream: NodeJS.WriteStream, env: Environment): Paint {
  const never = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
  const always = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  return !never && (always || stream.isTTY) ? coloured : plain
}

/** The environment of this process over a `.env` file in the working folder. Throws a SettingsError. */
export const readEnvironment = (): Environment => ({ ...readEnvFile('.env'), ...process.env })

/** A line as it may be shown: the one way to a terminal. */
const safe = (line: string, paint: Paint): string => withoutUrlSecrets(throughGate(line, paint))

/** The world of a real process. */
export function openWorld(env: Environment): World {
  const stop = new AbortController()
  const listeners: ((signal: 'SIGINT' | 'SIGTERM', times: number) => void)[] = []
  let signals = 0
  const looks = { out: paintFor(process.stdout, env), err: paintFor(process.stderr, env) }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      signals += 1
      if (listeners.length === 0)
        process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
      for (const listener of listeners) listener(signal, signals)
    })
  return {
    env,
    out: line => void process.stdout.write(`${safe(line, looks.out)}\n`),
    json: value => void process.stdout.write(`${jsonText(value)}\n`),
    document: text => void process.stdout.write(`${manyLines(text)}\n`),
    err: line => void process.stderr.write(`${safe(line, looks.err)}\n`),
    paint: marked,
    paintErr: marked,
    canAsk: process.stdin.isTTY === true && process.stdout.isTTY === true,
    canRedraw:
      process.stdout.isTTY === true &&
      process.stdout.columns > 0 &&
      env['TERM'] !== 'dumb' &&
      env['CI'] === undefined,
    ask: async question => {
      const lines = createInterface({ input: process.stdin, output: process.stdout })
      // readline takes Ctrl-C as a key here, and Ctrl-D would leave the question open for ever.
      lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      const left = new Promise<string>(resolve => lines.once('close', () => resolve('')))
      try {
        return await Promise.race([
          lines.question(safe(question, looks.out), { signal: stop.signal }),
          left,
        ])
      } catch (error) {
        // Told to stop instead of answering: that is no answer.
        if (stop.signal.aborted) return ''
        throw error
      } finally {
        lines.close()
      }
    },
    stop,
    onSignal: listener => listeners.push(listener),
  }
}

const ISSUE_TONE: Readonly<Record<IssueStyle, Tone>> = {
  error: 'error',
  warning: 'warn',
  place: 'strong',
  code: 'strong',
  caret: 'error',
  hint: 'dim',
}

/** Writes issues to stderr, each with its place and a caret, and counts them. */
export function showIssues(world: World, issues: readonly Issue[]): void {
  for (const issue of issues)
    for (const line of renderIssue(issue, {
      colour: (style, text) => world.paintErr(ISSUE_TONE[style], text),
    }))
      world.err(line)
  const errors = issues.filter(issue => issue.severity === 'error').length
  const warnings = issues.length - errors
  if (issues.length > 0)
    world.err(
      `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    )
}
